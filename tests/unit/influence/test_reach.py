from __future__ import annotations

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.testing import assertDataFrameEqual

from entourage.influence.reach import exact_reach, reach, sketched_reach, two_paths
from entourage.rows import local_frame

ARCS = "src bigint, dst bigint"
REACHES = "vertex bigint, reach_1 bigint, reach_2 bigint"


def _edges(spark: SparkSession) -> DataFrame:
    # 1 and 2 follow 3; 3 follows 4; 2 follows 4 too (follower and follower of a follower); 4 and 5 follow each other
    return local_frame(spark, [(1, 3), (2, 3), (3, 4), (2, 4), (4, 5), (5, 4)], ARCS)


def _reaches(spark: SparkSession) -> DataFrame:
    return local_frame(spark, [(3, 2, 0), (4, 3, 1), (5, 1, 2)], REACHES)


def test_followers_and_oneself_are_not_followers_of_followers(spark: SparkSession) -> None:
    assertDataFrameEqual(exact_reach(_edges(spark)), _reaches(spark))


def test_sketches_of_small_sets_count_the_same(spark: SparkSession) -> None:
    assertDataFrameEqual(sketched_reach(_edges(spark)), _reaches(spark))


def test_paths_of_two_edges_are_counted_by_degrees(spark: SparkSession) -> None:
    # through 3: 2 followers x 1 followed; through 4: 3 x 1; through 5: 1 x 1
    assert two_paths(_edges(spark)) == 6
    assert two_paths(local_frame(spark, [], ARCS)) == 0


def test_no_edges_reach_nobody(spark: SparkSession) -> None:
    nobody = local_frame(spark, [], REACHES)
    assertDataFrameEqual(exact_reach(local_frame(spark, [], ARCS)), nobody)
    assertDataFrameEqual(sketched_reach(local_frame(spark, [], ARCS)), nobody)


@pytest.mark.parametrize(("exact_paths", "is_sketched"), [(6, False), (5, True)])
def test_the_bound_on_paths_chooses_between_exact_and_sketched(
    spark: SparkSession, exact_paths: int, is_sketched: bool
) -> None:
    plan = reach(_edges(spark), exact_paths=exact_paths)._jdf.queryExecution().toString()
    assert ("hll_union_agg" in plan) is is_sketched


def test_sketches_are_within_five_percent_on_thousands_of_listeners(spark: SparkSession) -> None:
    # 0 is followed by 1..50, each of them by 200 others of their own: 10,000 at second hand
    near = spark.range(1, 51).selectExpr("id as src", "0L as dst")
    far = spark.range(10_000).selectExpr("1000 + id as src", "1 + id % 50 as dst")
    row = sketched_reach(near.union(far)).where("vertex = 0").first()
    assert row is not None
    assert row["reach_1"] == 50
    assert abs(row["reach_2"] - 10_000) < 500


def test_the_join_of_two_edges_is_an_equality_join(spark: SparkSession) -> None:
    plan = exact_reach(_edges(spark))._jdf.queryExecution().executedPlan().toString()
    assert "CartesianProduct" not in plan
    assert "NestedLoop" not in plan
