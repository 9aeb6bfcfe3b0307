"""Boil the tables down to what a page can show.

in: tables by name ▶ out: small frames by name (tens to hundreds of rows each), lazy; a job collects them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

BUCKETS = 20
TOP_SCORE = 99.0  # the best hundredth: a score is a percentile
COUNTS = ("item_count", "written_count", "duplicate_count", "quarantined_count", "suppressed_count")


@dataclass(frozen=True)
class FiguresParams:
    """What a page shows of the tables."""

    as_of: dt.date
    top: int = 20
    is_revealed: bool = False


def aggregates(read: Callable[[str], DataFrame], *, params: FiguresParams) -> dict[str, DataFrame]:
    """Aggregate the lake for the page.

    Args:
        read: returns a declared table by name; empty where it was never written.
        params: the day, rows of the rankings, whether names and handles are shown in full.

    Returns:
        One small frame a figure; every row of it is an aggregate, but `top` (ranked accounts and persons).
    """
    current_links = read("gold.crosswalk").where(F.col("valid_to").isNull())
    accounts = read("silver.accounts").where(F.col("valid_to").isNull())
    ranks = _newest_ranks(read("gold.influence"), as_of=params.as_of)
    return {
        "runs": newest_runs(read("ops.runs")),
        "items": items_by_table(read("ops.run_counts"), runs=read("ops.runs")),
        "refusals": _counted(read("bronze.quarantine"), "source", "reason_code"),
        "posts": posts_by_day(read("silver.posts")),
        "signals": signals_by_probability(read("silver.post_signals")),
        "reasons": posts_by_reason(read("silver.post_signals")),
        "records": _counted(read("silver.source_records"), "system"),
        "accounts": _counted(accounts, "network"),
        "links": _counted(current_links, "source_kind", "how", "basis"),
        "persons": _counted(read("gold.persons"), "record_count", "account_count"),
        "doubts": _counted(read("gold.review_queue")),
        "ranks": ranks_by_reach(ranks),
        "top": top_ranks(ranks, accounts=accounts, persons=read("gold.persons"), params=params),
        "checks": newest_checks(read("ops.quality_results")),
    }


def newest_runs(runs: DataFrame) -> DataFrame:
    """Return the newest complete run of each job: one row a job."""
    newest = Window.partitionBy("job").orderBy(F.desc("finished_at"), F.desc("run_id"))
    return (
        runs.where(F.col("is_complete"))
        .withColumn("position", F.row_number().over(newest))
        .where(F.col("position") == 1)
        .select("job", "run_id", "as_of", "started_at", "finished_at", "seconds", "code_version")
    )


def items_by_table(run_counts: DataFrame, *, runs: DataFrame) -> DataFrame:
    """Sum what became of all items over complete runs: one row a source and table."""
    complete = runs.where(F.col("is_complete")).select("run_id", "job").distinct()
    return (
        run_counts.alias("n")
        .join(complete.alias("r"), on=["run_id", "job"], how="left_semi")
        .groupBy("source", "table_name")
        .agg(*(F.sum(name).alias(name) for name in COUNTS))
    )


def posts_by_day(posts: DataFrame) -> DataFrame:
    """Count current posts: one row a UTC day and network."""
    current = posts.where(F.col("is_current") & F.col("deleted_at").isNull())
    return _counted(current, "created_date", "network")


def signals_by_probability(signals: DataFrame) -> DataFrame:
    """Count read posts: one row a network, language, decision and bucket of probability.

    Returns:
        bucket: the lower bound in twentieths; a probability of 1 falls into the last.
    """
    bucket = F.least(F.floor(F.col("useful_probability") * BUCKETS), F.lit(BUCKETS - 1)).cast("int")
    return _counted(signals, "network", "language", "is_useful", bucket.alias("bucket"))


def posts_by_reason(signals: DataFrame) -> DataFrame:
    """Count posts that name a reason, each post once: one row a decision and reason."""
    names = F.array_distinct(F.transform("reasons", lambda entry: entry["reason"]))
    return _counted(signals.select("is_useful", F.explode(names).alias("reason")), "is_useful", "reason")


def ranks_by_reach(ranks: DataFrame) -> DataFrame:
    """Tell how influence is spread: one row an entity kind, network and power of ten of followers.

    Returns:
        digits: 0 for no followers, else the digits of their number (1: 1 to 9, 2: 10 to 99, …); count: entities;
        reach_1: the most followers; top_ratio: what those with a score of 99 and more hold of the network's rank.
    """
    digits = F.when(F.col("reach_1") == 0, 0).otherwise(F.length(F.col("reach_1").cast("string")))
    return ranks.groupBy("entity_kind", "network", digits.alias("digits")).agg(
        F.count(F.lit(1)).alias("count"),
        F.max("reach_1").alias("reach_1"),
        F.sum(F.when(F.col("score") >= TOP_SCORE, F.col("pagerank")).otherwise(0.0)).alias("top_ratio"),
    )


def top_ranks(ranks: DataFrame, *, accounts: DataFrame, persons: DataFrame, params: FiguresParams) -> DataFrame:
    """Return the first of each entity kind over all networks: at most `top` rows a kind.

    Returns:
        label: handle or name, masked unless revealed; the id itself is left out.
    """
    best = ranks.where((F.col("network") == "all") & (F.col("rank") <= params.top))
    is_person = F.col("t.entity_kind") == "person"
    name = F.concat_ws(" ", "p.given_name", "p.family_name")
    native_id = F.regexp_replace("t.entity_id", "^[^:]*:", "")
    label = F.when(is_person, name).otherwise(F.coalesce("a.handle", "a.display_name", native_id))
    return (
        best.alias("t")
        .join(accounts.alias("a"), on=F.col("t.entity_id") == F.col("a.account_id"), how="left")
        .join(persons.alias("p"), on=F.col("t.entity_id") == F.col("p.person_id"), how="left")
        .select(
            "t.entity_kind",
            "t.rank",
            F.when(is_person, "all").otherwise(F.substring_index("t.entity_id", ":", 1)).alias("network"),
            (label if params.is_revealed else masked(label)).alias("label"),
            *(f"t.{column}" for column in ("score", "reach_1", "reach_2")),
        )
    )


def newest_checks(quality_results: DataFrame) -> DataFrame:
    """Return the newest result of each check: one row a table and check."""
    newest = Window.partitionBy("table_name", "check").orderBy(F.desc("checked_at"), F.desc("run_id"))
    return (
        quality_results.withColumn("position", F.row_number().over(newest))
        .where(F.col("position") == 1)
        .select("table_name", "check", "is_passed", "failed_count", "row_count")
    )


def masked(text: Column) -> Column:
    """Return the first letter of each word and an ellipsis; NULL and empty stay as they are."""
    return F.regexp_replace(text, r"(\S)\S*", "$1…")


def _counted(rows: DataFrame, *by: str | Column) -> DataFrame:
    return rows.groupBy(*by).agg(F.count(F.lit(1)).alias("count"))


def _newest_ranks(influence: DataFrame, *, as_of: dt.date) -> DataFrame:
    known = influence.where((F.col("as_of") <= F.lit(as_of)) & (F.col("topic") == "all"))
    newest = known.agg(F.max("as_of").alias("newest_as_of"))
    return known.join(F.broadcast(newest), on=F.col("as_of") == F.col("newest_as_of"), how="left_semi")
