"""Let an account near the matcher only where the law allows it.

in: silver.source_records, silver.consent_events, silver.accounts ▶ out: accounts with the basis on which they may be
linked. The gate stands before the matcher: what it leaves out is never compared with anybody.
"""

from __future__ import annotations

import datetime as dt

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

PURPOSE = "account_linking"
_REFUSALS = ("denied", "withdrawn", "objected")


def standing(consent_events: DataFrame, *, as_of: dt.date) -> DataFrame:
    """Find what holds for each account on a day: its last word on being linked.

    Args:
        consent_events: silver.consent_events. `shown` is no answer; what takes effect after the day does not count.
        as_of: the day, whole.

    Returns:
        One row an account that answered: account_id, is_granted, basis (consent or self_provided; a grant on any
        other basis is none). Of answers of one time the refusal stands.
    """
    until = F.lit(dt.datetime.combine(as_of + dt.timedelta(days=1), dt.time(), dt.UTC))
    is_answer = F.col("action").isin("granted", *_REFUSALS)
    about_linking = (F.col("identifier_kind") == "account") & (F.col("purpose") == PURPOSE)
    answers = consent_events.where(about_linking & is_answer & (F.col("effective_at") < until))
    is_granted = F.col("action") == "granted"
    last_first = [F.desc("effective_at"), F.desc_nulls_last("recorded_at"), is_granted.asc(), F.asc("consent_event_id")]
    newest = Window.partitionBy("identifier").orderBy(*last_first)
    last = answers.withColumn("position", F.row_number().over(newest)).where(F.col("position") == 1)
    basis = F.coalesce("basis", F.lit("consent"))
    has_basis = basis.isin("consent", "self_provided")
    return last.select(
        F.col("identifier").alias("account_id"), (is_granted & has_basis).alias("is_granted"), basis.alias("basis")
    )


def proved_accounts(records: DataFrame, *, standings: DataFrame) -> DataFrame:
    """List the accounts that a person named as his own (social login, a form), unless he took it back since.

    Args:
        records: record_id, social_ids[] (standardized: shared ids are out).
        standings: from `standing`; a refusal there outweighs the proof.

    Returns:
        One row an account and record: account_id, record_id.
    """
    proofs = records.select(F.explode("social_ids").alias("account_id"), "record_id").distinct()
    return _without_refused(proofs, "account_id", standings)


def consented_accounts(accounts: DataFrame, *, standings: DataFrame, proved: DataFrame) -> DataFrame:
    """List the accounts that may be matched: consent stands, and no proof makes matching needless.

    Args:
        accounts: silver.accounts; only current rows (valid_to NULL) count.
        standings: from `standing`.
        proved: from `proved_accounts`.

    Returns:
        One row an account: account_id, handle, display_name, location, basis.
    """
    current = accounts.where(F.col("valid_to").isNull())
    granted = standings.where("is_granted")
    allowed = current.alias("a").join(granted.alias("g"), on=_same("a", "g"), how="inner")
    unproved = allowed.select("a.account_id", "a.handle", "a.display_name", "a.location", "g.basis")
    return unproved.alias("a").join(proved.alias("p"), on=_same("a", "p"), how="left_anti")


def without_refused(records: DataFrame, *, standings: DataFrame) -> DataFrame:
    """Take accounts that refused out of the records' social ids, so that they do not even link records.

    Args:
        records: standardized; record_id, social_ids[].
        standings: from `standing`.

    Returns:
        The same rows and columns.
    """
    proofs = records.select("record_id", F.explode("social_ids").alias("account_id"))
    left = _without_refused(proofs, "account_id", standings)
    kept = left.groupBy("record_id").agg(F.array_sort(F.collect_set("account_id")).alias("kept_ids"))
    joined = records.alias("r").join(kept.alias("k"), on=F.col("r.record_id") == F.col("k.record_id"), how="left")
    others = [F.col(f"r.{name}") for name in records.columns if name != "social_ids"]
    return joined.select(*others, F.coalesce("k.kept_ids", F.array().cast("array<string>")).alias("social_ids"))


def _without_refused(frame: DataFrame, column: str, standings: DataFrame) -> DataFrame:
    refused = standings.where(~F.col("is_granted")).select(F.col("account_id").alias("refused_id"))
    return frame.alias("f").join(refused.alias("s"), on=F.col(f"f.{column}") == F.col("s.refused_id"), how="left_anti")


def _same(left: str, right: str) -> Column:
    return F.col(f"{left}.account_id") == F.col(f"{right}.account_id")
