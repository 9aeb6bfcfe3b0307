from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.testing import assertDataFrameEqual

from entourage.identity import clusters
from entourage.identity.clusters import ClusterParams
from entourage.rows import local_frame
from entourage.tables import ScratchSpace

PARAMS = ClusterParams()


@pytest.fixture
def workspace(spark: SparkSession, tmp_path: Path) -> ScratchSpace:
    return ScratchSpace(spark, str(tmp_path / "scratch"))


def _pairs(spark: SparkSession, rows: list[tuple[str, str, float]]) -> DataFrame:
    scored = [(left, right, weight, 1 / (1 + 2**-weight)) for left, right, weight in rows]
    schema = "record_id_l string, record_id_r string, match_weight double, match_probability double"
    return local_frame(spark, scored, schema).coalesce(1)


def _found(
    spark: SparkSession, workspace: ScratchSpace, rows: list[tuple[str, str, float]], params: ClusterParams = PARAMS
) -> set[str]:
    """Return each cluster as its members, joined."""
    found: dict[str, list[str]] = {}
    for row in clusters.clusters(_pairs(spark, rows), workspace=workspace, params=params).collect():
        found.setdefault(row.cluster_id, []).append(row.record_id)
    assert all(min(members) == name for name, members in found.items())
    return {"".join(sorted(members)) for members in found.values()}


def test_records_linked_in_a_chain_are_one_cluster_and_weak_pairs_link_nobody(
    spark: SparkSession, workspace: ScratchSpace
) -> None:
    assert _found(spark, workspace, [("a", "b", 9.0), ("b", "c", 6.0), ("c", "d", 1.0), ("x", "y", 5.0)]) == {
        "abc",
        "xy",
    }


def test_a_mailbox_that_two_persons_share_goes_to_the_nearer_and_joins_them_not(
    spark: SparkSession, workspace: ScratchSpace
) -> None:
    assert _found(spark, workspace, [("h", "m", 8.0), ("m", "w", 6.0), ("h", "w", -20.0)]) == {"hm", "w"}


def test_equal_evidence_is_decided_by_the_ids(spark: SparkSession, workspace: ScratchSpace) -> None:
    assert _found(spark, workspace, [("m", "w", 6.0), ("h", "m", 6.0), ("h", "w", -20.0)]) == {"hm", "w"}


def test_no_pairs_make_no_clusters(spark: SparkSession, workspace: ScratchSpace) -> None:
    assert _found(spark, workspace, []) == set()


def test_a_component_too_large_is_cut_at_higher_weights(spark: SparkSession, workspace: ScratchSpace) -> None:
    chain = [("a", "b", 12.0), ("b", "c", 5.0), ("c", "d", 12.0)]
    assert _found(spark, workspace, chain, ClusterParams(max_component_size=3)) == {"ab", "cd"}


def test_graphframes_and_union_find_agree(spark: SparkSession, workspace: ScratchSpace) -> None:
    ends = [("a", "b"), ("b", "c"), ("d", "e"), ("f", "g"), ("g", "h"), ("h", "f"), ("c", "a"), ("i", "b")]
    edges = local_frame(spark, ends, "record_id_l string, record_id_r string").repartition(2)
    assertDataFrameEqual(clusters.graph_components(edges, workspace=workspace), clusters.local_components(edges))


def test_contraction_lets_all_evidence_between_two_groups_decide() -> None:
    left, right = ["a", "c", "a", "a", "b"], ["b", "d", "c", "d", "c"]
    together = clusters.contract(left, right, [9.0, 9.0, 5.0, -1.0, -1.0], 4.0)
    apart = clusters.contract(left, right, [9.0, 9.0, 5.0, -3.0, -3.0], 4.0)
    assert together == dict.fromkeys("abcd", "a")
    assert apart == {"a": "a", "b": "a", "c": "c", "d": "c"}
