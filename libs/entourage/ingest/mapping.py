"""Describe a business source in YAML: its kinds, their columns, their parsers.

in: the text of conf/sources/NAME.yaml ▶ out: `Mapping`, checked; all mistakes at once (see `mapping_checks`).
"""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import yaml

from entourage.errors import UsageError
from entourage.ingest import jdbc, mapping_checks
from entourage.ingest.csv_rows import CsvParams
from entourage.ingest.jdbc import JdbcParams
from entourage.ingest.kinds import KINDS, LIST, SOCIAL
from entourage.ingest.mapping_checks import FALLIBLE

# Of an element of a list: the row that the list stands in, its place from 1, and itself where it is no object.
PARENT, POSITION, ELEMENT = "$parent", "$position", "$value"


@dataclass(frozen=True)
class Value:
    """How one of our columns is made.

    Attributes:
        sources: their columns; of several the first that is not empty, or all of them for a list or with `join`.
        type: of our column, in Spark's words.
        parse: one of `mapping_checks.PARSERS`.
        format: pattern of Spark's datetime formats, for date and time (see `patterns`).
        zone: makes the time zone of times that say none; without: UTC.
        separator: for split.
        join: put the values together with this between.
        prefix: put before a value that is there.
        replace: their value to ours; a value that is not named stays.
        const: always this.
        default: this where there is nothing.
    """

    sources: tuple[str, ...] = ()
    type: str = "string"
    parse: str = "text"
    format: str = ""
    zone: Value | None = None
    separator: str = ","
    join: str | None = None
    prefix: str = ""
    replace: Dict[str, str] = field(default_factory=dict)
    const: str | None = None
    default: str | None = None

    @property
    def is_fallible(self) -> bool:
        """Tell whether their value may be there and not be readable."""
        return self.parse in FALLIBLE or self.type not in ("string", LIST)


@dataclass(frozen=True)
class Part:
    """What rows of a source become rows of one kind, and how.

    Attributes:
        kind: one of `KINDS`.
        system: source system; part of the record id.
        network: default network of ids that name none.
        key: their columns that name a row (persons), all of them.
        columns: ours to how it is made.
        ignore: their columns that are left out of `extra`.
        each: path of a list of which each element becomes a row; empty: the row does.
        elsewhere: paths that other parts of the mapping read.
        keeps_rest: whether what no part reads stays in `extra`; of several parts without `each` the first keeps it.
    """

    kind: str
    system: str
    network: str
    key: tuple[str, ...]
    columns: Dict[str, Value]
    ignore: tuple[str, ...]
    each: str = ""
    elsewhere: frozenset[str] = frozenset()
    keeps_rest: bool = True

    @cached_property
    def used(self) -> frozenset[str]:
        """Return their columns that ours are made of, and those that other parts read."""
        zones = (value.zone for value in self.columns.values() if value.zone)
        made_of = (*self.columns.values(), *zones)
        return self.elsewhere | frozenset(source for value in made_of for source in value.sources)

    @cached_property
    def opened(self) -> frozenset[str]:
        """Return the objects of which a field is used, by their paths."""
        return frozenset(name[:at] for name in self.used for at, sign in enumerate(name) if sign == ".")

    @cached_property
    def left_out(self) -> frozenset[str]:
        """Return their columns that are never in `extra`."""
        return frozenset((*self.ignore, *self.key, PARENT, POSITION))

    @cached_property
    def fallible(self) -> tuple[str, ...]:
        """Return our columns that theirs may not be readable for."""
        return tuple(name for name, value in self.columns.items() if value.is_fallible)


@dataclass(frozen=True)
class Mapping:
    """One business source.

    Attributes:
        name: of the mapping; the source in counts.
        format: csv, parquet or jsonl; empty: by the files' suffix.
        csv: how delimited files are written.
        parts: what its rows become; one where it is posts, accounts or edges.
        jdbc: the table of a database that it describes; None: files.
    """

    name: str
    format: str
    csv: CsvParams
    parts: tuple[Part, ...]
    jdbc: JdbcParams | None = None

    @property
    def kinds(self) -> list[str]:
        """Return the kinds that it makes, each once."""
        return list(dict.fromkeys(part.kind for part in self.parts))

    @property
    def is_social(self) -> bool:
        """Tell whether its rows are posts, accounts or edges."""
        return self.parts[0].kind in SOCIAL


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
    problems = mapping_checks.problems(tree, name=name)
    if problems:
        raise UsageError(f"sources/{name}: " + "\n    ".join(problems))
    csv: dict[str, Any] = tree.get("csv") or {}
    return Mapping(
        name=name,
        format=tree.get("format", ""),
        csv=CsvParams(
            delimiter=str(csv.get("delimiter", ",")),
            encoding=str(csv.get("encoding", "utf-8")),
            quote=str(csv.get("quote", '"')),
            header=_listed(csv.get("header", [])),
        ),
        parts=_parts(tree, name),
        jdbc=jdbc.params(tree["jdbc"]) if "jdbc" in tree else None,
    )


def _parts(tree: Dict[str, Any], name: str) -> tuple[Part, ...]:
    given = tree.get("tables", [tree])
    values = [
        {column: _value(spec, KINDS[one["kind"]].columns[column]) for column, spec in one["columns"].items()}
        for one in given
    ]
    whole = [place for place, one in enumerate(given) if not one.get("each")]
    read = frozenset(
        path for one, made in zip(given, values, strict=True) for path in _paths(one.get("each", ""), made)
    )
    return tuple(
        Part(
            kind=one["kind"],
            system=str(tree.get("system", name)),
            network=str(tree.get("network", "other")),
            key=_listed(one.get("key", [])),
            columns=made,
            ignore=_listed(tree.get("ignore", [])),
            each=one.get("each", ""),
            elsewhere=read if len(given) > 1 and place in whole else frozenset(),
            keeps_rest=bool(one.get("each")) or place == whole[0],
        )
        for place, (one, made) in enumerate(zip(given, values, strict=True))
    )


def _paths(each: str, made: Dict[str, Value]) -> list[str]:
    """Return the paths of a row that a part reads."""
    sources = [source for value in made.values() for source in value.sources]
    if not each:
        return sources
    parent = f"{PARENT}."
    return [each, *(source.removeprefix(parent) for source in sources if source.startswith(parent))]


def _value(spec: Any, type_: str = "string") -> Value:
    if not isinstance(spec, dict):
        return Value(sources=_listed(spec), type=type_)
    zone = spec.get("zone")
    return Value(
        sources=_listed(spec.get("from", [])),
        type=type_,
        parse=spec.get("parse", "text"),
        format=str(spec.get("format", "")),
        zone=None if zone is None else _value(zone if isinstance(zone, dict) else {"const": zone}),
        separator=spec.get("separator", ","),
        join=spec.get("join"),
        prefix=spec.get("prefix", ""),
        replace={str(key): str(value) for key, value in (spec.get("map") or {}).items()},
        const=None if spec.get("const") is None else str(spec["const"]),
        default=None if spec.get("default") is None else str(spec["default"]),
    )


def _listed(found: Any) -> tuple[str, ...]:
    return tuple(str(name) for name in found) if isinstance(found, list) else (str(found),)
