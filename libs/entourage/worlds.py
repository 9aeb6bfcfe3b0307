"""Write a made-up world to a folder, whole or not at all.

in: `SimulateParams` ▶ out: landing/ and truth/ folders, and a marker once all is written.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable

from pyspark.sql import SparkSession

from entourage.errors import UsageError
from entourage.session import FileSystem
from entourage.simulate import SimulateParams, outputs
from entourage.tables import ScratchSpace

MARKER = "_WORLD"


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
    workspace = ScratchSpace(spark, f"{folder}/_scratch")
    written = []
    for output in outputs(spark, params, workspace):
        path = f"{folder}/{output.path}"
        output.frame.write.mode("overwrite").format(output.kind).options(**output.options).save(path)
        say(f"  wrote {output.path}")
        written.append(path)
    workspace.clear()
    described = json.dumps(dataclasses.asdict(params), default=str, sort_keys=True)
    files.write_text(f"{folder}/{MARKER}", described + "\n", overwrite=True)
    return written
