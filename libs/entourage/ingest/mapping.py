"""Describe a business source in YAML: its kind, its columns, its parsers.

in: the text of conf/sources/NAME.yaml ▶ out: `Mapping`, checked; all mistakes at once, with the nearest valid word.
"""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import yaml

from entourage.errors import UsageError, nearest
from entourage.ingest import jdbc, patterns
from entourage.ingest.csv_rows import CsvParams
from entourage.ingest.detect import FORMATS as WIRE_FORMATS
from entourage.ingest.jdbc import JdbcParams

COLUMNS = {
    "persons": [
        "given_name",
        "family_name",
        "full_name",
        "emails",
        "phones",
        "address.line",
        "address.postcode",
        "address.city",
        "address.region",
        "address.country",
        "birth_date",
        "gender",
        "login_ids",
        "social_ids",
        "organization",
        "household_hint",
        "language",
        "updated_at",
    ],
    "accounts": [
        "network",
        "account_id",
        "handle",
        "display_name",
        "bio",
        "location",
        "urls",
        "created_at",
        "is_bot",
        "observed_at",
        "followers",
        "following",
        "posts",
    ],
    "posts": [
        "network",
        "post_id",
        "account_id",
        "handle",
        "display_name",
        "created_at",
        "text",
        "language",
        "reply_to",
        "reply_to_account",
        "shared",
        "shared_account",
        "is_share",
        "mentions",
        "hashtags",
        "urls",
        "media",
        "place",
        "source_app",
        "observed_at",
        "likes",
        "shares",
        "replies",
        "views",
    ],
    "edges": ["network", "src", "dst", "verb", "weight", "occurred_at", "object_id"],
    "consents": [
        "identifier_kind",
        "identifier",
        "purpose",
        "channel",
        "action",
        "basis",
        "evidence",
        "effective_at",
        "recorded_at",
    ],
}
LISTS = ("emails", "phones", "login_ids", "social_ids", "urls", "mentions", "hashtags", "media")
TIMES = ("updated_at", "observed_at", "created_at", "occurred_at", "effective_at", "recorded_at")
# Columns of a type that a text may not have.
TYPED = (*TIMES, "birth_date", "is_bot", "weight")
# Without these a row of that kind has no meaning.
NEEDED = {
    "persons": [],
    "accounts": ["account_id"],
    "posts": ["post_id", "account_id", "created_at"],
    "edges": ["src", "dst"],
    "consents": ["identifier_kind", "identifier", "purpose", "action", "effective_at"],
}
FALLIBLE = ("date", "time", "integer", "number", "boolean")  # parsers that cannot read every text
PARSERS = ["text", "lower", "upper", "given_of_last_first", "family_of_last_first", *FALLIBLE, "split"]
FORMATS = ("csv", "parquet", "jsonl")
KEYS = ["kind", "format", "system", "network", "key", "csv", "columns", "ignore", "jdbc"]
CSV_KEYS = ["delimiter", "encoding", "quote", "header"]
SPEC_KEYS = ["from", "parse", "format", "separator", "join", "prefix", "map", "const", "default"]


@dataclass(frozen=True)
class Value:
    """How one of our columns is made.

    Attributes:
        sources: their columns; of several the first that is not empty, or all of them for a list or with `join`.
        parse: one of `PARSERS`.
        format: pattern of Spark's datetime formats, for date and time (see `patterns`).
        separator: for split.
        join: put the values together with this between.
        prefix: put before a value that is there.
        replace: their value to ours; a value that is not named stays.
        const: always this.
        default: this where there is nothing.
    """

    sources: tuple[str, ...] = ()
    parse: str = "text"
    format: str = ""
    separator: str = ","
    join: str | None = None
    prefix: str = ""
    replace: Dict[str, str] = field(default_factory=dict)
    const: str | None = None
    default: str | None = None


@dataclass(frozen=True)
class Mapping:
    """One business source.

    Attributes:
        name: of the mapping; the source in counts.
        kind: persons, accounts, posts, edges or consents.
        system: source system; part of the record id.
        network: default network of ids that name none.
        key: their columns that name a row (persons), all of them.
        format: csv, parquet or jsonl; empty: by the files' suffix.
        csv: how delimited files are written.
        columns: ours to how it is made.
        ignore: their columns that are left out of `extra`.
        jdbc: the table of a database that it describes; None: files.
    """

    name: str
    kind: str
    system: str
    network: str
    key: tuple[str, ...]
    format: str
    csv: CsvParams
    columns: Dict[str, Value]
    ignore: tuple[str, ...]
    jdbc: JdbcParams | None = None

    @cached_property
    def used(self) -> frozenset[str]:
        """Return their columns that ours are made of."""
        return frozenset(source for value in self.columns.values() for source in value.sources)

    @cached_property
    def left_out(self) -> frozenset[str]:
        """Return their columns that are never in `extra`."""
        return frozenset((*self.ignore, *self.key))

    @cached_property
    def fallible(self) -> tuple[str, ...]:
        """Return our columns that theirs may not be readable for."""
        return tuple(name for name, value in self.columns.items() if value.parse in FALLIBLE or name in TYPED)


