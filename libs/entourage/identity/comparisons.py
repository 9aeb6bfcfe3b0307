"""Compare the two records of a pair, column by column, into levels.

in: candidate pairs and standardized records ▶ out: pairs with one level a comparison: -1 where either side is unknown,
0 where nothing agrees, and higher levels for agreements (their order is only a convention; the model learns their
weight). All levels are native expressions: `levenshtein` with a threshold costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F


@dataclass(frozen=True)
class Comparison:
    """One comparison and what is believed of it before any data is seen.

    Attributes:
        name: its name.
        levels: name of each level, from 0.
        m: prior probability of each level among pairs of one person (sums to 1).
        u: prior probability among pairs of two unrelated persons.
        h: prior probability among pairs of two persons of one household.
        is_shared_at_home: False where living together says nothing, so that h follows u.
        frequencies: level to the standardized column's frequency that sharpens its u.
    """

    name: str
    levels: tuple[str, ...]
    m: tuple[float, ...]
    u: tuple[float, ...]
    h: tuple[float, ...]
    is_shared_at_home: bool
    frequencies: tuple[tuple[int, str], ...] = ()


COMPARISONS = (
    Comparison(
        "given", ("differs", "initial", "close", "nickname or part", "equal", "swapped"),
        m=(0.04, 0.02, 0.08, 0.07, 0.77, 0.02), u=(0.95, 0.015, 0.015, 0.008, 0.0119, 0.0001),
        h=(0.95, 0.015, 0.015, 0.008, 0.0119, 0.0001), is_shared_at_home=False, frequencies=((4, "given_ratio"),),
    ),
    Comparison(
        "family", ("differs", "part", "close", "equal"),
        m=(0.05, 0.02, 0.10, 0.83), u=(0.988, 0.001, 0.006, 0.005), h=(0.25, 0.02, 0.03, 0.70),
        is_shared_at_home=True, frequencies=((3, "family_ratio"),),
    ),
    Comparison(
        "email", ("differs", "same local part", "close", "equal"),
        m=(0.25, 0.05, 0.10, 0.60), u=(0.9989, 0.0005, 0.0005, 0.0001), h=(0.80, 0.01, 0.01, 0.18),
    is_shared_at_home=True, ),
    Comparison(
        "phone", ("differs", "close", "equal"),
        m=(0.25, 0.08, 0.67), u=(0.9996, 0.0002, 0.0002), h=(0.5, 0.03, 0.47), is_shared_at_home=True,
    ),
    Comparison(
        "birth_date", ("differs", "same year", "two edits", "one edit or swapped", "equal"),
        m=(0.03, 0.03, 0.04, 0.10, 0.80), u=(0.95, 0.02, 0.026, 0.0039, 0.0001), h=(0.95, 0.02, 0.026, 0.0039, 0.0001),
        is_shared_at_home=False,
    ),
    Comparison(
        "area", ("differs", "city close", "postcode close", "city equal", "postcode equal"),
        m=(0.12, 0.03, 0.07, 0.13, 0.65), u=(0.94, 0.01, 0.01, 0.03, 0.01), h=(0.02, 0.02, 0.03, 0.13, 0.80),
        is_shared_at_home=True, frequencies=((3, "city_ratio"), (4, "postcode_ratio")),
    ),
    Comparison(
        "street", ("differs", "words shared", "street or number differs", "equal"),
        m=(0.15, 0.05, 0.10, 0.70), u=(0.98, 0.012, 0.006, 0.002), h=(0.03, 0.02, 0.10, 0.85), is_shared_at_home=True,
    ),
)  # fmt: skip

PROOFS = ("login", "social")


def compare(pairs: DataFrame, *, records: DataFrame) -> DataFrame:
    """Compare the records of each pair.

    Args:
        pairs: record_id_l, record_id_r and any other columns.
        records: from `standardize.with_frequencies`.

    Returns:
        The same pairs and columns, with one tinyint level a comparison (its name), `login` and `social` (1 where a
        proved id is shared, 0 where none is, -1 where unknown), and the frequencies of agreeing values (given_ratio,
        family_ratio, city_ratio, postcode_ratio).
    """
    side = F.struct(*(name for name in records.columns))
    left = records.select(F.col("record_id").alias("id"), side.alias("l")).alias("a")
    right = records.select(F.col("record_id").alias("id"), side.alias("r")).alias("b")
    with_left = (
        pairs.alias("p").join(left, on=F.col("p.record_id_l") == F.col("a.id"), how="inner").select("p.*", "a.l")
    )
    joined = (
        with_left.alias("p").join(right, on=F.col("p.record_id_r") == F.col("b.id"), how="inner").select("p.*", "b.r")
    )
    levels = {
        "given": _given(), "family": _family(), "email": _email(), "phone": _phone(), "birth_date": _birth_date(),
        "area": _area(), "street": _street(), "login": _overlap("login_ids"), "social": _overlap("social_ids"),
    }  # fmt: skip
    ratios = [
        F.col(f"l.{name}").alias(name) for name in ("given_ratio", "family_ratio", "city_ratio", "postcode_ratio")
    ]
    return joined.select(
        *pairs.columns, *(level.cast("tinyint").alias(name) for name, level in levels.items()), *ratios
    )


def _both(name: str) -> Column:
    return F.col(f"l.{name}").isNotNull() & F.col(f"r.{name}").isNotNull()


def _equal(name: str) -> Column:
    return F.col(f"l.{name}") == F.col(f"r.{name}")


def _within(left: Column, right: Column, edits: int) -> Column:
    """Tell whether two texts differ by at most so many edits (levenshtein gives -1 beyond the threshold)."""
    return F.levenshtein(left, right, edits) >= 0


def _is_close(left: Column, right: Column) -> Column:
    """Tell whether two words are one word mistyped: one edit from 4 letters on, two from 6 on."""
    shorter = F.least(F.length(left), F.length(right))
    return ((shorter >= 4) & _within(left, right, 1)) | ((shorter >= 6) & _within(left, right, 2))


def _is_swapped() -> Column:
    crosswise = _is_same(F.col("l.given"), F.col("r.family")) & _is_same(F.col("l.family"), F.col("r.given"))
    return F.coalesce(crosswise & ~_is_close(F.col("l.family"), F.col("r.family")) & ~_equal("family"), F.lit(False))


def _is_same(left: Column, right: Column) -> Column:
    return (left == right) | _is_close(left, right)


def _given() -> Column:
    left, right = F.col("l.given"), F.col("r.given")
    is_initial = (F.least(F.length(left), F.length(right)) == 1) & (F.substring(left, 1, 1) == F.substring(right, 1, 1))
    is_part = _equal("given_first") | F.arrays_overlap("l.nicknames", "r.nicknames")
    sounds_equal = _equal("given_sound") & (F.length("l.given_sound") >= 2)
    return (
        F.when(~_both("given"), -1)
        .when(left == right, 4)
        .when(_is_swapped(), 5)
        .when(is_part, 3)
        .when(_is_close(left, right) | _is_close(F.col("l.given_first"), F.col("r.given_first")) | sounds_equal, 2)
        .when(is_initial, 1)
        .otherwise(0)
    )


def _family() -> Column:
    left, right = F.col("l.family"), F.col("r.family")
    sounds_equal = _equal("family_sound") & (F.length("l.family_sound") >= 3)
    # A swapped pair is told once, by `given`: its weight stands for both names.
    return (
        F.when(~_both("family") | _is_swapped(), -1)
        .when(left == right, 3)
        .when(_is_close(left, right) | sounds_equal, 2)
        .when(F.arrays_overlap("l.family_parts", "r.family_parts"), 1)
        .otherwise(0)
    )


def _any_pair(name: str, test: Callable[[Column, Column], Column]) -> Column:
    return F.exists(F.col(f"l.{name}"), lambda left: F.exists(F.col(f"r.{name}"), lambda right: test(left, right)))


def _array_level(name: str) -> Column:
    """Return -1 where either array is empty, else NULL for the levels to fill."""
    return (F.size(f"l.{name}") == 0) | (F.size(f"r.{name}") == 0)


def _email() -> Column:
    def local(email: Column) -> Column:
        return F.substring_index(email, "@", 1)

    same_local = _any_pair("emails", lambda left, right: (local(left) == local(right)) & (F.length(local(left)) >= 5))
    is_close = _any_pair("emails", lambda left, right: _within(left, right, 2) & (F.length(local(left)) >= 5))
    return (
        F.when(_array_level("emails"), -1)
        .when(F.arrays_overlap("l.emails", "r.emails"), 3)
        .when(is_close, 2)
        .when(same_local, 1)
        .otherwise(0)
    )


def _phone() -> Column:
    def tail(phone: Column) -> Column:
        return F.right(phone, F.lit(8))

    is_close = _any_pair("phones", lambda left, right: (tail(left) == tail(right)) | _within(left, right, 1))
    return (
        F.when(_array_level("phones"), -1)
        .when(F.arrays_overlap("l.phones", "r.phones"), 2)
        .when(is_close, 1)
        .otherwise(0)
    )


def _birth_date() -> Column:
    left, right = F.col("l.birth_text"), F.col("r.birth_text")
    year, month, day = (1, 4), (5, 2), (7, 2)
    is_swapped = (
        (F.substring(left, *year) == F.substring(right, *year))
        & (F.substring(left, *month) == F.substring(right, *day))
        & (F.substring(left, *day) == F.substring(right, *month))
    )
    return (
        F.when(~_both("birth_text"), -1)
        .when(left == right, 4)
        .when(is_swapped | _within(left, right, 1), 3)
        .when(_within(left, right, 2), 2)
        .when(F.substring(left, *year) == F.substring(right, *year), 1)
        .otherwise(0)
    )


def _area() -> Column:
    postcodes_close = _within(F.col("l.postcode"), F.col("r.postcode"), 1) | _is_transposed("postcode")
    city_close = _is_close(F.col("l.city"), F.col("r.city")) | (_equal("city_sound") & (F.length("l.city_sound") >= 3))
    return (
        F.when(~_both("postcode") & ~_both("city"), -1)
        .when(_equal("postcode"), 4)
        .when(_equal("city"), 3)
        .when(postcodes_close, 2)
        .when(city_close, 1)
        .otherwise(0)
    )


def _is_transposed(name: str) -> Column:
    """Tell whether two codes hold the same characters in another order, two edits apart."""
    # The cheap test first: it fails for nearly all pairs.
    letters = [F.sort_array(F.split(F.col(f"{side}.{name}"), "")) for side in ("l", "r")]
    return _within(F.col(f"l.{name}"), F.col(f"r.{name}"), 2) & (letters[0] == letters[1])


def _street() -> Column:
    left, right = F.col("l.street"), F.col("r.street")
    names_agree = (left == right) | _is_close(left, right)
    numbers_equal = F.coalesce(_equal("street_number"), ~_both("street_number"))
    words_shared = F.arrays_overlap("l.street_words", "r.street_words")
    return (
        F.when(~_both("street"), -1)
        .when(names_agree & numbers_equal, 3)
        .when(names_agree | (words_shared & _equal("street_number")), 2)
        .when(words_shared, 1)
        .otherwise(0)
    )


def _overlap(name: str) -> Column:
    return F.when(_array_level(name), -1).when(F.arrays_overlap(f"l.{name}", f"r.{name}"), 1).otherwise(0)
