"""Run jobs: open what they work with, find a job by its name, run it, and record the run.

in: a lake, parameters, a job's name ▶ out: the job run in one session, under the lake's lease where it writes.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from entourage import config, session
from entourage.config import Config
from entourage.errors import UsageError, nearest
from entourage.lease import lease
from entourage.models import Models
from entourage.session import FileSystem
from entourage.sources import POSTS, Sources
from entourage.tables import Tables

JOBS = (
    "ingest_posts",
    "ingest_records",
    "train_relevance",
    "score_posts",
    "resolve_identities",
    "build_golden_records",
    "score_influence",
    "report",
)

# Run by name only, never by `run all`: a stream may never end, and upkeep has a schedule of its own.
STREAM = "stream_posts"
APART = (STREAM, "replay", "maintain")


@dataclass(frozen=True)
class Context:
    """What a job works with: every side effect by its one owner."""

    tables: Tables
    sources: Sources
    models: Models
    config: Config
    say: Callable[[str], None]


Run = Callable[[Context, dt.date], None]
_submitted: dict[str, Run] = {}


@contextmanager
def opened(lake: str, settings: Config, *, say: Callable[[str], None], locked: bool) -> Iterator[Context]:
    """Open a lake in a session.

    Args:
        lake: folder of the tables.
        settings: the parameters.
        say: prints progress.
        locked: hold the lake's lease until the block ends, as a run that writes must.

    Raises:
        LockError: another run holds the lease.
        UsageError: the jobs run on YARN and the lake is a folder of one machine.
    """
    if settings["spark.master"] == "yarn" and ("://" not in lake or lake.startswith("file:")):
        raise UsageError(
            f"--lake {lake}: a folder of this machine; expected with --env yarn: hdfs:///data/lake or such"
        )
    spark = session.build(settings, app_name="entourage")
    held = lease(spark, lake, seconds=settings["lake.lease_seconds"]) if locked else nullcontext(lambda: None)
    with held as check:
        yield Context(
            tables=Tables(spark, lake, run_id=uuid.uuid4().hex, before_commit=check),
            sources=Sources(spark),
            models=Models(spark, settings["lake.models"] or f"{lake}/_models"),
            config=settings,
            say=say,
        )


def steps(job: str) -> list[str]:
    """Return the jobs that a name stands for, in their order.

    Raises:
        UsageError: no job has that name.
    """
    if job == "all":
        return list(JOBS)
    known = (*JOBS, *APART)
    if job not in known:
        raise UsageError(
            f"run: job '{job}' is unknown{nearest(job, (*known, 'all'))}; jobs: {', '.join(known)}, or all"
        )
    return [job]


def assigned(context: Context, step: str, path: str | None, *, is_all: bool) -> dict[str, str | None] | None:
    """Return what `--input` sets for a job; None where it has no input.

    Of a folder that `run all` is given, `posts` is that of ingest_posts, and all others are those of ingest_records.

    Raises:
        UsageError: no file is there.
    """
    if step == STREAM:
        return {"ingest__stream_input": path}
    if not step.startswith("ingest_"):
        return {}
    kind = step.removeprefix("ingest_")
    option = f"ingest__{kind}_input"
    if is_all and path:
        root = FileSystem(context.tables.spark).qualified(path)
        found = [status.path for status in FileSystem(context.tables.spark).list_files(path)]
        posts = [name for name in found if name.startswith(f"{root}/{POSTS}/")]
        if not found:
            raise UsageError(f"run all: no file in '{path}'; expected {POSTS}/, or folders of records (--input)")
        if kind == "posts":
            return {option: f"{path.rstrip('/')}/{POSTS}"} if posts else None
        return {option: path} if len(found) > len(posts) else None
    is_configured = bool(context.config[f"ingest.{kind}_input"])
    return None if is_all and not is_configured else {option: path}


def carry_out(name: str, context: Context, *, as_of: dt.date) -> None:
    """Run one job, and record what it did."""
    started_at = dt.datetime.now(dt.UTC)
    context.say(f"▶ {name}")
    load(name)(context, as_of)
    context.tables.record_run(name, as_of=as_of, started_at=started_at, detail="{}")
    seconds = (dt.datetime.now(dt.UTC) - started_at).total_seconds()
    context.say(f"✓ {name} in {seconds:.1f} s")


def submit(run: Run) -> str:
    """Take a job file's own `run` for the job of that file's name, and return the name."""
    name = Path(run.__code__.co_filename).stem
    _submitted[name] = run
    return name


def load(name: str) -> Run:
    """Return the `run` of a job: what was submitted, else what its file in jobs/ defines.

    Raises:
        UsageError: there is no such file.
    """
    if name in _submitted:
        return _submitted[name]
    path = config.project_root() / "jobs" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"jobs.{name}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise UsageError(f"run: {path} does not exist; run from a checkout, or set ENTOURAGE_HOME to one")
    module: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    run: Any = module.run
    return run  # type: ignore[no-any-return]
