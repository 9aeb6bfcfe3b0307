from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from entourage.influence import InfluenceParams, score_influence
from entourage.influence.pagerank import pagerank
from entourage.influence.scores import scored
from entourage.rows import local_frame
from entourage.schemas import spark_schema
from entourage.tables import ScratchSpace

AS_OF = dt.date(2026, 6, 15)
ENTITIES = "entity_kind string, network string, entity_id string, rank_units bigint, reach_1 bigint, reach_2 bigint"


@pytest.fixture
def workspace(spark: SparkSession, tmp_path: Path) -> ScratchSpace:
    return ScratchSpace(spark, str(tmp_path / "scratch"))


def _edges(spark: SparkSession, pairs: list[tuple[str, str]]) -> DataFrame:
    rows = [(src.split(":")[0], src, dst, "follow", None, None) for src, dst in pairs]
    schema = (
        "network string, src_account_id string, dst_account_id string, verb string, occurred_at timestamp, "
        "ended_at timestamp"
    )
    return local_frame(spark, rows, schema)


def _crosswalk(spark: SparkSession, rows: list[tuple[str, str]]) -> DataFrame:
    schema = "source_id string, source_kind string, person_id string, valid_to timestamp"
    return local_frame(spark, [(account, "account", person, None) for account, person in rows], schema)


def test_pagerank_is_proportional_to_the_solved_equations_although_rank_is_lost_at_dead_ends(
    spark: SparkSession, workspace: ScratchSpace
) -> None:
    # 0 ▶ 2, 1 ▶ 2, 2 ▶ 3, 3 ends. By hand: 0.15, 0.15, 0.15 + 0.85 × 0.3 = 0.405, 0.15 + 0.85 × 0.405 = 0.49425.
    # Spreading the rank of 3 over all, as LDBC and networkx do, gives the same shares.
    ranks = pagerank(
        spark.range(4).select(F.col("id").alias("vertex")),
        local_frame(spark, [(0, 2), (1, 2), (2, 3)], "src bigint, dst bigint"),
        damping=0.85,
        max_iterations=6,
        tolerance=0.0,
        workspace=workspace,
    )
    by_hand = [0.15, 0.15, 0.405, 0.49425]
    shares = {row["vertex"]: row["rank_units"] / 4e9 for row in ranks.collect()}
    assert shares == pytest.approx({n: value / sum(by_hand) for n, value in enumerate(by_hand)}, abs=1e-9)


def test_a_cycle_shares_rank_evenly_under_a_tolerance(spark: SparkSession, workspace: ScratchSpace) -> None:
    ranks = pagerank(
        spark.range(3).select(F.col("id").alias("vertex")),
        local_frame(spark, [(0, 1), (1, 2), (2, 0)], "src bigint, dst bigint"),
        damping=0.85,
        max_iterations=1,
        tolerance=0.1,
        workspace=workspace,
    )
    assert [row["rank_units"] for row in ranks.collect()] == [1_000_000_000] * 3


