"""Decide whom each campaign aims at, whom it leaves alone, when it reaches whom, and who takes notice.

in: columns of persons ▶ out: Columns. By key, so that any stage knows without a join what reached a person.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F

from entourage.simulate import draw
from entourage.simulate import records as books
from entourage.simulate.business import contact
from entourage.simulate.business.catalog import Campaign
from entourage.simulate.latents import CHANNELS

SLIP = 0.012  # share of touches sent to people who had not agreed: what a check of compliance should find
NOTICED = 0.8  # share of touches noticed at the best hour, hence 31 % over all hours
SPREAD_HOURS = 4.0
HOURS = range(6, 23)  # touches go out in these hours, evenly drawn: the best hour can be learned
BEST_HOUR = 18.5
# In which of records.SYSTEMS a person must be to be reached; by display and social anyone is.
BOOK = {"email": books.NEWSLETTER, "text": books.CRM, "post": books.CRM}
RESPONSE = 2.5  # a response of 0.4, the mean, counts as 1


@dataclass(frozen=True)
class Touch:
    """What a campaign does to a person.

    Attributes:
        propensity: chance to be aimed at, of those who may be, from what the house can know.
        arm: NULL not aimed at, 0 held out on purpose, 1 and up the variant.
        day: on which it is touched first; from the world's start.
        hour: of that day, local.
        is_allowed: the person had agreed to the channel by then; a few are aimed at by mistake.
        is_sent: it went out.
        is_noticed: the person took notice; is_noticed_flat: where the hour had no effect.
        lift: of the chance that an occasion ends in an order, once noticed.
    """

    propensity: Column
    arm: Column
    day: Column
    hour: Column
    is_allowed: Column
    is_sent: Column
    is_noticed: Column
    is_noticed_flat: Column
    lift: Column


def touch(campaign: Campaign, *, seed: int) -> Touch:
    """Return what a campaign does to a person.

    From `person`, `topic`, `joined_day`, `left_day`, `response`, `owl_hours`, `consent_propensity`,
    `price_sensitivity`.
    """
    person = F.col("person")

    def u(stream: str) -> Column:
        return draw.uniform(seed, f"touch:{stream}:{campaign.id}", person)

    is_customer = (F.col("joined_day") <= campaign.from_day) & (F.col("left_day") > campaign.from_day)
    likes_it = F.col("topic").isin(*campaign.departments)
    factor = 0.5 + F.when(likes_it, 0.9).otherwise(0.0) + F.when(is_customer, 0.6).otherwise(0.0)
    propensity = F.least(F.lit(0.95), campaign.reach * factor)
    is_held_out = u("hold-out") < campaign.hold_out
    arms = [str(n) for n in range(1, len(campaign.variants) + 1)]
    arm = draw.choose(arms, u("arm"), weights=[share for _, share, _ in campaign.variants]).cast("int")
    day = campaign.from_day + draw.below(u("day"), campaign.to_day - campaign.from_day + 1)
    hour = HOURS[0] + draw.below(u("hour"), len(HOURS))
    is_allowed = contact.is_allowed(seed, CHANNELS.index(campaign.channel), day)
    may_be = _is_known(campaign.channel, seed=seed) & (is_allowed | (u("slip") < SLIP))
    aimed = may_be & (u("aimed") < propensity)
    lifts = F.array(*(F.lit(lift) for _, _, lift in campaign.variants))
    return Touch(
        propensity=propensity,
        arm=F.when(aimed, F.when(is_held_out, 0).otherwise(arm)),
        day=day,
        hour=hour,
        is_allowed=is_allowed,
        is_sent=aimed & ~is_held_out,
        is_noticed=u("noticed") < NOTICED * attention(hour),
        is_noticed_flat=u("noticed") < NOTICED * mean_attention(),
        lift=F.get(lifts, arm - 1) * _weight(campaign),
    )


def _weight(campaign: Campaign) -> Column:
    """Return how much a campaign's lift counts for a person: by channel, and by price where there is a discount."""
    response = F.get("response", F.lit(CHANNELS.index(campaign.channel))) * RESPONSE
    return response * (0.5 + F.col("price_sensitivity")) if campaign.discount else response


def attention(hour: Column) -> Column:
    """Return how much of its chance to be noticed a message keeps at an hour, from `owl_hours`."""
    return F.exp(-F.pow((hour - BEST_HOUR - F.col("owl_hours")) / SPREAD_HOURS, F.lit(2.0)))


def mean_attention() -> float:
    """Return the mean of `attention` over the hours at which messages go out."""
    each = [math.exp(-(((hour - BEST_HOUR) / SPREAD_HOURS) ** 2)) for hour in HOURS]
    return sum(each) / len(each)


def _is_known(channel: str, *, seed: int) -> Column:
    return books.is_in(seed, F.col("person"), BOOK[channel]) if channel in BOOK else F.lit(True)
