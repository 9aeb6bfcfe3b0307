"""Turn the rows of a business source into our columns, as its mapping says.

in: payloads (one JSON object a row) and their mappings ▶ out: source records and consent events.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from hashlib import sha256
from typing import Any

import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from entourage.ingest import canonical, parsers, reasons, workers
from entourage.ingest.mapping import Mapping
from entourage.ingest.suppressions import Suppressions
from entourage.ingest.wire import Struct
from entourage.merging import CLOCKS
from entourage.schemas import table

ADDRESS = ("line", "postcode", "city", "region", "country")
# Kinds that have a table of their own; the others are social.
TABLES = {"persons": "silver.source_records", "consents": "silver.consent_events"}
Row = dict[str, Any]
NOBODY = Suppressions()


def rows(
    payloads: DataFrame, *, mappings: Iterable[Mapping], received_at: dt.datetime, left_out: Suppressions = NOBODY
) -> dict[str, DataFrame]:
    """Return the rows of sources of persons and consents, by their kind; `payloads.source` is a mapping's name.

    Returns:
        Grain: one payload that is not refused; `canonical.META`, the columns of the kind's table, and `reason_code` and
        `reason` where the row is refused.
    """
    make = {"persons": source_record, "consents": consent_event}
    by_kind: dict[str, dict[str, Mapping]] = {}
    for mapping in mappings:
        by_kind.setdefault(mapping.kind, {})[mapping.name] = mapping
    return {
        kind: _made(payloads, make[kind], TABLES[kind], mappings=of_kind, received_at=received_at, left_out=left_out)
        for kind, of_kind in by_kind.items()
    }


def _made(
    payloads: DataFrame,
    make: Callable[..., Row],
    name: str,
    *,
    mappings: dict[str, Mapping],
    received_at: dt.datetime,
    left_out: Suppressions,
) -> DataFrame:
    columns = {column.name: column.type for column in table(name).columns}
    columns |= {"reason_code": "string", "reason": "string"}
    good = payloads.where(F.col("reason_code").isNull() & F.col("source").isin(*mappings))
    read = partial(
        _read, make=make, names=tuple(columns), mappings=mappings, received_at=received_at, left_out=left_out
    )
    return workers.made(good, read, columns)


def _read(
    batches: Iterable[pa.RecordBatch],
    *,
    make: Callable[..., Row],
    names: tuple[str, ...],
    mappings: dict[str, Mapping],
    received_at: dt.datetime,
    left_out: Suppressions,
    types: workers.Types,
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        columns = (batch.column(name).to_pylist() for name in ("source", "payload", "modified_at"))
        found = [
            {
                **read(payload, make=make, mapping=mappings[source], received_at=received_at),
                "delivered_at": modified_at,
            }
            for source, payload, modified_at in zip(*columns, strict=True)
        ]
        found = [_left_out(row) if left_out.row(row) else row for row in found]
        yield workers.batch(batch, {name: [row.get(name) for row in found] for name in names}, types)


def read(payload: str, *, make: Callable[..., Row], mapping: Mapping, received_at: dt.datetime) -> Row:
    """Return the row that a payload makes; refused where it cannot be read at all."""
    try:
        document = json.loads(payload)
        row = make(document if isinstance(document, dict) else {}, mapping=mapping)
    except Exception as error:  # whatever a document does to the parsers, only the document is refused
        row = _refused("bad_shape", type(error).__name__)
    return {**row, "received_at": received_at}


def source_record(row: Struct, *, mapping: Mapping) -> Row:
    """Return a row as silver.source_records has it, but for `received_at`; with `reason_code` and `reason`.

    Values that a parser cannot read are None, and stay in `extra` as they came; so do columns that the mapping does
    not name.
    """
    made = parsers.columns(row, mapping=mapping)
    key = parsers.key(row, mapping=mapping)
    has_address = any(name.startswith("address.") for name in made)
    return {
        **made,
        "record_id": None if key is None else f"{mapping.system}:{key}",
        "system": mapping.system,
        "address": {part: made.get(f"address.{part}") for part in ADDRESS} if has_address else None,
        "extra": parsers.extra(row, mapping=mapping, made=made),
        **(_refused("bad_key") if key is None else {}),
    }


def consent_event(row: Struct, *, mapping: Mapping) -> Row:
    """Return a row as silver.consent_events has it, but for `received_at`; with `reason_code` and `reason`."""
    made = parsers.columns(row, mapping=mapping)
    said = {name: made.get(name) for name in _SAID}
    outside = (f"{name} {said[name]}" for name, allowed in _ALLOWED if said[name] not in (None, *allowed))
    bad = next(outside, None)
    if any(said[name] is None for name in _NEEDED):
        refusal = _refused("bad_key")
    elif said["effective_at"] is None:
        refusal = _refused("bad_time")
    else:
        refusal = {} if bad is None else _refused("bad_value", bad)
    return {**said, "consent_event_id": _digest(said), **refusal}


_CONSENT = table(TABLES["consents"]).columns
_SAID = tuple(column.name for column in _CONSENT if column.name not in {"consent_event_id", "received_at"})
_ALLOWED = tuple((column.name, column.allowed) for column in _CONSENT if column.allowed)
_NEEDED = tuple(
    column.name for column in _CONSENT if column.required and column.name in _SAID and column.name != "effective_at"
)


def _digest(said: Row) -> str:
    """Return a SHA-256 of all that an event says, as Spark's `to_json` writes it."""
    texts = {
        name: f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03}Z" if isinstance(value, dt.datetime) else value
        for name, value in said.items()
    }
    return sha256(parsers.COMPACT.encode(texts).encode()).hexdigest()


