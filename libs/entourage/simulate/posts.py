"""Let people, bots, media and brands post, by their tastes and their rhythm of the day.

in: persons ▶ out: original posts, one row each, with the truth about them. Replies and shares of them are made in
reactions.py.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from entourage.simulate import accounts, brands, clocks, draw, handles, media, places, stocks, texts
from entourage.simulate.params import SimulateParams
from entourage.simulate.stocks import CLASSES

# Of a person's posts that nothing brought about. With those that something did (business/states.py) about 30 % are of
# use: 20 % of all posts once bots, shares and replies are there.
SHARES_OF_CLASSES = {
    "intent": 0.038, "life_event": 0.027, "complaint": 0.047, "question": 0.046, "experience": 0.052, "taste": 0.062,
    "chatter": 0.686, "news": 0.042,
}  # fmt: skip
PER_DAY = {"spam": 2.0, "feed": 4.0, "media": 6.0, "brand": 4.0}
SHARE_OF_ENGLISH_BY_FRENCH = 0.06
OTHERS_SHIFT_HOURS = -2.0
MOST_A_DAY = 60
DAY_BEFORE = -1  # others post from then on, so that comments of the first day have posts to stand under
DELETED = 0.008
TWICE = 0.006
COLUMNS = (
    "post_key", "network", "author", "by_person", "native_id", "post_id", "kind", "language", "class", "topic", "type",
    "sentiment", "holder", "text", "brand", "names_brand", "calls_brand", "occurred_ms", "received_ms", "deleted_ms",
    "is_twice", "media_kind", "media_alt", "parent_post_id", "parent_native_id", "parent_author", "root_post_id",
    "page",
)  # fmt: skip


def originals(spark: SparkSession, *, persons: DataFrame, states: DataFrame, params: SimulateParams) -> DataFrame:
    """Make all posts that answer nothing, and the comments under brands' pages.

    Args:
        spark: session.
        persons: with their latents.
        states: posts that something brought about, see business/states.py.
        params: of the world.

    Returns:
        One row a post, key `post_id`; COLUMNS. `class`, `topic`, `type`, `sentiment`, `holder` are the truth.
    """
    intended = _intended_by_persons(persons, params=params)
    for others in (_by_bots(spark, params=params), _by_media(spark, params=params), _by_brands(spark, params=params)):
        intended = intended.unionByName(others)
    nothing = F.lit(None).cast("string")
    usual = _timed(intended, params=params).select("*", nothing.alias("wanted_type"), nothing.alias("tag"))
    timed = usual.unionByName(states.drop("cause", "cause_id"))
    chosen = _tagged(texts.chosen(timed, stock=stocks.posts(), wish=_wish(), seed=params.seed, stream="text"))
    written = texts.slipped(
        texts.filled(texts.with_manner(chosen, seed=params.seed), seed=params.seed), seed=params.seed
    )
    return identified(_placed(written, params=params), params=params)


def _intended_by_persons(persons: DataFrame, *, params: SimulateParams) -> DataFrame:
    seed = params.seed
    days = persons.select(
        *("person", "language", "country", "topic", "second_topic", "posts_per_day", "candor", "brand", "owl_hours"),
        F.explode(F.sequence(F.lit(0), F.lit(params.days - 1))).alias("day"),
    )
    networked = _on_networks(days, seed=seed)
    key = F.col("post_key")
    wants_own = draw.uniform(seed, "topic:which", key)
    topic = F.when(wants_own < 0.45, F.col("topic")).when(wants_own < 0.6, F.col("second_topic")).otherwise(stocks.ANY)
    loyal = draw.uniform(seed, "brand:own?", key) < 0.55
    offset = places.utc_offset(F.col("country"))
    in_english = draw.uniform(seed, "english", key) < SHARE_OF_ENGLISH_BY_FRENCH
    return networked.select(
        *("post_key", "author", "day"),
        F.when(in_english, "en").otherwise(F.col("language")).alias("language"),
        F.lit(True).alias("by_person"),
        "network",
        _class(seed, F.col("candor")).alias("wanted"),
        topic.cast("int").alias("wanted_topic"),
        F.when(loyal, F.col("brand")).otherwise(_any_brand(seed)).cast("int").alias("brand"),
        (F.col("owl_hours") - offset).alias("shift_hours"),
    )


def _on_networks(days: DataFrame, *, seed: int) -> DataFrame:
    """Give each day of a person its posts, each on a network where the person has an account; without one, none."""
    person = F.col("person")
    count = draw.geometric(draw.uniform(seed, "posts", person, F.col("day")), mean=F.col("posts_per_day"))
    each = days.select("*", F.explode(_up_to(F.least(count, F.lit(MOST_A_DAY)))).alias("k"))
    owner = accounts.entity(accounts.PERSON, person)
    post_key = draw.key(seed, "post", owner, F.col("day"), F.col("k"))
    keyed = draw.settled(each, {"author": owner, "post_key": post_key})
    # Facebook's public part, pages, sees fewer posts than the others.
    turns = ("x", "x", "bluesky", "bluesky", "facebook")
    held = {network: accounts.has_account(seed, network, F.col("author")) for network in accounts.NETWORKS}
    possible = F.array_compact(F.array(*(F.when(held[network], F.lit(network)) for network in turns)))
    turn = draw.below(draw.uniform(seed, "network", F.col("post_key")), F.size("possible")) + 1
    placed = keyed.select("*", possible.alias("possible"))
    return placed.select(*keyed.columns, F.explode(F.slice("possible", turn, F.lit(1))).alias("network"))


def _by_bots(spark: SparkSession, *, params: SimulateParams) -> DataFrame:
    seed = params.seed
    owner = accounts.entity(accounts.BOT, F.col("id"))
    rows = spark.range(0, params.bots, 1, params.files).select(owner.alias("author"))
    feed = handles.is_feed(seed, F.col("author"))
    rate = F.when(feed, PER_DAY["feed"]).otherwise(PER_DAY["spam"])
    network = draw.choose(
        accounts.NETWORKS,
        draw.uniform(seed, "bot:network", F.col("author")),
        weights=tuple(accounts.SHARE_OF_BOTS.values()),
    )
    posts = _by_others(rows.select("author", network.alias("network"), rate.alias("rate")), params=params)
    return posts.withColumn("wanted", F.when(handles.is_feed(seed, F.col("author")), "bot").otherwise("spam"))


def _by_media(spark: SparkSession, *, params: SimulateParams) -> DataFrame:
    return _by_houses(
        spark, kind=accounts.MEDIA, count=params.media, rate=PER_DAY["media"], networks=("x", "bluesky"), params=params
    )


def by_brands(spark: SparkSession, *, params: SimulateParams, from_day: int) -> DataFrame:
    """Return the posts that brands intend from a day on, with occurred_ms, before they have a text."""
    return _timed(_by_brands(spark, params=params, from_day=from_day), params=params)


def _by_brands(spark: SparkSession, *, params: SimulateParams, from_day: int = DAY_BEFORE) -> DataFrame:
    posts = _by_houses(
        spark,
        kind=accounts.BRAND,
        count=len(brands.SHARES),
        rate=PER_DAY["brand"],
        networks=accounts.NETWORKS,
        params=params,
        from_day=from_day,
    )
    return posts.withColumn("brand", accounts.index_of(F.col("author")).cast("int"))


def _by_houses(
    spark: SparkSession,
    *,
    kind: int,
    count: int,
    rate: float,
    networks: tuple[str, ...],
    params: SimulateParams,
    from_day: int = DAY_BEFORE,
) -> DataFrame:
    rows = spark.range(0, count, 1, 1).select(
        accounts.entity(kind, F.col("id")).alias("author"),
        F.explode(F.array(*(F.lit(network) for network in networks))).alias("network"),
        F.lit(rate).alias("rate"),
    )
    return _by_others(rows, params=params, from_day=from_day).withColumn("wanted", F.lit("news"))


def _by_others(rows: DataFrame, *, params: SimulateParams, from_day: int = DAY_BEFORE) -> DataFrame:
    """Make a steady number of posts a day for accounts that are no person's."""
    seed, author, number = params.seed, F.col("author"), network_number(F.col("network"))
    days = rows.select("*", F.explode(F.sequence(F.lit(from_day), F.lit(params.days - 1))).alias("day"))
    count = F.floor(F.col("rate") + draw.uniform(seed, "others", author, F.col("day"), number)).cast("int")
    each = days.select("*", F.explode(_up_to(count)).alias("k"))
    keyed = each.select("*", _others_key(seed, author, F.col("day"), F.col("k"), F.col("network")).alias("post_key"))
    language = F.when(draw.uniform(seed, "language", author) < 0.5, "fr").otherwise("en")
    return keyed.select(
        *("post_key", "author", "day"),
        language.alias("language"),
        F.lit(False).alias("by_person"),
        "network",
        F.lit(None).cast("string").alias("wanted"),
        F.lit(stocks.ANY).alias("wanted_topic"),
        _any_brand(seed).cast("int").alias("brand"),
        F.lit(OTHERS_SHIFT_HOURS).alias("shift_hours"),
    )


