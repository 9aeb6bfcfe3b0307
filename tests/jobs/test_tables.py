from __future__ import annotations

import datetime as dt
import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from entourage import schemas
from entourage.errors import GateError, LockError, UsageError
from entourage.lease import lease
from entourage.rows import local_frame
from entourage.tables import Tables

NOW = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
NAME = "silver.edges"


def _edges(spark: SparkSession, *rows: tuple[str, str, float], received_at: dt.datetime = NOW) -> DataFrame:
    full = [
        (edge_id, "x", "x:1", dst, "follow", None, weight, None, None, received_at) for edge_id, dst, weight in rows
    ]
    return local_frame(spark, full, schemas.spark_schema(NAME))


def _content(lake_tables: Tables) -> DataFrame:
    return lake_tables.read(NAME).select("edge_id", "dst_account_id", "weight")


@pytest.fixture
def lake_tables(spark: SparkSession, lake: str) -> Tables:
    return Tables(spark, lake, run_id="run-1")


def test_a_table_never_written_reads_as_empty_with_its_schema(lake_tables: Tables) -> None:
    edges = lake_tables.read(NAME)

    assert edges.count() == 0
    assert edges.columns == schemas.TABLES[NAME].column_names


def test_a_merge_inserts_updates_and_counts_what_changed_nothing(spark: SparkSession, lake_tables: Tables) -> None:
    first = lake_tables.merge(NAME, _edges(spark, ("a", "x:2", 1.0), ("b", "x:3", 1.0)))
    later = NOW + dt.timedelta(hours=1)
    second = lake_tables.merge(
        NAME, _edges(spark, ("a", "x:2", 1.0), ("b", "x:3", 2.0), ("c", "x:4", 1.0), received_at=later)
    )

    assert (first[:2], second[:2]) == ((2, 0), (2, 1))
    expected = [("a", "x:2", 1.0), ("b", "x:3", 2.0), ("c", "x:4", 1.0)]
    assertDataFrameEqual(
        _content(lake_tables), local_frame(spark, expected, "edge_id string, dst_account_id string, weight double")
    )


def test_a_merge_that_commits_nothing_has_written_nothing(spark: SparkSession, lake_tables: Tables) -> None:
    edges = _edges(spark, ("a", "x:2", 1.0), ("b", "x:3", 1.0))

    counts = [lake_tables.merge(NAME, edges, update=False)[:2] for _ in range(3)]

    assert counts == [(2, 0), (0, 2), (0, 2)]


def test_a_merge_updates_only_what_is_newer_and_can_leave_known_rows(spark: SparkSession, lake_tables: Tables) -> None:
    lake_tables.merge(NAME, _edges(spark, ("a", "x:2", 5.0)))

    older = lake_tables.merge(NAME, _edges(spark, ("a", "x:2", 3.0)), newer=F.col("s.weight") > F.col("t.weight"))
    known = lake_tables.merge(NAME, _edges(spark, ("a", "x:2", 9.0)), update=False)

    assert (older[:2], known[:2]) == ((0, 1), (0, 1))
    assert [row["weight"] for row in lake_tables.read(NAME).collect()] == [5.0]


def test_a_merge_of_a_day_reads_that_day_only(spark: SparkSession, lake_tables: Tables) -> None:
    name = "silver.metric_snapshots"
    days = [dt.datetime(2026, 6, day, tzinfo=dt.UTC) for day in (1, 2)]
    rows = [("post", "x:9", "x:1", day, day.date(), "likes", 3) for day in days]
    snapshots = local_frame(spark, rows, schemas.spark_schema(name))
    lake_tables.merge(name, snapshots)

    higher = snapshots.where(F.col("observed_date") == F.lit(days[1].date())).withColumn("value", F.col("value") + 1)
    written = lake_tables.merge(name, higher)

    history = spark.sql(f"DESCRIBE HISTORY delta.`{lake_tables.path(name)}`").where("operation = 'MERGE'")
    predicate = history.orderBy(F.col("version").desc()).first()["operationParameters"]["predicate"]
    assert written[:2] == (1, 0)
    assert "observed_date" in predicate


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([("a", "x:2", -1.0)], "weight >= 0: broken by 1 of 1 rows"),
        ([("a", "x:2", 1.0), ("a", "x:3", 1.0)], "key (edge_id) is unique: broken by 1 of 2 rows"),
        ([(None, "x:2", 1.0)], "edge_id is not NULL: broken by 1 of 1 rows"),
    ],
)
def test_a_frame_that_breaks_its_contract_is_refused_and_the_last_good_version_stays(
    spark: SparkSession, lake_tables: Tables, rows: list[tuple[str, str, float]], sentence: str
) -> None:
    lake_tables.replace(NAME, _edges(spark, ("good", "x:2", 1.0)))

    with pytest.raises(GateError) as caught:
        lake_tables.replace(NAME, _edges(spark, *rows))

    assert sentence in str(caught.value)
    assert caught.value.exit_code == 3
    assert [row["edge_id"] for row in lake_tables.read(NAME).collect()] == ["good"]


