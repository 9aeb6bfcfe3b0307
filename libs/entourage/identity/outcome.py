"""Say what a run made of records and accounts: the pairs, the links with their basis, the pairs in doubt.

in: scored pairs, clusters, owners of accounts ▶ out: silver.match_pairs, links, gold.review_queue.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

KEPT_PROBABILITY = 0.01  # pairs below it are counted, not kept: nobody asks why two strangers are two


def pairs(scored: DataFrame, *, owned: DataFrame, version: str) -> DataFrame:
    """Return silver.match_pairs: pairs of records, and of an account and a record, strangers left out."""
    records = scored.select(
        "record_id_l", "record_id_r", "match_key", "gammas", "match_weight", "match_probability", "model_version"
    )
    accounts = owned.select(
        F.least("account_id", "record_id").alias("record_id_l"),
        F.greatest("account_id", "record_id").alias("record_id_r"),
        F.lit("account_name").alias("match_key"),
        F.create_map(F.lit("account_name"), F.col("level").cast("int")).alias("gammas"),
        "match_weight",
        "match_probability",
        F.lit(version).alias("model_version"),
    )
    return records.unionByName(accounts).where(F.col("match_probability") >= KEPT_PROBABILITY)


def account_members(proved: DataFrame, *, clustered: DataFrame, owned: DataFrame, link_probability: float) -> DataFrame:
    """Put each account with one person: the proof's (smallest record id of several), else the sure owner."""
    first = proved.groupBy("account_id").agg(F.min("record_id").alias("record_id"))
    placed = first.alias("p").join(clustered.alias("c"), on=F.col("p.record_id") == F.col("c.record_id"), how="inner")
    by_proof = placed.select(
        F.col("p.account_id").alias("source_id"), "c.cluster_id", F.lit("social_login").alias("how"),
        F.lit("self_provided").alias("basis"), F.lit(1.0).alias("match_probability"),
    )  # fmt: skip
    sure = owned.where(F.col("match_probability") >= link_probability)
    by_consent = sure.select(
        F.col("account_id").alias("source_id"),
        "cluster_id",
        F.lit("consented_match").alias("how"),
        "basis",
        "match_probability",
    )
    return by_proof.unionByName(by_consent)


def links(scored: DataFrame, *, clustered: DataFrame, account_members: DataFrame) -> DataFrame:
    """Return one row a source of a person, record or account: how it is linked, on what basis, how surely."""
    strongest = _strongest(scored, clustered)
    joined = clustered.alias("c").join(
        strongest.alias("s"), on=F.col("c.record_id") == F.col("s.record_id"), how="left"
    )
    how = F.when(F.col("s.record_id").isNull(), "single").when(F.col("s.is_proved"), "login").otherwise("match")
    records = joined.select(
        F.col("c.record_id").alias("source_id"), F.lit("record").alias("source_kind"), "c.cluster_id", how.alias("how"),
        F.lit("contract").alias("basis"), F.col("s.match_probability"),
    )  # fmt: skip
    accounts = account_members.select(
        "source_id", F.lit("account").alias("source_kind"), "cluster_id", "how", "basis", "match_probability"
    )
    return records.unionByName(accounts)


def _strongest(scored: DataFrame, clustered: DataFrame) -> DataFrame:
    """Find the strongest pair that holds each record in its cluster."""
    inside = _with_clusters(scored, clustered).where(F.col("cluster_id_l") == F.col("cluster_id_r"))
    ends = F.explode(F.array("record_id_l", "record_id_r")).alias("record_id")
    return inside.select(ends, "match_probability", "is_proved").groupBy("record_id").agg(
        F.max("match_probability").alias("match_probability"), F.max("is_proved").alias("is_proved")
    )  # fmt: skip


def _with_clusters(scored: DataFrame, clustered: DataFrame) -> DataFrame:
    of = clustered.select("record_id", "cluster_id")
    left = scored.alias("p").join(of.alias("l"), on=F.col("p.record_id_l") == F.col("l.record_id"), how="inner")
    left = left.select("p.*", F.col("l.cluster_id").alias("cluster_id_l"))
    both = left.alias("p").join(of.alias("r"), on=F.col("p.record_id_r") == F.col("r.record_id"), how="inner")
    return both.select("p.*", F.col("r.cluster_id").alias("cluster_id_r"))


def reviews(
    scored: DataFrame,
    *,
    owned: DataFrame,
    clustered: DataFrame,
    review_probability: float,
    cut_probability: float,
    account_probability: float,
) -> DataFrame:
    """Return gold.review_queue: pairs of two clusters that a person should look at, and accounts of unsure owners.

    Args:
        scored: pairs of records, as `scoring.score`.
        owned: owners of accounts, as `account_links.owners`.
        clustered: the records with their clusters.
        review_probability: posterior at and above which a pair is in doubt.
        cut_probability: posterior at and above which a pair would have been linked, had the group not spoken against.
        account_probability: posterior at and above which an account has its owner.
    """
    apart = _with_clusters(scored, clustered).where(F.col("cluster_id_l") != F.col("cluster_id_r"))
    is_cut = F.col("match_probability") >= cut_probability
    is_doubtful = (F.col("match_probability") >= review_probability) | F.col("is_contradicted")
    records = apart.where(is_doubtful).select(
        "record_id_l", "record_id_r", "match_probability", _reason(is_cut).alias("reason")
    )
    is_unsure = F.col("match_probability").between(review_probability, account_probability)
    unsure = owned.where(is_unsure & (F.col("match_probability") < account_probability))
    accounts = unsure.select(
        F.least("account_id", "record_id").alias("record_id_l"),
        F.greatest("account_id", "record_id").alias("record_id_r"),
        "match_probability",
        F.lit("a consented account may be this person's, or another's").alias("reason"),
    )
    newest = Window.partitionBy("record_id_l", "record_id_r").orderBy(F.desc("match_probability"), F.asc("reason"))
    doubts = records.unionByName(accounts).withColumn("position", F.row_number().over(newest))
    return doubts.where(F.col("position") == 1).drop("position")


def _reason(is_cut: Column) -> Column:
    return (
        F.when(F.col("is_contradicted"), "a proved id is shared, but first names and dates or family names differ")
        .when(is_cut, "the pair agrees, but the rest of the group speaks against it")
        .otherwise("the evidence does not decide")
    )
