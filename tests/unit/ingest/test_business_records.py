"""Rows of business streams become rows of their tables, or are refused with a sentence. No Spark is needed."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from entourage.errors import UsageError
from entourage.ingest import canonical, parsers, records, scalars
from entourage.ingest.kinds import KINDS
from entourage.ingest.mapping import Mapping, Value, parse
from entourage.schemas import RECORDS, table

SOURCES = Path(__file__).resolve().parents[3] / "conf" / "sources"
NOON = dt.datetime(2026, 1, 24, 12, tzinfo=dt.UTC)
ORDER = {
    "id": "A1", "version": 2, "status": "paid", "created_at": "2026-01-24T12:00:00Z", "currency": "EUR",
    "customer": {"no": "C7", "email": "ada@example.org", "note": "ring twice"}, "gift": True,
    "lines": [{"gtin": "29", "quantity": 1, "unit_price": "18.57"}, {"gtin": "30", "unit_price": 2, "color": "red"}],
    "total": "20.57",
}  # fmt: skip
RECEIPT = {"receipt": "B1", "shop": "Leeds Briggate", "sold": "24/07/2026 13:00", "line": "2", "article": "B7",
           "quantity": "3", "amount": "1.113,76", "currency": "GBP", "card": "L7", "promotion": ""}  # fmt: skip


def _mapping(name: str) -> Mapping:
    return parse((SOURCES / f"{name}.yaml").read_text(encoding="utf-8"), name=name)


def _rows(name: str, row: object, kind: str) -> list[dict[str, Any]]:
    parts = [part for part in _mapping(name).parts if part.kind == kind]
    return list(records.read(json.dumps(row), parts=parts))


def _some(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


def test_an_order_has_its_own_columns_and_what_no_table_reads_in_extra() -> None:
    [order] = _rows("web_orders", ORDER, "orders")

    assert _some(order) == {
        "order_id": "A1",
        "version": 2,
        "status": "paid",
        "record_id": "crm:C7",
        "email": "ada@example.org",
        "total": Decimal("20.57"),
        "currency": "EUR",
        "occurred_at": NOON,
        "occurred_date": dt.date(2026, 1, 24),
        "system": "shop",
        "extra": {"customer.note": "ring twice", "gift": "true"},
    }


def test_each_element_of_a_list_is_a_row_that_reaches_the_row_around_it() -> None:
    first, second = _rows("web_orders", ORDER, "order_lines")

    assert (first["order_id"], first["version"], first["line"]) == ("A1", 2, 1)
    assert (first["quantity"], first["unit_price"], first["extra"]) == (Decimal("1.000"), Decimal("18.57"), None)
    assert (second["line"], second["quantity"], second["unit_price"]) == (2, None, Decimal("2.00"))
    assert (second["occurred_at"], second["extra"]) == (NOON, {"color": "red"})


def test_a_till_row_is_an_order_and_its_line_with_the_shop_s_time_in_utc() -> None:
    [order] = _rows("receipts", RECEIPT, "orders")
    [line] = _rows("receipts", RECEIPT, "order_lines")

    assert (order["order_id"], order.get("total"), order["occurred_at"]) == (
        "B1",
        None,
        dt.datetime(2026, 7, 24, 12, tzinfo=dt.UTC),
    )
    assert (order["extra"], line["extra"]) == (None, None)
    assert (line["order_id"], line["line"], line["amount"]) == ("B1", 2, Decimal("1113.76"))


def test_twenty_thousand_likes_of_one_line_are_as_many_rows() -> None:
    likes = [{"id": str(n), "name": f"p{n}", "created_time": "2020-01-01T00:00:00Z"} for n in range(20_000)]
    row = {"provider": "facebook", "provider_user_id": "7", "granted_at": NOON.isoformat(), "likes": {"data": likes}}
    found = _rows("likes", row, "interests_declared")

    assert len({(one["account_id"], one["object_id"]) for one in found}) == 20_000
    assert _some(found[-1]) == {
        "account_id": "facebook:7",
        "object_id": "facebook:19999",
        "name": "p19999",
        "occurred_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
        "recorded_at": NOON,
        "system": "social_logins",
    }


@pytest.mark.parametrize(
    ("name", "kind", "change", "code", "said"),
    [
        ("web_orders", "orders", {"id": " "}, "bad_key", "The key is empty."),
        ("web_orders", "orders", {"version": "two"}, None, None),
        ("web_orders", "orders", {"version": -1}, "bad_value", "version -1"),
        ("web_orders", "orders", {"created_at": "24/01/2026"}, "bad_time", "The time is missing"),
        ("web_orders", "orders", {"total": "12,3,4"}, None, None),
        ("web_orders", "order_lines", {"version": None}, "bad_key", "The key is empty."),
        ("web_orders", "order_lines", {"lines": "none"}, "bad_value", "lines is no list"),
        ("web_orders", "order_lines", {"id": {}}, None, None),
    ],
)
def test_an_order_that_cannot_stand_is_refused(
    name: str, kind: str, change: dict[str, Any], code: str | None, said: str | None
) -> None:
    row = _rows(name, {**ORDER, **change}, kind)[0]

    assert row.get("reason_code") == code
    assert said is None or said in row["reason"]


@pytest.mark.parametrize(
    ("likes", "reasons"),
    [
        (None, []),
        ({}, []),
        ({"data": None}, []),
        ({"data": []}, []),
        ({"data": [7, {"id": None}, {"id": "1"}]}, ["bad_key", "bad_key", None]),
        ({"data": {"id": "1"}}, ["bad_value"]),
        ("many", ["bad_value"]),
    ],
)
def test_a_list_may_lack_but_what_is_no_list_is_refused(likes: object, reasons: list[str | None]) -> None:
    row = {"provider": "facebook", "provider_user_id": "7", "likes": likes}

    assert [made.get("reason_code") for made in _rows("likes", row, "interests_declared")] == reasons


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({}, None, None),
        ({"amount_cents": "12.5"}, "missing_value", "missing or cannot be read: amount."),
        ({"amount_cents": ""}, "missing_value", "amount"),
        ({"booked": "20261301"}, "bad_time", "The time is missing"),
        ({"booking": None, "booked": None}, "bad_key", "The key is empty."),
    ],
)
def test_a_booking_needs_its_number_its_amount_and_its_day(
    change: dict[str, Any], code: str | None, said: str | None
) -> None:
    row = {"booking": "P1", "reference": "I1", "amount_cents": "-1250", "booked": "20260124", "state": "BOOKED"}
    [made] = _rows("payments", {**row, **change}, "payments")

    assert made.get("reason_code") == code
    assert said is None or said in made["reason"]
    assert code is not None or (made["amount"], made["status"]) == (Decimal("-12.5"), "booked")


def test_a_word_that_a_column_does_not_know_is_refused() -> None:
    [row] = _rows("requests", {"request_id": "1", "kind": "Oblivion", "asked_at": "2026-01-24"}, "consent_requests")

    assert (row["reason_code"], "kind oblivion" in row["reason"]) == ("bad_value", True)


def test_an_optional_value_that_cannot_be_read_stays_in_extra() -> None:
    [row] = _rows("web_orders", {**ORDER, "total": "much", "version": "two"}, "orders")

    assert (row["total"], row["version"]) == (None, None)
    assert {"total": "much", "version": "two"}.items() <= row["extra"].items()


def test_lists_are_lists_and_parsed_ones_too() -> None:
    mail = {"message_id": "<1@a>", "from": "a@b.example", "to": ["c@d.example", None, "c@d.example"], "cc": [],
            "date": "Sat, 24 Jan 2026 13:00:00 +0100", "attachments": [{"name": "a.pdf"}]}  # fmt: skip
    [row] = _rows("mails", mail, "mails")
    [program] = _rows("programs", {"program": "p", "departments": "home|food", "discount": "0.1"}, "programs")

    assert (row["recipients"], row["copied"], row["attachments"]) == (["c@d.example"], [], ['{"name":"a.pdf"}'])
    assert (row["occurred_at"], program["departments"]) == (NOON, ["home", "food"])


@pytest.mark.parametrize(
    ("text", "comma", "expected"),
    [
        ("1234.5", False, "1234.50"),
        ("1,234.5", False, "1234.50"),
        ("-0.005", False, "-0.01"),
        (".5", False, "0.50"),
        ("1e3", False, "1000.00"),
        (0.1, False, "0.10"),
        ("12,34.5", False, None),
        ("1.234,5", True, "1234.50"),
        ("1\u202f234,50", True, "1234.50"),
        ("1234", True, "1234.00"),
        ("1,2,3", True, None),
        ("1.5", True, None),
        ("9" * 17, False, None),
        ("nan", False, None),
        ("", False, None),
        ("-", False, None),
        (True, False, None),
        (float("inf"), False, None),
        ("٣", False, None),
    ],
)
def test_an_amount_is_exact_or_none(text: object, comma: bool, expected: str | None) -> None:
    found = scalars.decimal(text, comma=comma)
    rounded = scalars.decimal(found, places=2)

    assert (rounded if rounded is None else str(rounded)) == expected


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-01-24 13:00", "Europe/Paris", NOON),
        ("2026-01-24T12:00:00Z", "Europe/Paris", NOON),
        ("2026-10-25 02:30", "Europe/Paris", dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)),
        ("2026-01-24 13:00", "Europe/Pariss", None),
        ("1769256000", "Europe/Paris", NOON),
        (1769256000123, "Europe/Paris", NOON.replace(microsecond=123_000)),
        ("soon", "Europe/Paris", None),
    ],
)
def test_a_time_without_zone_is_that_of_its_place(text: object, zone: str, expected: dt.datetime | None) -> None:
    value = Value(sources=("at",), type="timestamp", zone=Value(sources=("zone",)))

    assert parsers.column({"at": text, "zone": zone}, value=value) == expected


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("tables: []", "expected a list of parts"),
        ("tables: [{kind: order, columns: {order_id: a}}]", "did you mean 'orders'?"),
        ("tables: [{kind: orders, columns: {order_id: a}}]", "occurred_at missing, which orders need"),
        ("tables: [{kind: edges, columns: {src: a, dst: b}}]", "edges cannot be one of several tables"),
        ("kind: orders\ntables: []", "unknown key 'kind'"),
        ("kind: shops\ncolumns: {shop_id: {from: a, zone: Europe/Pari}}", "did you mean 'Europe/Paris'?"),
        ("kind: shops\ncolumns: {shop_id: a, received_at: b}", "unknown column of shops 'received_at'"),
    ],
)
def test_a_mapping_of_tables_that_makes_no_sense_is_refused(text: str, part: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text, name="x")

    assert part in str(caught.value)


def test_every_table_of_records_is_a_kind_whose_columns_a_mapping_may_make() -> None:
    for kind, name in RECORDS.items():
        assert set(table(name).key) <= {*KINDS[kind].needed, "record_id", "consent_event_id"}, name
        assert not {"received_at", "delivered_at", "system", "extra"} & set(KINDS[kind].columns)


def test_a_day_of_a_table_is_that_of_a_time_of_the_same_name() -> None:
    for kind, name in RECORDS.items():
        day = table(name).partition_by
        assert day is None or KINDS[kind].columns[day.replace("_date", "_at")] == "timestamp"


def test_no_column_of_a_table_has_the_name_of_what_stands_beside_it_in_ingest() -> None:
    beside = {*canonical.META, "reason_code", "reason", "one"}

    for name in RECORDS.values():
        assert not beside & set(table(name).column_names), name
