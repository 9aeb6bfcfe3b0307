"""Made-up records for the tests of identity."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from entourage import schemas
from entourage.identity import standardize
from entourage.identity.standardize import StandardizeParams
from entourage.rows import local_frame

Rows = Callable[[list[dict[str, Any]]], DataFrame]
RECEIVED = dt.datetime(2026, 6, 1)


@pytest.fixture
def rows_of(spark: SparkSession) -> Callable[[str, list[dict[str, Any]]], DataFrame]:
    """Return a function that fills a declared table's columns, NULL where a row says nothing."""

    def make(table: str, rows: list[dict[str, Any]]) -> DataFrame:
        schema = schemas.spark_schema(table)
        return local_frame(spark, [tuple(row.get(name) for name in schema.names) for row in rows], schema)

    return make


@pytest.fixture
def source_records(rows_of: Callable[[str, list[dict[str, Any]]], DataFrame]) -> Rows:
    """Return a function that makes silver.source_records; `address` is a dictionary."""

    def make(rows: list[dict[str, Any]]) -> DataFrame:
        parts = ("line", "postcode", "city", "region", "country")
        filled = [
            {"system": row["record_id"].split(":")[0], "received_at": RECEIVED, **row}
            | ({"address": tuple(row["address"].get(part) for part in parts)} if row.get("address") else {})
            for row in rows
        ]
        return rows_of("silver.source_records", filled)

    return make


@pytest.fixture
def standardized(source_records: Rows) -> Rows:
    """Return a function that makes standardized records with their frequencies."""

    def make(rows: list[dict[str, Any]]) -> DataFrame:
        read = standardize.standardize(source_records(rows), params=StandardizeParams())
        records = local_frame(read.sparkSession, read.collect(), read.schema).coalesce(1)
        counted = standardize.with_frequencies(records)
        return local_frame(counted.sparkSession, counted.collect(), counted.schema).coalesce(1)

    return make
