from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.testing import assertDataFrameEqual

from entourage.errors import UsageError
from entourage.identity import golden
from entourage.identity.golden import GoldenParams
from entourage.rows import local_frame
from tests.unit.identity.conftest import Rows

PARAMS = GoldenParams(trust={"crm": 0.9, "web": 0.4}, default_trust=0.6, max_value_holders=3)
OLD, NEW = dt.datetime(2024, 1, 1), dt.datetime(2026, 1, 1)
Make = Callable[[str, list[dict[str, Any]]], DataFrame]


def _links(rows_of: Make, persons: dict[str, str]) -> DataFrame:
    return rows_of("gold.crosswalk", [
        {
            "source_id": source, "source_kind": "account" if source.startswith("x:") else "record", "person_id": person,
            "how": "match", "basis": "contract", "valid_from": OLD,
        }
        for source, person in persons.items()
    ])  # fmt: skip


def _cells(source_records: Rows, rows_of: Make, rows: list[dict[str, Any]]) -> dict[str, tuple[str, str, str]]:
    links = _links(rows_of, {row["record_id"]: "p1" for row in rows})
    candidates = golden.candidate_values(source_records(rows), crosswalk=links, params=PARAMS)
    values = golden.survive(golden.without_shared(candidates, params=PARAMS))
    return {row.attribute: (row.value, row.record_id, row.rule) for row in values.collect()}


def test_trust_beats_recency_beats_agreement(source_records: Rows, rows_of: Make) -> None:
    cells = _cells(
        source_records,
        rows_of,
        [
            {"record_id": "crm:1", "given_name": "Robert", "emails": ["old@example.com"], "updated_at": OLD},
            {"record_id": "crm:2", "given_name": "ROBERT", "emails": ["new@example.com"], "updated_at": NEW},
            {
                "record_id": "web:1",
                "given_name": "Bob",
                "emails": ["web@example.com"],
                "language": "FR-fr",
                "updated_at": NEW,
            },
            {"record_id": "web:2", "given_name": "Bob", "language": "en", "updated_at": NEW},
            {"record_id": "web:3", "language": "fr", "updated_at": NEW},
        ],
    )
    assert cells == {
        "given_name": ("Robert", "crm:2", "trust"),
        "email": ("new@example.com", "crm:2", "recency"),
        "language": ("fr", "web:1", "agreement"),
    }


def test_junk_desks_and_shared_values_never_survive(source_records: Rows, rows_of: Make) -> None:
    rows: list[dict[str, Any]] = [
        {"record_id": f"crm:{n}", "emails": ["all@example.com"], "phones": ["0000000000"], "family_name": "TEST"}
        for n in range(4)
    ]
    rows[0] |= {"emails": ["all@example.com", "info@example.com", "test@test.com"], "birth_date": dt.date(1900, 1, 1)}
    assert _cells(source_records, rows_of, rows) == {}


def test_an_address_survives_whole(source_records: Rows, rows_of: Make) -> None:
    cells = _cells(
        source_records,
        rows_of,
        [
            {"record_id": "crm:1", "address": {"city": "LYON", "country": "France"}, "updated_at": NEW},
            {
                "record_id": "crm:2",
                "address": {"line": "1 rue Neuve", "postcode": "75011", "city": "Paris"},
                "updated_at": OLD,
            },
            {
                "record_id": "web:1",
                "address": {"line": "9 High Road", "postcode": "N1 9GU", "city": "London"},
                "updated_at": NEW,
            },
        ],
    )
    assert {name: cell[0] for name, cell in cells.items()} == {
        "address_line": "1 rue Neuve", "postcode": "75011", "city": "Paris",
    }  # fmt: skip


def test_a_tie_is_decided_by_the_record_id(source_records: Rows, rows_of: Make) -> None:
    cells = _cells(source_records, rows_of, [
        {"record_id": "crm:2", "family_name": "Diaz", "updated_at": OLD},
        {"record_id": "crm:1", "family_name": "Rojo", "updated_at": OLD},
    ])  # fmt: skip
    assert cells == {"family_name": ("Rojo", "crm:1", "completeness")}


def test_a_person_is_one_row_with_counts_and_systems_even_without_any_value(
    spark: SparkSession, source_records: Rows, rows_of: Make
) -> None:
    records = source_records(
        [
            {
                "record_id": "crm:1",
                "full_name": "DE VAUX Anne",
                "phones": ["01 99 00 12 34"],
                "birth_date": dt.date(1984, 5, 11),
            },
            {"record_id": "web:1", "full_name": "Anne de Vaux"},
            {"record_id": "web:2"},
        ]
    )
    links = _links(rows_of, {"crm:1": "p1", "web:1": "p1", "x:7": "p1", "web:2": "p2"})
    candidates = golden.candidate_values(records, crosswalk=links, params=PARAMS)
    values = golden.survive(golden.without_shared(candidates, params=PARAMS))
    persons = golden.persons(links, values=values, records=records)
    known = (
        "person_id",
        "given_name",
        "family_name",
        "phone",
        "birth_date",
        "record_count",
        "account_count",
        "systems",
    )
    expected = [
        ("p1", "Anne", "De Vaux", "+33199001234", dt.date(1984, 5, 11), 2, 1, ["crm", "web"]),
        ("p2", None, None, None, None, 1, 0, ["web"]),
    ]
    found = persons.select(*known)
    assertDataFrameEqual(found, local_frame(spark, expected, found.schema))


def test_trust_is_read_and_every_wrong_entry_named() -> None:
    assert golden.parse_trust(["crm=0.9", " web = 1"]) == {"crm": 0.9, "web": 1.0}
    with pytest.raises(UsageError, match=r"'crm' is not system=number; 'web=2' is not between 0 and 1"):
        golden.parse_trust(["crm", "web=2"])