def parse(text: str, *, name: str) -> Mapping:
    """Read one mapping.

    Raises:
        UsageError: not YAML, unknown keys, kinds, columns or parsers, or columns that its kind needs are missing.
    """
    try:
        tree = yaml.load(text, Loader=yaml.BaseLoader)  # every scalar is a text: a column may be called `no`
    except yaml.YAMLError as error:
        raise UsageError(f"sources/{name}: not valid YAML: {error}") from None
    if not isinstance(tree, dict):
        raise UsageError(f"sources/{name}: found {type(tree).__name__}, expected keys such as kind and columns")
    problems = [*_unknown("key", tree, KEYS), *_kind_problems(tree)]
    problems += jdbc.problems(tree["jdbc"]) if "jdbc" in tree else []
    if name in WIRE_FORMATS:
        problems.append("the name is that of a wire format; give the file another")
    if not problems:
        problems = _column_problems(tree)
    if problems:
        raise UsageError(f"sources/{name}: " + "\n    ".join(problems))
    csv: dict[str, Any] = tree.get("csv") or {}
    return Mapping(
        name=name,
        kind=tree["kind"],
        system=str(tree.get("system", name)),
        network=str(tree.get("network", "other")),
        key=_listed(tree.get("key", [])),
        format=tree.get("format", ""),
        csv=CsvParams(
            delimiter=str(csv.get("delimiter", ",")),
            encoding=str(csv.get("encoding", "utf-8")),
            quote=str(csv.get("quote", '"')),
            header=_listed(csv.get("header", [])),
        ),
        columns={column: _value(spec) for column, spec in tree["columns"].items()},
        ignore=_listed(tree.get("ignore", [])),
        jdbc=jdbc.params(tree["jdbc"]) if "jdbc" in tree else None,
    )


def _kind_problems(tree: Dict[str, Any]) -> list[str]:
    problems = []
    kind, columns = tree.get("kind"), tree.get("columns")
    if kind not in COLUMNS:
        problems.append(f"kind: found {kind!r}{nearest(str(kind), COLUMNS)}; expected one of {', '.join(COLUMNS)}")
    if not isinstance(columns, dict) or not columns:
        problems.append("columns: nothing found; expected our columns, each with theirs (see docs/ingest.md)")
    if tree.get("format", "") not in ("", *FORMATS):
        found = tree["format"]
        problems.append(f"format: found {found!r}{nearest(str(found), FORMATS)}; expected one of {', '.join(FORMATS)}")
    if kind == "persons" and not tree.get("key"):
        problems.append("key: nothing found; expected the column that names a row in that system")
    csv = tree.get("csv") or {}
    return problems + (_csv_problems(csv) if isinstance(csv, dict) else ["csv: expected keys and values"])


def _csv_problems(csv: Dict[str, Any]) -> list[str]:
    problems, default = _unknown("key of csv", csv, CSV_KEYS), CsvParams()
    delimiter = str(csv.get("delimiter", default.delimiter))
    quote = str(csv.get("quote", default.quote))
    encoding = str(csv.get("encoding", default.encoding))
    if len(delimiter) != 1:
        problems.append(f"csv: delimiter: found {delimiter!r}, expected one character")
    if len(quote) > 1:
        problems.append(f"csv: quote: found {quote!r}, expected one character, or nothing")
    try:
        "".encode(encoding)
    except LookupError:
        problems.append(f"csv: encoding: found {encoding!r}, expected one that Python knows, such as utf-8 or cp1252")
    return problems


def _column_problems(tree: Dict[str, Any]) -> list[str]:
    kind, columns = tree["kind"], tree["columns"]
    problems = _unknown(f"column of {kind}", columns, COLUMNS[kind])
    missing = [name for name in NEEDED[kind] if name not in columns]
    if missing:
        problems.append(f"columns: {', '.join(missing)} missing, which {kind} need")
    for name, spec in columns.items():
        if isinstance(spec, dict):
            problems += [f"{name}: {problem}" for problem in _spec_problems(name, spec)]
        elif not isinstance(spec, str | list):
            problems.append(
                f"{name}: found {spec!r}, expected a column, a list of columns, or keys such as from and parse"
            )
    return problems


def _spec_problems(name: str, spec: Dict[str, Any]) -> list[str]:
    problems = _unknown("key", spec, SPEC_KEYS)
    parser = spec.get("parse", "text")
    if parser not in PARSERS:
        problems.append(f"parser '{parser}' is unknown{nearest(str(parser), PARSERS)}")
    if parser == "split" and name not in LISTS:
        problems.append(f"split makes a list, which only {', '.join(LISTS)} are")
    if not spec.get("separator", ","):
        problems.append("separator: nothing found; expected the text between two values")
    if "from" not in spec and "const" not in spec:
        problems.append("neither from nor const; one of them says where the value comes from")
    if pattern := str(spec.get("format", "")):
        try:
            patterns.translated(pattern)
        except ValueError as error:
            problems.append(f"format: {error}")
    return problems


def _unknown(what: str, found: Dict[str, Any], valid: list[str]) -> list[str]:
    return [f"unknown {what} '{word}'{nearest(str(word), valid)}" for word in found if word not in valid]


def _value(spec: Any) -> Value:
    if not isinstance(spec, dict):
        return Value(sources=_listed(spec))
    return Value(
        sources=_listed(spec.get("from", [])),
        parse=spec.get("parse", "text"),
        format=str(spec.get("format", "")),
        separator=spec.get("separator", ","),
        join=spec.get("join"),
        prefix=spec.get("prefix", ""),
        replace={str(key): str(value) for key, value in (spec.get("map") or {}).items()},
        const=None if spec.get("const") is None else str(spec["const"]),
        default=None if spec.get("default") is None else str(spec["default"]),
    )


def _listed(found: Any) -> tuple[str, ...]:
    return tuple(str(name) for name in found) if isinstance(found, list) else (str(found),)
