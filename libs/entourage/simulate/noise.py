"""Spoil values the way people, scanners and forms do.

in: a Column and 64 random bits ▶ out: a Column with an error in it. The kinds and their shares follow what linkage
studies corrupt by.
Value and bits must be plain columns, not long expressions: both are mentioned many times.

References:
    Tran, Vatsalan, Christen 2013, GeCo: an online personal data generator and corruptor, doi:10.1145/2505515.2508207.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from entourage.simulate import draw, names

_KEYS = "azertyuiopqsdfghjklmwxcvbnéèàç0123456789"
_NEIGHBORS = "zertyuiopo" + "sdfghjklml" + "xcvbnb" + "eeac" + "1234567898"
_LETTERS = "etaoinsrhldcumfpgwybvk"
# What is heard: said ▶ written.
_SOUNDS = (
    ("ph", "f"), ("eau", "o"), ("ck", "k"), ("ll", "l"), ("tt", "t"), ("nn", "n"), ("y", "i"), ("th", "t"), ("ai", "é"),
    ("z", "s"), ("c", "k"),
)  # fmt: skip
_SCANS = (("rn", "m"), ("l", "1"), ("o", "0"), ("m", "rn"), ("i", "l"), ("e", "c"), ("S", "5"), ("B", "8"))
JUNK_EMAILS = ("test@test.com", "none@example.com", "noemail@example.org", "a@a.example", "x@x", "unknown")
JUNK_PHONES = ("0000000000", "0123456789", "1111111111", "0", "n/a", "99999999")
JUNK_NAMES = ("Test", "X", "-", "n/a", "Inconnu", "Unknown", "Mr")


def misspelled(value: Column, bits: Column, *, share: Column | float) -> Column:
    """Return a text, misspelled in a share of the cases: 70 % typed wrong, 15 % as heard, 15 % as scanned.

    Args:
        value: NULL stays NULL, and texts of two letters stay as they are.
        bits: 64 random bits; the lowest 58 are used.
        share: of the texts to spoil, at least: some have nothing that can be misheard.
    """
    u, how = draw.bits_as_uniform(bits, 0, 16), draw.bits_as_uniform(bits, 16, 8)
    wrong = (
        F.when(how < 0.70, typed(value, bits))
        .when(how < 0.85, _replaced(_SOUNDS, value, bits))
        .otherwise(_replaced(_SCANS, value, bits))
    )
    return F.when((u < share) & (F.length(value) > 2), wrong).otherwise(value)


def typed(value: Column, bits: Column) -> Column:
    """Return a text with one letter dropped, added, hit beside, or swapped with the one before."""
    kind = draw.bits_as_uniform(bits, 24, 8)
    position = draw.below(draw.bits_as_uniform(bits, 32, 10), F.length(value) - 1) + 2
    before, here = _part(value, F.lit(1), position - 1), _part(value, position, F.lit(1))
    after = _part(value, position + 1, F.length(value))
    is_digit = here.between("0", "9")
    letter = F.lit(_LETTERS).substr(draw.below(draw.bits_as_uniform(bits, 42, 8), len(_LETTERS)) + 1, F.lit(1))
    other_digit = F.translate(here, "0123456789", "5806317294")
    swapped = F.concat(_part(value, F.lit(1), position - 2), here, _part(value, position - 1, F.lit(1)), after)
    return (
        F.when(kind < 0.30, F.concat(before, after))
        .when(kind < 0.50, F.concat(before, F.when(is_digit, other_digit).otherwise(letter), here, after))
        .when(kind < 0.80, F.concat(before, F.translate(here, _KEYS, _NEIGHBORS), after))
        .otherwise(swapped)
    )


def restyled(value: Column, bits: Column) -> Column:
    """Return a text as typed in a hurry: capitals, no capitals, no accents, blanks around; uses the lowest 12 bits."""
    u = draw.bits_as_uniform(bits, 0, 12)
    return (
        F.when(u < 0.06, F.upper(value))
        .when(u < 0.10, F.lower(value))
        .when(u < 0.20, names.unaccented(value))
        .when(u < 0.22, F.concat(F.lit(" "), value, F.lit(" ")))
        .otherwise(value)
    )


def missing(value: Column, bits: Column, *, share: Column | float) -> Column:
    """Return a value, or NULL in a share of the cases; uses bits 12 to 27."""
    return F.when(draw.bits_as_uniform(bits, 12, 16) >= share, value)


def junk(value: Column, bits: Column, *, values: tuple[str, ...], share: float) -> Column:
    """Return a value, or what people type to get past a form; uses bits 28 to 51."""
    chosen = draw.choose(values, draw.bits_as_uniform(bits, 44, 8))
    return F.when(draw.bits_as_uniform(bits, 28, 16) < share, chosen).otherwise(value)


def _replaced(pairs: tuple[tuple[str, str], ...], value: Column, bits: Column) -> Column:
    """Apply the first pair that fits, counted from one drawn; a text that none fits stays."""
    first = draw.below(draw.bits_as_uniform(bits, 50, 8), len(pairs))
    turns = [
        F.when((first <= n) & F.contains(value, F.lit(said)), F.replace(value, F.lit(said), F.lit(written)))
        for n, (said, written) in enumerate(pairs)
    ]
    return F.coalesce(*turns, value)


def _part(value: Column, start: Column, length: Column) -> Column:
    return value.substr(start.cast("int"), F.greatest(length, F.lit(0)).cast("int"))
