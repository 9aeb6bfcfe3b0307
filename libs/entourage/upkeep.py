"""Keep a lake's tables in shape: old rows deleted, small files joined, files that nobody reads any more removed.

in: the tables of a lake ▶ out: the same rows but for those past their retention, in fewer files; `Done`, one a table.

Each step commits by itself and finds done what an earlier run did, so that a run that was killed is simply repeated.
An edge: it rewrites and deletes files. Readers are safe: vacuum keeps what a table's own retention of deleted files
protects.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote

from delta.tables import DeltaTable
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from entourage import schemas
from entourage.errors import UsageError, nearest
from entourage.session import FileSystem
from entourage.tables import Tables

STEPS = ("retention", "compact", "vacuum")
DAYS_A_COMMIT = 32  # so that a run that is killed loses little
# Rows without a clock that go with the rows of another table, by a column.
FOLLOWING = {"ops.run_counts": ("run_id", "ops.runs")}
OPTIMIZE = ("spark.databricks.delta.optimize.minFileSize", "spark.databricks.delta.optimize.maxFileSize")
VACUUM = {
    # A vacuum notes itself in the log by default: two commits a table and day that say nothing of the rows.
    "spark.databricks.delta.vacuum.logging.enabled": "false",
    # It lists folders in as many tasks, 10,000 by default, for one folder too.
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "32",
}


@dataclass(frozen=True)
class UpkeepParams:
    """How tables are kept.

    Attributes:
        as_of: the day of the run, UTC.
        steps: those of `STEPS` to take.
        min_files: files; a table, or a day of it, that has fewer is left as it is.
        file_bytes: bytes; smaller files are joined up to that size.
        open_days: days up to as_of that are not compacted, since they are still written to.
        dry_run: say what would be done, and do nothing.
    """

    as_of: dt.date
    steps: tuple[str, ...] = STEPS
    min_files: int = 8
    file_bytes: int = 128 * 1024 * 1024
    open_days: int = 1
    dry_run: bool = False

    def __post_init__(self) -> None:
        """Refuse steps that are none."""
        for step in self.steps:
            if step not in STEPS:
                raise UsageError(f"maintain.steps: '{step}' is unknown{nearest(step, STEPS)}; use {', '.join(STEPS)}")


@dataclass(frozen=True)
class Done:
    """What became of one table, or would become of it.

    Attributes:
        table: its name.
        rows_deleted: rows past their retention.
        places_compacted: days, or the whole table, whose small files were joined.
        files: of the newest version, before and after.
        size: bytes of the newest version, before and after.
        disk: bytes in its folder, before and after.
        seconds: of it all.
    """

    table: str
    rows_deleted: int
    places_compacted: int
    files: tuple[int, int]
    size: tuple[int, int]
    disk: tuple[int, int]
    seconds: float

    def __str__(self) -> str:
        """Return it as one line."""
        files = " → ".join(f"{count:,}" for count in self.files)
        size, disk = (" → ".join(f"{part / 1e6:,.2f}" for part in parts) for parts in (self.size, self.disk))
        return (
            f"{self.table}: {self.rows_deleted:,} rows past retention, {self.places_compacted:,} places compacted, "
            f"{files} files, {size} MB ({disk} MB on disk) in {self.seconds:.1f} s"
        )


@dataclass(frozen=True)
class Upkeep:
    """Keeps the tables of one lake."""

    tables: Tables
    params: UpkeepParams
    today: dt.date = field(default_factory=lambda: dt.datetime.now(dt.UTC).date())

    def keep(self, name: str) -> Done:
        """Delete what is past its retention, join small files, and remove files that no reader can need any more."""
        started, steps = time.monotonic(), self.params.steps
        disk, (files, size) = self._disk(name), self.tables.size(name)
        deleted = self._expire(name) if "retention" in steps else 0
        compacted = self._compact(name) if "compact" in steps else 0
        if "vacuum" in steps and not self.params.dry_run:
            with _set(self.tables.spark, VACUUM):
                self.tables.act(name, lambda table: table.vacuum())  # as deletedFileRetentionDuration says
        files_after, size_after = self.tables.size(name)
        seconds = time.monotonic() - started
        sizes, disks = (size, size_after), (disk, self._disk(name))
        return Done(name, deleted, compacted, (files, files_after), sizes, disks, seconds)

    def expired(self, name: str) -> Column | None:
        """Return what tells the rows past their retention; None where age says nothing.

        A day to come deletes no more than today does.
        """
        table = schemas.table(name)
        if not table.clock:
            return None
        first_kept = min(self.params.as_of, self.today) - dt.timedelta(days=table.retention_days)
        return F.expr(table.clock) < F.lit(first_kept)

    def crowded(self, name: str) -> list[str]:
        """Return the days of a table with many files, as Delta names them; [""] for a table without days.

        Days that are still written to are left out.
        """
        table = schemas.table(name)
        paths = self.tables.read(name).inputFiles()
        if not table.partition_by:
            return [""] if len(paths) >= self.params.min_files else []
        mark = f"/{table.partition_by}="
        counts = Counter(unquote(path.split(mark)[1].split("/")[0]) for path in paths if mark in path)
        first_open = (self.params.as_of - dt.timedelta(days=self.params.open_days - 1)).isoformat()
        return sorted(day for day, count in counts.items() if count >= self.params.min_files and day < first_open)

    def _expire(self, name: str) -> int:
        condition = self.expired(name)
        count = 0
        if condition is not None:
            count = self.tables.read(name).where(condition).count()
            if count and not self.params.dry_run:
                self.tables.act(name, lambda table: table.delete(condition))
        elif name in FOLLOWING:
            keys = self._orphans(name)
            count = keys.count()
            if not self.params.dry_run:
                self.tables.delete(name, keys)
        return count

    def _orphans(self, name: str) -> DataFrame:
        """Return the keys of rows whose row in the table that they follow is gone, or was never written."""
        column, followed = FOLLOWING[name]
        rows, others = self.tables.read(name).alias("r"), self.tables.read(followed).alias("o")
        lost = rows.join(others, on=F.col(f"r.{column}") == F.col(f"o.{column}"), how="left_anti")
        return lost.select(*schemas.table(name).key)

    def _compact(self, name: str) -> int:
        places, day = self.crowded(name), schemas.table(name).partition_by
        if self.params.dry_run:
            return len(places)
        with _set(self.tables.spark, dict.fromkeys(OPTIMIZE, str(self.params.file_bytes))):
            for first in range(0, len(places), DAYS_A_COMMIT):
                days = ", ".join(f"DATE'{place}'" for place in places[first : first + DAYS_A_COMMIT])
                self._join(name, f"{day} IN ({days})" if day else "")
        return len(places)

    def _join(self, name: str, chosen: str) -> None:
        def optimize(table: DeltaTable) -> None:
            builder = table.optimize()
            (builder.where(chosen) if chosen else builder).executeCompaction()

        self.tables.act(name, optimize)

    def leftovers(self) -> tuple[int, int]:
        """Delete the scratch tables of dead runs (under the lease no other lives); return their files and bytes."""
        files, folder = FileSystem(self.tables.spark), f"{self.tables.lake}/_scratch"
        found = files.usage(folder)
        if not self.params.dry_run:
            files.delete(folder)
        return found

    def _disk(self, name: str) -> int:
        return FileSystem(self.tables.spark).usage(self.tables.path(name))[1]


@contextmanager
def _set(spark: SparkSession, settings: dict[str, str]) -> Iterator[None]:
    """Lay settings over the session's for a while."""
    before: dict[str, str | None] = {key: spark.conf.get(key, None) for key in settings}
    for key, value in settings.items():
        spark.conf.set(key, value)
    try:
        yield
    finally:
        for key, old in before.items():
            spark.conf.unset(key)
            if old is not None:
                spark.conf.set(key, old)
