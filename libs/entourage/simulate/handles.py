"""Choose handles, display names and descriptions as people vary them from network to network.

in: columns entity, kind, network, given_name, family_name, nickname, birth_year, city, language, topic ▶ out: Columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F

from entourage.simulate import brands, draw, lists, names

EARLY = 5_000  # persons; a plain handle gets rarer with every person who came before
X_MOST = 15  # characters of a handle on X


def handle(seed: int, kinds: Sequence[str]) -> Column:
    """Return the handle, in the form of its network; `kinds` are those of accounts.py, in their order."""
    number = F.lower(F.conv(F.shiftright(F.col("entity"), 2).cast("string"), 10, 36))
    profiles = _profiles()
    spam = F.concat(draw.choose(profiles["spam"], _u(seed, "spam:word")), F.lit("_"), number)
    feed = F.concat(draw.choose(profiles["feeds"], _u(seed, "feed:word")), F.lit("bot"), number)
    plain = (
        F.when(F.col("kind") == kinds[0], _persons_handle(seed, number))
        .when(F.col("kind") == kinds[1], F.when(is_feed(seed, F.col("entity")), feed).otherwise(spam))
        .otherwise(
            F.concat(F.lower(draw.choose(["courier", "gazette", "info", "daily"], _u(seed, "media:word"))), number)
        )
    )
    return (
        F.when(F.col("kind") == kinds[3], _brands_handle())
        .when(F.col("network") == "x", plain)
        .when(F.col("network") == "bluesky", F.concat(F.translate(plain, "_.", "--"), F.lit(".pds.example")))
        .otherwise(F.translate(plain, "_", "."))
    )


def display_name(seed: int) -> Column:
    """Return the name shown: a full name, part of one, or a pseudonym."""
    given, family, nick = F.col("given_name"), F.col("family_name"), F.coalesce("nickname", "given_name")
    u = _u(seed, "display:shape")
    emoji = draw.choose(_profiles()["emoji"], _u(seed, "display:emoji"))
    person = (
        F.when(u < 0.42, F.concat_ws(" ", given, family))
        .when(u < 0.55, given)
        .when(u < 0.66, F.concat(given, F.lit(" "), F.substring(family, 1, 1), F.lit(".")))
        .when(u < 0.74, F.concat_ws(" ", nick, family))
        .when(u < 0.80, F.concat_ws(" ", given, emoji))
        .when(u < 0.84, F.concat_ws(" ", family, given))
        .when(u < 0.87, F.upper(F.concat_ws(" ", given, family)))
        .otherwise(F.initcap(_pseudonym(seed, " ")))
    )
    city = draw.choose(["Paris", "London", "Lyon", "Leeds", "Lille", "Boston"], _u(seed, "media:city"))
    paper = F.concat_ws(" ", city, draw.choose(_profiles()["media"], _u(seed, "media:name")))
    brand = draw.lookup(
        [brand["name"] for brand in brands.brands()], F.shiftright(F.col("entity"), 2) % len(brands.SHARES)
    )
    return (
        F.when(F.col("kind") == "person", person)
        .when(F.col("kind") == "media", paper)
        .when(F.col("kind") == "brand", brand)
        .otherwise(F.initcap(F.regexp_replace("_handle", "[^a-z]+", " ")))
    )


def bio(seed: int) -> Column:
    """Return the self-description, often empty."""
    texts = {spoken: draw.choose(_profiles()["bios"][spoken], _u(seed, "bio")) for spoken in names.LANGUAGES}
    tastes = {spoken: draw.lookup(_profiles()["topics"][spoken], F.col("topic")) for spoken in names.LANGUAGES}
    is_french = F.col("language") == "fr"
    text = F.when(is_french, texts["fr"]).otherwise(texts["en"])
    text = F.replace(text, F.lit("{topic}"), F.when(is_french, tastes["fr"]).otherwise(tastes["en"]))
    text = F.replace(text, F.lit("{city}"), F.coalesce(F.col("city"), F.lit("Paris")))
    return F.when(F.col("kind") == "person", F.replace(text, F.lit("{given}"), F.col("given_name"))).otherwise("")


def is_feed(seed: int, entity: Column) -> Column:
    """Tell bots that feed weather and trains from bots that spam."""
    return draw.uniform(seed, "bot:feed", entity) < 0.35


def _persons_handle(seed: int, number: Column) -> Column:
    first = _letters(F.col("given_name"))
    last = _letters(F.col("family_name"))
    nick = _letters(F.coalesce("nickname", "given_name"))
    year = (F.col("birth_year") % 100).cast("string")
    # Most people keep one pattern, some change it from network to network.
    keeps = draw.uniform(seed, "handle:keeps", F.col("entity")) < 0.6
    u = F.when(keeps, draw.uniform(seed, "handle:own", F.col("entity"))).otherwise(_u(seed, "handle:shape"))
    stem = (
        F.when(u < 0.24, F.concat(first, last))
        .when(u < 0.38, F.concat_ws("_", first, last))
        .when(u < 0.50, F.concat(F.substring(first, 1, 1), last))
        .when(u < 0.60, F.concat(first, year))
        .when(u < 0.70, F.concat_ws("_", nick, F.substring(last, 1, 4)))
        .when(u < 0.78, F.concat(last, first))
        .when(u < 0.86, F.concat(nick, year))
        .otherwise(_letters(_pseudonym(seed, "")))
    )
    index = F.shiftright(F.col("entity"), 2)
    is_free = _u(seed, "handle:free") < 0.7 / (1.0 + index / F.lit(float(EARLY)))
    tail = F.when(is_free, F.lit("")).otherwise(number)
    return F.concat(stem.substr(F.lit(1), F.lit(X_MOST) - F.length(tail)), tail)


def _brands_handle() -> Column:
    index = F.shiftright(F.col("entity"), 2) % len(brands.SHARES)
    each = [
        [brand["handles"][network].lstrip("@") for brand in brands.brands()] for network in ("x", "bluesky", "facebook")
    ]
    return (
        F.when(F.col("network") == "x", draw.lookup(each[0], index))
        .when(F.col("network") == "bluesky", draw.lookup(each[1], index))
        .otherwise(draw.lookup(each[2], index))
    )


def _pseudonym(seed: int, gap: str) -> Column:
    words = _profiles()["pseudonyms"]
    adjectives = _profiles()["adjectives"]
    noun_u = draw.uniform(seed, "pseudonym:noun", F.col("entity"))
    adjective_u = draw.uniform(seed, "pseudonym:adjective", F.col("entity"))
    french = F.concat_ws(gap, draw.choose(words["fr"], noun_u), draw.choose(adjectives["fr"], adjective_u))
    english = F.concat_ws(gap, draw.choose(adjectives["en"], adjective_u), draw.choose(words["en"], noun_u))
    return F.when(F.col("language") == "fr", french).otherwise(english)


def _letters(text: Column) -> Column:
    return F.regexp_replace(names.folded(text), "[^a-z]", "")


def _u(seed: int, stream: str) -> Column:
    network = F.when(F.col("network") == "x", 0).when(F.col("network") == "bluesky", 1).otherwise(2)
    return draw.uniform(seed, stream, F.col("entity"), network)


def _profiles() -> dict[str, Any]:
    profiles: dict[str, Any] = lists.read("tables", "profiles.yaml")
    return profiles
