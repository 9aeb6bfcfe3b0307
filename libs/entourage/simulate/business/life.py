"""Let lives change: births, weddings, moves, new jobs.

in: persons ▶ out: life events (truth). At most one a person and quarter.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.simulate import draw
from entourage.simulate.accounts import DAY_MS, epoch_ms
from entourage.simulate.params import SimulateParams

SLOT_DAYS = 91
# A year's chance of each event between two ages.
HAZARDS = {
    "birth": (23, 42, 0.055), "engagement": (20, 45, 0.035), "wedding": (21, 60, 0.028), "move": (18, 75, 0.085),
    "new_job": (18, 62, 0.12), "studies": (18, 27, 0.22), "pet": (20, 80, 0.045), "trip": (18, 85, 0.30),
    "retirement": (59, 68, 0.13),
}  # fmt: skip


def life_events(persons: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return what happens in people's lives.

    Returns:
        One row an event, key `event_key`; `person`, `event` (a key of HAZARDS), `day` from the world's start.
    """
    seed, person, slot = params.seed, F.col("person"), F.col("slot")
    epoch_day = epoch_ms(params) // DAY_MS
    first, last = epoch_day + params.first_day, epoch_day + params.days - 1
    slots = persons.select(
        "person", "birth_date", F.explode(F.sequence(F.lit(first // SLOT_DAYS), F.lit(last // SLOT_DAYS))).alias("slot")
    )
    day = slot * SLOT_DAYS + draw.below(draw.uniform(seed, "life:day", person, slot), SLOT_DAYS)
    born = F.datediff("birth_date", F.lit("1970-01-01").cast("date"))
    drawn = draw.settled(
        slots, {"u": draw.uniform(seed, "life", person, slot), "unix_day": day, "age": (day - born) / 365.25}
    )
    chances = draw.settled(drawn, {name: _chance(*hazard) for name, hazard in HAZARDS.items()})
    happened = chances.select("person", "slot", (F.col("unix_day") - epoch_day).cast("int").alias("day"), _event())
    return happened.where(F.col("event").isNotNull() & F.col("day").between(params.first_day, params.days - 1)).select(
        draw.key(seed, "life:key", person, slot).alias("event_key"), "person", "event", "day"
    )


def _chance(young: int, old: int, a_year: float) -> Column:
    return F.when(F.col("age").between(young, old), a_year * SLOT_DAYS / 365.25).otherwise(0.0)


def _event() -> Column:
    """Return the event that a quarter brings, or NULL."""
    passed, turns = F.lit(0.0), []
    for event in HAZARDS:
        passed = passed + F.col(event)
        turns.append(F.when(F.col("u") < passed, event))
    return F.coalesce(*turns).alias("event")
