from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from entourage import schemas, tables
from entourage.errors import UsageError


@pytest.mark.parametrize("table", schemas.TABLES.values(), ids=lambda table: table.name)
def test_every_table_says_whom_it_is_about_what_for_and_for_how_long(table: schemas.Table) -> None:
    names = set(table.column_names)

    assert table.layer in {"bronze", "silver", "gold", "ops"}
    assert table.key and set(table.key) <= names
    assert table.grain and table.purpose and table.retention_days > 0
    assert table.subject_key == "none" or table.subject_key in names
    assert table.subject_key != "none" or not table.personal_columns
    assert table.partition_by is None or table.partition_by in names
    assert len(names) == len(table.columns)


@pytest.mark.parametrize("table", schemas.TABLES.values(), ids=lambda table: table.name)
def test_every_table_says_how_old_a_row_is_or_why_it_does_not(table: schemas.Table) -> None:
    assert bool(table.clock) != bool(table.undated)


@pytest.mark.parametrize(
    ("name", "clock"),
    [
        ("silver.posts", "created_date"),
        ("bronze.quarantine", "received_at"),
        ("silver.source_records", "received_at"),
        ("silver.tombstones", "applied_at"),
        ("bronze.files", ""),
    ],
)
def test_the_clock_is_the_partition_or_when_it_happened_or_came_unless_another_is_named(name: str, clock: str) -> None:
    assert schemas.TABLES[name].clock == clock


@pytest.mark.parametrize("table", schemas.TABLES.values(), ids=lambda table: table.name)
def test_every_column_has_a_comment_and_references_exist(table: schemas.Table) -> None:
    for column in table.columns:
        assert column.comment, column.name
        if column.references:
            assert column.name in schemas.TABLES[column.references].column_names


def test_an_unknown_table_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UsageError, match=r"did you mean 'gold.persons'"):
        schemas.table("gold.person")


def test_column_comments_carry_the_privacy_class(spark: SparkSession) -> None:
    comments = {field.name: field.metadata["comment"] for field in schemas.spark_schema("gold.persons").fields}

    assert comments["email"].endswith("[direct]")
    assert comments["record_count"].endswith("[none]")


def test_personal_columns_have_no_statistics_but_keys_do(spark: SparkSession) -> None:
    indexed = tables.properties(schemas.TABLES["gold.person_values"])["delta.dataSkippingStatsColumns"].split(",")

    assert indexed == ["person_id", "attribute", "system", "trust", "rule"]


def test_events_tables_partition_by_a_day() -> None:
    assert schemas.TABLES["silver.posts"].partition_by == "created_date"
