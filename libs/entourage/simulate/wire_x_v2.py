"""Write tweets as the search of X's API v2: pages of data, includes and meta, newest first, one page a line.

in: tweets (tweets.py) ▶ out: lines (`at_ms`, `line_key`, `value`).
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.simulate import accounts, clocks, wires
from entourage.simulate.params import SimulateParams

COUNTS = {"retweet_count": "retweets", "reply_count": "replies", "like_count": "likes", "quote_count": "quotes"}
PAGE = 50  # tweets of a page, on average; the API's limit is 100
SEARCHED_PER_DAY = 0.45  # tweets found by search per person and day of this world, about: sets the span of a page


def lines(tweets: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Write the search's tweets as pages of API v2, newest first, each page one line."""
    found = tweets.where(F.col("channel").isin("search", "both"))
    originals = wires.referred(tweets, found).select(
        F.col("id").alias("_ref"), _tweet().alias("o_tweet"), _user().alias("o_user")
    )
    joined = found.alias("t").join(originals.alias("o"), on=F.col("t.ref_id") == F.col("o._ref"), how="left")
    span_ms = max(1, int(accounts.DAY_MS * PAGE / (params.people * SEARCHED_PER_DAY)))
    items = wires.delivered(joined.select("t.*", "o.o_tweet", "o.o_user")).select(
        "at_ms",
        F.floor(F.col("at_ms") / span_ms).alias("slot"),
        F.struct(F.col("id").cast("bigint").alias("order"), _tweet().alias("tweet")).alias("item"),
        _user().alias("user"),
        F.when(F.col("media_kind").isNotNull(), _medium()).alias("medium"),
        "o_tweet",
        "o_user",
    )
    pages = items.groupBy("slot").agg(
        F.max("at_ms").alias("at_ms"),
        F.sort_array(F.collect_set("item"), asc=False).alias("items"),
        F.array_sort(F.array_union(F.collect_set("user"), F.collect_set("o_user"))).alias("users"),
        F.array_sort(F.collect_set("o_tweet")).alias("tweets"),
        F.array_sort(F.collect_set("medium")).alias("media"),
    )
    return wires.json_lines(pages, at_ms="at_ms", line_key="slot", body=_page())


def _tweet() -> Column:
    relation = F.col("relation")
    refers = F.array(F.struct(relation.alias("type"), F.col("ref_id").alias("id")))
    return F.struct(
        "id",
        "text",
        F.col("a_native_id").alias("author_id"),
        clocks.iso(F.col("occurred_ms")).alias("created_at"),
        F.coalesce("root_id", "id").alias("conversation_id"),
        F.col("language").alias("lang"),
        F.when(relation.isNotNull(), refers).alias("referenced_tweets"),
        F.when(relation == "replied_to", F.col("r_native_id")).alias("in_reply_to_user_id"),
        F.struct(*(F.col(column).alias(name) for name, column in COUNTS.items())).alias("public_metrics"),
        _entities().alias("entities"),
        F.when(F.col("media_kind").isNotNull(), F.struct(F.array(_media_key()).alias("media_keys"))).alias(
            "attachments"
        ),
        F.lit(False).alias("possibly_sensitive"),
        F.lit("everyone").alias("reply_settings"),
    )


def _entities() -> Column:
    """Return what a text holds; NULL where it holds nothing."""
    tags, urls = (wires.matches(F.col("text"), pattern) for pattern in (wires.HASHTAG, wires.LINK))
    handle = F.concat(F.lit("@"), F.col("r_handle"))
    is_named = F.col("relation").isin("replied_to", "retweeted") & F.col("r_handle").isNotNull()
    mention = F.struct(*_span(handle), F.col("r_handle").alias("username"), F.col("r_native_id").alias("id"))
    entities = F.struct(
        _filled(F.transform(tags, _tag)).alias("hashtags"),
        _filled(F.transform(urls, _url)).alias("urls"),
        F.when(is_named, F.array(mention)).alias("mentions"),
    )
    return F.when((F.size(tags) > 0) | (F.size(urls) > 0) | is_named, entities)


def _media_key() -> Column:
    return F.concat(F.lit("3_"), F.col("id"))


def _medium() -> Column:
    kind = F.when(F.col("media_kind") == "gif", "animated_gif").otherwise(F.col("media_kind"))
    return F.struct(_media_key().alias("media_key"), kind.alias("type"), F.col("media_alt").alias("alt_text"))


def _tag(tag: Column) -> Column:
    return F.struct(*_span(tag), tag.substr(F.lit(2), F.length(tag)).alias("tag"))


def _url(url: Column) -> Column:
    shown = F.regexp_replace(url, "^https?://", "")
    return F.struct(*_span(url), url.alias("url"), url.alias("expanded_url"), shown.alias("display_url"))


def _user() -> Column:
    metrics = F.struct(
        F.col("a_followers").alias("followers_count"),
        F.col("a_following").alias("following_count"),
        F.lit(0).alias("tweet_count"),
        F.lit(0).alias("listed_count"),
    )
    return F.struct(
        F.col("a_native_id").alias("id"),
        F.col("a_display_name").alias("name"),
        F.col("a_handle").alias("username"),
        F.col("a_bio").alias("description"),
        F.col("a_location").alias("location"),
        clocks.iso(F.col("a_created_ms")).alias("created_at"),
        F.lit(False).alias("verified"),
        F.lit(False).alias("protected"),
        metrics.alias("public_metrics"),
    )


def _page() -> Column:
    tweets = F.transform("items", lambda item: item["tweet"])
    meta = F.struct(
        F.element_at(tweets, 1)["id"].alias("newest_id"),
        F.element_at(tweets, -1)["id"].alias("oldest_id"),
        F.size("items").alias("result_count"),
        F.lower(F.hex("slot")).alias("next_token"),
    )
    return F.struct(
        tweets.alias("data"),
        F.struct("users", _filled(F.col("tweets")).alias("tweets"), _filled(F.col("media")).alias("media")).alias(
            "includes"
        ),
        meta.alias("meta"),
    )


def _span(part: Column) -> tuple[Column, Column]:
    begin = wires.position(F.col("text"), part)
    return begin.alias("start"), (begin + F.length(part)).alias("end")


def _filled(values: Column) -> Column:
    """Return an array, or NULL for an empty one: the API leaves the field out."""
    return F.when(F.size(values) > 0, values)