def test_accounts_are_scored_in_their_network_and_in_all_and_persons_over_their_accounts(
    spark: SparkSession, workspace: ScratchSpace
) -> None:
    edges = _edges(spark, [("x:a", "x:c"), ("x:b", "x:c"), ("x:c", "x:d"), ("bluesky:e", "bluesky:f")])
    crosswalk = _crosswalk(spark, [("x:d", "D"), ("bluesky:f", "D"), ("x:a", "A")])
    scores = score_influence(
        edges, crosswalk, as_of=AS_OF, params=InfluenceParams(max_iterations=6), workspace=workspace
    )
    low, middle, high, f = 0.15, 0.405, 0.49425, 0.2775
    x, everyone = 2 * low + middle + high, 3 * low + middle + high + f
    person = 0.15 + 0.85 * (middle + low)
    expected = [
        ("account", "x:d", "x", high / x, 100.0, 1, 2, 1),
        ("account", "x:c", "x", middle / x, 200 / 3, 2, 0, 2),
        ("account", "x:a", "x", low / x, 0.0, 0, 0, 3),
        ("account", "x:b", "x", low / x, 0.0, 0, 0, 4),
        ("account", "bluesky:f", "bluesky", f / (low + f), 100.0, 1, 0, 1),
        ("account", "bluesky:e", "bluesky", low / (low + f), 0.0, 0, 0, 2),
        ("account", "x:d", "all", high / everyone, 100.0, 1, 2, 1),
        ("account", "x:c", "all", middle / everyone, 80.0, 2, 0, 2),
        ("account", "bluesky:f", "all", f / everyone, 60.0, 1, 0, 3),
        ("account", "bluesky:e", "all", low / everyone, 0.0, 0, 0, 4),
        ("account", "x:a", "all", low / everyone, 0.0, 0, 0, 5),
        ("account", "x:b", "all", low / everyone, 0.0, 0, 0, 6),
        ("person", "D", "all", person / (person + low), 100.0, 2, 2, 1),
        ("person", "A", "all", low / (person + low), 0.0, 0, 0, 2),
    ]
    rows = [(kind, who, network, "all", AS_OF, *measures) for kind, who, network, *measures in expected]
    assertDataFrameEqual(scores, local_frame(spark, rows, spark_schema("gold.influence")))


def test_an_edge_that_crosses_networks_counts_in_its_own_network_and_in_all(
    spark: SparkSession, workspace: ScratchSpace
) -> None:
    edges = _edges(spark, [("mastodon:a", "bluesky:b"), ("bluesky:c", "bluesky:b")])
    scores = score_influence(
        edges,
        _crosswalk(spark, []),
        as_of=AS_OF,
        params=InfluenceParams(max_iterations=6, exact_paths=0),
        workspace=workspace,
    )
    found = scores.select("entity_id", "network", "reach_1", F.round("pagerank", 6).alias("pagerank"))
    expected = [
        ("bluesky:b", "all", 2, round(0.405 / 0.705, 6)),
        ("bluesky:c", "all", 0, round(0.15 / 0.705, 6)),
        ("mastodon:a", "all", 0, round(0.15 / 0.705, 6)),
        ("bluesky:b", "bluesky", 1, round(0.2775 / 0.4275, 6)),
        ("bluesky:c", "bluesky", 0, round(0.15 / 0.4275, 6)),
        ("bluesky:b", "mastodon", 1, round(0.2775 / 0.4275, 6)),
        ("mastodon:a", "mastodon", 0, round(0.15 / 0.4275, 6)),
    ]
    schema = "entity_id string, network string, reach_1 bigint, pagerank double"
    assertDataFrameEqual(found, local_frame(spark, expected, schema))


def test_nobody_who_follows_gives_no_rows(spark: SparkSession, workspace: ScratchSpace) -> None:
    scores = score_influence(
        _edges(spark, []),
        _crosswalk(spark, []),
        as_of=AS_OF,
        params=InfluenceParams(max_iterations=6),
        workspace=workspace,
    )
    assertDataFrameEqual(scores, local_frame(spark, [], spark_schema("gold.influence")))


def test_equal_ranks_share_a_score_and_are_ordered_by_id_and_one_alone_scores_zero(spark: SparkSession) -> None:
    entities = local_frame(
        spark,
        [
            ("account", "x", "x:b", 3, 1, 0),
            ("account", "x", "x:a", 3, 2, 0),
            ("account", "x", "x:c", 1, 0, 0),
            ("person", "all", "A", 7, 0, 0),
        ],
        ENTITIES,
    )
    expected = [
        ("account", "x:a", "x", "all", AS_OF, 3 / 7, 50.0, 2, 0, 1),
        ("account", "x:b", "x", "all", AS_OF, 3 / 7, 50.0, 1, 0, 2),
        ("account", "x:c", "x", "all", AS_OF, 1 / 7, 0.0, 0, 0, 3),
        ("person", "A", "all", "all", AS_OF, 1.0, 0.0, 0, 0, 1),
    ]
    assertDataFrameEqual(scored(entities, as_of=AS_OF), local_frame(spark, expected, spark_schema("gold.influence")))
