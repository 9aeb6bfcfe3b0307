"""The history of accounts does not depend on the order in which their states are seen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from entourage.ingest import accounts

from .conftest import at, table_of

Items = Callable[..., DataFrame]
Row = dict[str, Any]
SHOWN = ("valid_from", "valid_to", "network", "handle", "display_name", "bio", "location", "urls", "created_at",
         "is_bot", "followers_count", "following_count")  # fmt: skip


def _day(day: int) -> dt.datetime:
    return at(f"2024-01-{day:02}T12:00:00.000001")


def _seen(
    id_: str, day: int, handle: str | None = "ada", counters: dict[str, int] | None = None, **more: object
) -> Row:
    said = {"handle": handle, "observed_at": _day(day), "counters": counters, **more}
    return {"account": {"account_id": f"x:{id_}", "network": "x", **said}}


FULL = {"display_name": "Ada", "bio": "tea", "location": "Lyon", "urls": ["https://ada.example"], "is_bot": False,
        "created_at": at("2016-03-16"), "extra": {"noindex": "true"}}  # fmt: skip
A = [
    _seen("full", 1, counters={"followers": 3, "following": 2, "posts": 9}, **FULL),
    _seen("two", 1),
    _seen("count", 1, counters={"followers": 3}),
    _seen("same", 1), _seen("same", 1),
    _seen("again", 1),
    _seen("earlier", 3),
    _seen("back", 1), _seen("back", 5),
    _seen("partial", 1, bio="tea"),
    _seen("bare", 1, None),
    _seen("only bare", 1, None),
    _seen("at once", 1), _seen("at once", 1, "bob"),
    _seen("extra", 1, extra={"noindex": "false"}),
    _seen("lists", 1, urls=[]),
    _seen("less", 1, bio="tea"), _seen("less", 3),
    _seen("uncounted", 1, counters={"followers": 3}),
    _seen("counted less", 1, counters={"followers": 3}, bio="tea"),
    {"post": {"post_id": "x:1", "version": 0}},
]  # fmt: skip
B = [
    _seen("two", 2, "bob"),
    _seen("count", 2, counters={"followers": 4}),
    _seen("same", 1),
    _seen("again", 4),
    _seen("earlier", 2),
    _seen("back", 3, "bob"),
    _seen("partial", 2, "bob"),
    _seen("bare", 2),
    _seen("at once", 1),
    _seen("extra", 2, extra={"noindex": "true"}),
    _seen("lists", 2, urls=["https://ada.example"]),
    _seen("less", 2, bio="coffee"),
    _seen("uncounted", 2),
    _seen("counted less", 2, counters={"followers": 5}),
    {"account": None},
]  # fmt: skip
ORDERS = {"A, B": (A, B), "B, A": (B, A)}


@dataclass
class Found:
    """The table after both batches, the keys that the second made void, and the accounts that it returned."""

    rows: list[Row] = field(default_factory=list)
    void: list[tuple[str, dt.datetime]] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)

    def of(self, order: str, id_: str, *names: str) -> list[Any]:
        """Return some columns of one account's spans in one order of the batches."""
        rows = sorted((r for r in self.rows if r["account_id"] == f"x:{order}:{id_}"), key=lambda r: r["valid_from"])
        return [tuple(row[name] for name in names) for row in rows]


@pytest.fixture(scope="module")
def found(spark: SparkSession, items: Items) -> Found:
    """Bring the batches one after the other, as the merges do, both orders beside each other in one table."""
    found = Found()
    for step in (0, 1):
        batch = [_of_order(row, order) for order, batches in ORDERS.items() for row in batches[step]]
        stored = table_of(spark, "silver.accounts", found.rows)
        history = [row.asDict() for row in accounts.account_history(items(*batch), stored=stored).collect()]
        spans = table_of(spark, "silver.accounts", history)
        found.void = [(row[0], row[1]) for row in accounts.void_keys(spans, stored=stored).collect()]
        known = {(row["account_id"], row["valid_from"]): row for row in found.rows}
        new = {(row["account_id"], row["valid_from"]): row for row in history}
        assert len(new) == len(history)
        found.rows = list(({key: row for key, row in known.items() if key not in found.void} | new).values())
        found.touched = {row["account_id"] for row in history}
    return found


def _of_order(row: Row, order: str) -> Row:
    account = row.get("account")
    return (
        row
        if account is None
        else {"account": {**account, "account_id": account["account_id"].replace("x:", f"x:{order}:")}}
    )


both = pytest.mark.parametrize("order", ORDERS)
IDS = sorted({row["account"]["account_id"][2:] for row in A if "account" in row})


