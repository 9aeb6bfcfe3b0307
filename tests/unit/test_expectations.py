"""The Great Expectations suite: what it passes, what it stops, and what it never tells."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from pyspark.sql import DataFrame, SparkSession

from entourage import expectations, schemas
from entourage.errors import GateError
from entourage.quality import Check
from entourage.rows import local_frame

DAY = dt.date(2026, 3, 1)
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
LATER = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


def frame(spark: SparkSession, name: str, rows: list[tuple[object, ...]]) -> DataFrame:
    return local_frame(spark, rows, schemas.spark_schema(name))


def reader(spark: SparkSession, **tables: list[tuple[object, ...]]) -> Callable[[str], DataFrame]:
    return lambda name: frame(spark, name, tables.get(name.replace(".", "_"), []))


def broken(checks: list[Check]) -> dict[str, tuple[int, int]]:
    return {c.check.removeprefix(expectations.PREFIX): (c.failed_count, c.row_count) for c in checks if not c.is_passed}


def link(source: str, person: str, basis: str = "contract", ended: dt.datetime | None = None) -> tuple[object, ...]:
    kind = "account" if source.startswith("x:") else "record"
    return (source, kind, person, "single", basis, None, LATER if ended is None else NOON, ended)


def person(person_id: str, records: int = 1) -> tuple[object, ...]:
    return (person_id, *[None] * 10, records, 0, ["crm"])


def rank(entity: str, pagerank: float, position: int, score: float = 50.0) -> tuple[object, ...]:
    return ("account", entity, "x", "all", DAY, pagerank, score, 3, 7, position)


def check(
    spark: SparkSession, name: str, rows: list[tuple[object, ...]], **tables: list[tuple[object, ...]]
) -> list[Check]:
    return expectations.check(frame(spark, name, rows), table=schemas.table(name), read=reader(spark, **tables))


def test_a_sound_crosswalk_passes_every_expectation(spark: SparkSession) -> None:
    rows = [link("crm:1", "P1", ended=LATER), link("crm:1", "P2"), link("x:7", "P2", basis="consent")]
    checks = check(spark, "gold.crosswalk", rows)
    assert broken(checks) == {}
    assert len(checks) >= 5
    assert all(c.check.startswith(expectations.PREFIX) and c.table == "gold.crosswalk" for c in checks)


def test_a_source_with_two_current_persons_is_broken_by_both_rows(spark: SparkSession) -> None:
    rows = [link("crm:1", "P1"), link("crm:1", "P2"), link("crm:2", "P2")]
    assert broken(check(spark, "gold.crosswalk", rows)) == {"a source belongs to one current person": (2, 3)}


def test_an_account_linked_by_contract_is_refused_while_a_record_is_not(spark: SparkSession) -> None:
    rows = [link("crm:1", "P1", basis="contract"), link("x:7", "P1", basis="contract")]
    assert broken(check(spark, "gold.crosswalk", rows)) == {
        "a social account is linked by consent or by its owner only": (1, 1)
    }


def test_a_person_of_the_crosswalk_without_golden_record_is_found(spark: SparkSession) -> None:
    links = [link("crm:1", "P1"), link("crm:2", "P2"), link("crm:3", "P3", ended=LATER)]
    found = broken(check(spark, "gold.persons", [person("P1")], gold_crosswalk=links))
    assert found == {"every person of the crosswalk has a golden record": (1, 2)}


def test_a_person_without_any_source_is_found(spark: SparkSession) -> None:
    found = broken(check(spark, "gold.persons", [person("P1"), person("P2", records=0)]))
    assert found == {"source_count is at least 1": (1, 2)}


def test_ranks_must_sum_to_one_and_scores_lie_between_0_and_100(spark: SparkSession) -> None:
    assert broken(check(spark, "gold.influence", [rank("x:1", 0.75, 1), rank("x:2", 0.25, 2)])) == {}
    found = broken(check(spark, "gold.influence", [rank("x:1", 0.5, 1, score=101.0), rank("x:2", 0.25, 2)]))
    assert found == {
        "score is at least 0 and at most 100": (1, 2),
        "pagerank_sum is at least 0.999 and at most 1.001": (1, 1),
    }


def test_a_value_of_an_unknown_attribute_is_found(spark: SparkSession) -> None:
    rows = [
        ("P1", "email", "a@example.com", "crm:1", "crm", 0.9, "newest"),
        ("P1", "shoe", "42", "crm:1", "crm", None, "newest"),
    ]
    assert broken(check(spark, "gold.person_values", rows)) == {"attribute is a column of gold.persons": (1, 2)}


def test_a_doubtful_pair_in_the_wrong_order_is_found(spark: SparkSession) -> None:
    rows = [("crm:1", "crm:2", 0.7, "close"), ("crm:4", "crm:3", 0.7, "close")]
    assert broken(check(spark, "gold.review_queue", rows)) == {"the smaller record id comes first": (1, 2)}


def test_an_empty_table_passes(spark: SparkSession) -> None:
    for name in expectations.SUITES:
        assert broken(check(spark, name, [])) == {}


def test_a_table_without_a_suite_has_no_checks(spark: SparkSession) -> None:
    assert check(spark, "gold.id_redirects", []) == []


def test_a_merge_is_checked_together_with_the_rows_that_stay(spark: SparkSession) -> None:
    stored = [link("crm:1", "P1"), link("crm:2", "P2")]
    staged = frame(spark, "gold.crosswalk", [(*link("crm:1", "P9")[:6], NOON, None)])
    table = schemas.table("gold.crosswalk")
    read = reader(spark, gold_crosswalk=stored)
    assert broken(expectations.check(staged, table=table, read=read)) == {}
    found = broken(expectations.check(staged, table=table, read=read, is_whole=False))
    assert found == {"a source belongs to one current person": (2, 3)}


def test_a_slice_written_anew_is_checked_without_what_it_replaces(spark: SparkSession) -> None:
    staged = frame(spark, "gold.influence", [rank("x:1", 1.0, 1)])
    read = reader(spark, gold_influence=[rank("x:1", 0.5, 1), rank("x:2", 0.5, 2)])
    found = expectations.check(staged, table=schemas.table("gold.influence"), read=read, is_whole=False)
    assert broken(found) == {}


def test_an_expectation_that_cannot_be_evaluated_stops_the_job(spark: SparkSession) -> None:
    lame = frame(spark, "gold.review_queue", []).drop("match_probability")
    with pytest.raises(GateError, match="could not be checked"):
        expectations.check(lame, table=schemas.table("gold.review_queue"), read=reader(spark))


def test_no_frame_stays_in_memory(spark: SparkSession) -> None:
    cached = spark.sparkContext._jsc.getPersistentRDDs().size()  # type: ignore[attr-defined]
    check(spark, "gold.influence", [rank("x:1", 1.0, 1)])
    assert spark.sparkContext._jsc.getPersistentRDDs().size() == cached  # type: ignore[attr-defined]
