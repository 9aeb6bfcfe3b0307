from __future__ import annotations

import datetime as dt

import pytest
from pyspark.sql import DataFrame, SparkSession

from entourage.errors import UsageError
from entourage.evaluation import evaluate, identities
from entourage.evaluation.clustering import ALL, clusterings
from entourage.rows import local_frame

TRUTH = "record_id string, cluster string"
MEMBERS = "person string, cluster string, kind string"


def _found(spark: SparkSession) -> DataFrame:
    rows = [("r1", "P", "record"), ("r2", "P", "account"), ("r3", "Q", "record"), ("r4", "Q", "record")]
    rows += [("r5", "Q", "record"), ("r6", "R", "record"), ("r9", "R", "record")]
    return local_frame(spark, rows, "record_id string, person_id string, kind string")


def _truth(spark: SparkSession) -> DataFrame:
    rows = [("r1", "A"), ("r2", "A"), ("r3", "A"), ("r4", "B"), ("r5", "B"), ("r6", "C"), ("r6", "C"), ("r7", "B")]
    return local_frame(spark, rows, TRUTH)


def test_pairs_and_clusters_are_scored_as_by_hand(spark: SparkSession) -> None:
    scores = identities(_found(spark), _truth(spark))
    assert scores["coverage"]["unknown"] == 1  # r7
    assert scores["coverage"]["duplicates"] == 1  # r6
    assert scores["coverage"]["unlabelled"] == 1  # r9
    # {r1 r2} {r3 r4 r5} {r6} were found; {r1 r2 r3} {r4 r5} {r6} are true. Each side has 4 pairs, 2 are shared.
    # Interval: over clusters with (pairs, shared) of (1, 1), (3, 1), (0, 0).
    half = {"value": 0.5, "low": 0.075655, "high": 0.924345}
    assert scores["clusters"] == {
        "records": 6,
        "true_clusters": 3,
        "found_clusters": 3,
        "exact_clusters": 1,
        "share_exact": 0.333333,
        "largest_true": 3,
        "largest_found": 3,
        "true_pairs": 4,
        "found_pairs": 4,
        "shared_pairs": 2,
        "pairwise_precision": half,
        "pairwise_recall": half,
        "pairwise_f1": 0.5,
        "bcubed_precision": 0.777778,  # (4/2 + 1/3 + 4/3 + 1) / 6
        "bcubed_recall": 0.777778,  # (4/3 + 1/3 + 4/2 + 1) / 6
        "bcubed_f1": 0.777778,
    }
    assert scores["pairwise_recall_with_unknown"] == 0.333333  # r7 makes 2 more true pairs
    assert scores["by_kind"]["record"]["records"] == 5
    assert scores["by_kind"]["record"]["shared_pairs"] == 1


def test_a_perfect_clustering_scores_one_everywhere(spark: SparkSession) -> None:
    members = local_frame(spark, [("P", "A", None), ("P", "A", None), ("Q", "B", None)], MEMBERS)
    scores = clusterings(members)[ALL]
    assert (scores.exact_clusters, scores.pairwise_f1, scores.bcubed_f1) == (2, 1.0, 1.0)


def test_records_that_are_all_alone_have_no_pairs_to_score(spark: SparkSession) -> None:
    members = local_frame(spark, [("P", "A", None), ("Q", "B", None)], MEMBERS)
    scores = clusterings(members)[ALL]
    assert (scores.pairwise_precision.value, scores.pairwise_recall.value, scores.pairwise_f1) == (None, None, None)
    assert scores.bcubed_f1 == 1.0


def test_a_block_of_a_million_pairs_is_counted_without_listing_them(spark: SparkSession) -> None:
    members = spark.range(100_000).selectExpr("'P' as person", "cast(id % 2 as string) as cluster", "'record' as kind")
    scores = clusterings(members)[ALL]
    assert scores.found_pairs == 100_000 * 99_999 // 2
    assert scores.shared_pairs == 2 * (50_000 * 49_999 // 2)


def test_only_current_rows_of_the_crosswalk_count(spark: SparkSession) -> None:
    rows = [("r1", "record", "P", None), ("r2", "record", "P", None), ("r2", "record", "Q", dt.datetime(2026, 6, 1))]
    crosswalk = local_frame(spark, rows, "source_id string, source_kind string, person_id string, valid_to timestamp")
    truth = local_frame(spark, [("r1", "A"), ("r2", "A")], TRUTH)
    scores = evaluate("identities", truth=truth, read=lambda _: crosswalk)
    assert scores["clusters"]["pairwise_f1"] == 1.0


def test_a_record_in_two_true_clusters_is_left_out_and_counted(spark: SparkSession) -> None:
    truth = local_frame(spark, [("r1", "A"), ("r1", "B"), ("r3", "A")], TRUTH)
    scores = identities(_found(spark), truth)
    assert (scores["coverage"]["conflicting"], scores["coverage"]["evaluated"]) == (1, 1)


def test_an_unknown_subject_names_the_nearest(spark: SparkSession) -> None:
    with pytest.raises(UsageError, match="did you mean 'identities'"):
        evaluate("identity", truth=_truth(spark), read=lambda _: _found(spark))
