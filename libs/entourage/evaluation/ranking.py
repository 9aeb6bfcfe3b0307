"""Compare who was found to be influential with who truly is.

in: account ▶ score, and labels account_id, value ▶ out: `InfluenceScores` as a dictionary. Solvers: they run actions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from entourage.evaluation import labels
from entourage.evaluation.labels import Coverage, Interval

TOP_COUNT = 100
# Kendall's correlation compares pairs: all of them up to this many accounts, above it each account with the next
# `KENDALL_PARTNERS` in the order of a hash, which costs n and not n² and errs by less than 0.01.
KENDALL_ALL = 2_000
KENDALL_PARTNERS = 100


@dataclass(frozen=True)
class Top:
    """How many of the truly first were found among the first."""

    size: int
    shared: int
    overlap: float | None  # shared by size


@dataclass(frozen=True)
class InfluenceScores:
    """Figures of influence; docs/evaluation.md says what each means."""

    coverage: Coverage
    spearman: Interval
    kendall_tau_b: float | None
    kendall_pairs: int  # pairs that were compared for it
    top_10_percent: Top
    top_1_percent: Top
    top_100: Top
    ndcg: float | None
    ndcg_100: float | None


def influence(predictions: DataFrame, truth: DataFrame) -> dict[str, Any]:
    """Score a ranking of accounts (a solver: aggregates).

    Args:
        predictions: account_id (unique), score; larger is more influential.
        truth: account_id, value; larger is more influential.

    Returns:
        `InfluenceScores` as nested dictionaries. Equal values share their mean rank in the correlations; where a list
        is cut (tops, NDCG) the smaller id comes first.

    Raises:
        UsageError: columns are missing, an account has two scores, or no labelled account has one.

    References:
        C. Spearman: The Proof and Measurement of Association between Two Things, 1904. M. Kendall: The Treatment of
        Ties in Ranking Problems, 1945. K. Järvelin, J. Kekäläinen: Cumulated Gain-Based Evaluation of IR Techniques,
        2002.
    """
    labels.require_columns(truth, columns=["account_id", "value"], where="truth of influence")
    labels.require_columns(predictions, columns=["account_id", "score"], where="predictions")
    predicted = predictions.select(labels.word("account_id").alias("id"), labels.number("score").alias("score"))
    predicted = predicted.where(F.col("score").isNotNull())
    labels.require_unique(predicted, key="id", where="predictions")
    read = labels.readings(truth, key="account_id", label=labels.number("value"))
    covered = labels.coverage(read, predicted)
    labels.require_overlap(covered, where="truth of influence", found_in="gold.influence")
    ranked = _ranked(predicted, labels.labels(read))
    sizes = {
        "top_10_percent": _percent(covered.evaluated, 10),
        "top_1_percent": _percent(covered.evaluated, 1),
        "top_100": min(TOP_COUNT, covered.evaluated),
    }
    row = labels.first_row(_measures(ranked, sizes))
    kendall = labels.first_row(_kendall(ranked, covered.evaluated))
    correlation = labels.ratio(row["covariance"], row["value_deviation"] * row["score_deviation"])
    scores = InfluenceScores(
        coverage=covered,
        spearman=_spearman(correlation, covered.evaluated),
        kendall_tau_b=_tau_b(kendall["balance"], kendall["truth_untied"], kendall["score_untied"]),
        kendall_pairs=kendall["pairs"],
        **{name: Top(size, row[name], labels.ratio(row[name], size)) for name, size in sizes.items()},
        ndcg=_ndcg(row["gain"], row["ideal"], row["lowest"]),
        ndcg_100=_ndcg(row["gain_100"], row["ideal_100"], row["lowest"]),
    )
    return labels.figures(scores)


def _ranked(predicted: DataFrame, truth: DataFrame) -> DataFrame:
    """Return one row an account: id, value, score, their positions (from 1, total) and mean ranks (ties share)."""
    compared = (
        predicted.alias("p")
        .join(truth.alias("t"), on=F.col("p.id") == F.col("t.id"), how="inner")
        .select("p.id", "p.score", F.col("t.label").alias("value"))
    )
    positioned = compared
    for name in ("value", "score"):
        order = Window.orderBy(F.desc(name))
        ties = F.count(F.lit(1)).over(Window.partitionBy(name))
        position = F.row_number().over(Window.orderBy(F.desc(name), "id"))
        mean_rank = F.rank().over(order) + (ties - 1) / 2
        positioned = positioned.select("*", position.alias(f"{name}_position"), mean_rank.alias(f"{name}_rank"))
    return positioned


def _measures(ranked: DataFrame, sizes: dict[str, int]) -> DataFrame:
    tops = [
        F.count_if((F.col("value_position") <= size) & (F.col("score_position") <= size)).alias(name)
        for name, size in sizes.items()
    ]
    gain = F.col("value") / F.log2(F.col("score_position") + 1)
    ideal = F.col("value") / F.log2(F.col("value_position") + 1)
    return ranked.agg(
        # Not F.corr: it divides by zero where all values are equal, which ANSI mode refuses.
        F.covar_pop("value_rank", "score_rank").alias("covariance"),
        F.stddev_pop("value_rank").alias("value_deviation"),
        F.stddev_pop("score_rank").alias("score_deviation"),
        F.min("value").alias("lowest"),
        F.sum(gain).alias("gain"),
        F.sum(ideal).alias("ideal"),
        F.sum(F.when(F.col("score_position") <= TOP_COUNT, gain)).alias("gain_100"),
        F.sum(F.when(F.col("value_position") <= TOP_COUNT, ideal)).alias("ideal_100"),
        *tops,
    )


def _kendall(ranked: DataFrame, accounts: int) -> DataFrame:
    """Return balance (concordant minus discordant pairs), pairs untied in truth and in score, and pairs, in one row."""
    shuffled = ranked.select(F.row_number().over(Window.orderBy(F.xxhash64("id"), "id")).alias("n"), "value", "score")
    if accounts <= KENDALL_ALL:
        pairs = shuffled.alias("l").join(shuffled.alias("r"), on=F.col("l.n") < F.col("r.n"), how="inner")
    else:
        steps = F.explode(F.sequence(F.lit(1), F.lit(KENDALL_PARTNERS))).alias("step")
        stepped = shuffled.select("*", steps)
        partner = F.pmod(F.col("l.n") - 1 + F.col("l.step"), F.lit(accounts)) + 1
        pairs = stepped.alias("l").join(shuffled.alias("r"), on=partner == F.col("r.n"), how="inner")
    by_value = F.signum(F.col("l.value") - F.col("r.value"))
    by_score = F.signum(F.col("l.score") - F.col("r.score"))
    signs = pairs.select(by_value.alias("by_value"), by_score.alias("by_score"))
    return signs.agg(
        F.sum(F.col("by_value") * F.col("by_score")).alias("balance"),
        F.count_if(F.col("by_value") != 0).alias("truth_untied"),
        F.count_if(F.col("by_score") != 0).alias("score_untied"),
        F.count(F.lit(1)).alias("pairs"),
    )


def _percent(count: int, percent: int) -> int:
    return -(-count * percent // 100)  # rounded up, in integers


def _spearman(correlation: float | None, accounts: int) -> Interval:
    """Return the correlation with its interval by Fisher's transformation.

    References:
        E. Fieller, H. Hartley, E. Pearson: Tests for Rank Correlation Coefficients, 1957.
    """
    if correlation is None:
        return Interval(None, None, None)
    if accounts <= 3 or abs(correlation) >= 1 - 1e-12:
        return Interval(correlation, None, None)
    spread = labels.Z_95 * math.sqrt(1.06 / (accounts - 3))
    center = math.atanh(correlation)
    return Interval(correlation, math.tanh(center - spread), math.tanh(center + spread))


def _tau_b(balance: float | None, truth_untied: int, score_untied: int) -> float | None:
    return labels.ratio(balance or 0.0, math.sqrt(truth_untied * score_untied))


def _ndcg(gain: float | None, ideal: float | None, lowest: float) -> float | None:
    return labels.ratio(gain or 0.0, ideal or 0.0) if lowest >= 0 else None
