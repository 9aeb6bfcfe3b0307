"""Bring names to a form in which the same name written twice is equal, or sounds equal.

in: Columns of names as systems write them ▶ out: Columns folded, split, stripped of titles and particles, and sounded.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from pyspark.sql import Column
from pyspark.sql import functions as F

_EXTRA = {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "ð": "d", "þ": "t"}
_LIGATURES = (("œ", "oe"), ("æ", "ae"), ("ß", "ss"), ("ĳ", "ij"))
_TITLES = (
    "mr|mrs|ms|miss|mx|dr|prof|professor|sir|madam|rev|hon|sen|senator|rep|m|mm|mme|mlle|mle|monsieur|madame"
    "|mademoiselle|docteur|maitre|me|pr|professeur"
)
_SUFFIXES = "jr|sr|junior|senior|ii|iii|iv|phd|md|esq"
PARTICLES = (
    "de",
    "du",
    "des",
    "d",
    "la",
    "le",
    "les",
    "l",
    "van",
    "von",
    "der",
    "den",
    "di",
    "da",
    "do",
    "dos",
    "del",
    "della",
    "el",
    "al",
    "bin",
    "ben",
    "af",
    "av",
    "ter",
    "zu",
    "y",
)
_JUNK_NAMES = (
    "test",
    "tests",
    "testing",
    "unknown",
    "inconnu",
    "inconnue",
    "na",
    "n a",
    "none",
    "null",
    "nil",
    "anonymous",
    "anonyme",
    "nom",
    "prenom",
    "name",
    "first name",
    "last name",
    "surname",
    "xxx",
    "xx",
    "aaa",
    "asdf",
    "qwerty",
    "azerty",
    "toto",
    "tata",
    "titi",
    "client",
    "customer",
    "user",
    "admin",
    "no name",
    "not provided",
    "non renseigne",
    "nan",
)
# French and English spellings of one sound, in the order in which they are applied (Java regular expressions).
_SOUNDS = (
    ("^(?:mac|mc)(?=[^aeiouy])", "mk"),
    ("^(?:kn|gn|pn)", "n"),
    ("^wr", "r"),
    ("ph", "f"),
    ("sch|sh|ch|tch", "1"),
    ("ough|augh|eigh|igh|gh", ""),
    ("aul(?=[td])", "au"),
    ("eau|au|ow", "o"),
    ("y", "i"),
    ("gn", "n"),
    ("gu(?=[ei])", "g"),
    ("d?g(?=[ei])|dj", "j"),
    ("c(?=[ei])|z", "s"),
    ("qu|[ckq]+", "k"),
    ("x", "ks"),
    ("w", "v"),
    ("h", ""),
    ("(.)\\1+", "$1"),
    ("(?<=..)(?:e?[sz]|[td]s?|e|ent)$", ""),
    ("(?<=.)[aeiou]+", ""),
    ("(.)\\1+", "$1"),
)


def _translation() -> tuple[str, str]:
    pairs = dict(_EXTRA)
    for code in (*range(0xE0, 0x250), *range(0x1E00, 0x1F00)):
        letter = chr(code).lower()
        base = unicodedata.normalize("NFD", letter)[0]
        if base.isascii() and base.isalpha() and len(letter) == 1 and letter != base:
            pairs[letter] = base
    return "".join(pairs), "".join(pairs.values())


_ACCENTED, _PLAIN = _translation()


def fold(text: Column) -> Column:
    """Lower a text, drop accents, and turn what is no letter or digit into one space.

    Returns:
        Letters (any script), digits and single spaces; NULL where nothing is left.
    """
    folded = F.lower(text)
    for ligature, letters in _LIGATURES:
        folded = F.replace(folded, F.lit(ligature), F.lit(letters))
    folded = F.regexp_replace(F.translate(folded, _ACCENTED, _PLAIN), r"\p{M}+", "")
    return empty_as_null(F.trim(F.regexp_replace(folded, r"[^\p{L}\p{N}]+", " ")))


def let(value: Column, body: Callable[[Column], Column]) -> Column:
    """Compute a value once and use it several times in an expression.

    Without it a nested cleaning would repeat its input at each step, and the plan would grow exponentially.
    """
    return F.get(F.transform(F.array(value), body), F.lit(0))


def empty_as_null(text: Column) -> Column:
    """Return NULL for an empty text."""
    return F.get(F.filter(F.array(text), lambda known: known != ""), F.lit(0))


def clean_name(name: Column) -> Column:
    """Fold a name, drop digits, titles and suffixes; junk such as `unknown` becomes NULL."""
    letters = F.trim(F.regexp_replace(fold(name), r"\p{N}+", " "))
    untitled = F.regexp_replace(letters, rf"^(?:(?:{_TITLES})\s+)+(?=\p{{L}})", "")
    bare = F.trim(F.regexp_replace(untitled, rf"(?<=\p{{L}})(?:\s+(?:{_SUFFIXES}))+$", ""))
    return let(bare, lambda name: F.when(~_is_junk(name), name))


def _is_junk(name: Column) -> Column:
    return name.isin(*_JUNK_NAMES) | name.rlike(r"^(.)\1{2,}$") | (name == "")


def split_full_name(full_name: Column) -> Column:
    """Split a name held in one field.

    `DUPONT Marie`, `Dupont, Marie`, `Marie de La Tour` and `Dr Marie-Claire Dupont Jr` are understood. Without a
    sign of the order the last word, with the particles before it, is the family name.

    Returns:
        struct<given:string,family:string>, as written; NULL fields where there is one word only (it is the family
        name).
    """
    text = F.trim(F.regexp_replace(full_name, rf"^(?i:(?:(?:{_TITLES})\.?\s+)+)(?=\S)", ""))
    text = F.trim(F.regexp_replace(text, rf"(?i:[\s,]+(?:{_SUFFIXES})\.?)+$", ""))
    return let(text, _split)


def _split(text: Column) -> Column:
    capitals_first = r"^((?:[\p{Lu}'’\-]{2,}\s+)+)(\p{Lu}[\p{L}'’\-]*\p{Ll}.*)$"
    particles = "|".join(PARTICLES)
    last = rf"^(.*?)\s+((?i:(?:(?:{particles})\s+)*)(?i:(?:d|l)['’])?\S+)$"
    family = (
        F.when(text.contains(","), F.regexp_extract(text, r"^([^,]*),", 1))
        .when(text.rlike(capitals_first), F.regexp_extract(text, capitals_first, 1))
        .when(text.rlike(last), F.regexp_extract(text, last, 2))
        .otherwise(text)
    )
    given = (
        F.when(text.contains(","), F.regexp_extract(text, r",(.*)$", 1))
        .when(text.rlike(capitals_first), F.regexp_extract(text, capitals_first, 2))
        .when(text.rlike(last), F.regexp_extract(text, last, 1))
    )
    return F.struct(empty_as_null(F.trim(given)).alias("given"), empty_as_null(F.trim(family)).alias("family"))


def without_particles(family: Column) -> Column:
    """Join a cleaned family name's words, particles left out: `de la tour` and `Delatour` meet as `tour`, `delatour`.

    A name of particles only keeps them.
    """
    return let(family, _core)


def _core(family: Column) -> Column:
    words = F.filter(F.split(family, " "), lambda word: ~word.isin(*PARTICLES))
    return F.when(F.size(words) > 0, F.array_join(words, "")).otherwise(F.replace(family, F.lit(" "), F.lit("")))


def sound(name: Column) -> Column:
    """Return how a folded name sounds, roughly, to French and English ears.

    Vowels after the first sound and silent ends are dropped, so that Dupond meets Dupont and Philippe meets Filip.

    Returns:
        Up to 8 signs; NULL for NULL.
    """
    key = F.replace(name, F.lit(" "), F.lit(""))
    for pattern, replacement in _SOUNDS:
        key = F.regexp_replace(key, pattern, replacement)
    return F.substring(F.coalesce(empty_as_null(key), name), 1, 8)
