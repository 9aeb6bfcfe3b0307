"""Group records into persons: connected components of sure links, then each component cut where its pairs disagree.

in: scored pairs ▶ out: one cluster a linked record. Solvers: `components` and `clusters` need actions.

References:
    Tarjan (1975), Efficiency of a Good But Not Linear Set Union Algorithm. JACM 22.
    Keuper et al. (2015), Efficient Decomposition of Image and Mesh Graphs by Lifted Multicuts (greedy additive edge
    contraction). ICCV.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pandas as pd
from graphframes import GraphFrame
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.functions import pandas_udf
from pyspark.sql.types import ArrayType, StringType

from entourage.schemas import Workspace


@dataclass(frozen=True)
class ClusterParams:
    """How records are grouped.

    Attributes:
        link_probability: posterior at and above which a pair is a sure link.
        local_edge_count: edges; up to so many, components are found by union-find in one task (measured 10 to 38 times
            cheaper), above by GraphFrames.
        max_component_size: records; a larger component is cut at ever higher match weights before its pairs are
        weighed together.
    """

    link_probability: float = 0.95
    local_edge_count: int = 3_000_000
    max_component_size: int = 500


def components(edges: DataFrame, *, workspace: Workspace, params: ClusterParams) -> DataFrame:
    """Find connected components; runs actions (the choice of the algorithm depends on the number of edges).

    Args:
        edges: record_id_l, record_id_r; materialized.
        workspace: scratch tables.
        params: see `ClusterParams`.

    Returns:
        One row a record that has an edge: record_id, component_id (its smallest record id).
    """
    if edges.count() <= params.local_edge_count:
        return workspace.keep("components", local_components(edges))
    return workspace.keep("components", graph_components(edges, workspace=workspace))


def local_components(edges: DataFrame) -> DataFrame:
    """Find connected components by union-find in one task.

    Returns:
        One row a record that has an edge: record_id, component_id (its smallest record id).
    """
    # One pass of Python over the edges, measured 3 µs each; GraphFrames took 24 s where this took 1.5.
    ends = edges.select("record_id_l", "record_id_r").coalesce(1)
    return ends.mapInPandas(_union_find, "record_id string, component_id string")


def _union_find(batches: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    parents: dict[str, str] = {}

    def root(record: str) -> str:
        path = []
        while (parent := parents.setdefault(record, record)) != record:
            path.append(record)
            record = parent
        for visited in path:
            parents[visited] = record
        return record

    for batch in batches:
        for left, right in zip(batch["record_id_l"], batch["record_id_r"], strict=True):
            smaller, larger = sorted((root(left), root(right)))
            parents[larger] = smaller
    yield pd.DataFrame(
        {"record_id": list(parents), "component_id": [root(record) for record in list(parents)]}, dtype=object
    )


def graph_components(edges: DataFrame, *, workspace: Workspace) -> DataFrame:
    """Find connected components by GraphFrames; runs actions.

    Each partition first shrinks its edges to a spanning forest, so that few edges travel.

    Returns:
        As `local_components`.
    """
    forest = edges.select("record_id_l", "record_id_r").mapInPandas(
        _union_find, "record_id string, component_id string"
    )
    ends = workspace.keep("forest", forest.select(F.col("record_id").alias("src"), F.col("component_id").alias("dst")))
    vertices = workspace.keep(
        "vertices", ends.select(F.col("src").alias("id")).union(ends.select(F.col("dst").alias("id"))).distinct()
    )
    graph = GraphFrame(vertices, ends.where(F.col("src") != F.col("dst")))
    found = graph.connectedComponents(useLabelsAsComponents=True, use_local_checkpoints=True)
    named = found.groupBy("component").agg(F.min("id").alias("component_id"))
    joined = found.alias("f").join(named.alias("n"), on=F.col("f.component") == F.col("n.component"), how="inner")
    kept = workspace.keep("graph_components", joined.select(F.col("f.id").alias("record_id"), F.col("n.component_id")))
    found.unpersist()  # GraphFrames persists what it returns
    return kept


def clusters(pairs: DataFrame, *, workspace: Workspace, params: ClusterParams) -> DataFrame:
    """Group linked records into clusters; runs actions (components; rounds of cutting).

    Args:
        pairs: scored pairs, materialized: record_id_l, record_id_r, match_weight, match_probability. Pairs that speak
            against a link are needed too: they keep a shared mailbox from chaining a family.
        workspace: scratch tables.
        params: see `ClusterParams`.

    Returns:
        One row a record that is linked to another: record_id, cluster_id (smallest record id of the cluster).
    """
    links = pairs.where(F.col("match_probability") >= params.link_probability)
    component_of = components(links, workspace=workspace, params=params)
    inside = workspace.keep("inside", _inside(pairs, component_of))
    inside = _cut_oversized(inside, workspace=workspace, params=params)
    threshold = log_odds(params.link_probability)
    grouped = inside.groupBy("component_id").agg(
        F.array_sort(F.collect_list(F.struct("record_id_l", "record_id_r", "match_weight"))).alias("pairs")
    )
    left, right, weights = (_each_pair(name) for name in ("record_id_l", "record_id_r", "match_weight"))
    arrays = grouped.select(left.alias("left"), right.alias("right"), weights.alias("weights"))
    joined = arrays.withColumn("members", F.array_sort(F.array_union("left", "right")))
    contracted = joined.withColumn("clusters", _contract("members", "left", "right", "weights", F.lit(threshold)))
    member = F.explode(F.arrays_zip("members", "clusters")).alias("member")
    return contracted.select(member).select(
        F.col("member.members").alias("record_id"), F.col("member.clusters").alias("cluster_id")
    )


def _each_pair(name: str) -> Column:
    return F.transform("pairs", lambda pair: pair[name])


def log_odds(probability: float) -> float:
    """Return log2 of the odds of a probability below 1."""
    return math.log2(probability / (1 - probability))


def _inside(pairs: DataFrame, component_of: DataFrame) -> DataFrame:
    """Keep the pairs, linked or not, whose two records are in one component."""
    left = pairs.alias("p").join(
        component_of.alias("l"), on=F.col("p.record_id_l") == F.col("l.record_id"), how="inner"
    )
    left = left.select("p.record_id_l", "p.record_id_r", "p.match_weight", F.col("l.component_id"))
    both = left.alias("p").join(component_of.alias("r"), on=F.col("p.record_id_r") == F.col("r.record_id"), how="inner")
    return both.where(F.col("p.component_id") == F.col("r.component_id")).select("p.*")


def _cut_oversized(inside: DataFrame, *, workspace: Workspace, params: ClusterParams) -> DataFrame:
    """Find components anew at higher weights in those that are too large; at most six rounds."""
    threshold = log_odds(params.link_probability)
    for step in range(1, 7):
        ends = F.explode(F.array("record_id_l", "record_id_r"))
        sizes = inside.select("component_id", ends.alias("record_id")).groupBy("component_id")
        oversized = sizes.agg(F.count_distinct("record_id").alias("n")).where(F.col("n") > params.max_component_size)
        if oversized.isEmpty():
            break
        joined = inside.alias("i").join(
            oversized.alias("o"), on=F.col("i.component_id") == F.col("o.component_id"), how="left"
        )
        is_oversized = F.col("o.component_id").isNotNull()
        large = joined.where(is_oversized).select("i.*")
        small = joined.where(~is_oversized).select("i.*")
        stronger = large.where(F.col("match_weight") >= threshold + 3 * step)
        recut = _inside(large.drop("component_id"), local_components(stronger))
        inside = workspace.keep(f"inside_{step % 2}", small.unionByName(recut))
    return inside


# A pandas UDF because greedy contraction is sequential: which two groups meet next depends on all sums so far.
# Measured: 2 to 4 µs a pair.
@pandas_udf(ArrayType(StringType()))  # type: ignore[call-overload,untyped-decorator]
def _contract(
    members: pd.Series, left: pd.Series, right: pd.Series, weights: pd.Series, threshold: pd.Series
) -> pd.Series:
    """Return the cluster of each member, in the members' order."""
    named = []
    for records, ls, rs, ws, least in zip(members, left, right, weights, threshold, strict=True):
        cluster_of = contract(list(ls), list(rs), list(ws), least)
        named.append([cluster_of[record] for record in records])
    return pd.Series(named, dtype=object)


