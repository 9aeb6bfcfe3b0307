from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from entourage.evaluation import evaluate, influence
from entourage.rows import local_frame

SCORES = "account_id string, score double"
VALUES = "account_id string, value double"


def test_a_ranking_with_ties_is_scored_as_by_hand(spark: SparkSession) -> None:
    truth = local_frame(spark, [("a", 5.0), ("b", 4.0), ("c", 3.0), ("d", 2.0), ("e", 1.0), ("u", 9.0)], VALUES)
    found = local_frame(spark, [("a", 90.0), ("b", 90.0), ("c", 10.0), ("d", 50.0), ("e", 10.0)], SCORES)
    scores = influence(found, truth)
    assert scores["coverage"]["unknown"] == 1
    # Mean ranks 1.5 1.5 4.5 3 4.5 against 1 2 3 4 5: 7.5 / sqrt(10 × 9).
    assert scores["spearman"]["value"] == pytest.approx(7.5 / math.sqrt(90), abs=1e-6)
    # 7 concordant pairs, 1 discordant, 2 tied in score.
    assert scores["kendall_tau_b"] == pytest.approx(6 / math.sqrt(10 * 8), abs=1e-6)
    assert scores["kendall_pairs"] == 10
    assert scores["top_10_percent"] == {"size": 1, "shared": 1, "overlap": 1.0}
    assert scores["top_1_percent"] == {"size": 1, "shared": 1, "overlap": 1.0}
    assert scores["top_100"] == {"size": 5, "shared": 5, "overlap": 1.0}
    gain = 5 + 4 / math.log2(3) + 2 / 2 + 3 / math.log2(5) + 1 / math.log2(6)
    ideal = 5 + 4 / math.log2(3) + 3 / 2 + 2 / math.log2(5) + 1 / math.log2(6)
    assert scores["ndcg"] == pytest.approx(gain / ideal, abs=1e-6)
    assert scores["ndcg_100"] == scores["ndcg"]


def test_equal_scores_correlate_with_nothing(spark: SparkSession) -> None:
    truth = local_frame(spark, [("a", 2.0), ("b", -1.0)], VALUES)
    scores = influence(local_frame(spark, [("a", 1.0), ("b", 1.0)], SCORES), truth)
    assert scores["spearman"] == {"value": None, "low": None, "high": None}
    assert scores["kendall_tau_b"] is None
    assert scores["ndcg"] is None  # a negative value has no gain


def test_kendall_over_neighbors_by_hash_is_close_to_all_pairs(spark: SparkSession) -> None:
    count = 2_500
    noise = F.pmod(F.xxhash64("id"), F.lit(1_000))
    rows = spark.range(count).select(
        F.col("id").cast("string").alias("account_id"), "id", (F.col("id") + noise).alias("n")
    )
    truth = rows.select("account_id", F.col("id").alias("value"))
    found = rows.select("account_id", F.col("n").cast("double").alias("score"))
    scores = influence(found, truth)
    n = np.array([row["n"] for row in rows.orderBy("id").collect()])
    upper = np.sign(n[None, :] - n[:, None])[np.triu_indices(count, 1)]
    tau = upper.sum() / math.sqrt(len(upper) * (upper != 0).sum())
    assert scores["kendall_pairs"] == count * 100
    assert scores["kendall_tau_b"] == pytest.approx(tau, abs=0.01)


def test_the_newest_overall_scores_of_accounts_are_compared(spark: SparkSession) -> None:
    old, new = dt.date(2026, 6, 14), dt.date(2026, 6, 15)
    rows = [
        ("account", "a", "all", "all", old, 1.0),
        ("account", "b", "all", "all", old, 2.0),
        ("account", "a", "all", "all", new, 2.0),
        ("account", "b", "all", "all", new, 1.0),
        ("account", "a", "x", "all", new, 0.0),
        ("person", "P", "all", "all", new, 3.0),
    ]
    table = local_frame(
        spark, rows, "entity_kind string, entity_id string, network string, topic string, as_of date, score double"
    )
    truth = local_frame(spark, [("a", "2"), ("b", "1"), ("c", "high")], "account_id string, value string")
    scores = evaluate("influence", truth=truth, read=lambda _: table)
    assert scores["coverage"]["unreadable"] == 1
    assert scores["spearman"]["value"] == 1.0