def _refused(code: str, *found: str) -> Row:
    return {"reason_code": code, "reason": reasons.SENTENCES[code].format(*found)}


def _left_out(row: Row) -> Row:
    """Return of a suppressed person's row its clocks and why it is left out: the rest goes nowhere."""
    code, reason = reasons.suppressed()
    clocks = {name: value for name, value in row.items() if name in CLOCKS}
    return {**clocks, "reason_code": code, "reason": reason}


def newest(records: DataFrame) -> DataFrame:
    """Return one state of each source record: the one changed last, else the last line of the youngest file.

    `source` stays beside the columns of silver.source_records.
    """
    good = records.where(F.col("reason_code").isNull())
    last = [F.desc_nulls_last("updated_at"), *(F.desc(name) for name in ("modified_at", "file", "position"))]
    one = F.row_number().over(Window.partitionBy("record_id").orderBy(*last))
    names = table("silver.source_records").column_names
    return good.withColumn("one", one).where(F.col("one") == 1).select(*names, "source")


def recency(alias: str) -> Column:
    """Return what orders two states of one record (of table aliases `t.`, `s.`).

    The later change; of two at one time, or that say none, that of the younger file; last a total order over all that
    they say.
    """
    names = [name for name in table("silver.source_records").column_names if name not in {*CLOCKS, "extra"}]
    said = canonical.digest(
        *(F.col(f"{alias}{name}") for name in names),
        F.to_json(F.array_sort(F.map_entries(f"{alias}extra"))),
    )
    since = F.coalesce(F.unix_micros(F.col(f"{alias}updated_at")), F.lit(-(2**62)))
    return F.struct(since.alias("since"), F.col(f"{alias}delivered_at").alias("delivered_at"), said.alias("said"))


def distinct_events(events: DataFrame) -> DataFrame:
    """Return each distinct consent event once; `source` stays beside the columns of silver.consent_events."""
    names = table("silver.consent_events").column_names
    good = events.where(F.col("reason_code").isNull())
    one = F.row_number().over(Window.partitionBy("consent_event_id").orderBy("source", "file", "position"))
    return good.withColumn("one", one).where(F.col("one") == 1).select(*names, "source")
