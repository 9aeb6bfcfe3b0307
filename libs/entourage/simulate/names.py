"""Name people as France and the English-speaking world name theirs.

in: keys of persons and families ▶ out: Columns of given names, family names and nicknames, Zipf-like with a long tail.
"""

from __future__ import annotations

from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F

from entourage.simulate import draw, lists

LANGUAGES = ("fr", "en")
COHORTS = 3
SLOTS = 512
SHARE_OF_HEAD = 0.55  # of families bear one of the 200 frequent names
SHARE_OF_DOUBLE = 0.02  # bear two of them, joined
SHARE_OF_PARTICLE = 0.05  # of the tail's names have a particle
ACCENTED = "àâäáãçéèêëíîïñóôöõúùûüÿÀÂÄÁÃÇÉÈÊËÍÎÏÑÓÔÖÕÚÙÛÜŸ"
UNACCENTED = "aaaaaceeeeiiinoooouuuuyAAAAACEEEEIIINOOOOUUUUY"


def given_name(seed: int, person: Column, *, language: Column, is_male: Column, cohort: Column) -> Column:
    """Return a given name.

    Args:
        seed: of the world.
        person: key.
        language: fr or en.
        is_male: sex.
        cohort: 0 born before 1966, 1 before 1988, 2 later.
    """
    table: list[str] = []
    names = _tables()["given"]
    for spoken in LANGUAGES:
        for sex in ("m", "f"):
            for generation in names[spoken][sex]:
                table += _quantized(generation.split(), exponent=0.9, shift=3)
    group = (_language_index(language) * 2 + F.when(is_male, 0).otherwise(1)) * COHORTS + cohort
    return draw.lookup(table, group * SLOTS + draw.below(draw.uniform(seed, "given", person), SLOTS))


def family_name(seed: int, stream: str, family: Column, *, language: Column) -> Column:
    """Return a family name: frequent, joined of two, or of the long tail."""
    u = draw.uniform(seed, f"{stream}:kind", family)
    first = _frequent(seed, f"{stream}:first", family, language)
    joined = F.concat_ws("-", first, _frequent(seed, f"{stream}:second", family, language))
    return (
        F.when(u < SHARE_OF_HEAD, first)
        .when(u < SHARE_OF_HEAD + SHARE_OF_DOUBLE, joined)
        .otherwise(_rare(seed, stream, family, language))
    )


def nickname(given: Column) -> Column:
    """Return how friends call someone of that given name; NULL where the name is never shortened."""
    shortened = {name: short for spoken in _tables()["nicknames"].values() for name, short in spoken.items()}
    pairs = [f"{name}:{short}" for name, short in shortened.items()]
    return F.try_element_at(F.str_to_map(F.lit("|".join(pairs)), F.lit("\\|"), F.lit(":")), given)


def folded(text: Column) -> Column:
    """Return a text in lower case without accents, as a keyboard without them writes it."""
    return F.lower(unaccented(text))


def unaccented(text: Column) -> Column:
    """Return a text with accented letters replaced by plain ones."""
    return F.translate(text, ACCENTED, UNACCENTED)


def all_given_names() -> list[str]:
    """Return every given name once, sorted."""
    names = _tables()["given"]
    return sorted(
        {word for spoken in names.values() for sex in spoken.values() for part in sex for word in part.split()}
    )


def _frequent(seed: int, stream: str, family: Column, language: Column) -> Column:
    table: list[str] = []
    for spoken in LANGUAGES:
        words = [word.strip() for word in _tables()["family"][spoken].split("|")]
        table += _quantized(words, exponent=0.75, shift=6)
    index = _language_index(language) * SLOTS + draw.below(draw.uniform(seed, stream, family), SLOTS)
    return draw.lookup(table, index)


def _rare(seed: int, stream: str, family: Column, language: Column) -> Column:
    parts = {spoken: _rare_in(seed, f"{stream}:{spoken}", family, spoken) for spoken in LANGUAGES}
    return F.when(language == "fr", parts["fr"]).otherwise(parts["en"])


def _rare_in(seed: int, stream: str, family: Column, spoken: str) -> Column:
    tail = _tables()["tail"][spoken]
    begin = draw.choose(tail["begin"].split(), draw.uniform(seed, f"{stream}:begin", family))
    end = draw.choose(tail["end"].split(), draw.uniform(seed, f"{stream}:end", family))
    has_particle = draw.uniform(seed, f"{stream}:particle?", family) < SHARE_OF_PARTICLE
    particle = draw.choose(tail["particle"], draw.uniform(seed, f"{stream}:particle", family))
    gap = " " if spoken == "fr" else ""
    return F.concat(F.when(has_particle, F.concat(particle, F.lit(gap))).otherwise(""), begin, end)


def _language_index(language: Column) -> Column:
    return F.when(language == LANGUAGES[0], 0).otherwise(1)


def _quantized(words: list[str], *, exponent: float, shift: float) -> list[str]:
    weights = draw.zipf_weights(len(words), exponent=exponent, shift=shift)
    return draw.quantized(words, weights, slots=SLOTS)


def _tables() -> dict[str, Any]:
    tables: dict[str, Any] = lists.read("tables", "names.yaml")
    return tables
