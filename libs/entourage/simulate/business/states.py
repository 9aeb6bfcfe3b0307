"""Let people post what moves them: wishes before they buy, troubles after, what they bought, what happens to them.

in: occasions, orders, troubles, life events, persons ▶ out: posts intended, each with its cause. Besides, a crisis of
the house and a theme that rises.
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from entourage.simulate import accounts, clocks, draw, places, stocks
from entourage.simulate.accounts import DAY_MS, day_ms, end_ms, epoch_ms
from entourage.simulate.params import SimulateParams
from entourage.simulate.people import TOPIC_NAMES

# Chance that a state is posted, times candor and the square root of the posts a day.
POSTED = {"wish": 0.90, "trouble": 0.80, "order": 0.35, "life_event": 0.75, "crisis": 1.0, "theme": 1.0}
HOUSE = 0
# The crisis breaks out at this share of the days, at ten in the morning: so many of the people join in that day, half
# as many the next.
CRISIS_FROM, CRISIS_SHARE, CRISIS_DEPARTMENT, CRISIS_TAG = 0.55, 0.03, "food", "#LumioRecall"
# The theme rises along a logistic curve around this share of the days, up to so many of the people a day.
THEME_MIDDLE, THEME_SHARE, THEME_TOPIC, THEME_TAG = 0.6, 0.012, "home", "#SlowHome"
TOLD_AFTER_DAYS = 4
_STATE = (
    "person bigint, from_ms bigint, wanted string, wanted_topic int, wanted_type string, about int, tag string, "
    "cause string, cause_id string"
)


def states(
    *, occasions: DataFrame, orders: DataFrame, troubles: DataFrame, life_events: DataFrame, persons: DataFrame,
    params: SimulateParams,
) -> DataFrame:  # fmt: skip
    """Return the posts that people's states bring about within the days of posts.

    Returns:
        One row a post intended, key `post_key`; `author`, `network`, `language`, `by_person`, `wanted`, `wanted_topic`,
        `wanted_type` (of a life event or a trouble), `brand`, `tag`, occurred_ms, `cause` (a key of POSTED),
        `cause_id`.
    """
    each = (
        _wishes(occasions, params=params),
        _troubles(troubles),
        _orders(orders),
        _lives(life_events, params=params),
        _waves(persons.sparkSession, params=params),
    )
    moved = reduce(DataFrame.unionByName, each)
    timely = moved.where(F.col("from_ms").between(epoch_ms(params), end_ms(params) - 1))
    speakers = persons.select("person", "language", "country", "owl_hours", "candor", "posts_per_day", "brand")
    joined = timely.alias("s").join(speakers.alias("p"), on=F.col("s.person") == F.col("p.person"), how="inner")
    carried = ("language", "country", "owl_hours", "candor", "posts_per_day")
    said = joined.select("s.*", *(f"p.{name}" for name in carried), F.col("p.brand").alias("own_brand"))
    return _spoken(said, params=params).where(F.col("occurred_ms") < end_ms(params))


def crisis_day(params: SimulateParams) -> int:
    """Return the day, from the world's start, on which the crisis breaks out."""
    return int(params.days * CRISIS_FROM)


