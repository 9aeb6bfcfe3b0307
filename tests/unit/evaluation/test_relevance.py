from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from entourage.errors import UsageError
from entourage.evaluation import relevance
from entourage.rows import local_frame

SIGNALS = "post_id string, useful_probability double, is_useful boolean, language string"


def _signals(spark: SparkSession) -> DataFrame:
    rows = [
        ("p1", 0.9, True, "en"),
        ("p2", 0.8, True, "en"),
        ("p3", 0.8, True, "fr"),
        ("p4", 0.3, False, "fr"),
        ("p5", 0.1, False, None),
        ("p7", 0.5, True, "en"),  # labelled both ways
        ("p8", 0.5, True, "en"),  # not labelled
    ]
    return local_frame(spark, rows, SIGNALS)


def _truth(spark: SparkSession) -> DataFrame:
    rows = [
        ("p1", "true", "intent|taste"),
        ("p1", "1", "intent"),  # says the same again
        ("p2", "No", None),
        ("p3", " YES ", "intent"),
        ("p4", "1.0", "complaint"),
        ("p5", "f", ""),
        ("p5", "maybe", None),  # unreadable
        (None, "true", None),  # unreadable
        ("p6", "true", "taste"),  # unknown to us
        ("p7", "true", None),
        ("p7", "false", None),
    ]
    return local_frame(spark, rows, "post_id string, useful string, reasons string")


THIRDS = {"value": 0.666667, "low": 0.20766, "high": 0.938508}  # Wilson, 2 of 3


@pytest.fixture(scope="module")
def scores(spark: SparkSession) -> dict[str, Any]:
    return relevance(_signals(spark), _truth(spark))


def test_what_was_kept_is_scored_as_by_hand(scores: dict[str, Any]) -> None:
    assert scores["coverage"] == {
        "truth_rows": 11,
        "unreadable": 2,
        "duplicates": 1,
        "conflicting": 1,
        "labelled": 6,
        "unknown": 1,
        "evaluated": 5,
        "unlabelled": 2,
    }
    assert scores["decisions"] == {
        "true_positives": 2,
        "false_positives": 1,
        "false_negatives": 1,
        "true_negatives": 1,
        "share_kept": 0.6,
        "share_useful": 0.6,
        "precision": THIRDS,
        "recall": THIRDS,
        "f1": 0.666667,
        "accuracy": 0.6,
    }
    # Thresholds 0.9, 0.8 (two posts), 0.3: precisions 1, 2/3, 3/4, a third of the useful posts at each.
    assert scores["average_precision"] == pytest.approx((1 + 2 / 3 + 3 / 4) / 3, abs=1e-6)
    # Of 3 × 2 pairs: p1 wins 2, p3 wins 1 and ties 1, p4 wins 1.
    assert scores["roc_auc"] == 0.75
    assert scores["brier"] == pytest.approx((0.01 + 0.64 + 0.04 + 0.49 + 0.01) / 5)
    assert scores["log_loss"] == 0.649455  # -(ln .9 + ln .2 + ln .8 + ln .3 + ln .9) / 5


def test_calibration_compares_each_tenth_of_probability_with_what_was_useful(scores: dict[str, Any]) -> None:
    bins = [
        (b["lowest"], b["highest"], b["posts"], b["mean_probability"], b["share_useful"]) for b in scores["calibration"]
    ]
    assert bins == [(0.1, 0.2, 1, 0.1, 0.0), (0.3, 0.4, 1, 0.3, 1.0), (0.8, 0.9, 2, 0.8, 0.5), (0.9, 1.0, 1, 0.9, 1.0)]
    assert scores["expected_calibration_error"] == pytest.approx((0.1 + 0.7 + 2 * 0.3 + 0.1) / 5)


def test_languages_and_reasons_are_scored_apart(scores: dict[str, Any]) -> None:
    by_language = {name: (d["precision"]["value"], d["recall"]["value"]) for name, d in scores["by_language"].items()}
    assert by_language == {"und": (None, None), "en": (0.5, 1.0), "fr": (1.0, 0.5)}
    by_reason = {name: (d["posts"], d["recall"]["value"]) for name, d in scores["recall_by_reason"].items()}
    assert by_reason == {"complaint": (1, 0.0), "intent": (2, 1.0), "taste": (1, 1.0)}


def test_figures_that_are_not_defined_are_null(spark: SparkSession) -> None:
    signals = local_frame(spark, [("p1", 0.2, False)], "post_id string, useful_probability double, is_useful boolean")
    truth = local_frame(spark, [("p1", False)], "post_id string, useful boolean")
    scores = relevance(signals, truth)
    undefined = {"value": None, "low": None, "high": None}
    assert (scores["decisions"]["precision"], scores["decisions"]["recall"]) == (undefined, undefined)
    assert (scores["decisions"]["f1"], scores["average_precision"], scores["roc_auc"]) == (None, None, None)
    assert (scores["by_language"], scores["recall_by_reason"]) == ({}, {})


def test_a_missing_column_is_named_with_the_nearest(spark: SparkSession) -> None:
    truth = local_frame(spark, [("p1", True)], "post_id string, usefull boolean")
    with pytest.raises(UsageError, match="lacks 'useful'; did you mean 'usefull'"):
        relevance(_signals(spark), truth)


def test_a_post_with_two_predictions_is_refused(spark: SparkSession) -> None:
    with pytest.raises(UsageError, match="occur more than once"):
        relevance(_signals(spark).union(_signals(spark)), _truth(spark))


def test_a_truth_of_other_posts_is_refused_with_its_counts(spark: SparkSession) -> None:
    truth = local_frame(spark, [("q1", "true"), ("q2", "?")], "post_id string, useful string")
    with pytest.raises(UsageError, match="nothing to compare: 2 rows, 1 unreadable"):
        relevance(_signals(spark), truth)
