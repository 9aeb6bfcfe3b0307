"""Give people addresses, telephone numbers and e-mail addresses that cannot reach anybody.

in: keys of persons and households ▶ out: Columns. Numbers from ranges set apart for fiction, domains from RFC 2606.
"""

from __future__ import annotations

from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F

from entourage.simulate import draw, lists, names

COUNTRIES = ("FR", "GB", "US")
SHARES = (0.5, 0.3, 0.2)
SLOTS = 512
EARLY = 20_000  # persons; a plain address gets rarer with every person who came before


def country(seed: int, household: Column) -> Column:
    """Return FR, GB or US."""
    return draw.choose(COUNTRIES, draw.uniform(seed, "country", household), weights=SHARES)


def address(seed: int, stream: str, household: Column, *, country: Column) -> Column:
    """Return a struct of line, postcode, city and region."""
    offset = _number(country) * SLOTS
    city = F.split(
        draw.lookup(_padded("cities", falling=True), offset + _slot(seed, f"{stream}:city", household)), "\\|"
    )
    kind = draw.lookup(_padded("kinds"), offset + _slot(seed, f"{stream}:kind", household))
    street = draw.lookup(_padded("streets"), offset + _slot(seed, f"{stream}:street", household))
    house = draw.below(F.pow(draw.uniform(seed, f"{stream}:number", household), F.lit(2.0)), 180) + 1
    named = F.when(country == "FR", F.concat_ws(" ", kind, street)).otherwise(F.concat_ws(" ", street, kind))
    return F.struct(
        F.concat_ws(" ", house.cast("string"), named).alias("line"),
        _postcode(seed, stream, household, country=country, stem=city[1]).alias("postcode"),
        city[0].alias("city"),
        city[2].alias("region"),
    )


def phone(seed: int, person: Column, *, country: Column) -> Column:
    """Return a telephone number, digits only, from the ranges for fiction.

    Numbers follow each other along a permutation of the pool, so that no two persons share one until the pool is used
    up (60,000 numbers in France, 18,000 in Britain, 25,000 in the United States): in a larger world strangers do.
    """
    stems = {code: [str(stem) for stem in _table(code)["phones"]] for code in COUNTRIES}
    firsts = [sum(len(stems[code]) for code in COUNTRIES[:n]) for n in range(len(COUNTRIES))]
    digits = [int(_table(code)["phone_digits"]) for code in COUNTRIES]
    each = [
        # 7919 is prime and divides no pool: a permutation of it.
        (person * 7919 + seed * 31) % (len(stems[code]) * 10**width)
        for code, width in zip(COUNTRIES, digits, strict=True)
    ]
    position = _of(country, each)
    width = _of(country, [F.lit(10**width) for width in digits])
    stem = draw.lookup(
        [stem for code in COUNTRIES for stem in stems[code]],
        _of(country, [F.lit(n) for n in firsts]) + F.floor(position / width),
    )
    end = (width + position % width).cast("string").substr(F.lit(2), F.lit(9))
    return F.concat(stem, F.when(country == "US", "55501").otherwise(""), end)


def email(seed: int, stream: str, person: Column, *, given: Column, family: Column, birth_year: Column) -> Column:
    """Return an e-mail address: a plain one where it is still free, one with digits elsewhere."""
    first, last = _plain(given), _plain(family)
    u = draw.uniform(seed, f"{stream}:shape", person)
    is_free = draw.uniform(seed, f"{stream}:free", person) < 0.6 / (1.0 + person / F.lit(float(EARLY)))
    digits = F.when(u < 0.5, (birth_year % 100 * 1000 + person % 1000).cast("string")).otherwise(person.cast("string"))
    stem = (
        F.when(u < 0.45, F.concat_ws(".", first, last))
        .when(u < 0.65, F.concat(F.substring(first, 1, 1), last))
        .when(u < 0.8, F.concat(first, last))
        .when(u < 0.9, F.concat_ws("_", last, first))
        .otherwise(F.concat(first, F.substring(last, 1, 1), (birth_year % 100).cast("string")))
    )
    domains = lists.read("tables", "places.yaml")["mail_domains"]
    weights = draw.zipf_weights(len(domains), exponent=0.9, shift=1)
    domain = draw.choose(domains, draw.uniform(seed, f"{stream}:domain", person), weights=weights, slots=SLOTS)
    return F.concat(stem, F.when(is_free, F.lit("")).otherwise(digits), F.lit("@"), domain)


def utc_offset(country: Column) -> Column:
    """Return hours ahead of UTC in summer; one zone a country."""
    offsets = [int(lists.read("tables", "places.yaml")[code]["utc_offset"]) for code in COUNTRIES]
    return F.when(country == "FR", offsets[0]).when(country == "GB", offsets[1]).otherwise(offsets[2])


def _postcode(seed: int, stream: str, household: Column, *, country: Column, stem: Column) -> Column:
    bits = draw.key(seed, f"{stream}:postcode", household)
    number = F.pmod(bits, F.lit(10_007))
    letters = "ABDEFGHJLNPQRSTUWXYZ"
    inward = [
        F.lit(letters).substr((F.pmod(F.shiftright(bits, shift), F.lit(20)) + 1).cast("int"), F.lit(1))
        for shift in (20, 30)
    ]
    british = F.concat(stem, (number % 20 + 1).cast("string"), F.lit(" "), (number % 9 + 1).cast("string"), *inward)
    french = F.concat(stem, F.lpad((number % 9 * 10).cast("string"), 2, "0"))
    american = F.concat(stem, F.lpad((number % 60).cast("string"), 2, "0"))
    return _of(country, [french, british, american])


def _padded(part: str, *, falling: bool = False) -> list[str]:
    """Return a list a country, each laid out over SLOTS slots; falling: the first come more often."""
    laid: list[str] = []
    for code in COUNTRIES:
        words = _table(code)[part]
        weights = draw.zipf_weights(len(words), exponent=0.8 if falling else 0.0, shift=2)
        laid += draw.quantized(words, weights, slots=SLOTS)
    return laid


def _slot(seed: int, stream: str, key: Column) -> Column:
    return draw.below(draw.uniform(seed, stream, key), SLOTS)


def _number(country: Column) -> Column:
    return F.when(country == "FR", 0).when(country == "GB", 1).otherwise(2)


def _of(country: Column, each: list[Column]) -> Column:
    return F.when(country == "FR", each[0]).when(country == "GB", each[1]).otherwise(each[2])


def _table(code: str) -> dict[str, Any]:
    table: dict[str, Any] = lists.read("tables", "places.yaml")[code]
    return table


def _plain(name: Column) -> Column:
    return F.regexp_replace(names.folded(name), "[^a-z]", "")
