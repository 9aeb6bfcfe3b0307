from __future__ import annotations

from pyspark.sql import SparkSession

from entourage import quality, schemas
from entourage.quality import Check
from entourage.rows import local_frame

TABLE = schemas.Table(
    name="silver.things",
    grain="one thing",
    key=("id",),
    columns=(
        schemas.Column("id", "string", "id"),
        schemas.Column("share", "double", "share", minimum=0.0, maximum=1.0),
        schemas.Column("kind", "string", "kind", required=True, allowed=("a", "b")),
    ),
    subject_key="none",
    purpose="test",
    retention_days=1,
)


def _failed(checks: list[Check]) -> dict[str, int]:
    return {check.check: check.failed_count for check in checks if not check.is_passed}


def test_each_broken_rule_is_counted(spark: SparkSession) -> None:
    rows = [("1", 0.0, "a"), ("2", 1.5, "c"), ("2", -1.0, None), (None, None, "b")]
    things = local_frame(spark, rows, "id string, share double, kind string")

    assert _failed(quality.check_contract(things, table=TABLE)) == {
        "id is not NULL": 1,
        "share >= 0": 1,
        "share <= 1": 1,
        "kind is not NULL": 1,
        "kind in a,b": 1,
        "key (id) is unique": 1,
    }


def test_an_empty_frame_passes(spark: SparkSession) -> None:
    things = local_frame(spark, [], "id string, share double, kind string")

    checks = quality.check_contract(things, table=TABLE)

    assert _failed(checks) == {}
    assert {check.row_count for check in checks} == {0}


def test_values_without_a_referenced_row_are_counted_once_and_null_is_none(spark: SparkSession) -> None:
    values = local_frame(spark, [("a",), ("b",), ("b",), (None,)], "person_id string")
    persons = local_frame(spark, [("a",)], "person_id string")
    table = schemas.TABLES["gold.person_values"]

    check = quality.check_reference(values, table=table, column="person_id", referenced=persons, row_count=4)

    assert check == Check("gold.person_values", "person_id is in gold.persons", 1, 4)
