"""What the tests of ingest share: payloads as the detector gives them, and items as rows."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from entourage.ingest import canonical, formats
from entourage.rows import local_frame
from entourage.schemas import spark_schema

Found = dict[str, dict[str, list[Any]]]
UTC = dt.UTC
MODIFIED = dt.datetime(2026, 6, 10, tzinfo=UTC)
PAYLOADS = (
    "event_id string, source string, format string, file string, position bigint, modified_at timestamp, "
    "payload string, reason_code string, reason string"
)


@pytest.fixture(scope="session")
def payloads(spark: SparkSession) -> Callable[..., DataFrame]:
    """Return a maker of payloads of one format, from objects or texts."""

    def make(*objects: object, form: str = "x_v1") -> DataFrame:
        texts = [found if isinstance(found, str) else json.dumps(found) for found in objects]
        rows = [(f"e{n}", f"s{n}", form, "f", n, MODIFIED, text, None, None) for n, text in enumerate(texts, start=1)]
        return local_frame(spark, rows, PAYLOADS)

    return make


@pytest.fixture(scope="session")
def items(spark: SparkSession) -> Callable[..., DataFrame]:
    """Return a maker of items from dicts of the four structs' fields, and of a `reason_code` where one is refused."""

    def make(*rows: dict[str, Any]) -> DataFrame:
        schema = (
            "event_id string, source string, format string, file string, position bigint, modified_at timestamp, "
            f"post {canonical.POST}, account {canonical.ACCOUNT}, act {canonical.ACT}, "
            f"retraction {canonical.RETRACTION}, reason_code string, reason string"
        )
        head = ("e", "s", "x_v1", "f", 1, MODIFIED)
        return local_frame(
            spark,
            [(*head, *map(row.get, ("post", "account", "act", "retraction", "reason_code")), None) for row in rows],
            schema,
        )

    return make


def posts_of(found: DataFrame, *names: str) -> list[dict[str, object]]:
    """Return some columns of the posts of items, in the order of their ids."""
    rows = found.where(F.col("post").isNotNull()).select(*(F.col(f"post.{name}") for name in ("post_id", *names)))
    return sorted((row.asDict() for row in rows.collect()), key=lambda row: str(row["post_id"]))


def some_of(found: DataFrame, kind: str) -> list[dict[str, object]]:
    """Return the fields that are not NULL of one kind of item."""
    rows = [row[0].asDict() for row in found.where(F.col(kind).isNotNull()).select(kind).collect()]
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def by_payload(found: DataFrame, names: Iterable[str]) -> Found:
    """Return all items in one pass: for each payload, by its name, the fields of each kind that are not NULL.

    `refused` holds the reason codes. A plan of an adapter takes seconds to run: a file of tests reads it once.
    """
    kinds = ("post", "account", "act", "retraction")
    by_event: Found = {f"e{n}": {kind: [] for kind in (*kinds, "refused")} for n, _ in enumerate(names, start=1)}
    for row in found.collect():
        of_payload = by_event[row["event_id"]]
        of_payload["refused"] += [row["reason_code"]] if row["reason_code"] else []
        for kind in kinds:
            if row[kind] is not None:
                said = {name: value for name, value in row[kind].asDict().items() if value is not None}
                of_payload[kind] = sorted([*of_payload[kind], said], key=str)
    return dict(zip(names, by_event.values(), strict=True))


def read_all(payloads: Callable[..., DataFrame], documents: Mapping[str, object], *, form: str) -> Found:
    """Return what became of each document of one wire format in Spark's workers, as `by_payload`."""
    return by_payload(formats.items(payloads(*documents.values(), form=form), present=[form], mappings={}), documents)


def read_plain(documents: Mapping[str, object], *, form: str, file: str = "f") -> Found:
    """Return what became of each document of one wire format, as `read_all` does, without Spark."""
    return {name: _read_plain(document, form=form, file=file) for name, document in documents.items()}


def _read_plain(document: object, *, form: str, file: str) -> dict[str, list[Any]]:
    kinds = ("post", "account", "act", "retraction")
    by_kind: dict[str, list[Any]] = {kind: [] for kind in (*kinds, "refused")}
    text = document if isinstance(document, str) else json.dumps(document)
    for item, fault in formats.read(form, text, modified_at=MODIFIED, file=file):
        refused = formats.refusal(item, form=form, fault=fault)
        by_kind["refused"] += [refused[0]] if refused else []
        for kind in kinds:
            if item[kind] is not None:
                said = {name: _naive(value) for name, value in item[kind].items() if value is not None}
                by_kind[kind] = sorted([*by_kind[kind], said], key=str)
    return by_kind


def _naive(value: Any) -> Any:
    return value.replace(tzinfo=None) if isinstance(value, dt.datetime) else value


def table_of(spark: SparkSession, name: str, rows: Iterable[dict[str, Any]]) -> DataFrame:
    """Return rows of a declared table; columns that are not given are NULL."""
    schema = spark_schema(name)
    return local_frame(spark, [tuple(row.get(column) for column in schema.names) for row in rows], schema)


def at(text: str) -> dt.datetime:
    """Return a moment as Spark's rows have it: without a zone, in UTC."""
    return dt.datetime.fromisoformat(text)
