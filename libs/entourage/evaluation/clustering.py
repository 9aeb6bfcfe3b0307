"""Compare which records were found to be one person with who they truly are.

in: record ▶ person as found, and labels record_id, cluster ▶ out: `IdentityScores` as a dictionary. Solvers: they run
actions. Pairs are counted from the sizes of clusters and of their intersections, never listed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame, Row, Window
from pyspark.sql import functions as F

from entourage.evaluation import labels
from entourage.evaluation.labels import Coverage, Interval

ALL = "all"


@dataclass(frozen=True)
class ClusteringScores:
    """Figures of one clustering against another, over the same records."""

    records: int
    true_clusters: int
    found_clusters: int
    exact_clusters: int  # true clusters found whole and unmixed
    share_exact: float | None  # of the true clusters
    largest_true: int
    largest_found: int
    true_pairs: int  # pairs of records that are one person
    found_pairs: int  # pairs that were put together
    shared_pairs: int  # pairs that are both
    pairwise_precision: Interval  # over found clusters
    pairwise_recall: Interval  # over true clusters
    pairwise_f1: float | None
    bcubed_precision: float | None
    bcubed_recall: float | None
    bcubed_f1: float | None


@dataclass(frozen=True)
class IdentityScores:
    """Figures of identities; docs/evaluation.md says what each means."""

    coverage: Coverage
    clusters: ClusteringScores
    pairwise_recall_with_unknown: float | None  # labelled records that were not found count as alone
    by_kind: dict[str, ClusteringScores]  # the same among records only, among accounts only


def identities(predictions: DataFrame, truth: DataFrame) -> dict[str, Any]:
    """Score who was found to be one person (a solver: aggregates).

    Args:
        predictions: record_id (unique), person_id[, kind (record, account)].
        truth: record_id, cluster.

    Returns:
        `IdentityScores` as nested dictionaries.

    Raises:
        UsageError: columns are missing, a record has two persons, or no labelled record was found.

    References:
        A. Bagga, B. Baldwin: Entity-Based Cross-Document Coreferencing Using the Vector Space Model (B-cubed), 1998.
    """
    labels.require_columns(truth, columns=["record_id", "cluster"], where="truth of identities")
    labels.require_columns(predictions, columns=["record_id", "person_id"], where="predictions")
    kind = labels.word("kind") if "kind" in predictions.columns else F.lit(None).cast("string")
    predicted = predictions.select(
        labels.word("record_id").alias("id"), F.col("person_id").cast("string").alias("person"), kind.alias("kind")
    ).where(F.col("id").isNotNull() & F.col("person").isNotNull())
    labels.require_unique(predicted, key="id", where="predictions")
    read = labels.readings(truth, key="record_id", label=labels.word("cluster"))
    covered = labels.coverage(read, predicted)
    labels.require_overlap(covered, where="truth of identities", found_in="gold.crosswalk")
    clusters = labels.labels(read)
    members = (
        predicted.alias("p")
        .join(clusters.alias("t"), on=F.col("p.id") == F.col("t.id"), how="inner")
        .select("p.person", "p.kind", F.col("t.label").alias("cluster"))
    )
    scores = clusterings(members)
    true_pairs = _pairs_within(clusters, "label")
    return labels.figures(
        IdentityScores(
            coverage=covered,
            clusters=scores[ALL],
            pairwise_recall_with_unknown=labels.ratio(scores[ALL].shared_pairs, true_pairs),
            by_kind={name: scores[name] for name in sorted(scores) if name != ALL},
        )
    )


def clusterings(members: DataFrame) -> dict[str, ClusteringScores]:
    """Compare two clusterings of the same records (a solver: two actions).

    Args:
        members: person, cluster, kind (NULL where unknown); one row a record.

    Returns:
        Scores by kind, and over all of them (`ALL`).
    """
    scopes = F.explode(F.filter(F.array(F.lit(ALL), "kind"), lambda scope: scope.isNotNull())).alias("scope")
    cells = members.select(scopes, "person", "cluster")
    cells = cells.groupBy("scope", "person", "cluster").agg(F.count(F.lit(1)).alias("size"))
    sides = _cluster_sums(cells, cluster="person").unionByName(_cluster_sums(cells, cluster="cluster")).collect()
    exact = {row["scope"]: row["exact"] for row in _exact(cells).collect()}
    by_side = {(row["side"], row["scope"]): row for row in sides}
    return {
        scope: _clustering(by_side["person", scope], by_side["cluster", scope], exact[scope])
        for side, scope in by_side
        if side == "person"
    }


def _clustering(found: Row, true: Row, exact: int) -> ClusteringScores:
    precision, recall = _pair_share(found), _pair_share(true)
    bcubed_precision = labels.ratio(found["squares_over_size"], found["records"])
    bcubed_recall = labels.ratio(true["squares_over_size"], true["records"])
    return ClusteringScores(
        records=true["records"],
        true_clusters=true["clusters"],
        found_clusters=found["clusters"],
        exact_clusters=exact,
        share_exact=labels.ratio(exact, true["clusters"]),
        largest_true=true["largest"],
        largest_found=found["largest"],
        true_pairs=true["pairs"],
        found_pairs=found["pairs"],
        shared_pairs=true["shared_pairs"],
        pairwise_precision=precision,
        pairwise_recall=recall,
        pairwise_f1=labels.harmonic(precision.value, recall.value),
        bcubed_precision=bcubed_precision,
        bcubed_recall=bcubed_recall,
        bcubed_f1=labels.harmonic(bcubed_precision, bcubed_recall),
    )


def _cluster_sums(cells: DataFrame, *, cluster: str) -> DataFrame:
    """Sum over the clusters of one side, a row a scope; the sums of squares are for the interval."""
    sizes = cells.groupBy("scope", cluster).agg(
        F.sum("size").alias("size"),
        F.sum(_pairs("size")).alias("shared_pairs"),
        F.sum(F.col("size") * F.col("size")).alias("squares"),
    )
    pairs, shared = _pairs("size"), F.col("shared_pairs")
    pairs_float, shared_float = pairs.cast("double"), shared.cast("double")  # their squares overflow a bigint
    return sizes.groupBy(F.lit(cluster).alias("side"), "scope").agg(
        F.count(F.lit(1)).alias("clusters"),
        F.sum("size").alias("records"),
        F.max("size").alias("largest"),
        F.sum(pairs).alias("pairs"),
        F.sum(shared).alias("shared_pairs"),
        F.sum(F.col("squares") / F.col("size")).alias("squares_over_size"),
        F.sum(pairs_float * pairs_float).alias("pairs_squared"),
        F.sum(shared_float * shared_float).alias("shared_squared"),
        F.sum(pairs_float * shared_float).alias("pairs_by_shared"),
    )


def _exact(cells: DataFrame) -> DataFrame:
    """Count, a row a scope, the cells that are the whole of their person and of their cluster."""
    parts_of_person = F.count(F.lit(1)).over(Window.partitionBy("scope", "person"))
    parts_of_cluster = F.count(F.lit(1)).over(Window.partitionBy("scope", "cluster"))
    parts = cells.select("scope", parts_of_person.alias("of_person"), parts_of_cluster.alias("of_cluster"))
    is_whole = (F.col("of_person") == 1) & (F.col("of_cluster") == 1)
    return parts.groupBy("scope").agg(F.count_if(is_whole).alias("exact"))


def _pair_share(sums: Row) -> Interval:
    """Return shared pairs by pairs, its interval from the spread between clusters (pairs of a cluster hang together).

    References:
        W. Cochran: Sampling Techniques, 1977, section 6.3 (variance of a ratio).
    """
    pairs, shared, clusters = sums["pairs"], sums["shared_pairs"], sums["clusters"]
    if not pairs:
        return Interval(None, None, None)
    share = shared / pairs
    residues = sums["shared_squared"] - 2 * share * sums["pairs_by_shared"] + share**2 * sums["pairs_squared"]
    spread = labels.Z_95 * math.sqrt(max(0.0, residues) * clusters / max(1, clusters - 1)) / pairs
    return Interval(share, max(0.0, share - spread), min(1.0, share + spread))


def _pairs_within(clusters: DataFrame, name: str) -> int:
    sizes = clusters.groupBy(name).agg(F.count(F.lit(1)).alias("size"))
    return labels.first_row(sizes.agg(F.sum(_pairs("size")).alias("pairs")))["pairs"] or 0


def _pairs(size: str) -> Column:
    return (F.col(size) * (F.col(size) - 1) / 2).cast("bigint")
