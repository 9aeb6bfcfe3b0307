"""Give people what nobody sees of them and all that they do follows from.

in: persons with household, country, birth date and tastes ▶ out: the same rows with their latents. By key, so that a
person's latents can be had from his number anywhere.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.simulate import brands, draw

AGE_BANDS = ("16-24", "25-34", "35-49", "50-64", "65+")
ROLES = {
    "consumer": 0.955,
    "employee": 0.012,
    "journalist": 0.004,
    "investor": 0.006,
    "partner": 0.008,
    "student": 0.015,
}
CHANNELS = ("email", "text", "post", "display", "social")
DEPARTMENTS = 7
SHARE_OF_TRAIT = 0.07
SHARE_OF_CANARIES = 0.003
YEAR = 365.25


def with_latents(persons: DataFrame, *, seed: int, start: str) -> DataFrame:
    """Add the latents.

    Args:
        persons: `person`, `household`, `country`, `birth_date`, `brand`, `candor`.
        seed: of the world.
        start: first day of posts, YYYY-MM-DD; days are counted from it.

    Returns:
        The same rows with age_band, income_band (1 lowest to 5), area (small area, country and number), time_zone,
        owl_hours (how much later than others awake, hours), devices (1 to 3), response (five numbers in [0, 1], one a
        channel of CHANNELS), price_sensitivity and loyalty in [0, 1], preferred_brands (one a department),
        activity (occasions to buy, 1 on average), joined_day, left_day (customer of the house between them),
        consent_propensity, role_in_market, sensitive_trait, segment, fan_type.
    """
    person, household = F.col("person"), F.col("household")
    age = F.floor(F.datediff(F.lit(start).cast("date"), F.col("birth_date")) / YEAR)
    grown = persons.select("*", age.cast("int").alias("_age"))
    purse = 0.55 * draw.uniform(seed, "income", household) + 0.25 * draw.uniform(seed, "income:own", person)
    peak = 0.20 * F.exp(-F.pow((F.col("_age") - 50) / 18.0, F.lit(2.0)))
    churn = 0.08 + 0.5 * F.pow(draw.uniform(seed, "churn", person), F.lit(2.0))
    joined = F.floor(-1_500 + 1_450 * draw.uniform(seed, "joined", person)).cast("int")
    stays = F.least(F.lit(20_000.0), -F.log(1 - draw.uniform(seed, "stays", person)) / churn * YEAR)
    response = [F.pow(draw.uniform(seed, "response", person, n), F.lit(1.5)) for n in range(len(CHANNELS))]
    return grown.select(
        *persons.columns,
        _age_band(F.col("_age")).alias("age_band"),
        F.least(F.lit(5), F.floor((purse + peak) * 5.5).cast("int") + 1).alias("income_band"),
        F.concat(
            "country", F.lit("-"), F.lpad(draw.below(draw.uniform(seed, "area", household), 400).cast("string"), 4, "0")
        ).alias("area"),
        _time_zone().alias("time_zone"),
        owl_hours(seed, person).alias("owl_hours"),
        (1 + draw.below(F.pow(draw.uniform(seed, "devices", person), F.lit(1.4)), 3)).alias("devices"),
        F.array(*response).alias("response"),
        draw.uniform(seed, "price_sensitivity", person).alias("price_sensitivity"),
        loyalty(seed, person).alias("loyalty"),
        F.array(*(_preferred(seed, person, n) for n in range(DEPARTMENTS))).alias("preferred_brands"),
        activity(seed, person).alias("activity"),
        joined.alias("joined_day"),
        (joined + stays.cast("int")).alias("left_day"),
        consent_propensity(seed, person).alias("consent_propensity"),
        draw.choose(tuple(ROLES), draw.uniform(seed, "role", person), weights=tuple(ROLES.values())).alias(
            "role_in_market"
        ),
        (draw.uniform(seed, "trait", person) < SHARE_OF_TRAIT).alias("sensitive_trait"),
    ).select("*", _segment().alias("segment"), _fan_type().alias("fan_type"))


def owl_hours(seed: int, person: Column) -> Column:
    """Return how many hours later than others a person is about; negative for larks."""
    return draw.normal(seed, "owl", person) * 1.5


def loyalty(seed: int, person: Column) -> Column:
    """Return how firmly a person keeps to a brand, in [0, 1]."""
    return draw.uniform(seed, "loyalty", person)


def activity(seed: int, person: Column) -> Column:
    """Return how often a person buys, 1 on average: exponential, cut at 6."""
    return F.least(F.lit(6.0), -F.log(1 - draw.uniform(seed, "activity", person)))


def consent_propensity(seed: int, person: Column) -> Column:
    """Return the chance that a person says yes when asked, in [0, 1]."""
    return F.pow(draw.uniform(seed, "consent_propensity", person), F.lit(0.8))


def _preferred(seed: int, person: Column, department: int) -> Column:
    """Return the brand that a person prefers in a department: mostly one for all."""
    own = draw.choose(brands.NUMBERS, draw.uniform(seed, "preferred", person, department), weights=brands.SHARES).cast(
        "int"
    )
    keeps = draw.uniform(seed, "preferred:same", person, department) < 0.6
    return F.when(keeps, F.col("brand")).otherwise(own)


def _segment() -> Column:
    """Return what a person looks for in what he buys."""
    is_thrifty, has_means = F.col("price_sensitivity") > 0.6, F.col("income_band") >= 4
    return (
        F.when(is_thrifty & ~has_means, "bargain hunter")
        .when(has_means & (F.col("price_sensitivity") < 0.4), "premium")
        .when(F.col("activity") > 1.2, "enthusiast")
        .otherwise("practical")
    )


def _fan_type() -> Column:
    """Return what a person is to the house, by how firmly he prefers it and how openly he speaks."""
    prefers, speaks = F.col("brand") == 0, F.col("candor") > 1.0
    is_firm = F.col("loyalty") > 0.5
    return (
        F.when(prefers & is_firm & speaks, "advocate")
        .when(prefers & is_firm, "silent fan")
        .when(prefers, "customer at will")
        .when(speaks & is_firm, "critic")
        .otherwise("stranger")
    )


def _age_band(age: Column) -> Column:
    return (
        F.when(age < 25, AGE_BANDS[0])
        .when(age < 35, AGE_BANDS[1])
        .when(age < 50, AGE_BANDS[2])
        .when(age < 65, AGE_BANDS[3])
        .otherwise(AGE_BANDS[4])
    )


def _time_zone() -> Column:
    return (
        F.when(F.col("country") == "FR", "Europe/Paris")
        .when(F.col("country") == "GB", "Europe/London")
        .otherwise("America/New_York")
    )


def is_canary(seed: int, person: Column) -> Column:
    """Tell whether a person is a canary: his addresses hold a token that nobody else's text holds."""
    return draw.uniform(seed, "canary", person) < SHARE_OF_CANARIES


def canary_token(seed: int, person: Column) -> Column:
    """Return a canary's token: `zq` and ten hexadecimal digits."""
    return F.concat(F.lit("zq"), F.lower(F.lpad(F.hex(draw.key(seed, "canary:token", person)), 16, "0")).substr(1, 10))
