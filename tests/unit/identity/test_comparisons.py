from __future__ import annotations

import datetime as dt
from typing import Any

from pyspark.sql import SparkSession

from entourage.identity import comparisons
from entourage.identity.comparisons import COMPARISONS
from entourage.rows import local_frame
from tests.unit.identity.conftest import Rows

LEVELS = {c.name: c.levels for c in COMPARISONS}


def _told(
    spark: SparkSession, standardized: Rows, pairs: list[tuple[dict[str, Any], dict[str, Any]]], name: str
) -> list[str]:
    """Return the level's name for each pair of records."""
    rows = [
        {"record_id": f"{side}:{n:02}", **row}
        for n, both in enumerate(pairs)
        for side, row in zip("lr", both, strict=True)
    ]
    ids = [(f"l:{n:02}", f"r:{n:02}") for n in range(len(pairs))]
    frame = local_frame(spark, ids, "record_id_l string, record_id_r string").coalesce(1)
    compared = comparisons.compare(frame, records=standardized(rows)).orderBy("record_id_l").collect()
    return ["unknown" if row[name] < 0 else LEVELS[name][row[name]] for row in compared]


def _names(given: str | None, family: str | None) -> dict[str, Any]:
    return {"given_name": given, "family_name": family}


def test_first_names_agree_in_grades(spark: SparkSession, standardized: Rows) -> None:
    pairs = [
        (_names("Émile", "Roy"), _names("EMILE", "Roy")),
        (_names("Robert", "Roy"), _names("Bob", "Roy")),
        (_names("Jean Paul", "Roy"), _names("Jean", "Roy")),
        (_names("Mathilde", "Roy"), _names("Matilde", "Roy")),
        (_names("J.", "Roy"), _names("Jean", "Roy")),
        (_names("Martin", "Leroux"), _names("Leroux", "Martin")),
        (_names("Anne", "Roy"), _names("Boris", "Roy")),
        (_names(None, "Roy"), _names("Boris", "Roy")),
    ]
    expected = ["equal", "nickname or part", "nickname or part", "close", "initial", "swapped", "differs", "unknown"]
    assert _told(spark, standardized, pairs, "given") == expected


def test_family_names_agree_in_grades_and_a_swap_is_told_once(spark: SparkSession, standardized: Rows) -> None:
    pairs = [
        (_names("A", "de Vaux"), _names("A", "VAUX")),
        (_names("A", "Dupont"), _names("A", "Dupond")),
        (_names("A", "Martin-Duval"), _names("A", "Duval")),
        (_names("A", "Roy"), _names("A", "Diaz")),
        (_names("Martin", "Leroux"), _names("Leroux", "Martin")),
        (_names("A", None), _names("A", None)),
    ]
    assert _told(spark, standardized, pairs, "family") == ["equal", "close", "part", "differs", "unknown", "unknown"]


def test_of_many_addresses_the_best_agreement_counts(spark: SparkSession, standardized: Rows) -> None:
    pairs = [
        ({"emails": ["a.roe@example.com", "ann@example.org"]}, {"emails": ["ann@example.org"]}),
        ({"emails": ["annroe@example.com"]}, {"emails": ["anroe@example.com"]}),
        ({"emails": ["ann.roe@example.com"]}, {"emails": ["ann.roe@elsewhere.example"]}),
        ({"emails": ["ann.roe@example.com"]}, {"emails": ["bob.lee@example.com"]}),
        ({"emails": ["ann.roe@example.com"]}, {"emails": []}),
        ({"emails": None}, {"emails": None}),
    ]
    expected = ["equal", "close", "same local part", "differs", "unknown", "unknown"]
    assert _told(spark, standardized, pairs, "email") == expected


def test_dates_of_birth_tell_a_slip_from_another_day(spark: SparkSession, standardized: Rows) -> None:
    day = dt.date(1984, 5, 11)
    others = [
        day,
        dt.date(1984, 11, 5),
        dt.date(1984, 5, 12),
        dt.date(1985, 6, 11),
        dt.date(1984, 12, 30),
        dt.date(1951, 8, 2),
        None,
    ]
    pairs: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"birth_date": day}, {"birth_date": other}) for other in others
    ]
    expected = ["equal", "one edit or swapped", "one edit or swapped", "two edits", "same year", "differs", "unknown"]
    assert _told(spark, standardized, pairs, "birth_date") == expected


def test_places_agree_in_grades(spark: SparkSession, standardized: Rows) -> None:
    def at(postcode: str | None, city: str | None) -> dict[str, Any]:
        return {"address": {"postcode": postcode, "city": city}}

    pairs = [
        (at("75011", "Paris"), at("75 011", None)),
        (at("75011", "Paris"), at("75012", "PARIS 12e")),
        (at("75011", None), at("75101", "Paris")),
        (at(None, "Marseille"), at(None, "Marseile")),
        (at("75011", "Paris"), at("13001", "Marseille")),
        (at(None, "Paris"), at("13001", None)),
    ]
    expected = ["postcode equal", "city equal", "postcode close", "city close", "differs", "unknown"]
    assert _told(spark, standardized, pairs, "area") == expected


def test_streets_agree_in_grades(spark: SparkSession, standardized: Rows) -> None:
    lines = [
        ("12 rue de la République", "12, r. République"),
        ("12 rue de la République", "14 rue de la République"),
        ("12 Baker Street", "12 Baker Lane East"),
        ("12 avenue Victor Hugo", "3 place Victor Segalen"),
        ("12 Baker Street", "7 High Road"),
        ("12 Baker Street", None),
    ]
    pairs: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"address": {"line": left}}, {"address": {"line": right}}) for left, right in lines
    ]
    expected = ["equal", "street or number differs", "street or number differs", "words shared", "differs", "unknown"]
    assert _told(spark, standardized, pairs, "street") == expected


def test_every_comparisons_priors_are_distributions() -> None:
    for comparison in COMPARISONS:
        for table in (comparison.m, comparison.u, comparison.h):
            assert len(table) == len(comparison.levels)
            assert abs(sum(table) - 1) < 1e-9
            assert min(table) > 0
