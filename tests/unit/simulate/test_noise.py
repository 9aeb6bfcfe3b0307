"""Errors of records: few, of the kinds meant, and only where there is something to spoil."""

from __future__ import annotations

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from entourage.simulate import draw, noise


def _spoiled(spark: SparkSession, value: str | None) -> list[str | None]:
    rows = spark.range(400).select(draw.key(1, "t", F.col("id")).alias("bits"), F.lit(value).cast("string").alias("v"))
    return [row[0] for row in rows.select(noise.typed(F.col("v"), F.col("bits"))).collect()]


def test_a_typo_changes_the_length_by_one_at_most(spark: SparkSession) -> None:
    assert {abs(len(text or "") - 6) for text in _spoiled(spark, "Martin")} == {0, 1}


def test_a_typo_leaves_the_first_letter_unless_it_swaps_it(spark: SparkSession) -> None:
    assert {(text or "")[:1] for text in _spoiled(spark, "Martin")} == {"M", "a"}


def test_nothing_stays_nothing(spark: SparkSession) -> None:
    assert set(_spoiled(spark, None)) == {None}


def test_short_texts_are_not_misspelled(spark: SparkSession) -> None:
    rows = spark.range(200).select(noise.misspelled(F.lit("Al"), draw.key(1, "m", F.col("id")), share=1.0).alias("v"))
    assert [row["v"] for row in rows.distinct().collect()] == ["Al"]


def test_the_share_of_misspelled_texts_is_the_one_asked_for(spark: SparkSession) -> None:
    wrong = noise.misspelled(F.lit("Christophe"), draw.key(1, "m", F.col("id")), share=0.2) != "Christophe"
    row = spark.range(5_000).select(F.mean(wrong.cast("double"))).first()
    assert row is not None
    assert 0.16 < row[0] < 0.22


def test_a_missing_share_of_nothing_keeps_all(spark: SparkSession) -> None:
    rows = spark.range(50).select(noise.missing(F.lit("v"), draw.key(1, "x", F.col("id")), share=0.0).alias("v"))
    assert [row["v"] for row in rows.distinct().collect()] == ["v"]
