"""Read dates and times by the patterns that mapping files use: those of Spark and Java, such as dd/MM/yyyy.

in: a text and a pattern ▶ out: a time as it is written; None where the text does not follow the pattern.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache

DIRECTIVES = {
    "yyyy": "%Y", "yy": "%y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%m", "dd": "%d", "d": "%d",
    "EEEE": "%A", "EEE": "%a", "E": "%a", "HH": "%H", "H": "%H", "hh": "%I", "h": "%I", "mm": "%M", "m": "%M",
    "ss": "%S", "s": "%S", **{"S" * width: "%f" for width in range(1, 7)}, "a": "%p",
    "Z": "%z", "XX": "%z", "XXX": "%z",
}  # fmt: skip
SUPPORTED = "yyyy yy MMMM MMM MM M dd d EEEE EEE HH H hh h mm m ss s S to SSSSSS a Z XX XXX, 'quoted' words, signs"
NAMES = ("%B", "%b", "%A", "%a", "%p", "%z")
RESERVED = "[]{}#'"
PART = re.compile(r"'((?:[^']|'')*)'|(([A-Za-z])\3*)|(.)", re.DOTALL)


def read(text: str, pattern: str) -> dt.datetime | None:
    """Return the time that a text says by a pattern; leading zeros may lack, but not where fields touch."""
    directives, width = translated(pattern)
    try:
        found = dt.datetime.strptime(text, directives)
    except (ValueError, OverflowError):
        return None
    # 1990112 is no yyyyMMdd: it could be two days. The digits of a zone (+0200) may come on top.
    return found if not width or sum(map(str.isdigit, text)) in (width, width + 4) else None


@lru_cache(maxsize=256)
def translated(pattern: str) -> tuple[str, int]:
    """Return a pattern as `strptime` has it, and the number of its digits where fields touch (else 0).

    Raises:
        ValueError: letters that are not supported or repeat, or no year.
    """
    directives, width, is_touching, was_number = "", 0, False, False
    for quoted, letters, _, sign in PART.findall(pattern):
        if (letters and letters not in DIRECTIVES) or (sign and sign in RESERVED):
            raise ValueError(f"'{letters or sign}' in '{pattern}' is not supported; supported are {SUPPORTED}")
        directive = DIRECTIVES.get(letters, "")
        is_number = bool(directive) and directive not in NAMES
        if directive and directive in directives:
            raise ValueError(f"'{letters}' in '{pattern}' says the same as a part before it")
        is_touching = is_touching or (is_number and was_number)
        width += len(letters) if is_number else 0
        was_number = is_number
        said = "'" if not (letters or sign) and not quoted else quoted.replace("''", "'") or sign
        directives += directive or said.replace("%", "%%")
    if "%Y" not in directives and "%y" not in directives:
        raise ValueError(f"'{pattern}' names no year; expected yyyy or yy")
    return directives, width if is_touching else 0
