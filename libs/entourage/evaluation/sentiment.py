"""Compare a sentiment, or any one-of-many label of posts, with a person's judgment.

in: predictions and labels, both post_id, label ▶ out: `SentimentScores` as a dictionary. Solvers: they run actions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from entourage.evaluation import labels
from entourage.evaluation.labels import Coverage, Interval


@dataclass(frozen=True)
class ClassScores:
    """Figures of one label."""

    posts: int  # posts that truly have it
    precision: Interval  # Wilson
    recall: Interval  # Wilson
    f1: float | None


@dataclass(frozen=True)
class SentimentScores:
    """Figures of sentiment; docs/evaluation.md says what each means."""

    coverage: Coverage
    accuracy: Interval  # Wilson
    macro_f1: float | None
    macro_recall: float | None
    by_label: dict[str, ClassScores]
    confusion: dict[str, dict[str, int]]  # true label to predicted label to posts


def sentiment(predictions: DataFrame, truth: DataFrame) -> dict[str, Any]:
    """Score labels of posts against a person's (a solver: aggregates).

    Args:
        predictions: post_id (unique), label.
        truth: post_id, label; case and blanks around it don't count.

    Returns:
        `SentimentScores` as nested dictionaries; the means are over the labels that occur in the truth.

    Raises:
        UsageError: columns are missing, a post has two predictions, or no labelled post has one.
    """
    labels.require_columns(truth, columns=["post_id", "label"], where="truth of sentiment")
    labels.require_columns(predictions, columns=["post_id", "label"], where="predictions")
    label = F.lower(labels.word("label"))
    predicted = predictions.select(labels.word("post_id").alias("id"), label.alias("predicted"))
    labels.require_unique(predicted, key="id", where="predictions")
    read = labels.readings(truth, key="post_id", label=label)
    covered = labels.coverage(read, predicted)
    labels.require_overlap(covered, where="truth of sentiment", found_in="the predictions")
    cells = (
        predicted.alias("p")
        .join(labels.labels(read).alias("t"), on=F.col("p.id") == F.col("t.id"), how="inner")
        .select("t.label", F.coalesce("p.predicted", F.lit("none")).alias("predicted"))
        .groupBy("label", "predicted")
        .agg(F.count(F.lit(1)).alias("posts"))
        .orderBy("label", "predicted")
        .collect()
    )
    return labels.figures(_scores(covered, cells))


def _scores(covered: Coverage, cells: list[Row]) -> SentimentScores:
    confusion: dict[str, dict[str, int]] = {}
    for cell in cells:
        confusion.setdefault(cell["label"], {})[cell["predicted"]] = cell["posts"]
    by_label = {name: _class_scores(name, confusion) for name in confusion}
    right = sum(row.get(name, 0) for name, row in confusion.items())
    return SentimentScores(
        coverage=covered,
        accuracy=labels.wilson(right, covered.evaluated),
        # A label that was never predicted has no precision: its F1 counts as 0.
        macro_f1=labels.ratio(sum(scores.f1 or 0.0 for scores in by_label.values()), len(by_label)),
        macro_recall=labels.ratio(sum(scores.recall.value or 0.0 for scores in by_label.values()), len(by_label)),
        by_label=by_label,
        confusion=confusion,
    )


def _class_scores(name: str, confusion: dict[str, dict[str, int]]) -> ClassScores:
    right = confusion[name].get(name, 0)
    posts = sum(confusion[name].values())
    precision = labels.wilson(right, sum(row.get(name, 0) for row in confusion.values()))
    recall = labels.wilson(right, posts)
    return ClassScores(posts, precision, recall, labels.harmonic(precision.value, recall.value))
