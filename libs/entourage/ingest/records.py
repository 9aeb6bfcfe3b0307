"""Turn the rows of a business source into our columns, as its mapping says.

in: payloads (one JSON object a row) and their mappings ▶ out: rows of the tables of business records, by kind.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from hashlib import sha256
from typing import Any

import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from entourage import schemas
from entourage.ingest import canonical, documents, mapping, parsers, reasons, workers
from entourage.ingest.kinds import KINDS
from entourage.ingest.mapping import Part
from entourage.ingest.suppressions import Suppressions
from entourage.ingest.wire import Struct
from entourage.merging import CLOCKS
from entourage.schemas import RECORDS, table

ADDRESS = ("line", "postcode", "city", "region", "country")
BATCH_ROWS = 4_000  # of a batch that a worker gives back: one payload may hold 20,000 rows
Row = dict[str, Any]
Parts = Mapping[str, list[Part]]
NOBODY = Suppressions()


def rows(
    payloads: DataFrame,
    *,
    mappings: Iterable[mapping.Mapping],
    received_at: dt.datetime,
    left_out: Suppressions = NOBODY,
) -> dict[str, DataFrame]:
    """Return the rows of business sources, by their kind; `payloads.source` is a mapping's name.

    Returns:
        Grain: one row that a part of a mapping makes of a payload; `canonical.META`, the columns of the kind's table,
        and `reason_code` and `reason` where the row is refused.
    """
    by_kind: dict[str, dict[str, list[Part]]] = {}
    for source in mappings:
        for part in source.parts:
            by_kind.setdefault(part.kind, {}).setdefault(source.name, []).append(part)
    return {
        kind: _made(payloads, kind, parts=parts, received_at=received_at, left_out=left_out)
        for kind, parts in by_kind.items()
    }


def _made(
    payloads: DataFrame, kind: str, *, parts: Parts, received_at: dt.datetime, left_out: Suppressions
) -> DataFrame:
    columns = {column.name: column.type for column in table(RECORDS[kind]).columns}
    columns |= {"reason_code": "string", "reason": "string"}
    good = payloads.where(F.col("reason_code").isNull() & F.col("source").isin(*parts))
    read = partial(_read, names=tuple(columns), parts=parts, received_at=received_at, left_out=left_out)
    return workers.made(good, read, columns)


def _read(
    batches: Iterable[pa.RecordBatch],
    *,
    names: tuple[str, ...],
    parts: Parts,
    received_at: dt.datetime,
    left_out: Suppressions,
    types: workers.Types,
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        places: list[int] = []
        found: list[Row] = []
        columns = (batch.column(name).to_pylist() for name in ("source", "payload", "modified_at"))
        for place, (source, payload, modified_at) in enumerate(zip(*columns, strict=True)):
            for row in read(payload, parts=parts[source]):
                places.append(place)
                dated = {**row, "received_at": received_at, "delivered_at": modified_at}
                found.append(_left_out(dated) if left_out.row(dated) else dated)
                if len(found) >= BATCH_ROWS:
                    yield _batch(batch, places, found, names, types)
                    places, found = [], []
        if found:
            yield _batch(batch, places, found, names, types)


def _batch(
    batch: pa.RecordBatch, places: list[int], found: list[Row], names: tuple[str, ...], types: workers.Types
) -> pa.RecordBatch:
    taken = batch.select(list(canonical.META)).take(pa.array(places, pa.int32()))
    return workers.batch(taken, {name: [row.get(name) for row in found] for name in names}, types)


def read(payload: str, *, parts: list[Part]) -> Iterator[Row]:
    """Yield the rows of one kind that a payload makes, but for their clocks; one refusal where it cannot be read."""
    try:
        document = documents.loads(payload)
        whole = document if isinstance(document, dict) else {}
        found = [_row(row, part) for part in parts for row in parsers.rows(whole, part=part)]
    except parsers.NoListError as error:
        found = [_refused("bad_value", f"{error} is no list")]
    except Exception as error:  # whatever a document does to the parsers, only the document is refused
        found = [_refused("bad_shape", type(error).__name__)]
    yield from found


def _row(row: Struct, part: Part) -> Row:
    """Return a row as its kind's table has it, with `reason_code` and `reason` where it is refused.

    Values that a parser cannot read are None, and stay in `extra` as they came; so do columns that the mapping does
    not name.
    """
    make = {"persons": source_record, "consents": consent_event}.get(part.kind, business_record)
    return make(row, part=part)


def source_record(row: Struct, *, part: Part) -> Row:
    """Return a row as silver.source_records has it (see `_row`)."""
    made = parsers.columns(row, part=part)
    key = parsers.key(row, part=part)
    has_address = any(name.startswith("address.") for name in made)
    return {
        **made,
        "record_id": None if key is None else f"{part.system}:{key}",
        "system": part.system,
        "address": {name: made.get(f"address.{name}") for name in ADDRESS} if has_address else None,
        "extra": parsers.extra(row, part=part, made=made),
        **(_refused("bad_key") if key is None else {}),
    }


def consent_event(row: Struct, *, part: Part) -> Row:
    """Return a row as silver.consent_events has it (see `_row`)."""
    made = parsers.columns(row, part=part)
    said = {name: made.get(name) for name in KINDS["consents"].columns}
    needed = (said[name] for name in KINDS["consents"].needed if name != "effective_at")
    # Each value that it needs is a part of what names an act.
    refusal = _refused("bad_key") if None in needed else _refusal(said, "consents")
    return {**said, "consent_event_id": _digest(said), **refusal}


def business_record(row: Struct, *, part: Part) -> Row:
    """Return a row as the table of its kind has it (see `_row`)."""
    made, declared = parsers.columns(row, part=part), table(RECORDS[part.kind])
    said = {**made, "system": part.system, "extra": parsers.extra(row, part=part, made=made)}
    if declared.partition_by:
        when = made.get(declared.partition_by.replace("_date", "_at"))
        said[declared.partition_by] = when and when.date()
    return {**said, **_refusal(said, part.kind)}


def _refusal(said: Row, kind: str) -> Row:
    """Return why a row cannot stand in its table; nothing where it can."""
    declared = table(RECORDS[kind])
    missing = [name for name in KINDS[kind].needed if said.get(name) is None]
    untimed = [name for name in missing if KINDS[kind].columns[name] == "timestamp"]
    other = next((name for name in missing if name not in untimed), None)
    if other is not None:
        return _refused("bad_key") if other in declared.key else _refused("missing_value", other)
    if untimed:
        return _refused("bad_time")
    outside = (f"{c.name} {said[c.name]}" for c in declared.columns if _is_outside(said.get(c.name), c))
    found = next(outside, None)
    return {} if found is None else _refused("bad_value", found)


def _is_outside(value: Any, column: schemas.Column) -> bool:
    if value is None:
        return False
    is_below = column.minimum is not None and value < column.minimum
    is_above = column.maximum is not None and value > column.maximum
    return is_below or is_above or bool(column.allowed and value not in column.allowed)


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
    code, reason = reasons.named("suppressed")
    clocks = {name: value for name, value in row.items() if name in CLOCKS}
    return {**clocks, "reason_code": code, "reason": reason}


def kept(made: DataFrame, *, kind: str) -> DataFrame:
    """Return one row of each key; `source` stands beside the columns of the table.

    Of a table with `updated_at` the newest state: of the highest version, changed last, else the last line of the
    youngest file. Of any other table the event as it came first.
    """
    names = table(RECORDS[kind]).column_names
    if "updated_at" not in names:
        return _one(made, kind, [F.asc(name) for name in ("modified_at", "source", "file", "position")])
    version = [F.desc_nulls_last("version")] if "version" in names else []
    last = [F.desc_nulls_last("updated_at"), *(F.desc(name) for name in ("modified_at", "file", "position"))]
    return _one(made, kind, [*version, *last])


def newer(kind: str) -> Column | None:
    """Return whether a state (alias `s`) is newer than the table's (`t`); None for events, which stay as they are."""
    if "updated_at" not in table(RECORDS[kind]).column_names:
        return None
    return _recency("s.", kind) > _recency("t.", kind)


