"""Write a made-up world to a folder, whole or not at all.

in: `SimulateParams` ▶ out: landing/ and truth/ folders, and a marker once all is written.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from pyspark.sql import SparkSession

from entourage.errors import UsageError
from entourage.session import FileSystem, pool
from entourage.simulate import PARQUET, Output, SimulateParams, outputs
from entourage.tables import ScratchSpace

MARKER = "_WORLD"
WRITERS = 2


def write(
    spark: SparkSession, params: SimulateParams, *, folder: str, force: bool, say: Callable[[str], None]
) -> list[str]:
    """Write a world; return the folders written.

    A folder without the marker `_WORLD` is what a killed run left: it counts as not empty.

    Raises:
        UsageError: the folder is not empty and force is not given.
    """
    files = FileSystem(spark)
    is_taken = files.exists(folder) and bool(files.list_files(folder) or files.exists(f"{folder}/{MARKER}"))
    if is_taken and not force:
        raise UsageError(f"--to {folder}: the folder is not empty; name another, or overwrite it with --force")
    for part in ("landing", "truth", "_scratch", MARKER):
        files.delete(f"{folder}/{part}")
    # Parquet's writers share their settings in a JVM: what is kept is written as what is put out.
    workspace = ScratchSpace(spark, f"{folder}/_scratch", PARQUET)
    with pool(spark, 1) as aside, pool(spark, WRITERS) as writers:
        written = _write_all(outputs(spark, params, workspace, aside), writers, folder=folder, say=say)
    workspace.clear()
    described = json.dumps(dataclasses.asdict(params), default=str, sort_keys=True)
    files.write_text(f"{folder}/{MARKER}", described + "\n", overwrite=True)
    return written


def _write_all(
    made: Iterable[Output], writers: ThreadPoolExecutor, *, folder: str, say: Callable[[str], None]
) -> list[str]:
    """Write outputs while the next are made: planning one takes as long as running another."""

    def written(output: Output) -> str:
        path = f"{folder}/{output.path}"
        output.frame.write.mode("overwrite").format(output.kind).options(**output.options).save(path)
        say(f"  wrote {output.path}")
        return path

    writing: list[Future[str]] = []
    try:
        for output in made:
            writing.append(writers.submit(written, output))
            for each in writing:
                if each.done():
                    each.result()  # raises what went wrong
        return [each.result() for each in writing]
    except BaseException:
        writers.shutdown(wait=False, cancel_futures=True)
        raise
