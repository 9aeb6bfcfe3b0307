"""All business streams of a made-up world into real Delta tables: nothing lost, nothing twice; and hostile rows."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from entourage import worlds
from entourage.simulate import SimulateParams
from entourage.tables import Tables
from tests.jobs.test_ingest import _is_conserved, _run

# Of each stream: the table that its rows are for, and what tells its rows apart in the files.
STREAMS = {
    "commerce/web_orders": ("silver.orders", ("id",)),
    "commerce/receipts": ("silver.orders", ("receipt",)),
    "commerce/returns": ("silver.returns", ("return_id",)),
    "commerce/invoices": ("silver.invoices", ("invoice_id",)),
    "commerce/payments": ("silver.payments", ("booking",)),
    "commerce/subscriptions": ("silver.subscriptions", ("event_id",)),
    "commerce/registrations": ("silver.registrations", ("registration_id",)),
    "web/visits": ("silver.web_visits", ("visit_id",)),
    "service/tickets": ("silver.tickets", ("id",)),
    "service/calls": ("silver.calls", ("call_id",)),
    "campaigns/campaigns": ("silver.campaigns", ("campaign", "variant")),
    "campaigns/programs": ("silver.programs", ("program",)),
    "campaigns/exposures": ("silver.exposures", ("campaign", "identifier_kind", "identifier")),
    "campaigns/costs": ("silver.campaign_costs", ("campaign", "day")),
    "campaigns/referral_codes": ("silver.referral_codes", ("code",)),
    "campaigns/guests": ("silver.program_guests", ("program", "customer_no", "email")),
    "campaigns/email_events": ("silver.email_events", ("event_id",)),
    "brands/readings": ("silver.brand_readings", ("post_id", "read_at")),
    "consent/events": ("silver.consent_events", ("event_id",)),
    "consent/requests": ("silver.consent_requests", ("request_id",)),
    "surveys/invitations": ("silver.survey_responses", ("invitation",)),
    "surveys/polls": ("silver.survey_responses", ("poll", "subscriber_id")),
    "surveys/contests": ("silver.contest_entries", ("entry_id",)),
    "organizations/companies": ("silver.organizations", ("company_id",)),
    "organizations/contacts": ("silver.organization_members", ("contact_id",)),
    "reference/brands": ("silver.brands", ("brand", "network")),
    "reference/products": ("silver.products", ("gtin",)),
    "reference/plans": ("silver.plans", ("plan",)),
    "reference/shops": ("silver.shops", ("shop",)),
    "reference/areas": ("silver.areas", ("area",)),
    "records/crm": ("silver.source_records", ("customer_no",)),
    "records/billing": ("silver.source_records", ("account",)),
    "records/service": ("silver.source_records", ("contact_id",)),
    "records/newsletter": ("silver.source_records", ("subscriber_id",)),
    "records/social_logins": ("silver.source_records", ("login_id",)),
    "records/consents": ("silver.consent_events", ("identifier", "purpose", "action", "effective_at", "evidence")),
}
SEMICOLONS = ("receipts", "payments", "billing")


def _lines(landing: Path, stream: str) -> Iterator[dict[str, Any]]:
    """Read a stream without any code of ours."""
    name = stream.split("/")[1]
    for path in (landing / stream).glob("part-*"):
        text = path.read_text(encoding="cp1252" if name == "receipts" else "utf-8")
        if text.startswith("{"):
            yield from map(json.loads, text.strip().split("\n"))
        else:
            yield from csv.DictReader(io.StringIO(text), delimiter=";" if name in SEMICOLONS else ",")


@pytest.mark.slow
def test_every_stream_of_the_world_is_in_its_table_once(spark: SparkSession, lake: str, tmp_path: Path) -> None:
    params = SimulateParams(people=300, days=1, history_months=2)
    worlds.write(spark, params, folder=str(tmp_path / "world"), force=False, say=lambda _: None)
    landing = tmp_path / "world" / "landing"
    expected: dict[str, int] = {}
    lines: dict[str, int] = {}
    for stream, (table, key) in STREAMS.items():
        rows = list(_lines(landing, stream)) if (landing / stream).exists() else []
        lines[stream.split("/")[1]] = len(rows)
        expected[table] = expected.get(table, 0) + len({tuple(row.get(name) for name in key) for row in rows})
    likes = [like for row in _lines(landing, "consent/likes") for like in row["likes"]["data"]]
    orders = list(_lines(landing, "commerce/web_orders"))
    receipts = list(_lines(landing, "commerce/receipts"))
    expected["silver.interests_declared"] = len(likes)
    expected["silver.order_lines"] = sum(len(order["lines"]) for order in orders) + len(receipts)

    tables = _run(spark, lake, "ingest_records", records_input=landing)

    assert _is_conserved(tables)
    assert not [count for count in tables.counts if count.quarantined]
    assert {name: tables.read(name).count() for name in expected} == expected
    came_in = {count.source: count.items for count in tables.counts if count.table == "bronze.events"}
    assert {name: count for name, count in lines.items() if count} == {k: v for k, v in came_in.items() if k in lines}
    newest = {order["id"]: order["total"] for order in sorted(orders, key=lambda order: order["version"])}
    stored = tables.read("silver.orders").where("system = 'shop'").collect()
    assert {row["order_id"]: str(row["total"]) for row in stored} == newest != {}

    again = _run(spark, lake, "ingest_records", records_input=landing, again=True)

    assert sum(count.written for count in again.counts) == 0


def _write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> None:
    (folder / name).mkdir(parents=True, exist_ok=True)
    suffix = "jsonl" if text.startswith("{") else "csv"
    (folder / name / f"part.{suffix}").write_bytes(text.encode(encoding))


def _counts(tables: Tables) -> dict[tuple[str, str], tuple[int, int, int, int]]:
    return {(c.source, c.table): (c.items, c.written, c.duplicates, c.quarantined) for c in tables.counts}


def test_hostile_rows_are_refused_alone_and_the_newest_version_stands(
    spark: SparkSession, lake: str, tmp_path: Path
) -> None:
    order = {"id": "A", "version": 2, "created_at": "2026-01-24T12:00:00Z", "total": "5.00", "lines": [{"gtin": "1"}]}
    orders = [
        order,
        {**order, "version": 1, "total": "9.00", "lines": [{"gtin": "1"}, {"gtin": "2", "quantity": "many"}]},
        {**order, "total": "5.00"},
        {**order, "id": None},
        {**order, "id": "B", "lines": 7, "total": "1,2"},
    ]
    _write(tmp_path / "shop", "web_orders", "\n".join(map(json.dumps, orders)))
    _write(
        tmp_path / "shop" / "deep",
        "receipts",
        "receipt;shop;sold;line;article;quantity;amount;currency;card;promotion\n"
        "R;Paris Rivoli;24/01/2026 13:00;1;thé;1;1.016,20;EUR;;\n"
        "R;Paris Rivoli;24/01/2026 13:00;2;café;1;x;EUR;;\n"
        "R;Paris Rivoli;32/01/2026 13:00;3;lait;1;1,00;EUR;;\n",
        encoding="cp1252",
    )
    _write(
        tmp_path / "shop",
        "payments",
        "booking;reference;amount_cents;currency;method;state;booked;exported_at\n"
        "P;I;100;EUR;card;BOOKED;20260124;\nP;I;999;EUR;card;BOOKED;20260124;\nQ;I;1.5;EUR;card;BOOKED;20260124;\n",
    )
    tables = _run(spark, lake, "ingest_records", records_input=tmp_path)
    counts = _counts(tables)

    assert counts["web_orders", "silver.orders"] == (5, 2, 2, 1)
    assert counts["web_orders", "silver.order_lines"] == (6, 3, 1, 2)
    assert counts["receipts", "silver.orders"] == (3, 1, 1, 1)
    assert counts["receipts", "silver.order_lines"] == (3, 2, 0, 1)
    assert counts["payments", "silver.payments"] == (3, 1, 1, 1)
    assert _is_conserved(tables)
    stored = {row["order_id"]: row for row in tables.read("silver.orders").collect()}
    assert {id_: (row["version"], row["total"]) for id_, row in stored.items()} == {
        "A": (2, Decimal("5.00")),
        "B": (2, None),
        "R": (1, None),
    }
    assert stored["B"]["extra"] == {"total": "1,2"}
    lines = tables.read("silver.order_lines").where("order_id = 'R'").orderBy("line").collect()
    assert [(row["article"], row["amount"], row["extra"]) for row in lines] == [
        ("thé", Decimal("1016.20"), None),
        ("café", None, {"amount": "x"}),
    ]
    assert lines[0]["occurred_at"].astimezone(dt.UTC).hour == 12
    assert [(r["payment_id"], r["amount"]) for r in tables.read("silver.payments").collect()] == [
        ("P", Decimal("1.00"))
    ]


def test_an_older_version_that_comes_late_changes_nothing(spark: SparkSession, lake: str, tmp_path: Path) -> None:
    order = {"id": "A", "version": 2, "created_at": "2026-01-24T12:00:00Z", "status": "corrected"}
    for version, status in ((2, "corrected"), (1, "paid"), (3, "cancelled")):
        _write(tmp_path / "landing", "web_orders", json.dumps({**order, "version": version, "status": status}))
        tables = _run(spark, lake, "ingest_records", records_input=tmp_path / "landing")
        stored = [(row["version"], row["status"]) for row in tables.read("silver.orders").collect()]

        assert stored == ([(2, "corrected")] if version < 3 else [(3, "cancelled")])
