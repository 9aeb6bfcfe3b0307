"""Streams of files into real Delta tables: the tables of a batch run, each batch once, a lost checkpoint refused."""

from __future__ import annotations

import gzip
import os
import shutil
import time
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from entourage.errors import UsageError
from entourage.tables import Tables

from .streaming import PLACES, deletion, digest, run, status, texts

YEAR_S = 365 * 86_400


def _deliver(folder: Path, name: str, content: bytes, *, age_s: float) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    at = time.time() - age_s
    os.utime(path, (at, at))


def _landing(tmp_path: Path) -> Path:
    folder = tmp_path / "landing"
    _deliver(folder, "1.json", f"{deletion(3)}\n".encode(), age_s=400)
    _deliver(folder, "of x/2,[a].json.gz", gzip.compress("\n".join(status(n) for n in (1, 2, 3)).encode()), age_s=300)
    _deliver(folder, "3.json", f"{status(4)}\n{status(2)}\n{status(1)}\n{status(5)[:40]}".encode(), age_s=200)
    _deliver(folder, "_hidden/4.json", status(9).encode(), age_s=100)
    return folder


def _runs(tables: Tables) -> list[str]:
    return sorted(row["run_id"] for row in tables.read("ops.runs").collect())


def _counted(tables: Tables) -> dict[str, int]:
    rows = tables.read("ops.run_counts").where("table_name = 'silver.posts'").collect()
    return {row["run_id"]: row["written_count"] for row in rows}


def _checkpoint(lake: str) -> Path:
    [found] = Path(lake).glob("_streams/*/checkpoints/*")
    return found


def test_a_stream_of_reordered_repeated_and_late_files_gives_the_tables_of_a_batch(
    spark: SparkSession, lake: str, tmp_path: Path
) -> None:
    landing = _landing(tmp_path)
    run(spark, lake, "stream_posts", stream_input=landing, stream_batch_files=1)
    _deliver(landing, "late.json", status(6, when="Wed Sep 07 16:35:24 +0000 2011").encode(), age_s=YEAR_S)
    streamed = run(spark, lake, "stream_posts", stream_input=landing, stream_batch_files=1)
    run(spark, f"{lake}-batch", "ingest_posts", posts_input=landing)

    assert texts(streamed) == {"1": "t1", "2": "t2", "3": None, "4": "t4", "6": "t6"}
    assert digest(spark, Path(lake), aside=PLACES) == digest(spark, Path(f"{lake}-batch"), aside=PLACES)
    assert [run_id[-2:] for run_id in _runs(streamed)] == ["-0", "-1", "-2", "-3"]


@pytest.mark.slow
def test_a_batch_whose_acknowledgement_is_lost_is_taken_once(spark: SparkSession, lake: str, tmp_path: Path) -> None:
    landing = _landing(tmp_path)
    tables = run(spark, lake, "stream_posts", stream_input=landing)
    before, runs, counted = digest(spark, Path(lake)), _runs(tables), _counted(tables)

    for lost in ("0", ".0.crc"):  # Spark delivers batch 0 again
        (_checkpoint(lake) / "commits" / lost).unlink()
    run(spark, lake, "stream_posts", stream_input=landing, again=True)

    assert (_checkpoint(lake) / "commits" / "0").exists()
    assert digest(spark, Path(lake)) == before
    assert _runs(tables) == runs
    assert _counted(tables) == counted == {runs[0]: 4}


@pytest.mark.slow
def test_a_stream_whose_checkpoint_is_gone_is_refused_until_it_begins_anew(
    spark: SparkSession, lake: str, tmp_path: Path
) -> None:
    landing = _landing(tmp_path)
    tables = run(spark, lake, "stream_posts", stream_input=landing)
    before, runs = digest(spark, Path(lake)), _runs(tables)
    shutil.rmtree(_checkpoint(lake))

    with pytest.raises(UsageError, match=r"checkpoint .* is not there.*--restart"):
        run(spark, lake, "stream_posts", stream_input=landing)
    run(spark, lake, "stream_posts", stream_input=landing, restart=True, again=True)

    assert digest(spark, Path(lake)) == before
    assert len(_runs(tables)) == 2
    assert sum(_counted(tables).values()) == _counted(tables)[runs[0]]  # the new beginning wrote nothing

    for part in ("offsets", "commits"):
        shutil.rmtree(_checkpoint(lake) / part)
    with pytest.raises(UsageError, match=r"holds no batch.*--restart"):
        run(spark, lake, "stream_posts", stream_input=landing)


@pytest.mark.slow
def test_many_small_batches_leave_few_small_files(spark: SparkSession, lake: str, tmp_path: Path) -> None:
    tables = Tables(spark, lake, "run")
    spark.conf.set("spark.databricks.delta.autoCompact.minNumFiles", "3")
    for number in range(4):
        _deliver(tmp_path / "landing", f"{number}.json", status(number).encode(), age_s=100 - number)

    try:
        run(spark, lake, "stream_posts", stream_input=tmp_path / "landing", stream_batch_files=1)
    finally:
        spark.conf.unset("spark.databricks.delta.autoCompact.minNumFiles")

    assert tables.read("silver.posts").count() == 4
    assert len(tables.read("silver.posts").inputFiles()) < 4


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"stream_input": ""}, "expected a folder or kafka://HOST:PORT/TOPIC"),
        ({"stream_input": "kafka://localhost"}, "found 'kafka://localhost'; expected kafka://HOST:PORT/TOPIC"),
        ({"stream_trigger": "often"}, "found 'often'; expected available, or an interval"),
    ],
    ids=["no input", "no topic", "no trigger"],
)
def test_what_cannot_be_followed_is_refused_with_a_sentence(
    spark: SparkSession, lake: str, settings: dict[str, str], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        run(spark, lake, "stream_posts", **settings)
