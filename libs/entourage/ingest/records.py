"""Turn the rows of a business source into our columns, as its mapping says.

in: payloads (one JSON object a row) and a `Mapping` ▶ out: source records, consent events, or items of posts,
accounts, edges.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from entourage.ingest import canonical, parsers, reasons
from entourage.ingest.mapping import Mapping
from entourage.schemas import table

ADDRESS = ("line", "postcode", "city", "region", "country")
# Kinds that have a table of their own; the others are social.
TABLES = {"persons": "silver.source_records", "consents": "silver.consent_events"}


def rows(payloads: DataFrame, *, mappings: Iterable[Mapping], received_at: dt.datetime) -> dict[str, DataFrame]:
    """Return the rows of sources of persons and consents, by their kind; `payloads.source` is a mapping's name."""
    make = {"persons": source_records, "consents": consent_events}
    found: dict[str, DataFrame] = {}
    for mapping in mappings:
        own = payloads.where(F.col("source") == mapping.name)
        frame = make[mapping.kind](own, mapping=mapping, received_at=received_at)
        found[mapping.kind] = found[mapping.kind].unionByName(frame) if mapping.kind in found else frame
    return found


def source_records(payloads: DataFrame, *, mapping: Mapping, received_at: dt.datetime) -> DataFrame:
    """Return one row a payload as silver.source_records has it, with `canonical.META`, `reason_code` and `reason`.

    Values that a parser cannot read are NULL, and stay in `extra` as they came; so do columns that the mapping does
    not name.
    """
    given = parsers.rows(payloads)
    key = F.concat_ws("-", *(parsers.theirs(name) for name in mapping.key))
    made = {name: parsers.column(name, value) for name, value in mapping.columns.items()}
    address = [made.get(f"address.{part}", F.lit(None)).cast("string").alias(part) for part in ADDRESS]
    has_address = any(name.startswith("address.") for name in made)
    declared = [column for column in table("silver.source_records").columns if column.name not in _OWN]
    values = [made.get(column.name, F.lit(None)).cast(column.type).alias(column.name) for column in declared]
    code = F.when(key == "", "bad_key")
    return given.select(
        *canonical.META,
        F.when(key != "", F.concat(F.lit(f"{mapping.system}:"), key)).alias("record_id"),
        F.lit(mapping.system).alias("system"),
        *values,
        (F.struct(*address) if has_address else F.lit(None)).cast(_type("address")).alias("address"),
        F.lit(received_at).alias("received_at"),
        parsers.extra(mapping, made).alias("extra"),
        code.alias("reason_code"),
        F.when(code.isNotNull(), reasons.sentence("bad_key")).alias("reason"),
    )


_OWN = {"record_id", "system", "address", "received_at", "extra"}


def newest(records: DataFrame) -> DataFrame:
    """Return one state of each source record: the one changed last; then a total order over all that it says.

    `source` stays beside the columns of silver.source_records.
    """
    good = records.where(F.col("reason_code").isNull())
    one = F.row_number().over(Window.partitionBy("record_id").orderBy(recency("").desc()))
    names = table("silver.source_records").column_names
    return good.withColumn("one", one).where(F.col("one") == 1).select(*names, "source")


def recency(alias: str) -> Column:
    """Return what orders two states of one record (of table aliases `t.`, `s.`): the later change, then its content."""
    names = [name for name in table("silver.source_records").column_names if name not in {"received_at", "extra"}]
    said = F.xxhash64(
        *(F.col(f"{alias}{name}") for name in names),
        F.to_json(F.array_sort(F.map_entries(f"{alias}extra"))),
    )
    since = F.coalesce(F.unix_micros(F.col(f"{alias}updated_at")), F.lit(-(2**62)))
    return F.struct(since.alias("since"), said.alias("said"))


def consent_events(payloads: DataFrame, *, mapping: Mapping, received_at: dt.datetime) -> DataFrame:
    """Return one row a payload as silver.consent_events has it, with `canonical.META`, `reason_code` and `reason`."""
    given = parsers.rows(payloads)
    declared = {column.name: column for column in table("silver.consent_events").columns}
    names = [name for name in declared if name not in {"consent_event_id", "received_at"}]
    made = {name: parsers.column(name, value) for name, value in mapping.columns.items()}
    values = given.select(*canonical.META, *(made.get(n, F.lit(None)).cast(declared[n].type).alias(n) for n in names))
    bad = F.coalesce(
        *(
            F.when(~F.col(n).isin(*declared[n].allowed), F.concat_ws(" ", F.lit(n), n))
            for n in names
            if declared[n].allowed
        )
    )
    missing = F.coalesce(
        *(F.when(F.col(n).isNull(), n) for n in names if declared[n].required and n != "effective_at"), F.lit(None)
    )
    code = (
        F.when(missing.isNotNull(), "bad_key")
        .when(F.col("effective_at").isNull(), "bad_time")
        .when(bad.isNotNull(), "bad_value")
    )
    reason = (
        F.when(code == "bad_key", reasons.sentence("bad_key"))
        .when(code == "bad_time", reasons.sentence("bad_time"))
        .when(code == "bad_value", reasons.sentence("bad_value", bad))
    )
    event_id = F.sha2(F.to_json(F.struct(*names), {"ignoreNullFields": "false"}), 256)
    return values.select(
        "*",
        event_id.alias("consent_event_id"),
        F.lit(received_at).alias("received_at"),
        code.alias("reason_code"),
        reason.alias("reason"),
    )


def distinct_events(events: DataFrame) -> DataFrame:
    """Return each distinct consent event once; `source` stays beside the columns of silver.consent_events."""
    names = table("silver.consent_events").column_names
    good = events.where(F.col("reason_code").isNull())
    one = F.row_number().over(Window.partitionBy("consent_event_id").orderBy("source", "file", "position"))
    return good.withColumn("one", one).where(F.col("one") == 1).select(*names, "source")


def _type(name: str) -> str:
    return next(column.type for column in table("silver.source_records").columns if column.name == name)
