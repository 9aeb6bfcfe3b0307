"""Say the truth about the business: what would have been otherwise, and why things happened.

in: occasions, outcomes, orders, states, posts ▶ out: truth tables. No job reads them.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from entourage.rows import local_frame
from entourage.simulate import brands, clocks, draw, reactions
from entourage.simulate.accounts import DAY_MS, date_of, epoch_ms
from entourage.simulate.business import states
from entourage.simulate.business.catalog import departments
from entourage.simulate.business.demand import is_in
from entourage.simulate.business.orders import order_id
from entourage.simulate.business.scenarios import ACTUAL, scenarios
from entourage.simulate.params import SimulateParams

ELSEWHERE = 0.7  # share of the occasions the house does not win that end in an order of another brand


def counterfactuals(outcomes: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Say for each order whether it would have happened without each mechanism.

    Returns:
        One row an order that happens in the world or in one without a mechanism, key `order_id`: `happened`,
        `lost_without` and `gained_without` (mechanisms, `|` between: switched off alone, the order vanishes, or comes
        into being), `because_of_person` and `because_of_order_id` (the friend whose order weighed most, where it would
        not have happened without referral).
    """
    mask, mechanisms = F.col("mask"), scenarios()[1:]
    happened = is_in(mask, ACTUAL)
    lost = F.concat_ws("|", *(F.when(happened & ~is_in(mask, name), F.lit(name)) for name in mechanisms))
    gained = F.concat_ws("|", *(F.when(~happened & is_in(mask, name), F.lit(name)) for name in mechanisms))
    by_friend = F.when(happened & ~is_in(mask, "referral"), F.col("because_of_person"))
    prompted = outcomes.where(F.col("because_of_key").isNotNull()).select("occasion_key", "because_of_key")
    friends = outcomes.select(F.col("occasion_key").alias("friends_key"), order_id(params).alias("friends_order"))
    # Most orders have no such friend: joined by themselves, their NULLs would all land in one partition.
    named = prompted.alias("p").join(
        friends.alias("f"), on=F.col("p.because_of_key") == F.col("f.friends_key"), how="inner"
    )
    joined = outcomes.alias("o").join(
        named.select("p.occasion_key", "f.friends_order").alias("n"),
        on=F.col("o.occasion_key") == F.col("n.occasion_key"),
        how="left",
    )
    return joined.select(
        order_id(params).alias("order_id"),
        "person",
        _department(F.col("department")).alias("department"),
        date_of(params, F.col("day")).alias("ordered_on"),
        happened.alias("happened"),
        lost.alias("lost_without"),
        gained.alias("gained_without"),
        by_friend.alias("because_of_person"),
        F.when(by_friend.isNotNull(), F.col("friends_order")).alias("because_of_order_id"),
    )


def purchases(occasions: DataFrame, outcomes: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Say what came of each occasion: one row an occasion, with the brand that was bought, NULL for none."""
    seed, key = params.seed, F.col("o.occasion_key")
    won = outcomes.where(is_in(F.col("mask"), ACTUAL)).select("occasion_key")
    within = occasions.where(F.col("day") < params.days)
    joined = within.alias("o").join(won.alias("w"), on=key == F.col("w.occasion_key"), how="left")
    preferred = F.get("o.preferred_brands", F.col("o.department"))
    other = 1 + draw.below(draw.uniform(seed, "elsewhere:brand", key), len(brands.SHARES) - 1)
    number = F.when(preferred > 0, preferred).otherwise(other)
    is_won = F.col("w.occasion_key").isNotNull()
    buys = draw.uniform(seed, "elsewhere", key) < ELSEWHERE
    keys = [brand["key"] for brand in brands.brands()]
    return joined.select(
        F.lower(F.hex(key)).alias("occasion_id"),
        "o.person",
        _department(F.col("o.department")).alias("department"),
        date_of(params, F.col("o.day")).alias("on"),
        F.when(F.col("o.is_planned"), date_of(params, F.col("o.wished_day"))).alias("wished_on"),
        F.when(is_won, keys[0]).when(buys, draw.lookup(keys, number)).alias("brand"),
        F.when(is_won, order_id(params)).alias("order_id"),
    )


def causes(states: DataFrame, posts: DataFrame) -> DataFrame:
    """Say what brought a post about: one row a post that a state of its author did."""
    joined = posts.alias("p").join(states.alias("s"), on=F.col("p.post_key") == F.col("s.post_key"), how="inner")
    return joined.select("p.post_id", "s.cause", "s.cause_id")


def signals(posts: DataFrame) -> DataFrame:
    """Say what is in each post of a person: class, type, holder, brand, sentiment."""
    keys = [brand["key"] for brand in brands.brands()]
    said = posts.where(F.col("by_person") & F.col("deleted_ms").isNull())
    brand = F.when(F.col("names_brand"), draw.lookup(keys, F.col("brand")))
    return said.select("post_id", "class", "type", "holder", brand.alias("brand"), "sentiment")


def onsets(spark: SparkSession, *, params: SimulateParams) -> DataFrame:
    """Say when the crisis broke out and where the theme's rise was steepest: one row each."""
    start = epoch_ms(params)
    crisis_ms = start + states.crisis_day(params) * DAY_MS + 10 * clocks.HOUR_MS
    theme_ms = start + int(states.THEME_MIDDLE * params.days * DAY_MS)
    rows = [("crisis", states.CRISIS_TAG, crisis_ms), ("theme", states.THEME_TAG, theme_ms)]
    frame = local_frame(spark, rows, "kind string, tag string, at_ms bigint")
    return frame.select("kind", "tag", clocks.iso(F.col("at_ms")).alias("at"))


def desks(spark: SparkSession) -> DataFrame:
    """Say how each brand answers in public: one row a brand."""
    rows = [
        (brand["key"], desk.answered, desk.median_minutes, desk.sigma)
        for brand, desk in zip(brands.brands(), reactions.DESKS, strict=True)
    ]
    return local_frame(spark, rows, "brand string, answered double, median_minutes double, sigma double")


def devices(orders: DataFrame, visits: DataFrame) -> DataFrame:
    """Say whose each device is: one row a device."""
    used = orders.where(F.col("device_id").isNotNull()).select("device_id", "person")
    return used.unionByName(visits.select("device_id", "person")).distinct()


def _department(number: Column) -> Column:
    return draw.lookup([each.name for each in departments()], number)
