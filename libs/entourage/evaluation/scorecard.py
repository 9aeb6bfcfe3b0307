"""Evaluate one subject by its name, from the lake's tables or from a file of predictions.

in: a subject, labels, tables or predictions ▶ out: the subject's figures. Solvers: they run actions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from entourage.errors import UsageError, nearest
from entourage.evaluation.clustering import identities
from entourage.evaluation.ranking import influence
from entourage.evaluation.relevance import relevance
from entourage.evaluation.sentiment import sentiment

SUBJECTS = ("relevance", "sentiment", "identities", "influence")
# Those that the lake's own tables answer.
ANSWERED = ("relevance", "identities", "influence")


def evaluate(
    subject: str, *, truth: DataFrame, read: Callable[[str], DataFrame], predictions: DataFrame | None = None
) -> dict[str, Any]:
    """Return the figures of one subject (a solver: aggregates).

    Args:
        subject: relevance, sentiment, identities or influence.
        truth: the labelled rows.
        read: returns a table of the lake by its name.
        predictions: rows that stand in for the lake's tables, with the columns that the subject's function asks for.

    Raises:
        UsageError: unknown subject, missing columns, or nothing to compare.
    """
    if subject not in SUBJECTS:
        raise UsageError(
            f"evaluate: '{subject}' is unknown{nearest(subject, SUBJECTS)}; it knows {', '.join(SUBJECTS)}"
        )
    if subject == "relevance":
        return relevance(read("silver.post_signals") if predictions is None else predictions, truth)
    if subject == "sentiment":
        return sentiment(_sentiments(read("silver.post_signals")) if predictions is None else predictions, truth)
    if subject == "identities":
        return identities(current_persons(read("gold.crosswalk")) if predictions is None else predictions, truth)
    return influence(newest_scores(read("gold.influence")) if predictions is None else predictions, truth)


def current_persons(crosswalk: DataFrame) -> DataFrame:
    """Return the current person of each source record and account: record_id, person_id, kind."""
    current = crosswalk.where(F.col("valid_to").isNull())
    return current.select(F.col("source_id").alias("record_id"), "person_id", F.col("source_kind").alias("kind"))


def newest_scores(influence_rows: DataFrame) -> DataFrame:
    """Return the newest score of each account over all networks and topics: account_id, score."""
    is_overall = (F.col("network") == "all") & (F.col("topic") == "all") & (F.col("entity_kind") == "account")
    newest = influence_rows.agg(F.max("as_of").alias("as_of"))
    return (
        influence_rows.where(is_overall)
        .alias("i")
        .join(F.broadcast(newest).alias("n"), on=F.col("i.as_of") == F.col("n.as_of"), how="inner")
        .select(F.col("i.entity_id").alias("account_id"), "i.score")
    )


def _sentiments(signals: DataFrame) -> DataFrame:
    if "sentiment" not in signals.columns:
        raise UsageError(
            "evaluate sentiment: silver.post_signals carries no sentiment yet; expected: predictions of your own; "
            "give --predictions FILE with the columns post_id, label"
        )
    return signals.select("post_id", F.col("sentiment").alias("label"))
