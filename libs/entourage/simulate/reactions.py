"""Let readers like, share, quote and answer posts, and brands answer those who call them.

in: original posts, edges ▶ out: shares over three generations, likes, quotes, replies. A reader is a follower at that
time; whom a post moves follows from its author's quality and the reader's susceptibility, so the truth of influence is
known.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.simulate import accounts, clocks, draw, pods, posts, stocks, texts
from entourage.simulate.params import SimulateParams
from entourage.simulate.stocks import CLASSES, TYPES

READ = 0.16  # share of posts that followers get to see
SHARE = 0.35  # times quality, times susceptibility squared: chance that a reader shares
PASSED_ON = 0.5  # of that chance remains with each generation
GENERATIONS = 3
LIKE = 0.35
REPLY = 0.035
QUOTE = 0.008
MOST_READERS = 20_000  # of one post, chosen by key: bounds the skew of celebrities
SHARE_MINUTES = 40.0
REPLY_MINUTES = 25.0
KINDS_THAT_SPREAD = ("post", "quote")
_SPREAD = (
    "post_key",
    "network",
    "author",
    "native_id",
    "post_id",
    "language",
    "class",
    "topic",
    "occurred_ms",
    "quality",
)


@dataclass(frozen=True)
class Desk:
    """How a brand answers: share of calls answered, median minutes until then, and their spread (log-normal)."""

    answered: float
    median_minutes: float
    sigma: float


DESKS = (
    Desk(0.85, 5.0, 2.1),
    Desk(0.60, 16.0, 2.4),
    Desk(0.40, 210.0, 1.8),
    Desk(0.72, 44.0, 2.2),
    Desk(0.30, 3.0, 2.8),
)


def audience(edges: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return who reads whom: all followers of most accounts, a fixed number of those whom very many follow.

    Returns:
        One row a reader of an author: `network`, `author`, `reader`, followed_ms.
    """
    counts = edges.groupBy("network", "dst").agg(F.count("*").alias("followers"))
    joined = edges.alias("e").join(
        counts.alias("c"),
        on=(F.col("e.network") == F.col("c.network")) & (F.col("e.dst") == F.col("c.dst")),
        how="inner",
    )
    is_reader = draw.uniform(params.seed, "reader", F.col("e.src"), F.col("e.dst")) < MOST_READERS / F.col(
        "c.followers"
    )
    return joined.where(is_reader).select(
        "e.network", F.col("e.dst").alias("author"), F.col("e.src").alias("reader"), "e.followed_ms"
    )