def _timed(intended: DataFrame, *, params: SimulateParams) -> DataFrame:
    within = _local_ms(F.col("post_key"), F.col("shift_hours"), params=params)
    occurred = accounts.day_ms(params, F.col("day")) + within
    return intended.select(
        *(name for name in intended.columns if name not in {"day", "shift_hours"}),
        occurred.cast("bigint").alias("occurred_ms"),
    )


def _local_ms(key: Column, shift_hours: Column, *, params: SimulateParams) -> Column:
    return clocks.local_ms(params.seed, "post", key, shift_hours=shift_hours)


def _others_key(seed: int, author: Column, day: Column, turn: Column, network: Column | str) -> Column:
    number = network_number(F.lit(network) if isinstance(network, str) else network)
    return draw.key(seed, "others:post", author, day, turn, number)


def _wish() -> Column:
    """Return the number of the wish for a text, see stocks.py."""
    language = F.when(F.col("language") == "fr", 0).otherwise(1)
    wanted = draw.number_of(CLASSES, F.col("wanted"))
    event = draw.number_of(stocks.LIFE_EVENTS, F.col("wanted_type"))
    of_life = stocks.life_wish(0, 0) + language * len(stocks.LIFE_EVENTS) + event
    trouble = draw.number_of(stocks.TROUBLES, F.col("wanted_type"))
    group = language * len(stocks.TROUBLES) + trouble
    of_trouble = stocks.trouble_wish(0, 0, 0) + group * stocks.DEPARTMENTS + F.col("wanted_topic")
    return F.coalesce(
        of_life, of_trouble, (language * len(CLASSES) + wanted) * (stocks.ANY + 1) + F.col("wanted_topic")
    )


