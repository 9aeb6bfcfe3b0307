"""Draws are uniform, independent between streams, and follow from the key alone."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from entourage.rows import local_frame
from entourage.simulate import draw

DRAWS = 20_000


def test_draws_are_uniform(spark: SparkSession) -> None:
    rows = (
        spark.range(0, DRAWS, 1, 2)
        .select(F.floor(draw.uniform(1, "a", F.col("id")) * 20).alias("bin"))
        .groupBy("bin")
        .count()
    )
    counts = [row["count"] for row in rows.collect()]
    expected = DRAWS / 20
    chi_square = sum((count - expected) ** 2 / expected for count in counts)
    assert len(counts) == 20
    assert chi_square < 43.8  # 19 degrees of freedom, one in a thousand


@pytest.mark.parametrize("other", [(1, "b", 0), (2, "a", 0), (1, "a", 1)])
def test_draws_of_other_streams_seeds_and_turns_are_independent(
    spark: SparkSession, other: tuple[int, str, int]
) -> None:
    seed, stream, turn = other
    pairs = spark.range(0, DRAWS, 1, 2).select(
        draw.uniform(1, "a", F.col("id"), 0).alias("u"), draw.uniform(seed, stream, F.col("id"), turn).alias("v")
    )
    correlation = pairs.select(F.corr("u", "v")).first()
    assert correlation is not None
    assert abs(correlation[0]) < 0.025  # 3.5 standard errors


def test_neighboring_entities_are_independent(spark: SparkSession) -> None:
    pairs = spark.range(0, DRAWS, 1, 2).select(
        draw.uniform(1, "a", F.col("id")).alias("u"), draw.uniform(1, "a", F.col("id") + 1).alias("v")
    )
    correlation = pairs.select(F.corr("u", "v")).first()
    assert correlation is not None
    assert abs(correlation[0]) < 0.025


def test_a_draw_follows_from_its_key_on_any_number_of_partitions(spark: SparkSession) -> None:
    drawn = [
        [
            row[0]
            for row in spark.range(0, 50, 1, parts).orderBy("id").select(draw.uniform(7, "s", F.col("id"))).collect()
        ]
        for parts in (1, 2, 7)
    ]
    assert drawn[0] == drawn[1] == drawn[2]


def test_an_integer_and_a_bigint_key_give_the_same_draw(spark: SparkSession) -> None:
    row = spark.range(5, 6).select(
        draw.key(1, "s", F.col("id")), draw.key(1, "s", F.col("id").cast("int")), draw.key(1, "s", 5)
    )
    assert len(set(row.first() or ())) == 1


def test_normal_draws_have_mean_0_and_deviation_1(spark: SparkSession) -> None:
    row = (
        spark.range(0, DRAWS, 1, 2)
        .select(draw.normal(1, "n", F.col("id")).alias("z"))
        .select(F.mean("z"), F.stddev("z"))
        .first()
    )
    assert row is not None
    assert row[0] == pytest.approx(0.0, abs=0.03)
    assert row[1] == pytest.approx(1.0, abs=0.03)


def test_geometric_counts_have_the_mean_asked_for(spark: SparkSession) -> None:
    u = draw.uniform(1, "g", F.col("id"))
    row = spark.range(0, DRAWS, 1, 2).select(F.mean(draw.geometric(u, mean=F.lit(2.5)))).first()
    assert row is not None
    assert row[0] == pytest.approx(2.5, abs=0.1)


def test_choices_come_as_often_as_their_weights_say(spark: SparkSession) -> None:
    chosen = draw.choose(["a", "b", "c"], draw.uniform(1, "c", F.col("id")), weights=[5, 3, 2])
    counts = {
        row["v"]: row["count"]
        for row in spark.range(0, DRAWS, 1, 2).select(chosen.alias("v")).groupBy("v").count().collect()
    }
    assert {name: round(count / DRAWS, 1) for name, count in counts.items()} == {"a": 0.5, "b": 0.3, "c": 0.2}


def test_a_rare_value_keeps_a_slot() -> None:
    assert draw.quantized(["common", "rare", "never"], [1.0, 1e-9, 0.0], slots=4) == [
        "common",
        "common",
        "common",
        "rare",
    ]


def test_a_zipf_index_stays_below_the_count_even_at_the_edges(spark: SparkSession) -> None:
    rows = local_frame(spark, [(0.0, 1), (0.999999999, 1), (0.0, 9), (0.999999999, 9), (0.5, 0)], "u double, n int")
    index = draw.zipf_index(F.col("u"), F.col("n"), exponent=1 / 1.2, shift=6.0)
    assert [row[0] for row in rows.select(index).collect()] == [0, 0, 0, 8, 0]


def test_a_lookup_without_an_index_is_nothing_so_that_what_stands_in_for_it_does(spark: SparkSession) -> None:
    # Of a range, since rows that the plan holds are not compiled.
    number = F.when(F.col("id") == 0, F.lit(0))
    found = spark.range(2).select(F.coalesce(draw.lookup_number([10, 20], number), F.lit(-1)).alias("found"))
    assert sorted(row["found"] for row in found.collect()) == [-1, 10]
