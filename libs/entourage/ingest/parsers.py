"""Make our columns out of a row of theirs, as a mapping says. Plain Python: it runs in Spark's workers.

in: a JSON object and a `Part` of a mapping ▶ out: values of the types that our columns have; None where there is
nothing to read.

Columns of Spark, one expression a column of a mapping, took 5 to 8 s of planning a mapping before the first row.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from entourage.ingest import patterns, scalars, wire
from entourage.ingest.kinds import LIST
from entourage.ingest.mapping import ELEMENT, PARENT, POSITION, Part, Value
from entourage.ingest.wire import Struct

# A birth date outside is a placeholder such as 9999-12-31; the value as it came stays in `extra`.
FIRST_DATE, LAST_DATE = dt.date(1850, 1, 1), dt.date(2099, 12, 31)
COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class NoListError(Exception):
    """A row has something else where a mapping expects a list; its text names the path."""


def rows(row: Struct, *, part: Part) -> Iterator[Struct]:
    """Yield what a part makes its rows of: the row, or each element of a list, with the row and its place beside.

    Raises:
        NoListError: there is something else than a list.
    """
    if not part.each:
        yield row
        return
    found: Any = row
    for name in part.each.split("."):
        found = found.get(name) if isinstance(found, dict) else found
    if not isinstance(found, list | None):
        raise NoListError(part.each)
    for position, element in enumerate(found or [], start=1):
        own = element if isinstance(element, dict) else {ELEMENT: element}
        yield {**own, PARENT: row, POSITION: position}


def columns(row: Struct, *, part: Part) -> dict[str, Any]:
    """Return our columns by their names."""
    return {name: column(row, value=value) for name, value in part.columns.items()}


def column(row: Struct, *, value: Value) -> Any:
    """Return one of our columns in its type; None where there is nothing that could be read."""
    is_list = value.type == LIST
    default = None if value.default is None else typed(value.default, value.type)
    if value.const is not None:
        return [value.const] if is_list else typed(value.const, value.type)
    texts = [text for source in value.sources for text in _texts(row, source, is_list=is_list)]
    found = [text for text in texts if text is not None]
    if value.join is not None:  # nothing where a part is missing: half an id is none
        found = [value.join.join(found)] if found and len(found) == len(texts) else []
    zone = None if value.zone is None else column(row, value=value.zone)
    parsed = (one for text in found for one in _parsed(text, value, zone))
    if is_list:  # a text that is not there has not been split: nothing is stated
        nothing: list[str] | None = None if value.parse == "split" and not found else []
        return wire.distinct(parsed) or (nothing if default is None else [default])
    return next(parsed, default)


def _texts(row: Struct, name: str, *, is_list: bool) -> list[str | None]:
    """Return their column as texts: one, or for a list of ours those of a list of theirs."""
    value = _at(row, name)
    if is_list and isinstance(value, list):
        return [_stripped(element) for element in value]
    return [_stripped(value)]


def theirs(row: Struct, name: str) -> str | None:
    """Return their column of that very name, dots and all; else, of a name with dots, the value at that path."""
    return _stripped(_at(row, name))


def _at(row: Struct, name: str) -> Any:
    value = row.get(name)
    if value is None and "." in name:
        *path, last = name.split(".")
        value = wire.struct(row, *path).get(last)
    return value


def _stripped(value: Any) -> str | None:
    found = as_text(value)
    return (found.strip(" ") or None) if found else None


def key(row: Struct, *, part: Part) -> str | None:
    """Return what names the row; None where a part is missing. Of several parts the signs between are their own."""
    said = [theirs(row, name) for name in part.key]
    found = [one for one in said if one is not None]
    if not found or len(found) < len(said):
        return None
    if len(found) > 1:  # else (a-b, c) and (a, b-c) would be one row
        found = [one.replace("%", "%25").replace("-", "%2D") for one in found]
    return "-".join(found)


def extra(row: Struct, *, part: Part, made: dict[str, Any]) -> dict[str, str] | None:
    """Return their columns that are not used, and those used whose value could not be read; None for none.

    Of an object of which some fields are used, the others are named by their paths.
    """
    unread = {source for name in part.fallible if made[name] is None for source in part.columns[name].sources}
    rest = dict(_rest(row, "", part, unread))
    of_parent = {name: theirs(row, name) for name in unread if name.startswith(f"{PARENT}.")}
    return {**rest, **{name.removeprefix(f"{PARENT}."): said for name, said in of_parent.items() if said}} or None


def _rest(row: Struct, prefix: str, part: Part, unread: set[str]) -> Iterator[tuple[str, str]]:
    for name, value in row.items():
        path = f"{prefix}{name}"
        is_kept = path in unread or (part.keeps_rest and path not in part.used)
        if path in part.left_out:
            continue
        if path in part.opened and isinstance(value, dict) and path not in unread:
            yield from _rest(value, f"{path}.", part, unread)
        elif is_kept and (said := _stripped(value)):
            yield wire.text(path) or "", said


def as_text(value: Any) -> str | None:
    """Return any value as text: objects and lists as JSON, times as Spark writes them."""
    if isinstance(value, dict | list):
        return wire.text(COMPACT.encode(value))
    if isinstance(value, dt.datetime):
        return str(value.replace(tzinfo=None))
    return str(value) if isinstance(value, dt.date | Decimal) else wire.text(value)


def _parsed(text: str, value: Value, zone: str | None) -> Iterator[Any]:
    """Yield what one of their values says: nothing where it cannot be read, several of a list."""
    parse = DEFAULT_PARSE.get(value.type, "text") if value.parse == "text" else value.parse
    parts = text.split(value.separator) if parse == "split" else [text]
    for part in parts:
        found = _read(parse, part, value, zone)
        if found is not None and value.replace:
            found = value.replace.get(as_text(found) or "", found)
        if value.prefix and found is not None and found != "":
            found = f"{value.prefix}{as_text(found)}"
        one = None if found is None else typed(found, value.type)
        if one is not None:
            yield one


def _read(parse: str, text: str, value: Value, zone: str | None) -> Any:
    if parse not in ("date", "time") or not (value.format or value.zone):
        return PARSE[parse](text)
    found = patterns.read(text, value.format) if value.format else _iso(text)
    if value.zone and found is not None and found.tzinfo is None:
        found = _localized(found, zone)
    when = None if found is None else scalars.in_utc(found)
    if when is None:
        return None
    return scalars.bounded(when) if parse == "time" else _day(when)


def _iso(text: str) -> dt.datetime | None:
    """Return a time as it is written, its zone too."""
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return scalars.moment(text)


def _localized(when: dt.datetime, zone: str | None) -> dt.datetime | None:
    """Return a clock time of a zone; of the hour that comes twice in autumn the first; None where the zone is none."""
    try:
        return when.replace(tzinfo=ZoneInfo(zone or ""))
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return None


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


def typed(value: Any, type_: str) -> Any:
    """Return a value in a type, in Spark's words; None where it cannot be."""
    if type_.startswith("decimal"):
        return scalars.decimal(value, places=int(type_[:-1].split(",")[1]))
    return TYPES[type_](value)


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
    "decimal": scalars.decimal,
    "decimal_comma": lambda text: scalars.decimal(text, comma=True),
    "cents": scalars.cents,
    "boolean": wire.truth,
    "split": lambda text: text.strip(" "),
}
TYPES: dict[str, Callable[[Any], Any]] = {
    "string": as_text,
    LIST: as_text,
    "timestamp": _time,
    "date": _day,
    "boolean": wire.truth,
    "double": _double,
    "bigint": scalars.whole_number,
}
DEFAULT_PARSE = {"timestamp": "time", "date": "date"}
