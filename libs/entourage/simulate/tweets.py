"""Make the tweets of X for both of its wire formats: posts, replies, quotes and retweets with authors and counts.

in: posts, shares, accounts ▶ out: tweets.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from entourage.simulate import clocks, draw, wires
from entourage.simulate.params import SimulateParams

CHANNELS = ("stream", "search", "both", "export")
CHANNEL_SHARES = (0.46, 0.49, 0.01, 0.04)
COUNTED = {"retweets": "retweeted", "replies": "replied_to", "quotes": "quoted"}
_ANSWERED = ("r_entity", "r_native_id", "r_handle", "r_display_name")


def tweets(posts: DataFrame, shares: DataFrame, accounts: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Make all tweets.

    Returns:
        One row a tweet, key `id`; with its author's columns (prefix `a_`), those of the account answered (`r_`),
        `relation` (replied_to, quoted, retweeted or NULL) and `ref_id`, counts, `channel` (stream, search, both, or
        export: which feeds carry it).
    """
    on_x = posts.where(F.col("network") == "x")
    written = _written(on_x, accounts=accounts)
    retweets = _retweets(shares.where(F.col("network") == "x"), originals=on_x, accounts=accounts)
    united = _counted(written.unionByName(retweets), params=params)
    channel = draw.choose(CHANNELS, draw.uniform(params.seed, "channel", F.col("post_key")), weights=CHANNEL_SHARES)
    return wires.authored(united, accounts, by="author", prefix="a_").withColumn("channel", channel)


def export(tweets: DataFrame) -> DataFrame:
    """Return the tweets that come as a listening tool's table, one row each; columns of conf/sources/posts.yaml."""
    relation = F.col("relation")
    exported = tweets.where((F.col("channel") == "export") & F.col("deleted_ms").isNull())
    tags = F.array_join(wires.matches(F.col("text"), wires.HASHTAG), " ")
    return exported.select(
        "network",
        F.col("id").alias("post_id"),
        F.col("a_native_id").alias("account_id"),
        F.col("a_handle").alias("handle"),
        clocks.iso(F.col("occurred_ms")).alias("created_at"),
        "text",
        "language",
        F.when(relation == "replied_to", F.col("ref_id")).alias("in_reply_to_post_id"),
        F.when(relation == "replied_to", F.col("r_native_id")).alias("in_reply_to_account_id"),
        F.when(relation.isin("retweeted", "quoted"), F.col("ref_id")).alias("shared_post_id"),
        F.translate(tags, "#", "").alias("hashtags"),
        "likes",
        F.col("retweets").alias("shares"),
        "replies",
    )


def _written(posts: DataFrame, *, accounts: DataFrame) -> DataFrame:
    above = wires.authored(posts, accounts, by="parent_author", prefix="r_")
    is_reply = F.col("kind") == "reply"
    text = F.when(
        is_reply & F.col("r_handle").isNotNull(), F.concat(F.lit("@"), F.col("r_handle"), F.lit(" "), F.col("text"))
    )
    relation = F.when(is_reply, "replied_to").when(F.col("kind") == "quote", "quoted")
    return above.select(
        F.col("native_id").alias("id"),
        *("post_key", "network", "author", "language", "occurred_ms", "received_ms", "deleted_ms", "is_twice"),
        F.coalesce(text, F.col("text")).alias("text"),
        relation.alias("relation"),
        F.col("parent_native_id").alias("ref_id"),
        F.regexp_replace("root_post_id", "^x:", "").alias("root_id"),
        *("media_kind", "media_alt"),
        *_ANSWERED,
    )


def _retweets(shares: DataFrame, *, originals: DataFrame, accounts: DataFrame) -> DataFrame:
    texts = originals.select("post_id", "text")
    worded = shares.alias("s").join(texts.alias("t"), on=F.col("s.post_id") == F.col("t.post_id"), how="inner")
    named = wires.authored(worded.select("s.*", "t.text"), accounts, by="author", prefix="r_")
    text = F.concat(F.lit("RT @"), F.col("r_handle"), F.lit(": "), F.col("text"))
    cut = F.when(F.length(text) > 140, F.concat(text.substr(1, 139), F.lit("…"))).otherwise(text)
    return named.select(
        F.col("share_native_id").alias("id"),
        F.col("share_key").alias("post_key"),
        "network",
        F.col("sharer").alias("author"),
        "language",
        F.col("shared_ms").alias("occurred_ms"),
        "received_ms",
        F.lit(None).cast("bigint").alias("deleted_ms"),
        F.lit(False).alias("is_twice"),
        cut.alias("text"),
        F.lit("retweeted").alias("relation"),
        F.col("native_id").alias("ref_id"),
        *(F.lit(None).cast("string").alias(name) for name in ("root_id", "media_kind", "media_alt")),
        *_ANSWERED,
    )


def _counted(tweets: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Add how often each tweet was retweeted, answered and quoted in the end, and a number of likes."""
    counts = (
        tweets.where(F.col("ref_id").isNotNull())
        .groupBy(F.col("ref_id").alias("id"))
        .agg(*(F.count_if(F.col("relation") == relation).alias(name) for name, relation in COUNTED.items()))
    )
    joined = tweets.alias("t").join(counts.alias("c"), on=F.col("t.id") == F.col("c.id"), how="left")
    known = joined.select("t.*", *(F.coalesce(f"c.{name}", F.lit(0)).alias(name) for name in COUNTED))
    u = draw.uniform(params.seed, "likes", F.col("post_key"))
    return known.withColumn(
        "likes", (F.floor(-F.log(1 - u) * 1.5) + F.floor(3.2 * F.col("retweets") * u)).cast("bigint")
    )
