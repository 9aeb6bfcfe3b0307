"""Turn items into edges, counters and retractions.

in: items ▶ out: rows of silver.edges, silver.metric_snapshots and silver.tombstones.
"""

from __future__ import annotations

import datetime as dt

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from entourage.ingest import canonical

EDGE = ["edge_id", "network", "src_account_id", "dst_account_id", "verb", "object_id", "weight", "occurred_at"]
# An act done by a post is named by the post: so the post's deletion finds it.
OF_POST = "#(reply|share|quote|mention:.*)$"


def edges(
    items: DataFrame, *, stored: DataFrame, retractions: DataFrame, retracted: DataFrame, received_at: dt.datetime
) -> DataFrame:
    """Return the acts of a batch, and the stored ones that it ends.

    Args:
        items: `post`, `act`, `reason_code`.
        stored: silver.edges.
        retractions: all of silver.tombstones, this batch's among them, as `posts.resolved`.
        retracted: `id` of the posts, acts and accounts that this batch retracts.
        received_at: clock of the run.

    Returns:
        Grain: one act (edge_id); all columns of silver.edges. Reply, share, quote and mention follow from posts. Of
        several deliveries the one that says more, then the earliest, counts.
    """
    good = items.where(F.col("reason_code").isNull())
    acts = good.where(F.col("act").isNotNull()).select("act.*").unionByName(_of_posts(good))
    known = stored.withColumn("act_id", _act_id()).alias("s")
    touched = [
        known.join(retracted.alias("r"), on=F.col(f"s.{name}") == F.col("r.id"), how="left_semi").drop("act_id")
        for name in ("act_id", "src_account_id")
    ]
    incoming = acts.withColumns({"received_at": F.lit(received_at), "ended_at": F.lit(None).cast("timestamp")})
    deliveries = incoming.unionByName(touched[0]).unionByName(touched[1])
    said = Window.partitionBy("edge_id").orderBy(rank("").desc())
    one = deliveries.withColumn("one", F.row_number().over(said)).where(F.col("one") == 1)
    return _ended(one, retractions)


def rank(alias: str) -> Column:
    """Return what orders two deliveries of one act (aliases `t.`, `s.`, or none): ended first, says more, earliest."""
    ended = F.coalesce(-F.unix_micros(F.col(f"{alias}ended_at")), F.lit(-(2**62)))
    occurred = F.coalesce(-F.unix_micros(F.col(f"{alias}occurred_at")), F.lit(-(2**62)))
    rest = canonical.digest(*(F.col(f"{alias}{name}") for name in EDGE))
    return F.struct(
        ended.alias("a"),
        F.col(f"{alias}dst_account_id").isNotNull().alias("b"),
        occurred.alias("c"),
        F.col(f"{alias}weight").alias("d"),
        rest.alias("e"),
    )


def metric_snapshots(items: DataFrame) -> DataFrame:
    """Return the counters that were read; of several at one time the highest.

    Returns:
        Grain: one counter of one object at one time (object_id, metric, observed_at); all columns of
        silver.metric_snapshots.
        Zeros of posts are left out: nearly all posts are delivered when they are made.
    """
    good = items.where(F.col("reason_code").isNull())
    of_posts = good.select(
        F.lit("post").alias("object_kind"),
        F.col("post.post_id").alias("object_id"),
        "post.account_id",
        "post.observed_at",
        F.explode(counters_of_post()).alias("metric", "value"),
    )
    of_accounts = good.select(
        F.lit("account").alias("object_kind"),
        F.col("account.account_id").alias("object_id"),
        "account.account_id",
        "account.observed_at",
        F.explode("account.counters").alias("metric", "value"),
    )
    read = of_posts.unionByName(of_accounts)
    grouped = read.groupBy("object_id", "metric", "observed_at", "object_kind", "account_id").agg(
        F.max("value").alias("value")
    )
    return _one_author(grouped).withColumn("observed_date", F.to_date("observed_at"))


def tombstones(items: DataFrame, *, received_at: dt.datetime) -> DataFrame:
    """Return the deletions, edits and withholdings of a batch.

    Returns:
        Grain: one retraction (network, object_id, kind, occurred_at); all columns of silver.tombstones.
    """
    found = items.where(F.col("retraction").isNotNull()).select("retraction.*").distinct()
    return found.withColumn("applied_at", F.lit(received_at))


def _of_posts(items: DataFrame) -> DataFrame:
    acts = items.where(F.col("post").isNotNull()).select(F.explode(acts_of_post()).alias("act"))
    return acts.select("act.*")


def _one_author(counters: DataFrame) -> DataFrame:
    one = Window.partitionBy("object_id", "metric", "observed_at").orderBy(
        F.desc("value"), F.desc_nulls_last("account_id")
    )
    return counters.withColumn("one", F.row_number().over(one)).where(F.col("one") == 1).drop("one")


def acts_of_post() -> Column:
    """Return the acts that the column `post` stands for: its reply, share or quote, and its mentions."""
    post = F.col("post")
    is_share = post["kind"] == "share"
    answered, shared = post["in_reply_to_account_id"], post["shared_post_id"]
    reply = F.when(~is_share & answered.isNotNull(), _act("reply", answered, post["in_reply_to_post_id"]))
    verb = F.when(is_share, "share").otherwise("quote")
    share = F.when(shared.isNotNull(), _act(verb, post["shared_account_id"], shared))
    ids = F.coalesce(post["mentions"], F.array().cast("array<string>"))
    others = F.filter(ids, lambda dst: ~dst.startswith("@") & ~dst.eqNullSafe(answered) & ~is_share)
    mentions = F.transform(others, lambda dst: _act("mention", dst, post["post_id"], suffix=dst))
    return F.concat(F.filter(F.array(reply, share), lambda found: found.isNotNull()), mentions)


def counters_of_post() -> Column:
    """Return the counters of the column `post` that are kept: not the zeros."""
    return F.map_filter("post.counters", lambda _, value: value != 0)


def _act(verb: Column | str, dst: Column, object_id: Column, *, suffix: Column | None = None) -> Column:
    post = F.col("post")
    verb = F.lit(verb) if isinstance(verb, str) else verb
    name = verb if suffix is None else F.concat_ws(":", verb, suffix)
    return canonical.act(
        network=post["network"],
        edge_id=F.concat_ws("#", post["post_id"], name),
        src=post["account_id"],
        dst=dst,
        verb=verb,
        object_id=object_id,
        occurred_at=post["created_at"],
    )


def _act_id() -> Column:
    return F.regexp_replace("edge_id", OF_POST, "")


def _ended(acts: DataFrame, retractions: DataFrame) -> DataFrame:
    kinds = ("delete", "user_delete", "unfollow")
    ends = retractions.where(F.col("kind").isin(*kinds))
    ends = ends.groupBy(F.col("object_id").alias("id")).agg(F.min("occurred_at").alias("at"))
    joined = (
        acts.withColumn("act_id", _act_id())
        .alias("e")
        .join(ends.alias("d"), on=F.col("e.act_id") == F.col("d.id"), how="left")
        .join(ends.alias("u"), on=F.col("e.src_account_id") == F.col("u.id"), how="left")
    )
    ended_at = F.least("d.at", "u.at")
    since = F.when(ended_at.isNotNull(), F.greatest(ended_at, F.col("e.occurred_at")))
    return joined.select(*(f"e.{name}" for name in EDGE), since.alias("ended_at"), "e.received_at")
