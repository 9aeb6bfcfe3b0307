"""Let people come upon occasions to buy, and say for each how much it takes until it ends in an order of the house.

in: persons, the guests they follow ▶ out: occasions. Most end elsewhere or in nothing.

References:
    Schmittlein, Morrison, Colombo 1987, Counting your customers: who are they and what will they do next?,
    doi:10.1287/mnsc.33.1.1 (people buy at rates of their own, and one day stop).
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.simulate import draw
from entourage.simulate.accounts import DAY_MS, date_of, epoch_ms
from entourage.simulate.business import programs as hosts
from entourage.simulate.business.catalog import Program, campaigns, departments, programs, seasons
from entourage.simulate.business.scenarios import REFERRAL, TIME_EFFECT, at_work, scenarios
from entourage.simulate.business.touches import touch
from entourage.simulate.params import SimulateParams

SLOT_DAYS = 5  # at most one occasion in each, so that a longer history contains the shorter
MOST_CHANCE = 0.9
ADULT = 18
MOST_LEAD = 14  # days from a wish to the occasion; so much longer run the occasions, for wishes of the last days
AT_HOME = 0.60  # chance of an order where the house is the preferred brand, before loyalty
AWAY = 0.07  # and where it is not
OWN_TASTE = 0.35  # share of the occasions that fall to the person's own taste
PLANNED = 0.75  # share of the occasions that were wished for some days before
UNIT = 1_000  # what it takes is counted in thousandths of the usual chance
MOST_NEED = 3 * UNIT  # more than friends can bring
NEVER = 1 << 30
KEPT = (
    "person", "household", "country", "language", "topic", "susceptibility", "price_sensitivity", "income_band",
    "devices", "owl_hours", "preferred_brands",
)  # fmt: skip


def occasions(persons: DataFrame, followed: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Make all occasions of the business's history, and of MOST_LEAD days beyond.

    Args:
        persons: with their latents.
        followed: see `programs.followed_guests`.
        params: of the world.

    Returns:
        One row an occasion, key `occasion_key`; `person` and others of KEPT, `day` from the world's start,
        `department`, `is_planned`, `wished_day`, `needs` (for each scenario, the thousandths of the usual chance that
        friends must add until an order follows: 0 none, NEVER not even so), and `n_`campaign (it touched the person
        within the window and was noticed).
    """
    joined = persons.alias("p").join(followed.alias("f"), on=F.col("p.person") == F.col("f.person"), how="left")
    guests = [f"guests_{program.id}" for program in hosts.hosting()]
    counted = joined.select("p.*", *(F.coalesce(f"f.{name}", F.lit(0)).alias(name) for name in guests))
    return _weighed(_lifted(_arising(counted, params=params), params=params), params=params)