def readings(originals: DataFrame, audience: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return who sees which of the posts that spread.

    Returns:
        One row a reader of a post, key `post_id`, `reader`; with the post's columns that reactions need.
    """
    is_seen = draw.uniform(params.seed, "seen", F.col("post_key")) < READ
    kept = F.col("kind").isin(*KINDS_THAT_SPREAD) & (F.col("network") != "facebook") & F.col("deleted_ms").isNull()
    seen = originals.where(is_seen & kept).select(
        "post_key", "network", "author", "native_id", "post_id", "language", "class", "topic", "brand", "occurred_ms"
    )
    seen = seen.withColumn("quality", quality(params.seed, F.col("author")))
    joined = seen.alias("p").join(
        audience.alias("a"),
        on=(F.col("p.network") == F.col("a.network")) & (F.col("p.author") == F.col("a.author")),
        how="inner",
    )
    followed_before = F.col("a.followed_ms") < F.col("p.occurred_ms")
    return joined.where(followed_before).select("p.*", "a.reader")


def quality(seed: int, entity: Column) -> Column:
    """Return how far an author's posts move those who read them, in [0, 1]."""
    kind = accounts.kind_of(entity)
    person = F.pow(draw.uniform(seed, "quality", accounts.index_of(entity)), F.lit(2.0))
    return (
        F.when(kind == accounts.PERSON, person)
        .when(kind == accounts.BOT, 0.01)
        .when(kind == accounts.MEDIA, 0.3)
        .otherwise(0.15)
    )


def susceptibility(seed: int, entity: Column) -> Column:
    """Return how easily a reader is moved, in [0, 1]; bots hardly are."""
    person = draw.uniform(seed, "susceptibility", accounts.index_of(entity))
    return F.when(accounts.kind_of(entity) == accounts.PERSON, person).otherwise(0.1)


def share_chance(seed: int, quality: Column, reader: Column) -> Column:
    """Return the chance that a reader shares a post of that quality, first hand."""
    return SHARE * quality * F.pow(susceptibility(seed, reader), F.lit(2.0))


def first_shares(readings: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return the shares by the author's own followers."""
    chance = share_chance(params.seed, F.col("quality"), F.col("reader"))
    if params.has("pods"):
        mates = pods.are_mates(params.seed, F.col("author"), F.col("reader"))
        chance = F.when(mates, pods.SHARES).otherwise(chance)
    sharing = draw.uniform(params.seed, "share", F.col("post_key"), F.col("reader")) < chance
    return readings.where(sharing).select(
        *_SPREAD,
        F.col("reader").alias("sharer"),
        F.col("author").alias("from_entity"),
        _shared_ms(params.seed, F.col("occurred_ms"), F.col("reader")),
        F.lit(1).alias("generation"),
    )


def next_shares(shares: DataFrame, audience: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return the shares by followers of those who shared."""
    joined = shares.alias("s").join(
        audience.alias("a"),
        on=(F.col("s.network") == F.col("a.network")) & (F.col("s.sharer") == F.col("a.author")),
        how="inner",
    )
    handed = joined.where(
        (F.col("a.followed_ms") < F.col("s.shared_ms")) & (F.col("a.reader") != F.col("s.author"))
    ).select("s.*", "a.reader")
    weakened = F.pow(F.lit(PASSED_ON), F.col("generation"))
    sharing = draw.uniform(params.seed, "share", F.col("post_key"), F.col("reader")) < weakened * share_chance(
        params.seed, F.col("quality"), F.col("reader")
    )
    return handed.where(sharing).select(
        *_SPREAD,
        F.col("reader").alias("sharer"),
        F.col("sharer").alias("from_entity"),
        _shared_ms(params.seed, F.col("shared_ms"), F.col("reader")),
        (F.col("generation") + 1).alias("generation"),
    )


def shares(readings: DataFrame, audience: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return all shares, each account's first of each post.

    Returns:
        One row a share, key `share_post_id`; the shared post's columns, `sharer`, `from_entity` (because of whom),
        `generation`, both clocks.
    """
    generation = first_shares(readings, params=params)
    united = generation
    for _ in range(GENERATIONS - 1):
        generation = next_shares(generation, audience, params=params)
        united = united.unionByName(generation)
    first = F.min(F.struct("generation", "shared_ms", "from_entity")).alias("first")
    kept = united.groupBy(*_SPREAD, "sharer").agg(first).select(*_SPREAD, "sharer", "first.*")
    keyed = kept.withColumn("share_key", draw.key(params.seed, "shared", F.col("post_key"), F.col("sharer")))
    moment, key = F.col("shared_ms"), F.col("share_key")
    repost = clocks.at_uri(accounts.did(params.seed, F.col("sharer")), "feed.repost", clocks.record_key(moment, key))
    native = F.when(F.col("network") == "x", clocks.snowflake(moment, key)).otherwise(repost)
    return keyed.select(
        "*",
        native.alias("share_native_id"),
        F.concat("network", F.lit(":"), native).alias("share_post_id"),
        clocks.received_ms(params.seed, "shared", key, moment).alias("received_ms"),
    )


def likes(readings: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return the likes on Bluesky, the one network here that sends them one by one.

    Returns:
        One row a like, key `post_id`, `reader`; with `like_key`, liked_ms.
    """
    key = draw.key(params.seed, "like", F.col("post_key"), F.col("reader"))
    liking = draw.uniform(params.seed, "like?", F.col("post_key"), F.col("reader")) < LIKE * F.sqrt(
        "quality"
    ) * susceptibility(params.seed, F.col("reader"))
    delay = draw.lognormal(params.seed, "like:delay", F.col("post_key"), F.col("reader"), median=30.0, sigma=1.6)
    return readings.where((F.col("network") == "bluesky") & liking).select(
        "post_id",
        "native_id",
        "author",
        "reader",
        key.alias("like_key"),
        _after(F.col("occurred_ms"), delay).alias("liked_ms"),
    )


def answers(readings: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return the replies and quotes that readers write."""
    u = draw.uniform(params.seed, "answer?", F.col("post_key"), F.col("reader"))
    wanted = readings.where((accounts.kind_of(F.col("reader")) == accounts.PERSON) & (u < REPLY + QUOTE))
    is_quote = u < QUOTE
    delay = draw.lognormal(
        params.seed, "answer:delay", F.col("post_key"), F.col("reader"), median=REPLY_MINUTES, sigma=1.4
    )
    intended = wanted.select(
        draw.key(params.seed, "answer", F.col("post_key"), F.col("reader")).alias("post_key"),
        *("network", "language", "class", "topic", "brand"),
        F.col("reader").alias("author"),
        F.lit(True).alias("by_person"),
        F.when(is_quote, "quote").otherwise("reply").alias("kind"),
        F.when(is_quote, 2).otherwise(1).alias("reply_kind"),
        F.lit("any").alias("trouble"),
        _after(F.col("occurred_ms"), delay).alias("occurred_ms"),
        *_parent(),
    )
    return _written(intended, params=params)


def brands_answers(originals: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return the brands' replies to complaints and questions that name them; each brand has its own desk."""
    seed = params.seed
    calls = F.col("by_person") & F.col("class").isin("complaint", "question") & (F.col("kind") == "post")
    names = F.col("names_brand") | (F.col("network") == "facebook")
    share, median, sigma = (
        draw.lookup_real([getattr(desk, law) for desk in DESKS], F.col("brand"))
        for law in ("answered", "median_minutes", "sigma")
    )
    answered = draw.uniform(seed, "desk?", F.col("post_key")) < share
    minutes = draw.lognormal(seed, "desk:delay", F.col("post_key"), median=median, sigma=sigma)
    intended = originals.where(calls & names & answered).select(
        draw.key(seed, "desk", F.col("post_key")).alias("post_key"),
        *("network", "language", "class", "topic", "brand"),
        accounts.entity(accounts.BRAND, F.col("brand")).alias("author"),
        F.lit(False).alias("by_person"),
        F.lit("reply").alias("kind"),
        F.lit(0).alias("reply_kind"),
        F.coalesce("type", F.lit("any")).alias("trouble"),
        _after(F.col("occurred_ms"), minutes).alias("occurred_ms"),
        *_parent(),
    )
    return _written(intended, params=params)


def _parent() -> tuple[Column, ...]:
    return (
        F.col("post_id").alias("parent_post_id"),
        F.col("native_id").alias("parent_native_id"),
        F.col("author").alias("parent_author"),
        F.col("post_id").alias("root_post_id"),
    )


def _written(intended: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Write the texts of replies and quotes, and give them what all posts have."""
    language = F.when(F.col("language") == "fr", 0).otherwise(1)
    answered, trouble = draw.number_of(CLASSES, F.col("class")), draw.number_of(TYPES, F.col("trouble"))
    wish = ((language * len(stocks.REPLY_KINDS) + F.col("reply_kind")) * len(CLASSES) + answered) * len(TYPES) + trouble
    asked = (
        intended.select("*", wish.alias("_wish"))
        .drop("class", "trouble", "reply_kind")
        .withColumnRenamed("topic", "_topic")
    )
    chosen = texts.chosen(asked, stock=stocks.replies(), wish=F.col("_wish"), seed=params.seed, stream="reply")
    topical = chosen.withColumn("topic", F.col("_topic")).drop("_topic", "_wish")
    written = texts.slipped(texts.filled(topical, seed=params.seed), seed=params.seed)
    page = F.when(F.col("network") == "facebook", F.col("author"))
    return posts.identified(written.withColumn("page", page), params=params)


def _shared_ms(seed: int, since: Column, reader: Column) -> Column:
    delay = draw.lognormal(seed, "share:delay", F.col("post_key"), reader, median=SHARE_MINUTES, sigma=1.5)
    return _after(since, delay).alias("shared_ms")


def _after(since: Column, minutes: Column) -> Column:
    return (since + 2_000 + F.floor(F.least(minutes, F.lit(5.0 * 1_440)) * clocks.MINUTE_MS)).cast("bigint")
