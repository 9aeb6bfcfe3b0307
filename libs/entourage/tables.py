"""Read and write Delta tables: checked before the commit, idempotent, counted.

in: frames ▶ out: tables under the lake folder, and rows of ops.runs, ops.run_counts, ops.quality_results.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from delta.tables import DeltaTable
from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, DataFrameWriter, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DateType, NumericType, StringType, TimestampType

from entourage import __version__, gates, schemas
from entourage.errors import RetryError, UsageError
from entourage.merging import same_day, same_key, same_values
from entourage.quality import Check
from entourage.rows import local_frame
from entourage.schemas import Table
from entourage.session import FileSystem


@dataclass(frozen=True)
class Count:
    """What became of the items of one source on their way to one table; a row of ops.run_counts, in its order."""

    source: str
    table: str
    items: int
    written: int
    duplicates: int
    quarantined: int = 0
    suppressed: int = 0


class Merged(NamedTuple):
    """What a merge did: rows written, rows that changed nothing, and those written by the value of a column."""

    written: int
    unchanged: int
    by: dict[str, int]


@dataclass(frozen=True)
class ScratchSpace:
    """Scratch tables of one job (see `schemas.Workspace`), with options of Parquet; cleared when it ends."""

    spark: SparkSession
    folder: str
    options: Mapping[str, str] = field(default_factory=dict)

    def keep(self, name: str, frame: DataFrame) -> DataFrame:
        """Write a frame as Parquet and return it read back: a short lineage."""
        path = f"{self.folder}/{name}"
        frame.write.mode("overwrite").options(**self.options).parquet(path)
        return self.spark.read.schema(frame.schema).parquet(path)

    def clear(self) -> None:
        """Delete every scratch table of the job."""
        FileSystem(self.spark).delete(self.folder)


@dataclass(frozen=True)
class Tables:
    """The tables of one lake, for one run.

    Attributes:
        spark: the session.
        lake: folder of the tables.
        run_id: of the run, in ops.
        before_commit: raises where the run may write no more (see lease.py).
        once: an id and a number that grows: Delta takes each append under them once, whoever repeats it; the id is
            never used again with smaller numbers, or Delta drops the rows without a word.
        counts: what became of items, until it is recorded.
        checks: what was checked, until it is recorded.
    """

    spark: SparkSession
    lake: str
    run_id: str
    before_commit: Callable[[], None] = lambda: None
    once: tuple[str, int] | None = None
    counts: list[Count] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)

    def path(self, name: str) -> str:
        """Return where a declared table lies."""
        return f"{self.lake}/{schemas.table(name).name.replace('.', '/')}"

    def exists(self, name: str) -> bool:
        """Tell whether a table has been written."""
        return bool(DeltaTable.isDeltaTable(self.spark, self.path(name)))

    def read(self, name: str) -> DataFrame:
        """Read a table as of now; one that was never written is empty."""
        if not self.exists(name):
            return local_frame(self.spark, [], schemas.spark_schema(name))
        return self.spark.read.format("delta").load(self.path(name))

    def replace(self, name: str, frame: DataFrame, *, where: str | None = None) -> int:
        """Replace a table, or the slice that `where` selects; return the rows written."""
        table = schemas.table(name)
        with self._staged(table, frame, is_whole=where is None) as (rows, row_count):
            writer = rows.write.format("delta").mode("overwrite")
            if where:
                writer = writer.option("replaceWhere", where)
            self._commit(lambda: writer.save(self.path(name)))
        return row_count

    def merge(
        self,
        name: str,
        frame: DataFrame,
        *,
        update: bool = True,
        newer: Column | None = None,
        by: str | None = None,
        is_dated: bool = False,
    ) -> Merged:
        """Insert new keys, and update the rows of known keys that say something else.

        Args:
            name: the table.
            frame: all its columns, keys unique.
            update: False leaves rows of known keys as they are.
            newer: over aliases `t` (table) and `s` (frame): update only where true.
            by: column of the frame to count by; it may stand beside the table's own.
            is_dated: rows of known keys come with the day that they are stored under, so that only those are read.

        Returns:
            How many rows were written (inserted or updated), and how many changed nothing.
        """
        table = schemas.table(name)
        with self._staged(table, frame, by=by) as (rows, row_count):
            if row_count == 0:
                return Merged(0, 0, {})
            days, stored = self._days(table, rows, is_dated=is_dated), self.read(name)
            stored = stored if days is None else stored.where(F.col(str(table.partition_by)).isin(days))
            new: dict[str, int] = {}
            known: dict[str, int] = {}
            if stored.isEmpty():  # nothing to compare with: all rows are new
                new = _counted(rows, by)
                self._append(table, rows)
            else:
                new, known = self._merge(table, rows, stored, days=days, update=update, newer=newer, by=by)
        written = {value: new.get(value, 0) + known.get(value, 0) for value in new | known}
        count = sum(written.values())
        return Merged(count, row_count - count, written)

    def _merge(
        self, table: Table, rows: DataFrame, stored: DataFrame, *, days: list[dt.date] | None, update: bool,
        newer: Column | None, by: str | None,
    ) -> tuple[dict[str, int], dict[str, int]]:  # fmt: skip
        """Merge rows where some change something; count the new ones, and the known ones that change, by a column."""
        on = same_key(table) if days is None else same_day(table, days) & same_key(table)
        changed = F.lit(False) if not update else ~same_values(table) if newer is None else ~same_values(table) & newer
        label = (F.col(f"s.{by}") if by else F.lit("")).alias("label")
        joined = rows.alias("s").join(stored.alias("t"), on=on, how="left")
        is_new = F.col(f"t.{table.key[0]}").isNull()
        counted = joined.groupBy(label).agg(
            F.count_if(is_new).alias("new"), F.count_if(~is_new & changed).alias("known")
        )
        found = counted.collect()
        new, known = ({row["label"]: row[kind] for row in found if row[kind]} for kind in ("new", "known"))
        if new or known:
            target = DeltaTable.forPath(self.spark, self.path(table.name)).alias("t")
            merge = target.merge(rows.select(*table.column_names).alias("s"), on)
            # Without updates a merge reads keys only, and rewrites nothing.
            merge = merge.whenMatchedUpdateAll(changed) if known else merge
            self._commit(merge.whenNotMatchedInsertAll().execute)
        return new, known

    def _append(self, table: Table, rows: DataFrame) -> None:
        writer = self._appending(rows.select(*table.column_names))
        # Balanced by one shuffle, else each task writes a file for each day.
        writer = writer.option("optimizeWrite", bool(table.partition_by))
        self._commit(lambda: writer.save(self.path(table.name)))

    def delete(self, name: str, keys: DataFrame) -> None:
        """Delete the rows of some keys.

        Args:
            name: the table.
            keys: its key columns, unique.
        """
        if self.exists(name) and not keys.isEmpty():
            table = schemas.table(name)
            target = DeltaTable.forPath(self.spark, self.path(name)).alias("t")
            self._commit(target.merge(keys.alias("s"), same_key(table)).whenMatchedDelete().execute)

    def act(self, name: str, change: Callable[[DeltaTable], object]) -> None:
        """Change a table's files by one commit that adds no row, such as a compaction."""
        self._commit(lambda: change(DeltaTable.forPath(self.spark, self.path(name))))

    def size(self, name: str) -> tuple[int, int]:
        """Return the files and bytes of a table's newest version."""
        row = DeltaTable.forPath(self.spark, self.path(name)).detail().select("numFiles", "sizeInBytes").collect()[0]
        return row["numFiles"], row["sizeInBytes"]

    def count(
        self, source: str, table: str, *, items: int, written: int, quarantined: int = 0, suppressed: int = 0
    ) -> None:
        """Note what became of a source's items; the rest were duplicates."""
        duplicates = items - written - quarantined - suppressed
        self.counts.append(Count(source, table, items, written, duplicates, quarantined, suppressed))

    def workspace(self, job: str) -> ScratchSpace:
        """Return the scratch space of a job, emptied."""
        space = ScratchSpace(self.spark, f"{self.lake}/_scratch/{job}")
        space.clear()
        return space

    def record_run(self, job: str, *, as_of: dt.date, started_at: dt.datetime, detail: str) -> None:
        """Write what a job did to ops.run_counts, ops.quality_results and, last, ops.runs."""
        now = dt.datetime.now(dt.UTC)
        if self.counts:
            counts = [(self.run_id, job, *dataclasses.astuple(count)) for count in self.counts]
            self._append_rows("ops.run_counts", counts)
        if self.checks:
            failed: Counter[tuple[str, str]] = Counter()
            checked: Counter[tuple[str, str]] = Counter()
            for check in self.checks:
                failed[check.table, check.check] += check.failed_count
                checked[check.table, check.check] += check.row_count
            results = [
                (self.run_id, job, *name, not failed[name], failed[name], checked[name], now) for name in checked
            ]
            self._append_rows("ops.quality_results", results)
        seconds = (now - started_at).total_seconds()
        self._append_rows("ops.runs", [(self.run_id, job, as_of, started_at, now, seconds, True, __version__, detail)])
        self.counts.clear()
        self.checks.clear()

    def _append_rows(self, name: str, rows: Sequence[tuple[object, ...]]) -> None:
        frame = local_frame(self.spark, rows, schemas.spark_schema(name)).coalesce(1)
        self._create(schemas.table(name))
        self._commit(lambda: self._appending(frame).save(self.path(name)))

    def _appending(self, rows: DataFrame) -> DataFrameWriter:
        writer = rows.write.format("delta").mode("append")
        if self.once is None:
            return writer
        return writer.option("txnAppId", self.once[0]).option("txnVersion", self.once[1])

    @contextmanager
    def _staged(
        self, table: Table, frame: DataFrame, *, is_whole: bool = False, by: str | None = None
    ) -> Iterator[tuple[DataFrame, int]]:
        beside = [by] if by and by not in table.column_names else []
        rows = _conform(frame, table, beside=beside).persist(StorageLevel.MEMORY_AND_DISK)
        try:
            checks = gates.check(rows, table=table, read=self.read, is_whole=is_whole)
            self.checks.extend(checks)
            self._create(table)
            yield rows, checks[-1].row_count
        finally:
            rows.unpersist()

    def _create(self, table: Table) -> None:
        if self.exists(table.name):
            return
        builder = DeltaTable.createIfNotExists(self.spark).location(self.path(table.name)).comment(table.grain)
        builder = builder.addColumns(schemas.spark_schema(table.name))
        for key, value in properties(table).items():
            builder = builder.property(key, value)
        if table.partition_by:
            builder = builder.partitionedBy(table.partition_by)
        builder.execute()

    def _days(self, table: Table, rows: DataFrame, *, is_dated: bool) -> list[dt.date] | None:
        """Return the days that a frame holds, so that a merge of a day reads a day; None where keys span days."""
        if not table.partition_by or ("received" in table.partition_by and not is_dated):
            return None
        return [row[0] for row in rows.select(table.partition_by).distinct().collect()]

    def _commit(self, write: Callable[[], object]) -> None:
        self.before_commit()
        for attempt in range(3):
            try:
                write()
                return
            except Exception as error:
                if "Concurrent" not in type(error).__name__:
                    raise
                if attempt == 2:
                    raise RetryError(
                        f"tables: another writer won three times: {type(error).__name__}; run again"
                    ) from error