def _one(rows: DataFrame, kind: str, order: list[Column]) -> DataFrame:
    declared = table(RECORDS[kind])
    good = rows.where(F.col("reason_code").isNull())
    # Several rows of one payload may have one key: what they say makes the order total.
    said = [F.hash(*(name for name in declared.column_names if name not in CLOCKS and name != "extra"))]
    one = F.row_number().over(Window.partitionBy(*declared.key).orderBy(*order, *said))
    return good.withColumn("one", one).where(F.col("one") == 1).select(*declared.column_names, "source")


def _recency(alias: str, kind: str) -> Column:
    """Return what orders two states of one key (of table aliases `t.`, `s.`).

    The higher version; the later change; of two at one time, or that say none, that of the younger file; last a total
    order over all that they say.
    """
    names = [name for name in table(RECORDS[kind]).column_names if name not in {*CLOCKS, "extra"}]
    said = canonical.digest(
        *(F.col(f"{alias}{name}") for name in names),
        F.to_json(F.array_sort(F.map_entries(f"{alias}extra"))),
    )
    version = F.coalesce(F.col(f"{alias}version"), F.lit(0)) if "version" in names else F.lit(0).cast("bigint")
    since = F.coalesce(F.unix_micros(F.col(f"{alias}updated_at")), F.lit(-(2**62)))
    return F.struct(
        version.alias("version"),
        since.alias("since"),
        F.col(f"{alias}delivered_at").alias("delivered_at"),
        said.alias("said"),
    )
