"""Know who may be contacted by which channel on which day.

in: columns of persons ▶ out: Columns. A person agrees to a channel once at most and may take it back later.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from entourage.simulate import draw
from entourage.simulate.latents import CHANNELS

# Of those asked by each channel; display needs a yes to cookies. A letter needs no yes: an objection stops it.
EASE = {"email": 0.85, "text": 0.45, "display": 0.7, "social": 0.6}
EARLIEST_DAY = -1_400
SHARE_WITHDRAWN = 0.18
SHARE_OBJECTING = 0.04
ERASED = 0.008
NEVER = 1_000_000


def is_allowed(seed: int, channel: int, day: Column) -> Column:
    """Tell whether a person may be contacted by a channel on a day."""
    return (agreed_day(seed, channel) <= day) & (day < ended_day(seed, channel))


def agreed_day(seed: int, channel: int) -> Column:
    """Return the day, from the world's start, from which a person may be contacted; NEVER if not."""
    if CHANNELS[channel] not in EASE:
        return F.lit(EARLIEST_DAY)
    person = F.col("person")
    ease = EASE[CHANNELS[channel]] * F.col("consent_propensity")
    agrees = draw.uniform(seed, "contact:agrees", person, channel) < ease
    day = EARLIEST_DAY + draw.below(draw.uniform(seed, "contact:day", person, channel), -EARLIEST_DAY)
    return F.when(agrees, day).otherwise(NEVER)


def ended_day(seed: int, channel: int) -> Column:
    """Return the day from which a person may not be contacted any more: withdrawn, objected or erased."""
    return F.least(withdrawn_day(seed, channel), objected_day(seed), erased_day(seed))


def withdrawn_day(seed: int, channel: int) -> Column:
    """Return the day on which a person took his yes to a channel back; NEVER if not."""
    if CHANNELS[channel] not in EASE:
        return F.lit(NEVER)
    person = F.col("person")
    withdraws = draw.uniform(seed, "contact:withdraws", person, channel) < SHARE_WITHDRAWN
    later = 10 + draw.below(draw.uniform(seed, "contact:until", person, channel), 600)
    return F.when(withdraws, F.least(F.lit(NEVER), agreed_day(seed, channel) + later)).otherwise(NEVER)


def objected_day(seed: int) -> Column:
    """Return the day on which a person objected to marketing by any channel; NEVER if not."""
    return _once(seed, "contact:objects", SHARE_OBJECTING)


def erased_day(seed: int) -> Column:
    """Return the day on which a person asked to be erased; NEVER if not."""
    return _once(seed, "contact:erased", ERASED)


def _once(seed: int, stream: str, share: float) -> Column:
    person = F.col("person")
    day = EARLIEST_DAY // 2 + draw.below(draw.uniform(seed, f"{stream}:day", person), -EARLIEST_DAY // 2)
    return F.when(draw.uniform(seed, stream, person) < share, day).otherwise(NEVER)