def _arising(persons: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return one row an occasion: when, in which department, and how near the house is to the person."""
    seed, person, slot = params.seed, F.col("person"), F.col("slot")
    epoch_day = epoch_ms(params) // DAY_MS
    first, last = epoch_day + params.first_day, epoch_day + params.days - 1 + MOST_LEAD
    slots = persons.select(
        "*", F.explode(F.sequence(F.lit(first // SLOT_DAYS), F.lit(last // SLOT_DAYS))).alias("slot")
    )
    day = slot * SLOT_DAYS + draw.below(draw.uniform(seed, "occasion:day", person, slot), SLOT_DAYS)
    month = F.month(F.date_add(F.lit("1970-01-01").cast("date"), day.cast("int")))
    season = F.element_at(F.array(*(F.lit(each) for each in seasons())), month)
    a_year = sum(department.rate for department in departments())
    rate = a_year * SLOT_DAYS / 365.25 * F.col("activity") * (0.55 + 0.15 * F.col("income_band"))
    arises = draw.uniform(seed, "occasion", person, slot) < F.least(F.lit(MOST_CHANCE), rate * season)
    is_within = day.between(first, last)
    numbers = [str(n) for n in range(len(departments()))]
    usual = draw.choose(
        numbers, draw.uniform(seed, "occasion:department", person, slot), weights=[d.rate for d in departments()]
    )
    own = (
        (draw.uniform(seed, "occasion:own", person, slot) < OWN_TASTE)
        & (F.col("topic") < len(numbers))
        & (F.col("topic") > 1)
    )
    return draw.settled(
        slots.where(arises & is_within),
        {
            "occasion_key": draw.key(seed, "occasion:key", person, slot),
            "day": (day - epoch_day).cast("int"),
            "department": F.when(own, F.col("topic")).otherwise(usual.cast("int")),
            "u": draw.uniform(seed, "occasion:order", person, slot),
        },
    )


def _lifted(arising: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Add the usual chance of an order, and what each campaign and program adds to it."""
    department, day = F.col("department"), F.col("day")
    window = draw.lookup_number([each.window for each in departments()], department)
    prefers = F.get("preferred_brands", department) == 0
    age = F.datediff(date_of(params, day), F.col("birth_date")) / 365.25
    is_customer = (F.col("joined_day") <= day) & (day < F.col("left_day")) & (age >= ADULT)
    usual = F.when(prefers, AT_HOME * (0.7 + 0.3 * F.col("loyalty"))).otherwise(AWAY * (1.3 - F.col("loyalty")))
    touched = arising
    for number in range(len(campaigns())):
        touched = _touched(touched, number, window, params=params)
    added = {}
    for program in hosts.hosting():
        during = department.isin(*program.departments) & day.between(
            program.from_day, program.to_day + program.linger_days
        )
        guest = hosts.is_guest(params.seed, F.col("person"), program)
        count = F.least(F.lit(hosts.MOST_GUESTS), F.col(f"guests_{program.id}"))
        added[f"p_{program.id}"] = F.when(during, program.followers_lift * count * F.col("susceptibility")).otherwise(
            0.0
        )
        added[f"g_{program.id}"] = F.when(during & guest, program.guests_factor).otherwise(1.0)
    return draw.settled(touched, {"usual": F.when(is_customer, usual).otherwise(0.0), **added})


def _touched(arising: DataFrame, number: int, window: Column, *, params: SimulateParams) -> DataFrame:
    """Add what a campaign adds to the usual chance, with and without the effect of the hour, and whether it counts.

    A step for each campaign: all in one would be more code than the JVM compiles.
    """
    campaign = campaigns()[number]
    sent = touch(campaign, seed=params.seed)
    is_near = F.col("department").isin(*campaign.departments) & F.col("day").between(sent.day, sent.day + window)
    near = draw.settled(arising, {"near": F.when(is_near & sent.is_sent, sent.lift)})
    reached, lift = F.col("near").isNotNull(), F.col("near")
    is_noticed = sent.is_noticed if params.has(TIME_EFFECT) else sent.is_noticed_flat
    added = {
        f"c{number}": F.when(reached & sent.is_noticed, lift).otherwise(0.0),
        f"f{number}": F.when(reached & sent.is_noticed_flat, lift).otherwise(0.0),
        f"n_{campaign.id}": reached & is_noticed & F.lit(params.has(campaign.mechanism)),
    }
    return draw.settled(near, added).drop("near")


def _weighed(lifted: DataFrame, *, params: SimulateParams) -> DataFrame:
    seed, key = params.seed, F.col("occasion_key")
    needs = F.array(*(_need(scenario, params) for scenario in scenarios()))
    lead = 1 + draw.below(F.pow(draw.uniform(seed, "wish:lead", key), F.lit(2.0)), MOST_LEAD)
    return lifted.select(
        "occasion_key",
        *KEPT,
        "day",
        "department",
        "usual",
        (draw.uniform(seed, "wish", key) < PLANNED).alias("is_planned"),
        (F.col("day") - lead).alias("wished_day"),
        needs.alias("needs"),
        *(f"n_{campaign.id}" for campaign in campaigns()),
    )


def _need(scenario: str, params: SimulateParams) -> Column:
    """Return what friends must add in a scenario until the occasion ends in an order, in thousandths."""
    letter = "c" if at_work(TIME_EFFECT, scenario, params) else "f"
    added = sum(
        (
            F.col(f"{letter}{n}")
            for n, campaign in enumerate(campaigns())
            if at_work(campaign.mechanism, scenario, params)
        ),
        start=F.lit(1.0),
    )
    chance = F.col("usual")
    for program in hosts.hosting():
        if at_work(program.mechanism, scenario, params):
            added, chance = added + F.col(f"p_{program.id}"), chance * F.col(f"g_{program.id}")
    missing = F.ceil((F.col("u") / F.greatest(chance, F.lit(1e-6)) - added) * UNIT)
    needed = F.when(chance <= 0, NEVER).when(missing <= 0, 0)
    if not at_work(REFERRAL, scenario, params):
        return needed.otherwise(NEVER).cast("int")
    by_friends = F.ceil(missing / _friends_factor(scenario, params))
    return needed.when(by_friends <= MOST_NEED, by_friends).otherwise(NEVER).cast("int")


def _friends_factor(scenario: str, params: SimulateParams) -> Column:
    """Return how much more a friend's order counts while programs reward it."""
    factor = F.lit(1.0)
    for program in programs():
        if program.referral_factor != 1.0 and at_work(program.mechanism, scenario, params):
            factor = factor * F.when(is_running(program), program.referral_factor).otherwise(1.0)
    return factor


def is_running(program: Program) -> Column:
    """Tell whether a program runs on `day`."""
    return F.col("day").between(program.from_day, program.to_day)
