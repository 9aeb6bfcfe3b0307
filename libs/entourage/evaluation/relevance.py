"""Compare which posts were kept, and how surely, with a person's judgment.

in: silver.post_signals or predictions, and labels post_id, useful ▶ out: `RelevanceScores` as a dictionary. Solvers:
they run actions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame, Row, Window
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType

from entourage.evaluation import labels
from entourage.evaluation.labels import Coverage, Interval

CALIBRATION_BINS = 10
LOWEST_PROBABILITY = 1e-15  # keeps the logarithm of a sure mistake finite


@dataclass(frozen=True)
class Decisions:
    """How posts were kept and dropped, over some labelled posts."""

    true_positives: int  # kept and useful
    false_positives: int  # kept and not useful
    false_negatives: int  # dropped and useful
    true_negatives: int  # dropped and not useful
    share_kept: float | None
    share_useful: float | None
    precision: Interval  # Wilson
    recall: Interval  # Wilson
    f1: float | None
    accuracy: float | None


@dataclass(frozen=True)
class RelevanceScores:
    """Figures of relevance; docs/evaluation.md says what each means."""

    coverage: Coverage
    decisions: Decisions
    average_precision: float | None
    roc_auc: float | None
    brier: float | None
    log_loss: float | None
    expected_calibration_error: float | None
    calibration: list[dict[str, Any]]  # lowest, highest, posts, mean_probability, share_useful
    by_language: dict[str, Decisions]
    recall_by_reason: dict[str, dict[str, Any]]  # posts, recall (an interval)


def relevance(signals: DataFrame, truth: DataFrame) -> dict[str, Any]:
    """Score what was kept against labelled posts (a solver: aggregates).

    Args:
        signals: post_id (unique), useful_probability, is_useful[, language].
        truth: post_id, useful (true, yes, 1, …)[, reasons: an array, or text separated by | ; or ,].

    Returns:
        `RelevanceScores` as nested dictionaries.

    Raises:
        UsageError: columns are missing, a post has two predictions, or no labelled post was scored.
    """
    labels.require_columns(truth, columns=["post_id", "useful"], where="truth of relevance")
    labels.require_columns(signals, columns=["post_id", "useful_probability", "is_useful"], where="predictions")
    predicted = _predictions(signals)
    labels.require_unique(predicted, key="id", where="predictions")
    read = labels.readings(truth, key="post_id", label=labels.boolean("useful"))
    covered = labels.coverage(read, predicted)
    labels.require_overlap(covered, where="truth of relevance", found_in="silver.post_signals")
    judged = _judged(predicted, labels.labels(read))
    by_language = judged.groupBy("language").agg(*_decision_counts()).orderBy("language").collect()
    bins = judged.groupBy(_bin().alias("bin")).agg(*_bin_measures()).orderBy("bin").collect()
    areas = labels.first_row(_areas(judged))
    losses = labels.first_row(judged.agg(_brier().alias("brier"), _log_loss().alias("log_loss")))
    has_languages = "language" in signals.columns
    scores = RelevanceScores(
        coverage=covered,
        decisions=_decisions(by_language),
        average_precision=areas["average_precision"],
        roc_auc=areas["roc_auc"],
        brier=losses["brier"],
        log_loss=losses["log_loss"],
        expected_calibration_error=_calibration_error(bins),
        calibration=[_calibration_bin(row) for row in bins if row["bin"] is not None],
        by_language={row["language"] or "und": _decisions([row]) for row in by_language} if has_languages else {},
        recall_by_reason=_recall_by_reason(truth, judged) if "reasons" in truth.columns else {},
    )
    return labels.figures(scores)


def _predictions(signals: DataFrame) -> DataFrame:
    language = labels.word("language") if "language" in signals.columns else F.lit(None).cast("string")
    return signals.select(
        labels.word("post_id").alias("id"),
        labels.number("useful_probability").alias("probability"),
        labels.boolean("is_useful").alias("is_kept"),
        language.alias("language"),
    )


def _judged(predicted: DataFrame, truth: DataFrame) -> DataFrame:
    return (
        predicted.alias("p")
        .join(truth.alias("t"), on=F.col("p.id") == F.col("t.id"), how="inner")
        .select("p.id", "p.probability", "p.is_kept", "p.language", F.col("t.label").alias("is_useful"))
    )


def _decision_counts() -> list[Column]:
    kept, useful = F.coalesce(F.col("is_kept"), F.lit(False)), F.col("is_useful")
    return [
        F.count_if(kept & useful).alias("tp"),
        F.count_if(kept & ~useful).alias("fp"),
        F.count_if(~kept & useful).alias("fn"),
        F.count_if(~kept & ~useful).alias("tn"),
    ]


def _decisions(rows: list[Row]) -> Decisions:
    tp, fp, fn, tn = (sum(row[name] for row in rows) for name in ("tp", "fp", "fn", "tn"))
    posts = tp + fp + fn + tn
    precision, recall = labels.wilson(tp, tp + fp), labels.wilson(tp, tp + fn)
    return Decisions(
        true_positives=tp,
        false_positives=fp,
        false_negatives=fn,
        true_negatives=tn,
        share_kept=labels.ratio(tp + fp, posts),
        share_useful=labels.ratio(tp + fn, posts),
        precision=precision,
        recall=recall,
        f1=labels.harmonic(precision.value, recall.value),
        accuracy=labels.ratio(tp + tn, posts),
    )


def _areas(judged: DataFrame) -> DataFrame:
    """Return average_precision and roc_auc in one row; posts of one probability count as one threshold.

    References:
        M. Zhu: Recall, Precision and Average Precision, 2004. J. Hanley, B. McNeil: The Meaning and Use of the Area
        under a ROC Curve, 1982.
    """
    useful = F.count_if("is_useful").alias("useful")
    useless = F.count_if(~F.col("is_useful")).alias("useless")
    thresholds = judged.where(F.col("probability").isNotNull()).groupBy("probability").agg(useful, useless)
    down = Window.orderBy(F.desc("probability")).rowsBetween(Window.unboundedPreceding, Window.currentRow)
    cumulated = thresholds.select(
        "useful", "useless", F.sum("useful").over(down).alias("tp"), F.sum("useless").over(down).alias("fp")
    )
    precision = F.col("tp") / (F.col("tp") + F.col("fp"))
    # Each useful post beats the useless ones below its threshold, and half of those at it.
    useless_above = F.col("fp") - F.col("useless") / 2
    sums = cumulated.agg(
        F.sum("useful").alias("useful"),
        F.sum("useless").alias("useless"),
        F.sum(F.col("useful") * precision).alias("precisions"),
        F.sum(F.col("useful") * useless_above).alias("lost"),
    )
    pairs = F.col("useful").cast("double") * F.col("useless")  # overflows a bigint
    return sums.select(
        F.when(F.col("useful") > 0, F.col("precisions") / F.col("useful")).alias("average_precision"),
        F.when(pairs > 0, 1 - F.col("lost") / pairs).alias("roc_auc"),
    )


def _brier() -> Column:
    return F.avg(F.pow(F.col("probability") - F.col("is_useful").cast("int"), 2))


def _log_loss() -> Column:
    probability = F.least(F.greatest("probability", F.lit(LOWEST_PROBABILITY)), F.lit(1 - LOWEST_PROBABILITY))
    return F.avg(-F.log(F.when(F.col("is_useful"), probability).otherwise(1 - probability)))


def _bin() -> Column:
    return F.least(F.floor(F.col("probability") * CALIBRATION_BINS), F.lit(CALIBRATION_BINS - 1))


def _bin_measures() -> list[Column]:
    return [
        F.count(F.lit(1)).alias("posts"),
        F.avg("probability").alias("mean_probability"),
        F.avg(F.col("is_useful").cast("int")).alias("share_useful"),
    ]


def _calibration_bin(row: Row) -> dict[str, Any]:
    return {
        "lowest": row["bin"] / CALIBRATION_BINS,
        "highest": (row["bin"] + 1) / CALIBRATION_BINS,
        "posts": row["posts"],
        "mean_probability": row["mean_probability"],
        "share_useful": row["share_useful"],
    }


def _calibration_error(bins: list[Row]) -> float | None:
    known = [row for row in bins if row["bin"] is not None]
    posts = sum(row["posts"] for row in known)
    gaps = sum(row["posts"] * abs(row["mean_probability"] - row["share_useful"]) for row in known)
    return labels.ratio(gaps, posts)


def _recall_by_reason(truth: DataFrame, judged: DataFrame) -> dict[str, dict[str, Any]]:
    is_array = isinstance(truth.schema["reasons"].dataType, ArrayType)
    listed = F.col("reasons") if is_array else F.split(F.col("reasons").cast("string"), r"[|;,]")
    reasons = truth.select(labels.word("post_id").alias("id"), F.explode(listed).alias("reason"))
    named = reasons.select("id", F.trim("reason").alias("reason")).where(F.col("reason") != "").distinct()
    rows = (
        judged.where(F.col("is_useful"))
        .alias("j")
        .join(named.alias("r"), on=F.col("j.id") == F.col("r.id"), how="inner")
        .select("r.reason", F.coalesce(F.col("j.is_kept"), F.lit(False)).alias("is_kept"))
        .groupBy("reason")
        .agg(F.count(F.lit(1)).alias("posts"), F.count_if("is_kept").alias("kept"))
        .orderBy("reason")
        .collect()
    )
    return {
        row["reason"]: {"posts": row["posts"], "recall": vars(labels.wilson(row["kept"], row["posts"]))} for row in rows
    }
