"""The follower graph: monotone, without loops or doubles, with celebrities."""

from __future__ import annotations

import math

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from entourage.simulate import SimulateParams, accounts, graph


def test_a_larger_world_contains_the_ties_of_the_smaller(spark: SparkSession) -> None:
    few = graph.ties(spark, params=SimulateParams(people=100))
    many = graph.ties(spark, params=SimulateParams(people=160))
    assertDataFrameEqual(few.exceptAll(many), few.limit(0))


def test_ties_are_distinct_and_nobody_follows_himself(spark: SparkSession) -> None:
    ties = graph.ties(spark, params=SimulateParams(people=150)).cache()
    assert ties.count() == ties.distinct().count()
    assert ties.where("src = dst").count() == 0
    ties.unpersist()


def test_without_bots_no_tie_touches_one(spark: SparkSession) -> None:
    ties = graph.ties(spark, params=SimulateParams(people=150, without=("bots",)))
    assert (
        ties.where(
            (accounts.kind_of(F.col("src")) == accounts.BOT) | (accounts.kind_of(F.col("dst")) == accounts.BOT)
        ).count()
        == 0
    )


def test_switching_bots_off_leaves_all_ties_among_people_as_they_were(spark: SparkSession) -> None:
    among_people = (accounts.kind_of(F.col("src")) != accounts.BOT) & (accounts.kind_of(F.col("dst")) != accounts.BOT)
    with_bots = graph.ties(spark, params=SimulateParams(people=120)).where(among_people)
    assertDataFrameEqual(with_bots, graph.ties(spark, params=SimulateParams(people=120, without=("bots",))))


def test_in_degrees_fall_as_a_power_law_with_an_exponent_near_2_2(spark: SparkSession) -> None:
    ties = graph.ties(spark, params=SimulateParams(people=4_000, without=("bots",)))
    people_only = ties.where(accounts.kind_of(F.col("dst")) == accounts.PERSON)
    degrees = [row["count"] for row in people_only.groupBy("dst").count().collect()]
    least = 40
    tail = [degree for degree in degrees if degree >= least]
    # Clauset, Shalizi, Newman 2009, eq. 3.7.
    exponent = 1 + len(tail) / sum(math.log(degree / (least - 0.5)) for degree in tail)
    assert len(tail) > 200
    assert exponent == pytest.approx(2.2, abs=0.3)
    assert max(degrees) > 15 * sum(degrees) / len(degrees)
