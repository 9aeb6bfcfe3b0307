from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from entourage.errors import UsageError
from entourage.evaluation import evaluate, sentiment
from entourage.rows import local_frame

LABELS = "post_id string, label string"


def test_labels_are_scored_as_by_hand_without_regard_to_case(spark: SparkSession) -> None:
    truth = local_frame(spark, [("1", "positive"), ("2", "Negative"), ("3", "neutral"), ("4", "negative")], LABELS)
    found = local_frame(
        spark, [("1", "Positive "), ("2", "positive"), ("3", "neutral"), ("4", "negative"), ("5", "neutral")], LABELS
    )
    scores = sentiment(found, truth)
    assert scores["accuracy"]["value"] == 0.75
    assert scores["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 1) / 3, abs=1e-6)
    assert scores["macro_recall"] == pytest.approx((1 + 0.5 + 1) / 3, abs=1e-6)
    assert scores["confusion"] == {
        "negative": {"negative": 1, "positive": 1},
        "neutral": {"neutral": 1},
        "positive": {"positive": 1},
    }
    by_label = {n: (s["posts"], s["precision"]["value"], s["recall"]["value"]) for n, s in scores["by_label"].items()}
    assert by_label == {"negative": (2, 1.0, 0.5), "neutral": (1, 1.0, 1.0), "positive": (1, 0.5, 1.0)}


def test_a_post_without_a_label_counts_as_wrong(spark: SparkSession) -> None:
    truth = local_frame(spark, [("1", "positive")], LABELS)
    scores = sentiment(local_frame(spark, [("1", "")], LABELS), truth)
    assert (scores["accuracy"]["value"], scores["macro_f1"]) == (0.0, 0.0)
    assert scores["confusion"] == {"positive": {"none": 1}}


def test_without_predictions_the_suite_says_that_it_has_no_sentiment_yet(spark: SparkSession) -> None:
    signals = local_frame(spark, [("1", True)], "post_id string, is_useful boolean")
    truth = local_frame(spark, [("1", "positive")], LABELS)
    with pytest.raises(UsageError, match="carries no sentiment yet"):
        evaluate("sentiment", truth=truth, read=lambda _: signals)
