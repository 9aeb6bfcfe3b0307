"""Make people: one row a person, the hidden truth from which all else follows.

in: `SimulateParams` ▶ out: persons. Who lives with whom and who likes what follows from the number of a person by
fixed patterns of a hundred, so that any stage finds the members of a household or a community by arithmetic instead of
a join.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from entourage.simulate import brands, draw, latents, names, places
from entourage.simulate.business import organizations
from entourage.simulate.params import SimulateParams

BLOCK = 100
# Households of a block: 18 of one, 17 of two, 6 of three, 5 of four, 2 of five members; in an order without a pattern.
HOUSEHOLD_SIZES = (
    2, 1, 4, 2, 1, 3, 2, 1, 2, 1, 5, 2, 1, 2, 3, 1, 2, 4, 1, 2, 1, 2, 3, 1, 2, 1, 4, 2, 1, 2, 1, 3, 2, 1,
    1, 5, 1, 4, 2, 3, 1, 2, 1, 2, 4, 1, 3, 2,
)  # fmt: skip
# Members of each community of taste in a block.
TOPICS = {
    "cars": 10, "phones": 12, "fashion": 11, "food": 15, "travel": 11, "beauty": 9, "home": 10,
    "music": 8, "sport": 8, "games": 6,
}  # fmt: skip
TOPIC_NAMES = tuple(TOPICS)


@dataclass(frozen=True)
class Communities:
    """Where each community's members sit in a block of a hundred persons."""

    topic_of_slot: tuple[int, ...]
    rank_of_slot: tuple[int, ...]
    slots_by_topic: tuple[int, ...]
    sizes: tuple[int, ...]
    offsets: tuple[int, ...]


@cache
def communities() -> Communities:
    """Return the pattern of communities, spread over the block by a step of 37."""
    order = [n * 37 % BLOCK for n in range(BLOCK)]
    topics = [topic for topic, size in enumerate(TOPICS.values()) for _ in range(size)]
    topic_of_slot = dict(zip(order, topics, strict=True))
    members = [[slot for slot in range(BLOCK) if topic_of_slot[slot] == topic] for topic in range(len(TOPICS))]
    sizes = tuple(len(slots) for slots in members)
    return Communities(
        topic_of_slot=tuple(topic_of_slot[slot] for slot in range(BLOCK)),
        rank_of_slot=tuple(members[topic_of_slot[slot]].index(slot) for slot in range(BLOCK)),
        slots_by_topic=tuple(slot for slots in members for slot in slots),
        sizes=sizes,
        offsets=tuple(sum(sizes[:topic]) for topic in range(len(sizes))),
    )


def topic_of(person: Column) -> Column:
    """Return the number of a person's community."""
    return draw.lookup_number(communities().topic_of_slot, person % BLOCK)


def persons(spark: SparkSession, *, params: SimulateParams) -> DataFrame:
    """Make all persons.

    Returns:
        One row a person, key `person` (0 and up); lazy. A larger world has the same first rows.
    """
    seed = params.seed
    rows = spark.range(0, params.people, 1, params.files).select(F.col("id").alias("person"))
    members = _members(rows, seed=seed)
    aged = _aged(members, seed=seed, start=str(params.start))
    tasted = _tasted(_reachable(_named(aged, seed=seed), seed=seed, start=str(params.start)), seed=seed)
    return latents.with_latents(tasted, seed=seed, start=str(params.start))


def _members(rows: DataFrame, *, seed: int) -> DataFrame:
    heads = [head for head, size in zip(_starts(), HOUSEHOLD_SIZES, strict=True) for _ in range(size)]
    sizes = [size for size in HOUSEHOLD_SIZES for _ in range(size)]
    slot = F.col("person") % BLOCK
    placed = rows.select(
        "person",
        (F.col("person") - slot + draw.lookup_number(heads, slot)).alias("household"),
        draw.lookup_number(sizes, slot).cast("int").alias("household_size"),
    )
    u = draw.uniform(seed, "household", F.col("household"))
    position = F.col("person") - F.col("household")
    kind = (
        F.when(F.col("household_size") == 1, "single")
        .when(u < 0.78, "couple")
        .when(u < 0.90, "single_parent")
        .otherwise("flatmates")
    )
    second = F.when(kind == "couple", "partner").when(kind == "single_parent", "child").otherwise("flatmate")
    later = F.when(kind == "flatmates", "flatmate").otherwise("child")
    return placed.select(
        "*",
        F.when(position == 0, "head").when(position == 1, second).otherwise(later).alias("role"),
        kind.alias("household_kind"),
        places.country(seed, F.col("household")).alias("country"),
    )