def _tagged(chosen: DataFrame) -> DataFrame:
    """Put the hashtag of a wave behind the text."""
    return chosen.withColumn("template", F.concat_ws(" ", "template", "tag")).drop("tag", "wanted_type")


def _placed(written: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Put Facebook posts on brands' pages, as a visitor's post or under a post of the day before.

    What concerns the brand is a visitor's post, the rest a comment.

    Which post that is follows by key from its page, day and turn, without a join.
    """
    seed, start_ms = params.seed, accounts.epoch_ms(params)
    on_page = F.col("network") == "facebook"
    is_comment = on_page & F.col("by_person") & ~F.col("class").isin("complaint", "question", "experience", "intent")
    paged = written.select("*", F.when(on_page, accounts.entity(accounts.BRAND, F.col("brand"))).alias("page"))
    day = F.floor((F.col("occurred_ms") - start_ms) / accounts.DAY_MS) - 1
    turn = draw.below(draw.uniform(seed, "comment:on", F.col("post_key")), int(PER_DAY["brand"])) + 1
    above = _others_key(seed, F.col("page"), day, turn, "facebook")
    above_ms = accounts.day_ms(params, day) + _local_ms(above, F.lit(OTHERS_SHIFT_HOURS), params=params)
    page_id = accounts.native_id(seed, F.lit("facebook"), F.col("page"), start_ms=start_ms)
    native = F.when(is_comment, F.concat(page_id, F.lit("_"), clocks.facebook_number(above_ms, above)))
    placed = paged.select("*", native.alias("parent_native_id"))
    post_id = F.concat(F.lit("facebook:"), F.col("parent_native_id"))
    return placed.select(
        "*",
        post_id.alias("parent_post_id"),
        post_id.alias("root_post_id"),
        F.when(F.col("parent_native_id").isNotNull(), F.col("page")).alias("parent_author"),
        F.when(F.col("parent_native_id").isNotNull(), "reply").otherwise("post").alias("kind"),
    )


def identified(written: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Give posts their network's id, the second clock, and to a few a deletion or a second delivery.

    Args:
        written: COLUMNS but for native_id, post_id, received_ms, deleted_ms, is_twice, media_kind, media_alt.
        params: of the world.

    Returns:
        The same rows with COLUMNS.
    """
    seed, key, occurred = params.seed, F.col("post_key"), F.col("occurred_ms")
    native = native_post_id(seed, params=params)
    is_deleted = F.col("by_person") & (draw.uniform(seed, "deleted?", key) < DELETED)
    deleted = occurred + (draw.uniform(seed, "deleted", key) * 3 * accounts.DAY_MS).cast("bigint")
    known = written.select(
        "*",
        native.alias("native_id"),
        clocks.received_ms(seed, "post", key, occurred).alias("received_ms"),
        F.when(is_deleted, deleted).alias("deleted_ms"),
        (draw.uniform(seed, "twice", key) < TWICE).alias("is_twice"),
        media.kind(seed).alias("media_kind"),
    ).withColumn("media_alt", media.alt(seed, F.col("media_kind")))
    return known.withColumn("post_id", F.concat("network", F.lit(":"), "native_id")).select(*COLUMNS)


def native_post_id(seed: int, *, params: SimulateParams) -> Column:
    """Return a post's own id, from network, author, page, occurred_ms and post_key."""
    occurred, key = F.col("occurred_ms"), F.col("post_key")
    uri = clocks.at_uri(accounts.did(seed, F.col("author")), "feed.post", clocks.record_key(occurred, key))
    page = accounts.native_id(seed, F.lit("facebook"), F.col("page"), start_ms=accounts.epoch_ms(params))
    under = F.split_part(F.col("parent_native_id"), F.lit("_"), F.lit(2))
    return (
        F.when(F.col("network") == "x", clocks.snowflake(occurred, key))
        .when(F.col("network") == "bluesky", uri)
        .otherwise(F.concat_ws("_", F.coalesce(under, page), clocks.facebook_number(occurred, key)))
    )


def network_number(network: Column) -> Column:
    """Return 0, 1, 2 for x, bluesky, facebook: a key of draws."""
    return F.when(network == "x", 0).when(network == "bluesky", 1).otherwise(2)


def _class(seed: int, candor: Column) -> Column:
    """Return the class of a person's post: useful ones by weight times candor, else chatter or news."""
    u = draw.uniform(seed, "class?", F.col("post_key"))
    useful = {name: share for name, share in SHARES_OF_CLASSES.items() if name in stocks.USEFUL}
    idle = {name: share for name, share in SHARES_OF_CLASSES.items() if name not in stocks.USEFUL}
    which = draw.uniform(seed, "class", F.col("post_key"))
    return F.when(
        u < candor * sum(useful.values()), draw.choose(tuple(useful), which, weights=tuple(useful.values()))
    ).otherwise(draw.choose(tuple(idle), which, weights=tuple(idle.values())))


def _up_to(count: Column) -> Column:
    """Return 1 to count, or nothing for 0."""
    return F.when(count > 0, F.sequence(F.lit(1), count))


def _any_brand(seed: int) -> Column:
    return draw.choose(brands.NUMBERS, draw.uniform(seed, "brand", F.col("post_key")), weights=brands.SHARES)
