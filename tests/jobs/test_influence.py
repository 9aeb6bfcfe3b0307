from __future__ import annotations

import datetime as dt
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.testing import assertDataFrameEqual

from entourage import cli, config, runs, schemas
from entourage.models import Models
from entourage.rows import local_frame
from entourage.sources import Sources
from entourage.tables import Tables

DAY = dt.date(2026, 6, 15)
NEXT_DAY = dt.date(2026, 6, 16)
RECEIVED = dt.datetime(2026, 6, 1)


def _context(spark: SparkSession, lake: str, said: list[str]) -> cli.Context:
    settings = config.load("local", {"influence.max_iterations": "5"})
    return cli.Context(
        Tables(spark, lake, "run"), Sources(spark), Models(spark, f"{lake}/_models"), settings, said.append
    )


def _edges(spark: SparkSession, rows: list[tuple[str, str, dt.datetime | None]]) -> DataFrame:
    full = [
        (f"x:follow:{src}:{dst}", "x", src, dst, "follow", None, 1.0, RECEIVED, ended, RECEIVED)
        for src, dst, ended in rows
    ]
    return local_frame(spark, full, schemas.spark_schema("silver.edges"))


def test_a_day_is_scored_the_same_twice_and_leaves_other_days_and_no_scratch(spark: SparkSession, lake: str) -> None:
    said: list[str] = []
    context = _context(spark, lake, said)
    run = runs.load("score_influence")
    context.tables.merge("silver.edges", _edges(spark, [("x:1", "x:2", None), ("x:3", "x:2", None)]))
    run(context, DAY)
    first = local_frame(spark, context.tables.read("gold.influence").collect(), schemas.spark_schema("gold.influence"))
    assert first.count() == 6  # three accounts, in x and in all
    context.tables.merge("silver.edges", _edges(spark, [("x:3", "x:2", dt.datetime(2026, 6, 16, 9))]))
    run(context, DAY)
    run(context, NEXT_DAY)
    written = context.tables.read("gold.influence")
    assertDataFrameEqual(written.where(written.as_of == DAY), first)
    assert written.where(written.as_of == NEXT_DAY).count() == 4  # x:3 stopped following
    assert not Path(lake, "_scratch", "score_influence").exists()
    assert any("6 accounts and persons" in sentence for sentence in said)


def test_a_lake_without_edges_gets_an_empty_table(spark: SparkSession, lake: str) -> None:
    said: list[str] = []
    context = _context(spark, lake, said)
    runs.load("score_influence")(context, DAY)
    assert context.tables.exists("gold.influence")
    assert context.tables.read("gold.influence").count() == 0