def test_a_frame_with_other_columns_is_refused(spark: SparkSession, lake_tables: Tables) -> None:
    with pytest.raises(UsageError, match=r"lacks columns \['weight'\] and has undeclared \['wieght'\]"):
        lake_tables.merge(NAME, _edges(spark, ("a", "x:2", 1.0)).withColumnRenamed("weight", "wieght"))


def test_replacing_a_slice_leaves_the_other_slices(spark: SparkSession, lake_tables: Tables) -> None:
    lake_tables.replace(NAME, _edges(spark, ("a", "x:2", 1.0), ("b", "x:3", 1.0)))

    lake_tables.replace(NAME, _edges(spark, ("b", "x:4", 1.0)), where="edge_id = 'b'")

    rows = {(row["edge_id"], row["dst_account_id"]) for row in lake_tables.read(NAME).collect()}
    assert rows == {("a", "x:2"), ("b", "x:4")}


def test_a_run_records_its_counts_its_checks_and_last_that_it_is_complete(
    spark: SparkSession, lake_tables: Tables
) -> None:
    lake_tables.merge(NAME, _edges(spark, ("a", "x:2", 1.0)))
    lake_tables.count("posts", NAME, items=5, written=1, quarantined=2, suppressed=1)
    lake_tables.record_run("ingest_posts", as_of=NOW.date(), started_at=NOW, detail="{}")

    counts = lake_tables.read("ops.run_counts").drop("run_id").collect()
    assert [tuple(row) for row in counts] == [("ingest_posts", "posts", NAME, 5, 1, 1, 2, 1)]
    assert lake_tables.read("ops.runs").select("job", "is_complete").collect() == [("ingest_posts", True)]
    assert lake_tables.read("ops.quality_results").where("NOT is_passed").count() == 0
    assert lake_tables.read("ops.quality_results").count() > 5


def test_scratch_tables_break_the_lineage_and_are_cleared(spark: SparkSession, lake_tables: Tables, lake: str) -> None:
    space = lake_tables.workspace("job")
    kept = space.keep("doubled", spark.range(3).select((F.col("id") * 2).alias("id")))

    assert sorted(row["id"] for row in kept.collect()) == [0, 2, 4]
    assert "Range" not in kept._jdf.queryExecution().optimizedPlan().toString()
    space.clear()
    assert not (Path(lake) / "_scratch" / "job").exists()


def test_a_held_lake_refuses_a_second_run(spark: SparkSession, lake: str) -> None:
    with lease(spark, lake, seconds=60):
        with pytest.raises(LockError, match="another run holds this lake") as caught:
            lease(spark, lake, seconds=60).__enter__()
        assert caught.value.exit_code == 5
    with lease(spark, lake, seconds=60):
        pass
    assert not (Path(lake) / "_lease").exists()


def test_a_killed_run_does_not_block_the_next(spark: SparkSession, lake: str) -> None:
    gone = subprocess.Popen([sys.executable, "-c", "pass"])
    gone.wait()
    held = {"owner": "o", "host": socket.gethostname(), "pid": gone.pid, "expires_at": time.time() + 600}
    Path(lake).mkdir()
    (Path(lake) / "_lease").write_text(json.dumps(held))

    with lease(spark, lake, seconds=60):
        assert json.loads((Path(lake) / "_lease").read_text())["owner"] != "o"


def test_a_lease_of_another_machine_holds_until_it_runs_out(spark: SparkSession, lake: str) -> None:
    Path(lake).mkdir()
    held = {"owner": "o", "host": "elsewhere", "pid": 1, "expires_at": time.time() + 600}
    (Path(lake) / "_lease").write_text(json.dumps(held))
    with pytest.raises(LockError, match="process 1 on elsewhere"):
        lease(spark, lake, seconds=60).__enter__()

    (Path(lake) / "_lease").write_text(json.dumps({**held, "expires_at": time.time() - 1}))
    with lease(spark, lake, seconds=60):
        pass


def test_a_run_that_lost_its_lease_says_so_and_leaves_it_to_the_other(spark: SparkSession, lake: str) -> None:
    other = json.dumps({"owner": "o", "host": "elsewhere", "pid": 1, "expires_at": time.time() + 600})

    with pytest.raises(LockError, match="took this lake over"), lease(spark, lake, seconds=1) as check:
        (Path(lake) / "_lease").write_text(other)
        (Path(lake) / "._lease.crc").unlink(missing_ok=True)
        time.sleep(0.6)
        tables = Tables(spark, lake, run_id="run-1", before_commit=check)
        with pytest.raises(LockError, match="took this lake over"):
            tables.merge(NAME, _edges(spark, ("e1", "x:2", 1.0)))
        assert tables.read(NAME).isEmpty()

    assert (Path(lake) / "_lease").read_text() == other


def test_the_heartbeat_renews_the_lease(spark: SparkSession, lake: str) -> None:
    with lease(spark, lake, seconds=1):
        first = json.loads((Path(lake) / "_lease").read_text())["expires_at"]
        time.sleep(1.2)
        assert json.loads((Path(lake) / "_lease").read_text())["expires_at"] > first