def contract(left: list[str], right: list[str], weights: list[float], threshold: float) -> dict[str, str]:
    """Merge the records of one component while the evidence between two groups is for it.

    The strongest link comes first; each merge adds up what speaks between the groups, for and against.

    Args:
        left: one end of each pair.
        right: the other end.
        weights: match weight of each pair, for or against.
        threshold: weight from which a pair may start a merge.

    Returns:
        Record to cluster (its smallest record). Ties are broken by the records' ids.
    """
    members = {record: [record] for record in (*left, *right)}
    # Evidence between groups: the sum of the weights (agreement capped, so that many weak mailboxes never outvote one
    # contradiction), and the strongest link.
    between: dict[str, dict[str, tuple[float, float]]] = {record: {} for record in members}
    heap: list[tuple[float, str, str]] = []

    def note(one: str, other: str, total: float, strongest: float) -> None:
        between[one][other] = between[other][one] = (total, strongest)
        if total > 0 and strongest >= threshold:
            first, second = sorted((one, other))
            heapq.heappush(heap, (-total, first, second))

    for one, other, weight in zip(left, right, weights, strict=True):
        note(one, other, min(weight, 20.0), weight)
    while heap:
        negative_total, one, other = heapq.heappop(heap)
        if other not in between.get(one, {}) or between[one][other][0] != -negative_total:
            continue  # outdated: one of the two has been merged since
        members[one] += members.pop(other)
        del between[one][other]
        for third, (total, strongest) in between.pop(other).items():
            if third == one:
                continue
            del between[third][other]
            known_total, known_strongest = between[one].get(third, (0.0, -1e9))
            note(one, third, known_total + total, max(known_strongest, strongest))
    return {record: min(group) for group in members.values() for record in group}
