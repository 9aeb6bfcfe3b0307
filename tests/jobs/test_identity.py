from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from entourage import cli, config, runs, schemas
from entourage.models import Models
from entourage.rows import local_frame
from entourage.sources import Sources
from entourage.tables import Tables

DAY, NEXT_DAY = dt.date(2026, 6, 15), dt.date(2026, 6, 16)
RECEIVED = dt.datetime(2026, 6, 1)
WRITTEN = (
    "silver.match_pairs",
    "silver.clusters",
    "gold.review_queue",
    "gold.crosswalk",
    "gold.id_redirects",
    "gold.merge_log",
    "gold.persons",
    "gold.person_values",
)
NAMES = [
    ("Marie", "Delacroix"), ("Robert", "Okafor"), ("Agathe", "Lindqvist"), ("Tobias", "Quennell"), ("Ines", "Barbosa"),
    ("Hugo", "Vandamme"), ("Nora", "Castellan"), ("Piotr", "Zielinski"),
]  # fmt: skip


def _context(spark: SparkSession, lake: str, said: list[str]) -> cli.Context:
    return cli.Context(
        Tables(spark, lake, "run"),
        Sources(spark),
        Models(spark, f"{lake}/_models"),
        config.load("local", {}),
        said.append,
    )


def _fill(context: cli.Context, table: str, rows: list[dict[str, Any]]) -> None:
    schema = schemas.spark_schema(table)
    full = [tuple({"received_at": RECEIVED, **row}.get(name) for name in schema.names) for row in rows]
    context.tables.merge(table, local_frame(context.tables.spark, full, schema))


def _records() -> list[dict[str, Any]]:
    rows = []
    for n, (given, family) in enumerate(NAMES):
        email, day = f"{given}.{family}@example.com".lower(), dt.date(1960 + 3 * n, 1 + n, 7 + 2 * n)
        crm = {"record_id": f"crm:{n}", "system": "crm", "given_name": given, "family_name": family, "birth_date": day}
        desk = {"record_id": f"service:{n}", "system": "service", "full_name": f"{given} {family}", "emails": [email]}
        rows += [crm | {"emails": [email]}, desk]
    rows[0]["social_ids"] = ["x:proved", "x:took_back"]
    return rows


def _world(context: cli.Context) -> None:
    _fill(context, "silver.source_records", _records())
    accounts = {
        "x:proved": "whoever",
        "x:took_back": "mariedelacroix",
        "x:yes": "robertokafor",
        "x:silent": "agathelindqvist",
    }
    _fill(
        context,
        "silver.accounts",
        [
            {"account_id": name, "valid_from": RECEIVED, "network": "x", "handle": handle}
            for name, handle in accounts.items()
        ],
    )
    _fill(context, "silver.consent_events", [
        {
            "consent_event_id": name, "identifier_kind": "account", "identifier": name, "purpose": "account_linking",
            "action": action, "basis": "consent", "effective_at": RECEIVED,
        }
        for name, action in [("x:yes", "granted"), ("x:took_back", "withdrawn")]
    ])  # fmt: skip


def _run(context: cli.Context, day: dt.date) -> None:
    runs.load("resolve_identities")(context, day)
    runs.load("build_golden_records")(context, day)


def _state(context: cli.Context) -> dict[str, list[str]]:
    return {name: sorted(str(row) for row in context.tables.read(name).collect()) for name in WRITTEN}


def test_records_become_persons_and_only_accounts_with_a_basis_are_linked(spark: SparkSession, lake: str) -> None:
    said: list[str] = []
    context = _context(spark, lake, said)
    _world(context)
    _run(context, DAY)
    current = context.tables.read("gold.crosswalk").where("valid_to is null").collect()
    person = {row.source_id: row.person_id for row in current}
    for n in range(len(NAMES)):
        assert person[f"crm:{n}"] == person[f"service:{n}"]
    assert len(set(person.values())) == len(NAMES)
    linked = {row.source_id: (row.person_id, row.how, row.basis) for row in current if row.source_kind == "account"}
    assert linked == {
        "x:proved": (person["crm:0"], "social_login", "self_provided"),
        "x:yes": (person["crm:1"], "consented_match", "consent"),
    }
    seen = context.tables.read("silver.match_pairs").where("record_id_l like 'x:%' or record_id_r like 'x:%'").collect()
    assert {row.record_id_r for row in seen} == {"x:yes"}
    first = _state(context)
    _run(context, DAY)
    _run(context, NEXT_DAY)
    assert _state(context) == first
    assert not Path(lake, "_scratch", "resolve_identities").exists()
    assert any("8 persons from 16 records" in sentence for sentence in said)


def test_an_empty_lake_gets_empty_tables(spark: SparkSession, lake: str) -> None:
    context = _context(spark, lake, [])
    _run(context, DAY)
    assert {name: len(rows) for name, rows in _state(context).items() if rows} == {}
