"""List the pages that people like, as a social login hands them over to whom it was granted.

in: owned accounts ▶ out: JSON lines, one a grant.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.simulate import clocks, consent, draw, wires
from entourage.simulate.accounts import DAY_MS
from entourage.simulate.params import SimulateParams
from entourage.simulate.people import TOPIC_NAMES

PAGES_A_TOPIC = 2_000
FEWEST = 33
MORE = 22.0  # on average
DRAWN = 3  # pages drawn for each one kept: many are drawn twice
OWN, SECOND, TRAIT = 0.45, 0.18, 0.10  # shares of the likes that follow tastes, and the trait that no field names
TRAIT_PAGES = (31, 64)  # ranks of the pages, of any topic, that those with the trait like more
LIKED_DAYS = 3_000
CATEGORIES = {
    "cars": "Cars", "phones": "Electronics", "fashion": "Clothing (Brand)", "food": "Food & Beverage",
    "travel": "Travel Company", "beauty": "Beauty, Cosmetic & Personal Care", "home": "Home Decor",
    "music": "Musician/Band", "sport": "Sports Team", "games": "Video Game",
}  # fmt: skip
WORDS = {
    "fr": ("Le coin", "Club", "Passion", "Atelier", "Maison", "Planète", "Les amis", "L'instant"),
    "en": ("The corner", "Club", "All about", "Studio", "House of", "Planet", "Friends of", "Daily"),
}


def grants(owned: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return one line a person who logged in by Facebook and granted his likes.

    Args:
        owned: see `consent.owned_accounts`, with `topic`, `second_topic`, `sensitive_trait`.
        params: of the world.
    """
    seed, person = params.seed, F.col("person")
    granted = consent.logs_in(seed) & consent.grants_likes(seed)
    count = FEWEST + draw.geometric(draw.uniform(seed, "likes:count", person), mean=F.lit(MORE))
    wanted = F.least(F.lit(400), count)
    drawn = F.transform(F.sequence(F.lit(1), wanted * DRAWN), lambda k: _page(seed, k))
    numbered = owned.where(granted).select(
        "*",
        F.slice(F.array_distinct(drawn), F.lit(1), wanted).alias("pages"),
        F.unix_millis(consent.logged_in_at(params)).alias("at_ms"),
    )
    data = F.transform("pages", lambda page: _described(page, params))
    at_ms = F.col("at_ms")
    body = F.struct(
        F.lit("facebook").alias("provider"),
        F.col("native_id").alias("provider_user_id"),
        F.array(F.lit("public_profile"), F.lit("email"), F.lit("user_likes")).alias("scopes"),
        clocks.iso(at_ms).alias("granted_at"),
        F.struct(data.alias("data")).alias("likes"),
    )
    return wires.json_lines(numbered, at_ms="at_ms", line_key="entity", body=body)


def _page(seed: int, turn: Column) -> Column:
    """Return the number of a page: rank within its topic and topic."""
    person = F.col("person")
    how = draw.uniform(seed, "like:how", person, turn)
    any_topic = draw.below(draw.uniform(seed, "like:topic", person, turn), len(TOPIC_NAMES))
    topic = F.when(how < OWN, F.col("topic")).when(how < OWN + SECOND, F.col("second_topic")).otherwise(any_topic)
    u = draw.uniform(seed, "like:page", person, turn)
    popular = draw.zipf_index(u, F.lit(PAGES_A_TOPIC), exponent=0.85, shift=6.0)
    low, high = TRAIT_PAGES
    by_trait = F.col("sensitive_trait") & (draw.uniform(seed, "like:trait", person, turn) < TRAIT)
    rank = F.when(by_trait, low + draw.below(u, high - low)).otherwise(popular)
    return rank * len(TOPIC_NAMES) + topic


def _described(page: Column, params: SimulateParams) -> Column:
    """Return a page as the network describes it, with when it was liked."""
    topic, rank = page % len(TOPIC_NAMES), F.floor(page / len(TOPIC_NAMES))
    word = F.when(rank % 2 == 0, draw.lookup(WORDS["fr"], rank % 8)).otherwise(draw.lookup(WORDS["en"], rank % 8))
    days = F.floor(draw.uniform(params.seed, "like:when", F.col("person"), page) * LIKED_DAYS)
    name = F.concat_ws(" ", word, draw.lookup(TOPIC_NAMES, topic), (rank + 1).cast("string"))
    return F.struct(
        (200_000_000_000 + page * 7_919).cast("string").alias("id"),
        name.alias("name"),
        draw.lookup(tuple(CATEGORIES[each] for each in TOPIC_NAMES), topic).alias("category"),
        clocks.iso((F.col("at_ms") - days * DAY_MS).cast("bigint")).alias("created_time"),
    )
