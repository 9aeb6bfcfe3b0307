"""Make our columns out of a row of theirs, as a mapping says. Plain Python: it runs in Spark's workers.

in: a JSON object and a `Mapping` ▶ out: values of the types that our columns have; None where there is nothing to read.

Columns of Spark, one expression a column of a mapping, took 5 to 8 s of planning a mapping before the first row.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import Any

from entourage.ingest import patterns, scalars, wire
from entourage.ingest.mapping import LISTS, TIMES, Mapping, Value
from entourage.ingest.wire import Struct

# A birth date outside is a placeholder such as 9999-12-31; the value as it came stays in `extra`.
FIRST_DATE, LAST_DATE = dt.date(1850, 1, 1), dt.date(2099, 12, 31)
COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def columns(row: Struct, *, mapping: Mapping) -> dict[str, Any]:
    """Return our columns by their names."""
    return {name: column(row, name=name, value=value) for name, value in mapping.columns.items()}


def column(row: Struct, *, name: str, value: Value) -> Any:
    """Return one of our columns: a list for those of `LISTS`, else a text, time, date, number or boolean."""
    default = None if value.default is None else _typed(name, value.default)
    if value.const is not None:
        return [value.const] if name in LISTS else _typed(name, value.const)
    texts = [text for source in value.sources for text in _each(row, source, is_list=name in LISTS)]
    found = [text for text in texts if text is not None]
    if value.join is not None:  # nothing where a part is missing: half an id is none
        found = [value.join.join(found)] if found and len(found) == len(texts) else []
    parsed = (one for text in found for one in _parsed(name, text, value))
    if name in LISTS:  # a text that is not there has not been split: nothing is stated
        nothing: list[str] | None = None if value.parse == "split" and not found else []
        return wire.distinct(parsed) or (nothing if default is None else [default])
    return next(parsed, default)


def theirs(row: Struct, name: str) -> str | None:
    """Return their column of that very name, dots and all; else, of a name with dots, the value at that path."""
    return _stripped(_value(row, name))


def _each(row: Struct, name: str, *, is_list: bool) -> list[str | None]:
    """Return their column; where ours is a list and theirs too, each of its values."""
    value = _value(row, name)
    return [_stripped(part) for part in value] if is_list and isinstance(value, list) else [_stripped(value)]


def _value(row: Struct, name: str) -> Any:
    value = row.get(name)
    if value is None and "." in name:
        *path, last = name.split(".")
        value = wire.struct(row, *path).get(last)
    return value


def _stripped(value: Any) -> str | None:
    found = as_text(value)
    return (found.strip(" ") or None) if found else None


def key(row: Struct, *, mapping: Mapping) -> str | None:
    """Return what names the row; None where a part is missing. Of several parts the signs between are their own."""
    parts = [theirs(row, name) for name in mapping.key]
    found = [part for part in parts if part is not None]
    if not found or len(found) < len(parts):
        return None
    if len(found) > 1:  # else (a-b, c) and (a, b-c) would be one row
        found = [part.replace("%", "%25").replace("-", "%2D") for part in found]
    return "-".join(found)


def extra(row: Struct, *, mapping: Mapping, made: dict[str, Any]) -> dict[str, str] | None:
    """Return their columns that are not used, and those used whose value could not be read; None for none."""
    unread = {source for name in mapping.fallible if made[name] is None for source in mapping.columns[name].sources}
    rest = {}
    for name, value in row.items():
        is_read = name in mapping.used and name not in unread
        if is_read or name in mapping.left_out:
            continue
        said = as_text(value)
        if said and said.strip(" "):
            rest[wire.text(name) or ""] = said
    return rest or None


def as_text(value: Any) -> str | None:
    """Return any value as text: objects and lists as JSON, times as Spark writes them."""
    if isinstance(value, dict | list):
        return wire.text(COMPACT.encode(value))
    if isinstance(value, dt.datetime):
        return str(value.replace(tzinfo=None))
    return str(value) if isinstance(value, dt.date) else wire.text(value)


def _parsed(name: str, text: str, value: Value) -> Iterator[Any]:
    """Yield what one of their values says: nothing where it cannot be read, several of a list."""
    parse = value.parse
    if parse == "text":
        parse = "time" if name in TIMES else "date" if name == "birth_date" else parse
    parts = text.split(value.separator) if parse == "split" else [text]
    for part in parts:
        found = _patterned(parse, part, value.format) if value.format else PARSE[parse](part)
        if found is not None and value.replace:
            found = value.replace.get(as_text(found) or "", found)
        if value.prefix and found is not None and found != "":
            found = f"{value.prefix}{as_text(found)}"
        typed = None if found is None else _typed(name, found)
        if typed is not None:
            yield typed


def _patterned(parse: str, text: str, pattern: str) -> Any:
    if parse not in ("date", "time"):
        return PARSE[parse](text)
    found = patterns.read(text, pattern)
    when = None if found is None else scalars.in_utc(found)
    if when is None:
        return None
    return scalars.bounded(when) if parse == "time" else _day(when)


def _last_first(text: str) -> tuple[str, str]:
    """Split ``LAST First`` or ``Last, First``: words in capitals are the family's; with none, the first word."""
    family, comma, given = text.partition(",")
    if comma:
        return family, given
    words = text.split()
    capitals = 0
    while capitals < len(words) - 1 and _is_capitals(words[capitals]):
        capitals += 1
    count = capitals or 1
    return " ".join(words[:count]), " ".join(words[count:])


def _is_capitals(word: str) -> bool:
    return len(word) > 1 and all(sign.isupper() or sign in "'’.-" for sign in word)


def _typed(name: str, value: Any) -> Any:
    """Return a value in the type that our column has; None where it cannot be."""
    return TYPES[name](value) if name in TYPES else as_text(value)


def _time(value: Any) -> dt.datetime | None:
    if isinstance(value, dt.datetime):
        return scalars.bounded(value)
    if isinstance(value, dt.date):
        return scalars.bounded(dt.datetime.combine(value, dt.time()))
    return scalars.moment(value)


def _day(value: Any) -> dt.date | None:
    found = scalars.iso(value) if isinstance(value, str) else value
    day = found.date() if isinstance(found, dt.datetime) else found
    return day if isinstance(day, dt.date) and FIRST_DATE <= day <= LAST_DATE else None


def _double(value: Any) -> float | None:
    found = scalars.number(value)
    return None if found is None else float(found)


PARSE: dict[str, Callable[[str], Any]] = {
    "text": str,
    "lower": str.lower,
    "upper": str.upper,
    "given_of_last_first": lambda text: _last_first(text)[1].strip() or None,
    "family_of_last_first": lambda text: _last_first(text)[0].strip() or None,
    "date": _day,
    "time": scalars.moment,
    "integer": scalars.whole_number,
    "number": _double,
    "boolean": wire.truth,
    "split": lambda text: text.strip(" "),
}
TYPES: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(TIMES, _time),
    "birth_date": _day,
    "is_bot": wire.truth,
    "weight": _double,
}
