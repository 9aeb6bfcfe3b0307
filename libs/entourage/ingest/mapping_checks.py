"""Find the mistakes of a mapping, all at once, each with the nearest valid word.

in: the tree of a mapping's YAML ▶ out: sentences; none where the mapping makes sense.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Dict
from typing import Any
from zoneinfo import available_timezones

from entourage.errors import nearest
from entourage.ingest import jdbc, patterns
from entourage.ingest.adapters import ADAPTERS as WIRE_FORMATS
from entourage.ingest.csv_rows import CsvParams
from entourage.ingest.kinds import KINDS, LIST, SOCIAL

# Parsers that cannot read every text.
FALLIBLE = ("date", "time", "integer", "number", "decimal", "decimal_comma", "cents", "boolean")
PARSERS = ["text", "lower", "upper", "given_of_last_first", "family_of_last_first", *FALLIBLE, "split"]
FORMATS = ("csv", "parquet", "jsonl")
OF_SOURCE = ["format", "system", "network", "csv", "ignore", "jdbc"]
OF_PART = ["kind", "key", "columns"]
CSV_KEYS = ["delimiter", "encoding", "quote", "header"]
SPEC_KEYS = ["from", "parse", "format", "zone", "separator", "join", "prefix", "map", "const", "default"]
ZONE_KEYS = ["from", "map", "const", "default"]


def problems(tree: Dict[str, Any], *, name: str) -> list[str]:
    """Return what is wrong with a mapping of that name."""
    parts = tree.get("tables")
    keys = [*OF_SOURCE, "tables"] if "tables" in tree else [*OF_SOURCE, *OF_PART]
    found = [*_unknown("key", tree, keys), *_source_problems(tree)]
    if name in WIRE_FORMATS:
        found.append("the name is that of a wire format; give the file another")
    if parts is None:
        return found + _part_problems(tree)
    if not isinstance(parts, list) or not parts or not all(isinstance(part, dict) for part in parts):
        return [*found, "tables: expected a list of parts, each with kind and columns (see docs/ingest.md)"]
    for part in parts:
        told = [*_unknown("key", part, [*OF_PART, "each"]), *_part_problems(part)]
        if part.get("kind") in SOCIAL:
            told.append(f"{part['kind']} cannot be one of several tables; give them a mapping of their own")
        found += [f"tables: {part.get('kind')}: {problem}" for problem in told]
    return found


def _source_problems(tree: Dict[str, Any]) -> list[str]:
    found = []
    if tree.get("format", "") not in ("", *FORMATS):
        said = tree["format"]
        found.append(f"format: found {said!r}{nearest(str(said), FORMATS)}; expected one of {', '.join(FORMATS)}")
    found += jdbc.problems(tree["jdbc"]) if "jdbc" in tree else []
    csv = tree.get("csv") or {}
    return found + (_csv_problems(csv) if isinstance(csv, dict) else ["csv: expected keys and values"])


def _csv_problems(csv: Dict[str, Any]) -> list[str]:
    found, default = _unknown("key of csv", csv, CSV_KEYS), CsvParams()
    delimiter = str(csv.get("delimiter", default.delimiter))
    quote = str(csv.get("quote", default.quote))
    encoding = str(csv.get("encoding", default.encoding))
    if len(delimiter) != 1:
        found.append(f"csv: delimiter: found {delimiter!r}, expected one character")
    if len(quote) > 1:
        found.append(f"csv: quote: found {quote!r}, expected one character, or nothing")
    try:
        "".encode(encoding)
    except LookupError:
        found.append(f"csv: encoding: found {encoding!r}, expected one that Python knows, such as utf-8 or cp1252")
    return found


def _part_problems(part: Dict[str, Any]) -> list[str]:
    kind, columns = part.get("kind"), part.get("columns")
    found = []
    if kind not in KINDS:
        found.append(f"kind: found {kind!r}{nearest(str(kind), KINDS)}; expected one of {', '.join(KINDS)}")
    if not isinstance(columns, dict) or not columns:
        found.append("columns: nothing found; expected our columns, each with theirs (see docs/ingest.md)")
    if kind == "persons" and not part.get("key"):
        found.append("key: nothing found; expected the column that names a row in that system")
    if found:
        return found
    return _column_problems(str(kind), part["columns"])


def _column_problems(kind: str, columns: Dict[str, Any]) -> list[str]:
    types = KINDS[kind].columns
    found = _unknown(f"column of {kind}", columns, types)
    missing = [name for name in KINDS[kind].needed if name not in columns]
    if missing:
        found.append(f"columns: {', '.join(missing)} missing, which {kind} need")
    lists = [name for name, type_ in types.items() if type_ == LIST]
    for name, spec in columns.items():
        if isinstance(spec, dict):
            found += [f"{name}: {problem}" for problem in _spec_problems(name, spec, lists)]
        elif not isinstance(spec, str | list):
            found.append(
                f"{name}: found {spec!r}, expected a column, a list of columns, or keys such as from and parse"
            )
    return found


def _spec_problems(name: str, spec: Dict[str, Any], lists: list[str]) -> list[str]:
    found = _unknown("key", spec, SPEC_KEYS)
    parser = spec.get("parse", "text")
    if parser not in PARSERS:
        found.append(f"parser '{parser}' is unknown{nearest(str(parser), PARSERS)}")
    if parser == "split" and name not in lists:
        found.append(f"split makes a list, which only {', '.join(lists) or 'no column of this kind'} are")
    if not spec.get("separator", ","):
        found.append("separator: nothing found; expected the text between two values")
    if "from" not in spec and "const" not in spec:
        found.append("neither from nor const; one of them says where the value comes from")
    if pattern := str(spec.get("format", "")):
        try:
            patterns.translated(pattern)
        except ValueError as error:
            found.append(f"format: {error}")
    return found + _zone_problems(spec.get("zone"))


def _zone_problems(zone: Any) -> list[str]:
    if zone is None:
        return []
    is_made = isinstance(zone, dict)
    found = _unknown("key of zone", zone, ZONE_KEYS) if is_made else []
    of_map = zone.get("map") if is_made else None
    named = [zone.get("const"), zone.get("default")] if is_made else [zone]
    named += list(of_map.values()) if isinstance(of_map, dict) else []
    known = available_timezones()
    return found + [
        f"zone: '{name}' is unknown{nearest(str(name), known)}; expected one such as Europe/Paris"
        for name in named
        if name is not None and name not in known
    ]


def _unknown(what: str, found: Dict[str, Any], valid: Iterable[str]) -> list[str]:
    known = list(valid)
    return [f"unknown {what} '{word}'{nearest(str(word), known)}" for word in found if word not in known]
