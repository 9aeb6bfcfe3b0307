"""Write tweets as the stream of X's API v1.1: statuses and notices of deletion, one a line.

in: tweets (tweets.py) ▶ out: lines (`at_ms`, `line_key`, `value`).
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.simulate import draw, wires

LENGTH = 140  # characters; a longer text comes again in extended_tweet
COUNTS = {"quote_count": "quotes", "reply_count": "replies", "retweet_count": "retweets", "favorite_count": "likes"}
SOURCES = (
    '<a href="http://twitter.com/download/iphone" rel="nofollow">Twitter for iPhone</a>',
    '<a href="http://twitter.com/download/android" rel="nofollow">Twitter for Android</a>',
    '<a href="https://mobile.twitter.com" rel="nofollow">Twitter Web App</a>',
)


def lines(tweets: DataFrame) -> DataFrame:
    """Write the stream's statuses, and the notices of deletion, as JSON lines of API v1.1."""
    streamed = tweets.where(F.col("channel").isin("stream", "both"))
    carried = streamed.where(F.col("relation").isin("retweeted", "quoted"))
    originals = _written(wires.referred(tweets, carried), is_live=False).select(F.col("id").alias("_ref"), "json")
    joined = streamed.alias("t").join(originals.alias("o"), on=F.col("t.ref_id") == F.col("o._ref"), how="left")
    own = _written(wires.delivered(joined.select("t.*", F.col("o.json").alias("original"))), is_live=True)
    lines = own.select("at_ms", F.col("post_key").alias("line_key"), _with_original().alias("value"))
    deleted = streamed.where(F.col("deleted_ms").isNotNull()).select(
        F.col("deleted_ms").alias("at_ms"), F.col("post_key").alias("line_key"), _deletion().alias("value")
    )
    return lines.unionByName(deleted)


def _written(tweets: DataFrame, *, is_live: bool) -> DataFrame:
    """Add each status as `json`; fields without a value are null, but for the longer text of a short one, and media."""
    found = tweets.select("*", _entities().alias("entities"))
    settled = draw.settled(found, {"status": _status(is_live=is_live)})
    text = F.to_json("status", {"ignoreNullFields": "false"})
    for field in ("extended_tweet", "extended_entities"):
        text = F.replace(text, F.lit(f',"{field}":null'), F.lit(""))
    return settled.select("*", text.alias("json"))


def _with_original() -> Column:
    """Return the status as JSON; a retweet or a quote with the original in it."""
    own = F.col("json")
    field = F.when(F.col("relation") == "retweeted", "retweeted_status").otherwise("quoted_status")
    nested = F.concat(
        own.substr(F.lit(1), F.length(own) - 1), F.lit(',"'), field, F.lit('":'), F.col("original"), F.lit("}")
    )
    return F.when(F.col("original").isNotNull(), nested).otherwise(own)


def _status(*, is_live: bool) -> Column:
    """Return a status; one just sent has no counts yet."""
    text, is_long, relation = F.col("text"), F.length("text") > LENGTH, F.col("relation")
    counts = {name: F.lit(0).cast("bigint") if is_live else F.col(column) for name, column in COUNTS.items()}
    return F.struct(
        _time(F.col("occurred_ms")).alias("created_at"),
        F.col("id").cast("bigint").alias("id"),
        F.col("id").alias("id_str"),
        F.when(is_long, F.concat(text.substr(1, LENGTH - 1), F.lit("…"))).otherwise(text).alias("text"),
        _source().alias("source"),
        is_long.alias("truncated"),
        *_answered(relation == "replied_to"),
        _user().alias("user"),
        *(F.lit(None).cast("string").alias(name) for name in ("geo", "coordinates", "place", "contributors")),
        *_quoted(relation == "quoted"),
        F.when(is_long, _extended(text)).alias("extended_tweet"),
        *(count.alias(name) for name, count in counts.items()),
        "entities",
        F.when(F.col("media_kind").isNotNull(), F.struct(F.array(_medium()).alias("media"))).alias("extended_entities"),
        *(F.lit(False).alias(name) for name in ("favorited", "retweeted")),
        F.lit("low").alias("filter_level"),
        F.col("language").alias("lang"),
        F.col("occurred_ms").cast("string").alias("timestamp_ms"),
    )


def _extended(text: Column) -> Column:
    reach = F.array(F.lit(0), F.length(text)).alias("display_text_range")
    return F.struct(text.alias("full_text"), reach, "entities")


