"""Let devices visit the web shop, with and without a login.

in: orders, persons ▶ out: JSON lines, one a visit.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from entourage.simulate import clocks, draw, wires
from entourage.simulate import records as books
from entourage.simulate.accounts import DAY_MS, epoch_ms
from entourage.simulate.business.catalog import campaigns, departments
from entourage.simulate.business.orders import device
from entourage.simulate.params import SimulateParams
from entourage.simulate.places import utc_offset

SLOT_DAYS = 10  # at most one idle visit in each
A_SLOT = 0.28  # idle visits a slot of a person who buys as often as others
LOGGED_IN = 0.35
SOURCES = ("direct", "search", "newsletter", "social", "display", "friend")
SOURCE_OF = {"email": "newsletter", "text": "direct", "post": "direct", "display": "display", "social": "social"}
SOURCE_SHARES = (0.34, 0.36, 0.12, 0.10, 0.05, 0.03)


def visits(orders: DataFrame, persons: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Make the visits: idle ones, and the one that ends in each order of the web shop.

    Returns:
        One row a visit, key `visit_key`; `person` (truth), `device_id`, `login` (customer number or NULL),
        `department`, `order_id` (NULL for idle ones), occurred_ms.
    """
    idle = _idle(persons, params=params)
    ways = [SOURCE_OF[each.channel] for each in campaigns()]
    buying = orders.where(F.col("place").isin("web", "app")).select(
        F.col("occasion_key").alias("visit_key"),
        *("person", "device_id", "department", "occurred_ms"),
        F.col("customer_no").alias("login"),
        F.col("order_id"),
        F.when(F.col("referral_code").isNotNull(), "friend")
        .otherwise(draw.lookup(ways, draw.number_of([each.id for each in campaigns()], F.col("campaign"))))
        .alias("wanted_source"),
    )
    return idle.unionByName(buying)


def lines(visits: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return visits as JSON lines."""
    seed, key = params.seed, F.col("visit_key")
    pages = 1 + draw.geometric(draw.uniform(seed, "visit:pages", key), mean=F.lit(3.5))
    seconds = F.floor(draw.lognormal(seed, "visit:seconds", key, median=40.0, sigma=1.0) * pages).cast("int")
    source = draw.choose(SOURCES, draw.uniform(seed, "visit:source", key), weights=SOURCE_SHARES)
    body = F.struct(
        F.lower(F.hex(key)).alias("visit_id"),
        "device_id",
        F.col("login").alias("customer_no"),
        clocks.iso(F.col("occurred_ms")).alias("started_at"),
        seconds.alias("seconds"),
        pages.alias("pages"),
        F.concat(F.lit("/"), draw.lookup([each.name for each in departments()], F.col("department"))).alias("path"),
        F.coalesce("wanted_source", source).alias("source"),
        F.col("order_id"),
    )
    received = clocks.received_ms(seed, "visit", key, F.col("occurred_ms"))
    return wires.json_lines(visits, at_ms=received, line_key=key, body=body)


def _idle(persons: DataFrame, *, params: SimulateParams) -> DataFrame:
    seed, person, slot = params.seed, F.col("person"), F.col("slot")
    epoch_day = epoch_ms(params) // DAY_MS
    first, last = epoch_day + params.first_day, epoch_day + params.days - 1
    slots = persons.select(
        *("person", "country", "activity", "topic", "owl_hours", "devices"),
        F.explode(F.sequence(F.lit(first // SLOT_DAYS), F.lit(last // SLOT_DAYS))).alias("slot"),
    )
    day = slot * SLOT_DAYS + draw.below(draw.uniform(seed, "visit:day", person, slot), SLOT_DAYS)
    came = slots.where(
        (draw.uniform(seed, "visit", person, slot) < A_SLOT * F.col("activity")) & day.between(first, last)
    )
    keyed = draw.settled(came, {"visit_key": draw.key(seed, "visit:key", person, slot)})
    key = F.col("visit_key")
    number = 1 + draw.below(draw.uniform(seed, "visit:device", key), F.col("devices"))
    within = clocks.local_ms(seed, "visit", key, shift_hours=F.col("owl_hours") - utc_offset(F.col("country")))
    about = F.when(draw.uniform(seed, "visit:own", key) < 0.5, F.col("topic")).otherwise(
        draw.below(draw.uniform(seed, "visit:any", key), len(departments()))
    )
    logs_in = books.is_in(seed, person, books.CRM) & (draw.uniform(seed, "visit:login", key) < LOGGED_IN)
    return keyed.select(
        "visit_key",
        "person",
        device(seed, person, number, day=day - epoch_day).alias("device_id"),
        (about % len(departments())).alias("department"),
        (day.cast("bigint") * DAY_MS + within).cast("bigint").alias("occurred_ms"),
        F.when(logs_in, books.native_id(seed, person, number=books.CRM)).alias("login"),
        F.lit(None).cast("string").alias("order_id"),
        F.lit(None).cast("string").alias("wanted_source"),
    )