def _aged(members: DataFrame, *, seed: int, start: str) -> DataFrame:
    household, person = F.col("household"), F.col("person")
    u = draw.uniform(seed, "head:age", household)
    has_children = (F.col("household_kind") == "single_parent") | (F.col("household_size") >= 3)
    head_age = (
        F.when(F.col("household_kind") == "flatmates", 19 + 16 * u)
        .when(has_children, 43 + 22 * u)
        .otherwise(20 + 66 * F.pow(u, F.lit(1.2)))
    )
    own = draw.uniform(seed, "age", person)
    partner_age = F.greatest(F.lit(18.0), head_age + 4 * draw.normal(seed, "partner:age", person))
    age = (
        F.when(F.col("role") == "head", head_age)
        .when(F.col("role") == "partner", partner_age)
        .when(F.col("role") == "flatmate", 18 + 17 * own)
        .otherwise(16 + F.least(F.lit(14.0), head_age - 40) * own)
    )
    head_is_male = draw.uniform(seed, "head:sex", household) < 0.5
    is_opposite = draw.uniform(seed, "partner:sex", person) < 0.95
    is_male = (
        F.when(F.col("role") == "head", head_is_male)
        .when(F.col("role") == "partner", head_is_male != is_opposite)
        .otherwise(draw.uniform(seed, "sex", person) < 0.5)
    )
    return members.select(
        "*",
        is_male.alias("is_male"),
        F.date_sub(F.lit(start).cast("date"), F.floor(age * 365.25).cast("int")).alias("birth_date"),
        F.when(F.col("country") == "FR", "fr").otherwise("en").alias("language"),
    )


def _named(aged: DataFrame, *, seed: int) -> DataFrame:
    household, person, language = F.col("household"), F.col("person"), F.col("language")
    year = F.year("birth_date")
    cohort = F.when(year < 1966, 0).when(year < 1988, 1).otherwise(2)
    named = aged.select(
        "*",
        names.given_name(seed, person, language=language, is_male=F.col("is_male"), cohort=cohort).alias("given_name"),
        names.family_name(seed, "family", household, language=language).alias("_household_name"),
        names.family_name(seed, "birth_family", person, language=language).alias("_own_name"),
        (draw.uniform(seed, "married", person) < 0.65).alias("_took_name"),
    )
    is_born_so = F.col("role").isin("head", "child")
    bears = is_born_so | ((F.col("role") == "partner") & F.col("_took_name"))
    return named.select(
        *aged.columns,
        "given_name",
        F.when(bears, F.col("_household_name")).otherwise(F.col("_own_name")).alias("family_name"),
        F.when(is_born_so, F.col("_household_name")).otherwise(F.col("_own_name")).alias("birth_family_name"),
        names.nickname(F.col("given_name")).alias("nickname"),
    )


def _reachable(named: DataFrame, *, seed: int, start: str) -> DataFrame:
    household, person, country = F.col("household"), F.col("person"), F.col("country")
    who = {"given": F.col("given_name"), "family": F.col("family_name"), "birth_year": F.year("birth_date")}
    moved = draw.uniform(seed, "moved", household) < 0.12
    days_ago = draw.below(draw.uniform(seed, "moved:when", household), 700)
    company = organizations.employer(seed, person)
    email = places.email(seed, "email", person, **who)
    tagged = F.concat(latents.canary_token(seed, person), F.lit("@"), F.substring_index(email, "@", -1))
    return named.select(
        "*",
        places.address(seed, "address", household, country=country).alias("address"),
        places.address(seed, "old_address", household, country=country).alias("old_address"),
        F.when(moved, F.date_sub(F.lit(start).cast("date"), days_ago)).alias("moved_on"),
        places.phone(seed, person, country=country).alias("phone"),
        places.phone(seed, household, country=country).alias("household_phone"),
        F.when(latents.is_canary(seed, person), tagged).otherwise(email).alias("email"),
        places.email(seed, "second_email", person, **who).alias("second_email"),
        organizations.name(seed, company).alias("company"),
    )


def _tasted(reachable: DataFrame, *, seed: int) -> DataFrame:
    person = F.col("person")
    second = draw.below(draw.uniform(seed, "second_topic", person), len(TOPICS))
    rate = draw.lognormal(seed, "rate", person, median=0.62, sigma=1.15)
    return reachable.select(
        "*",
        topic_of(person).cast("int").alias("topic"),
        second.alias("second_topic"),
        F.least(F.lit(30.0), rate).alias("posts_per_day"),
        F.pow(draw.uniform(seed, "quality", person), F.lit(2.0)).alias("quality"),
        draw.uniform(seed, "susceptibility", person).alias("susceptibility"),
        (0.4 + 1.2 * draw.uniform(seed, "candor", person)).alias("candor"),
        draw.choose(brands.NUMBERS, draw.uniform(seed, "brand", person), weights=brands.SHARES)
        .cast("int")
        .alias("brand"),
    )


def _starts() -> list[int]:
    return [sum(HOUSEHOLD_SIZES[:n]) for n in range(len(HOUSEHOLD_SIZES))]