def _quoted(is_quote: Column) -> tuple[Column, ...]:
    return (
        F.coalesce(is_quote, F.lit(False)).alias("is_quote_status"),
        F.when(is_quote, F.col("ref_id").cast("bigint")).alias("quoted_status_id"),
        F.when(is_quote, F.col("ref_id")).alias("quoted_status_id_str"),
    )


def _answered(is_reply: Column) -> tuple[Column, ...]:
    return (
        F.when(is_reply, F.col("ref_id").cast("bigint")).alias("in_reply_to_status_id"),
        F.when(is_reply, F.col("ref_id")).alias("in_reply_to_status_id_str"),
        F.when(is_reply, F.col("r_native_id").cast("bigint")).alias("in_reply_to_user_id"),
        F.when(is_reply, F.col("r_native_id")).alias("in_reply_to_user_id_str"),
        F.when(is_reply, F.col("r_handle")).alias("in_reply_to_screen_name"),
    )


def _user() -> Column:
    return F.struct(
        F.col("a_native_id").cast("bigint").alias("id"),
        F.col("a_native_id").alias("id_str"),
        F.col("a_display_name").alias("name"),
        F.col("a_handle").alias("screen_name"),
        F.col("a_location").alias("location"),
        F.lit(None).cast("string").alias("url"),
        F.col("a_bio").alias("description"),
        *(F.lit(False).alias(name) for name in ("protected", "verified")),
        F.col("a_followers").alias("followers_count"),
        F.col("a_following").alias("friends_count"),
        *(F.lit(0).alias(name) for name in ("listed_count", "favourites_count")),
        _time(F.col("a_created_ms")).alias("created_at"),
    )


def _entities() -> Column:
    text = F.col("text")
    mention = F.struct(
        F.col("r_handle").alias("screen_name"),
        F.col("r_display_name").alias("name"),
        F.col("r_native_id").cast("bigint").alias("id"),
        F.col("r_native_id").alias("id_str"),
        _span(F.concat(F.lit("@"), F.col("r_handle"))).alias("indices"),
    )
    is_named = F.col("relation").isin("replied_to", "retweeted") & F.col("r_handle").isNotNull()
    return F.struct(
        F.transform(
            wires.matches(text, wires.HASHTAG),
            lambda tag: F.struct(tag.substr(F.lit(2), F.length(tag)).alias("text"), _span(tag).alias("indices")),
        ).alias("hashtags"),
        F.transform(
            wires.matches(text, wires.LINK),
            lambda url: F.struct(
                url.alias("url"),
                url.alias("expanded_url"),
                F.regexp_replace(url, "^https?://", "").alias("display_url"),
                _span(url).alias("indices"),
            ),
        ).alias("urls"),
        F.array_compact(F.array(F.when(is_named, mention))).alias("user_mentions"),
        F.array().cast("array<string>").alias("symbols"),
    )


def _medium() -> Column:
    kind = F.when(F.col("media_kind") == "gif", "animated_gif").otherwise(F.col("media_kind"))
    return F.struct(
        F.col("id").alias("id_str"),
        kind.alias("type"),
        F.concat(F.lit("https://pbs.example/media/"), F.col("id"), F.lit(".jpg")).alias("media_url_https"),
        F.col("media_alt").alias("ext_alt_text"),
    )


def _span(part: Column) -> Column:
    """Return where a part of the text begins and ends, in characters."""
    begin = wires.position(F.col("text"), part)
    return F.array(begin, begin + F.length(part))


def _time(ms: Column) -> Column:
    return F.date_format(F.timestamp_millis(ms), "EEE MMM dd HH:mm:ss '+0000' yyyy")


def _source() -> Column:
    """Return the application that posted, by the author."""
    return draw.lookup(SOURCES, F.pmod(F.col("author"), F.lit(len(SOURCES))))


def _deletion() -> Column:
    status = F.struct(
        F.col("id").cast("bigint").alias("id"),
        F.col("id").alias("id_str"),
        F.col("a_native_id").cast("bigint").alias("user_id"),
        F.col("a_native_id").alias("user_id_str"),
    )
    notice = F.struct(status.alias("status"), F.col("deleted_ms").cast("string").alias("timestamp_ms"))
    return F.to_json(F.struct(notice.alias("delete")))