@pytest.mark.parametrize("id_", IDS)
def test_the_order_of_deliveries_does_not_matter(found: Found, id_: str) -> None:
    spans = found.of("A, B", id_, *SHOWN)

    assert spans
    assert spans == found.of("B, A", id_, *SHOWN)


def test_a_state_is_open_until_another_is_seen(found: Found) -> None:
    assert found.of("A, B", "full", *SHOWN) == [
        (_day(1), None, "x", "ada", "Ada", "tea", "Lyon", ["https://ada.example"], at("2016-03-16"), False, 3, 2)
    ]


def test_what_has_no_column_stays_in_extra(found: Found) -> None:
    ((extra,),) = found.of("A, B", "full", "extra")

    assert extra["noindex"] == "true"


@both
def test_two_states_are_two_spans_that_meet(found: Found, order: str) -> None:
    assert found.of(order, "two", "valid_from", "valid_to", "handle") == [
        (_day(1), _day(2), "ada"),
        (_day(2), None, "bob"),
    ]


@both
def test_a_counter_alone_makes_no_new_row_and_the_latest_is_kept(found: Found, order: str) -> None:
    assert found.of(order, "count", "valid_from", "valid_to", "followers_count") == [(_day(1), None, 4)]


@both
def test_a_source_that_says_less_carries_over_what_was_said_last(found: Found, order: str) -> None:
    assert found.of(order, "less", "valid_from", "valid_to", "bio", "carried") == [
        (_day(1), _day(2), "tea", None),
        (_day(2), _day(3), "coffee", None),
        (_day(3), None, "coffee", ["bio"]),
    ]


@both
def test_a_sight_without_counters_keeps_those_read_before(found: Found, order: str) -> None:
    assert found.of(order, "uncounted", "followers_count", "counted_at") == [(3, _day(1))]
    assert found.of(order, "counted less", "valid_from", "followers_count") == [(_day(1), 3), (_day(2), 5)]


@both
@pytest.mark.parametrize("id_", ["same", "again"])
def test_a_state_that_is_seen_again_stays_one_row(found: Found, order: str, id_: str) -> None:
    assert found.of(order, id_, "valid_from", "valid_to", "handle") == [(_day(1), None, "ada")]


@both
def test_a_state_that_comes_back_is_a_span_of_its_own(found: Found, order: str) -> None:
    assert found.of(order, "back", "valid_from", "valid_to", "handle") == [
        (_day(1), _day(3), "ada"),
        (_day(3), _day(5), "bob"),
        (_day(5), None, "ada"),
    ]


@both
def test_a_late_sight_of_the_same_state_moves_its_beginning(found: Found, order: str) -> None:
    assert found.of(order, "earlier", "valid_from", "valid_to") == [(_day(2), None)]


def test_the_keys_that_a_batch_made_void_are_told(found: Found) -> None:
    assert sorted(found.void) == [
        ("x:A, B:bare", _day(1)),
        ("x:A, B:earlier", _day(3)),
        ("x:B, A:again", _day(4)),
        ("x:B, A:count", _day(2)),
        ("x:B, A:uncounted", _day(2)),
    ]


@both
def test_what_a_source_does_not_say_is_carried_over(found: Found, order: str) -> None:
    assert found.of(order, "partial", "valid_from", "handle", "bio") == [
        (_day(1), "ada", "tea"),
        (_day(2), "bob", "tea"),
    ]


@both
def test_a_sight_that_says_nothing_goes_once_another_says_something(found: Found, order: str) -> None:
    assert found.of(order, "bare", "valid_from", "valid_to", "handle") == [(_day(2), None, "ada")]
    assert found.of(order, "only bare", "valid_from", "valid_to", "handle") == [(_day(1), None, None)]


@both
def test_of_two_states_at_one_time_one_is_kept(found: Found, order: str) -> None:
    ((valid_from, valid_to, handle),) = found.of(order, "at once", "valid_from", "valid_to", "handle")

    assert (valid_from, valid_to) == (_day(1), None)
    assert handle in {"ada", "bob"}


@both
@pytest.mark.parametrize("id_", ["extra", "lists"])
def test_a_change_of_extra_or_of_links_is_a_new_state(found: Found, order: str, id_: str) -> None:
    assert found.of(order, id_, "valid_from", "valid_to") == [(_day(1), _day(2)), (_day(2), None)]


def test_only_the_accounts_of_a_batch_are_returned(found: Found) -> None:
    assert "x:B, A:full" in found.touched
    assert not {"x:A, B:full", "x:A, B:only bare"} & found.touched


def test_a_batch_without_accounts_has_no_history(spark: SparkSession, items: Items) -> None:
    stored = table_of(spark, "silver.accounts", [{"account_id": "x:old", "valid_from": _day(1), "network": "x"}])

    assert accounts.account_history(items({"account": None}), stored=stored).collect() == []
