"""Register products, and let some change hands.

in: orders ▶ out: registrations in wire columns, and who owned what from when until when.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.simulate import clocks, draw, graph
from entourage.simulate.accounts import DAY_MS, day_ms
from entourage.simulate.business.orders import nightly_ms
from entourage.simulate.params import SimulateParams
from entourage.simulate.people import TOPIC_NAMES

DURABLE = tuple(TOPIC_NAMES.index(name) for name in ("cars", "phones", "home"))
REGISTERED = 0.38
REGISTERED_AGAIN = 0.45
HANDED_ON = 0.16
WARRANTY_MONTHS = 24


def ownership(orders: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Say who owned each durable article.

    Returns:
        One row an article and owner (truth): `serial_no`, `gtin`, `person`, from_day, to_day (NULL: still), `order_id`,
        `turn` (1 bought it, 2 got it from the first).
    """
    seed, key = params.seed, F.col("occasion_key")
    bought = orders.where(F.col("department").isin(*DURABLE) & ~F.col("is_void") & F.col("returned_day").isNull())
    first = F.get("lines", F.lit(0))
    passes = draw.uniform(seed, "own:passes", key) < HANDED_ON
    until = F.col("day") + 60 + draw.below(draw.uniform(seed, "own:until", key), 700)
    taker = graph.friend(seed, F.col("person"), 1)
    is_passed = passes & (until < params.days) & (taker >= 0)
    first_owner = _owner(1, F.col("person"), F.col("day"), F.when(is_passed, until))
    second_owner = F.when(is_passed, _owner(2, taker, until, F.lit(None).cast("int")))
    serial = F.upper(F.lpad(F.hex(draw.key(seed, "serial", key)), 16, "0"))
    sold = bought.select("*", first["gtin"].alias("gtin"), serial.alias("serial_no"))
    return draw.unfolded(sold, (first_owner, second_owner)).select(
        "occasion_key", "order_id", "gtin", "serial_no", "turn", F.col("owner").alias("person"), "from_day", "to_day"
    )


def _owner(turn: int, owner: Column, since: Column, until: Column) -> Column:
    return F.struct(F.lit(turn).alias("turn"), owner.alias("owner"), since.alias("from_day"), until.alias("to_day"))


def registrations(owned: DataFrame, persons: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return one row a registration of a product for its warranty, by some of the owners."""
    seed, key = params.seed, F.col("occasion_key")
    chance = F.when(F.col("turn") == 1, REGISTERED).otherwise(REGISTERED_AGAIN)
    registered = owned.where(draw.uniform(seed, "registration", key, F.col("turn")) < chance)
    joined = registered.alias("o").join(
        persons.select("person", "given_name", "family_name", "email", "phone", "country").alias("p"),
        on=F.col("o.person") == F.col("p.person"),
        how="inner",
    )
    day = F.col("o.from_day") + 1 + draw.below(draw.uniform(seed, "registration:day", key, F.col("o.turn")), 29)
    at_ms = day_ms(params, day) + (draw.uniform(seed, "registration:hour", key, F.col("o.turn")) * DAY_MS).cast(
        "bigint"
    )
    return joined.where(day < params.days).select(
        F.concat_ws("-", F.col("o.serial_no"), F.col("o.turn").cast("string")).alias("registration_id"),
        F.col("o.serial_no").alias("serial"),
        F.col("o.gtin").alias("gtin"),
        F.initcap(F.concat_ws(" ", "p.given_name", "p.family_name")).alias("owner"),
        _known(seed, "mail", F.lower("p.email"), 0.92).alias("owner_email"),
        _known(seed, "tel", F.col("p.phone"), 0.5).alias("owner_phone"),
        F.col("p.country").alias("country"),
        F.lit(WARRANTY_MONTHS).alias("warranty_months"),
        clocks.iso(at_ms.cast("bigint")).alias("registered_at"),
        clocks.iso(nightly_ms(seed, "registration", key, at_ms.cast("bigint"))).alias("exported_at"),
    )


def _known(seed: int, stream: str, value: Column, share: float) -> Column:
    return F.when(draw.uniform(seed, f"registration:{stream}", F.col("occasion_key"), F.col("o.turn")) < share, value)
