"""The upkeep of real Delta tables: old rows, small files, unread files, and what a killed run leaves."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
from delta.tables import DeltaTable
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    DataType,
    DateType,
    MapType,
    StringType,
    StructType,
    TimestampType,
)

from entourage import cli, config, runs, schemas
from entourage.errors import UsageError
from entourage.models import Models
from entourage.rows import local_frame
from entourage.sources import Sources
from entourage.tables import Tables
from entourage.upkeep import Upkeep, UpkeepParams

AS_OF = dt.date(2026, 6, 15)
NOW = dt.datetime(2026, 6, 15, 12, tzinfo=dt.UTC)
OLD = dt.datetime(2023, 1, 1, tzinfo=dt.UTC)  # past every retention of three years and less
SNAPSHOTS, EDGES = "silver.metric_snapshots", "silver.edges"


@pytest.fixture
def lake_tables(spark: SparkSession, lake: str) -> Tables:
    return Tables(spark, lake, run_id="run-1")


def _snapshots(tables: Tables, *rows: tuple[str, dt.datetime]) -> None:
    """Append one counter a row, each by a commit and a file of its own."""
    schema = schemas.spark_schema(SNAPSHOTS)
    for id_, at in rows:
        tables.merge(
            SNAPSHOTS, local_frame(tables.spark, [("post", id_, "x:1", at, at.date(), "likes", 3)], schema).coalesce(1)
        )


def _edges(tables: Tables, *rows: tuple[str, str, dt.datetime | None, dt.datetime | None]) -> None:
    full = [(id_, "x", "x:1", "x:2", verb, None, 1.0, at, ended, NOW) for id_, verb, at, ended in rows]
    tables.merge(EDGES, local_frame(tables.spark, full, schemas.spark_schema(EDGES)))


def _ids(tables: Tables, name: str, column: str) -> set[str]:
    return {row[0] for row in tables.read(name).select(column).collect()}


def _files(tables: Tables, name: str) -> dict[str, int]:
    """Return how many files each day of a table has, or "" the table without days."""
    found: dict[str, int] = {}
    for path in tables.read(name).inputFiles():
        folder = Path(path).parent.name
        found[folder.partition("=")[2]] = found.get(folder.partition("=")[2], 0) + 1
    return found


def _version(tables: Tables, name: str) -> int:
    history = DeltaTable.forPath(tables.spark, tables.path(name)).history(1)
    return int(history.collect()[0]["version"])


def _minute(day: int, minute: int) -> dt.datetime:
    return dt.datetime(2026, 6, day, 0, minute, tzinfo=dt.UTC)


def test_small_files_of_a_day_that_is_over_become_one_and_a_second_run_finds_it_done(lake_tables: Tables) -> None:
    _snapshots(lake_tables, *((f"x:{day}{n}", _minute(day, n)) for day in (13, 15) for n in range(4)))
    _snapshots(lake_tables, ("x:few", _minute(14, 0)))
    before = _ids(lake_tables, SNAPSHOTS, "object_id")
    upkeep = Upkeep(lake_tables, UpkeepParams(AS_OF, min_files=3))

    done = upkeep.keep(SNAPSHOTS)
    version = _version(lake_tables, SNAPSHOTS)
    again = upkeep.keep(SNAPSHOTS)

    assert _files(lake_tables, SNAPSHOTS) == {"2026-06-13": 1, "2026-06-14": 1, "2026-06-15": 4}
    assert _ids(lake_tables, SNAPSHOTS, "object_id") == before
    assert (done.places_compacted, done.files, done.rows_deleted) == (1, (9, 6), 0)
    assert (again.places_compacted, again.files, _version(lake_tables, SNAPSHOTS)) == (0, (6, 6), version)

    Upkeep(lake_tables, UpkeepParams(AS_OF, min_files=3, open_days=0)).keep(SNAPSHOTS)
    assert _files(lake_tables, SNAPSHOTS)["2026-06-15"] == 1


def test_files_that_are_large_enough_stay_however_many_they_are(lake_tables: Tables) -> None:
    for number in range(3):
        _edges(lake_tables, (f"e{number}", "like", NOW, None))
    version = _version(lake_tables, EDGES)

    Upkeep(lake_tables, UpkeepParams(AS_OF, min_files=2, file_bytes=100)).keep(EDGES)
    assert _version(lake_tables, EDGES) == version

    Upkeep(lake_tables, UpkeepParams(AS_OF, min_files=2)).keep(EDGES)
    assert _files(lake_tables, EDGES) == {"": 1}
    assert _ids(lake_tables, EDGES, "edge_id") == {"e0", "e1", "e2"}


def test_rows_past_their_retention_go_but_who_follows_still_follows(lake_tables: Tables) -> None:
    last_kept, first_gone = (NOW - dt.timedelta(days=760 + over) for over in (0, 1))
    _edges(
        lake_tables,
        ("old like", "like", OLD, None),
        ("last kept", "reply", last_kept, None),
        ("first gone", "reply", first_gone, None),
        ("old follow", "follow", OLD, None),
        ("ended follow", "follow", OLD, OLD),
        ("undated", "mention", None, None),
    )
    _snapshots(lake_tables, ("x:old", OLD), ("x:new", NOW))
    upkeep = Upkeep(lake_tables, UpkeepParams(AS_OF))

    assert [upkeep.keep(name).rows_deleted for name in (EDGES, SNAPSHOTS, EDGES)] == [3, 1, 0]
    assert _ids(lake_tables, EDGES, "edge_id") == {"last kept", "old follow", "undated"}
    assert _ids(lake_tables, SNAPSHOTS, "object_id") == {"x:new"}


def test_a_day_to_come_deletes_no_more_than_today_does(lake_tables: Tables) -> None:
    _edges(lake_tables, ("like", "like", NOW, None))

    done = Upkeep(lake_tables, UpkeepParams(dt.date(2099, 1, 1)), today=AS_OF).keep(EDGES)

    assert (done.rows_deleted, _ids(lake_tables, EDGES, "edge_id")) == (0, {"like"})


def test_a_no_is_never_forgotten(spark: SparkSession, lake_tables: Tables) -> None:
    name, old = "silver.consent_events", dt.datetime(2010, 1, 1, tzinfo=dt.UTC)
    actions = ("granted", "shown", "denied", "withdrawn", "objected")
    rows = [(act, "email", "a@example.org", "marketing", None, act, None, None, old, None, NOW) for act in actions]
    lake_tables.merge(name, local_frame(spark, rows, schemas.spark_schema(name)))

    Upkeep(lake_tables, UpkeepParams(AS_OF)).keep(name)

    assert _ids(lake_tables, name, "action") == {"denied", "withdrawn", "objected"}


def test_counts_go_with_their_run(lake_tables: Tables) -> None:
    for run_id, at in (("old", OLD), ("new", NOW)):
        tables = Tables(lake_tables.spark, lake_tables.lake, run_id=run_id)
        tables.count("posts", EDGES, items=1, written=1)
        tables.record_run("ingest_posts", as_of=AS_OF, started_at=at, detail="{}")
    spark, path = lake_tables.spark, lake_tables.path("ops.runs")
    DeltaTable.forPath(spark, path).update("run_id = 'old'", {"finished_at": F.lit(OLD)})
    upkeep = Upkeep(lake_tables, UpkeepParams(AS_OF))

    kept = [upkeep.keep(name).rows_deleted for name in ("ops.runs", "ops.run_counts")]

    assert kept == [1, 1]
    assert _ids(lake_tables, "ops.run_counts", "run_id") == {"new"}


def test_vacuum_leaves_what_readers_may_still_need(lake_tables: Tables) -> None:
    for number in range(3):
        _edges(lake_tables, (f"e{number}", "like", NOW, None))
    folder = Path(lake_tables.path(EDGES))
    before = lake_tables.read(EDGES)
    joined = Upkeep(lake_tables, UpkeepParams(AS_OF, min_files=2))
    joined.keep(EDGES)

    assert before.count() == 3
    assert len(list(folder.glob("*.parquet"))) >= 4

    # No time to keep them at all: what the table says holds.
    path = lake_tables.path(EDGES)
    lake_tables.spark.sql(
        f"ALTER TABLE delta.`{path}` SET TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 0 hours')"
    )
    joined.keep(EDGES)

    assert len(list(folder.glob("*.parquet"))) == 1
    assert _ids(lake_tables, EDGES, "edge_id") == {"e0", "e1", "e2"}


def test_a_dry_run_says_the_same_and_changes_nothing(lake_tables: Tables) -> None:
    _snapshots(lake_tables, ("x:old", OLD), *((f"x:{n}", _minute(13, n)) for n in range(3)))
    scratch = Path(lake_tables.lake) / "_scratch" / "score_posts" / "part"
    scratch.parent.mkdir(parents=True)
    scratch.write_text("left by a run that died")
    version, disk = _version(lake_tables, SNAPSHOTS), _listing(lake_tables.lake)

    dry = Upkeep(lake_tables, UpkeepParams(AS_OF, min_files=3, dry_run=True))
    done = dry.keep(SNAPSHOTS)

    assert (done.rows_deleted, done.places_compacted, done.files) == (1, 1, (4, 4))
    assert dry.leftovers() == (1, 23)
    assert (_version(lake_tables, SNAPSHOTS), _listing(lake_tables.lake)) == (version, disk)

    assert Upkeep(lake_tables, UpkeepParams(AS_OF)).leftovers() == (1, 23)
    assert not scratch.parents[1].exists()


def _listing(lake: str) -> set[tuple[str, int]]:
    return {(str(path), path.stat().st_size) for path in Path(lake).rglob("*") if path.is_file()}


class _KilledError(Exception):
    """What stands for a kill."""


@pytest.mark.slow
def test_a_run_killed_at_any_commit_and_repeated_gives_the_tables_of_an_undisturbed_one(
    spark: SparkSession, lake_tables: Tables, tmp_path: Path
) -> None:
    _snapshots(lake_tables, ("x:old", OLD), *((f"x:{n}", _minute(13, n)) for n in range(3)))
    for number in range(3):
        _edges(lake_tables, (f"e{number}", "like", NOW if number else OLD, None))
    undisturbed = _copied(lake_tables, tmp_path / "undisturbed")
    commits = _maintain(undisturbed, fails_at=None)
    expected = _content(undisturbed)

    assert commits > 4
    for place in range(commits):
        disturbed = _copied(lake_tables, tmp_path / f"killed-{place}")
        with pytest.raises(_KilledError):
            _maintain(disturbed, fails_at=place)
        _maintain(disturbed, fails_at=None)
        assert _content(disturbed) == expected, f"killed at commit {place}"


def _copied(tables: Tables, folder: Path) -> Tables:
    shutil.copytree(tables.lake, folder)
    return Tables(tables.spark, str(folder), run_id="run-2")


def _maintain(tables: Tables, *, fails_at: int | None) -> int:
    """Run the job, and end it before one of its commits; return how many it came to."""
    commits = 0

    def before_commit() -> None:
        nonlocal commits
        if commits == fails_at:
            raise _KilledError
        commits += 1

    settings = config.load("local", {"maintain.min_files": "3"})
    mine = Tables(tables.spark, tables.lake, "run-2", before_commit=before_commit)
    models = Models(tables.spark, f"{tables.lake}/_models")
    context = cli.Context(mine, Sources(tables.spark), models, settings, lambda _: None)
    runs.load("maintain")(context, AS_OF)
    return commits


def _content(tables: Tables) -> tuple[object, ...]:
    names = ((SNAPSHOTS, "object_id"), (EDGES, "edge_id"))
    return tuple((_ids(tables, name, column), _files(tables, name)) for name, column in names)


def test_run_all_leaves_upkeep_to_its_own_schedule() -> None:
    assert "maintain" not in runs.steps("all")
    assert runs.steps("maintain") == ["maintain"]


def test_an_unknown_step_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"maintain\.steps: 'vacum' is unknown; did you mean 'vacuum'\?"):
        UpkeepParams(AS_OF, steps=("vacum",))


@pytest.mark.parametrize("name", [name for name, table in schemas.TABLES.items() if table.clock])
def test_the_clock_of_a_table_is_a_day_or_a_time_of_its_columns(spark: SparkSession, name: str) -> None:
    rows = local_frame(spark, [], schemas.spark_schema(name))

    (clock,) = rows.select(F.expr(schemas.table(name).clock)).schema.fields

    assert isinstance(clock.dataType, DateType | TimestampType)


@pytest.mark.slow
@pytest.mark.parametrize("name", schemas.TABLES)
def test_no_personal_column_but_a_key_has_statistics_even_after_a_compaction(lake_tables: Tables, name: str) -> None:
    table, spark = schemas.table(name), lake_tables.spark
    lake_tables._create(table)
    schema = schemas.spark_schema(name)
    row = spark.range(1).select(*(_value(field.dataType).alias(field.name) for field in schema.fields))
    for _ in range(2):
        row.write.format("delta").mode("append").save(lake_tables.path(name))
    Upkeep(lake_tables, UpkeepParams(AS_OF, steps=("compact",), min_files=2, open_days=0)).keep(name)
    logged = list(_statistics(Path(lake_tables.path(name))))
    named = {column for statistics in logged for kind in ("minValues", "maxValues") for column in statistics[kind]}

    assert len(logged) == 3, "two files, and the one that was made of them"
    assert not named & (set(table.personal_columns) - set(table.key))
    assert set(table.key) - {table.partition_by} <= named


def _value(kind: DataType) -> Column:
    """Return a value of a type that is not NULL."""
    if isinstance(kind, ArrayType):
        return F.array(_value(kind.elementType))
    if isinstance(kind, MapType):
        return F.create_map(_value(kind.keyType), _value(kind.valueType))
    if isinstance(kind, StructType):
        return F.struct(*(_value(field.dataType).alias(field.name) for field in kind.fields))
    if isinstance(kind, DateType | TimestampType):
        return F.lit("2026-06-01").cast(kind)
    return F.lit("secret") if isinstance(kind, StringType) else F.lit(1).cast(kind)


def _statistics(folder: Path) -> Iterable[dict[str, dict[str, object]]]:
    for commit in sorted((folder / "_delta_log").glob("*.json")):
        for line in commit.read_text().splitlines():
            if "add" in (action := json.loads(line)):
                yield json.loads(action["add"]["stats"])