def _wishes(occasions: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return the intents: of all who wished for something, whether they then bought of the house or elsewhere."""
    wished = occasions.where("is_planned")
    return wished.select(
        *_state(
            from_ms=day_ms(params, F.col("wished_day")),
            wanted=F.lit("intent"),
            wanted_topic=F.col("department"),
            about=F.get("preferred_brands", F.col("department")),
            cause="wish",
            cause_id=F.lower(F.hex("occasion_key")),
        )
    )


def _troubles(troubles: DataFrame) -> DataFrame:
    """Return the complaints: after the trouble, or after a bad answer; what is a question is asked."""
    is_question = F.col("trouble") == "question"
    is_answered = F.col("contacts") & ~F.col("is_solved")
    return troubles.select(
        *_state(
            from_ms=F.when(is_answered, F.col("first_answer_ms")).otherwise(F.col("trouble_ms")),
            wanted=F.when(is_question, "question").otherwise("complaint"),
            wanted_topic=F.col("department"),
            wanted_type=F.when(~is_question, F.col("trouble")),
            about=F.lit(HOUSE),
            cause="trouble",
            cause_id=F.col("order_id"),
        )
    )


def _orders(orders: DataFrame) -> DataFrame:
    """Return what people tell of what they bought and kept, some days later."""
    return orders.where(~F.col("is_void") & F.col("returned_day").isNull()).select(
        *_state(
            from_ms=F.col("occurred_ms") + TOLD_AFTER_DAYS * DAY_MS,
            wanted=F.lit("experience"),
            wanted_topic=F.col("department"),
            about=F.lit(HOUSE),
            cause="order",
            cause_id=F.col("order_id"),
        )
    )


def _lives(life_events: DataFrame, *, params: SimulateParams) -> DataFrame:
    return life_events.select(
        *_state(
            from_ms=day_ms(params, F.col("day")),
            wanted=F.lit("life_event"),
            wanted_topic=F.lit(stocks.ANY),
            wanted_type=F.col("event"),
            cause="life_event",
            cause_id=F.lower(F.hex("event_key")),
        )
    )


def _waves(spark: SparkSession, *, params: SimulateParams) -> DataFrame:
    """Return the crisis and the theme: who joins in on which day."""
    day, broke = F.col("day"), crisis_day(params)
    persons = spark.range(0, params.people, 1, params.files).select(F.col("id").alias("person"))
    days = persons.select("person", F.explode(F.sequence(F.lit(0), F.lit(params.days - 1))).alias("day"))
    struck = F.when(day >= broke, CRISIS_SHARE * F.pow(F.lit(0.5), day - broke)).otherwise(0.0)
    taken = THEME_SHARE / (1 + F.exp(-(day - THEME_MIDDLE * params.days) * 10 / params.days))
    ten_oclock = F.when(day == broke, 10 * clocks.HOUR_MS).otherwise(0)
    crisis = _state(
        from_ms=day_ms(params, day) + ten_oclock,
        wanted=F.lit("complaint"),
        wanted_topic=F.lit(TOPIC_NAMES.index(CRISIS_DEPARTMENT)),
        wanted_type=F.lit("quality"),
        about=F.lit(HOUSE),
        tag=CRISIS_TAG,
        cause="crisis",
        cause_id=F.concat(F.lit("crisis-"), day.cast("string")),
    )
    theme = _state(
        from_ms=day_ms(params, day),
        wanted=F.lit("taste"),
        wanted_topic=F.lit(TOPIC_NAMES.index(THEME_TOPIC)),
        tag=THEME_TAG,
        cause="theme",
        cause_id=F.concat(F.lit("theme-"), day.cast("string")),
    )

    def joins(name: str, share: Column) -> Column:
        return draw.uniform(params.seed, f"wave:{name}", F.col("person"), day) < share

    return (
        days.where(joins("crisis", struck))
        .select(*crisis)
        .unionByName(days.where(joins("theme", taken)).select(*theme))
    )


def _state(
    *, from_ms: Column, wanted: Column, wanted_topic: Column, cause: str, cause_id: Column,
    wanted_type: Column | None = None, about: Column | None = None, tag: str | None = None,
) -> list[Column]:  # fmt: skip
    """Return the columns of a state: whose it is, since when, which post it asks for, and why."""
    nothing = F.lit(None)
    values = {
        "person": F.col("person"),
        "from_ms": from_ms,
        "wanted": wanted,
        "wanted_topic": wanted_topic,
        "wanted_type": nothing if wanted_type is None else wanted_type,
        "about": nothing if about is None else about,
        "tag": F.lit(tag),
        "cause": F.lit(cause),
        "cause_id": cause_id,
    }
    types = dict(column.split() for column in _STATE.split(", "))
    return [value.cast(types[name]).alias(name) for name, value in values.items()]


def _spoken(said: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Keep what is posted, on one of the person's networks, at the person's hours."""
    seed, owner = params.seed, accounts.entity(accounts.PERSON, F.col("person"))
    kinds = tuple(POSTED)
    kind = draw.number_of(kinds, F.col("cause"))
    keyed = draw.settled(
        said,
        {
            "author": owner,
            "post_key": draw.key(seed, "state", F.col("person"), kind, F.crc32("cause_id"), F.col("from_ms")),
        },
    )
    key, from_ms = F.col("post_key"), F.col("from_ms")
    share = draw.lookup_real(tuple(POSTED.values()), kind)
    chance = share * F.col("candor") * F.sqrt(F.least(F.lit(4.0), F.col("posts_per_day")))
    posted = keyed.where(draw.uniform(seed, "state:posted", key) < chance)
    held = [F.when(accounts.has_account(seed, name, F.col("author")), F.lit(name)) for name in accounts.NETWORKS]
    placed = posted.select("*", F.array_compact(F.array(*held)).alias("networks"))
    turn = draw.below(draw.uniform(seed, "state:network", key), F.size("networks")) + 1
    shift = F.col("owl_hours") - places.utc_offset(F.col("country"))
    usual = F.floor(from_ms / DAY_MS) * DAY_MS + clocks.local_ms(seed, "state", key, shift_hours=shift)
    soon = from_ms + F.floor(draw.lognormal(seed, "state:soon", key, median=45.0, sigma=1.0) * clocks.MINUTE_MS)
    return placed.select(
        *("post_key", "author", "language"),
        F.lit(True).alias("by_person"),
        F.explode(F.slice("networks", turn, F.lit(1))).alias("network"),
        *("wanted", "wanted_topic", "wanted_type"),
        F.coalesce("about", "own_brand").cast("int").alias("brand"),
        "tag",
        F.when(usual >= from_ms, usual).otherwise(soon).cast("bigint").alias("occurred_ms"),
        *("cause", "cause_id"),
    )