def properties(table: Table) -> dict[str, str]:
    """Return the Delta properties that a table is created with."""
    is_personal = bool(table.personal_columns)
    indexed = [
        field.name
        for field in schemas.spark_schema(table.name).fields
        if (field.name in table.key or field.name not in table.personal_columns)
        and field.name != table.partition_by
        and _has_statistics(field.dataType)
    ]
    return {
        "delta.enableDeletionVectors": "false",
        "delta.enableChangeDataFeed": str(table.change_data_feed).lower(),
        "delta.dataSkippingStatsColumns": ",".join(indexed),
        "delta.deletedFileRetentionDuration": "interval 7 days" if is_personal else "interval 30 days",
        "entourage.subject_key": table.subject_key,
        "entourage.purpose": table.purpose,
        "entourage.retention_days": str(table.retention_days),
    }


def _has_statistics(data_type: DataType) -> bool:
    return isinstance(data_type, (NumericType, DateType, TimestampType, StringType))


def _conform(frame: DataFrame, table: Table, *, beside: list[str]) -> DataFrame:
    missing = [name for name in table.column_names if name not in frame.columns]
    extra = [name for name in frame.columns if name not in (*table.column_names, *beside)]
    if missing or extra:
        raise UsageError(
            f"{table.name}: frame lacks columns {missing} and has undeclared {extra}; declared in schemas.py"
        )
    return frame.select(*(F.col(c.name).cast(c.type).alias(c.name) for c in table.columns), *beside)


def _counted(rows: DataFrame, by: str | None) -> dict[str, int]:
    label = (F.col(by) if by else F.lit("")).alias("label")
    return {row["label"]: row["rows"] for row in rows.groupBy(label).agg(F.count(F.lit(1)).alias("rows")).collect()}
