"""Versions of posts do not depend on the order in which they and their deletions come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from entourage.ingest import posts

from .conftest import at, table_of

Items = Callable[..., DataFrame]
Row = dict[str, Any]
Rows = dict[tuple[str, int], Row]
CLOCKS = (at("2026-06-01"), at("2026-06-02"))
CLOCK_COLUMNS = {"received_at": None, "touched_at": None}
FULL = {
    "mentions": ["x:8"], "hashtags": ["tea"], "urls": ["https://tea.example"], "media": ["photo"], "place": "Lyon",
    "source_app": "App", "extra": {"kept": "no"}, "declared_language": "en", "in_reply_to_post_id": "x:q",
    "in_reply_to_account_id": "x:8", "root_post_id": "x:q",
}  # fmt: skip


def _post(id_: str, text: str | None = "hi", **more: object) -> Row:
    head = {"post_id": f"x:{id_}", "version": 0, "network": "x", "account_id": "x:ada", "kind": "post"}
    return {"post": {**head, "created_at": at("2024-01-01T23:59:59.5"), "text": text, **more}}


def _gone(id_: str, kind: str = "delete", when: str = "2024-02-01") -> Row:
    return {"retraction": {"network": "x", "object_id": f"x:{id_}", "kind": kind, "occurred_at": at(when)}}


A = [
    _post("once"),
    _post("twice"), _post("twice"),
    _post("longer", "short"),
    _post("tie", "aaa"),
    _post("silent", None),
    _post("edited"),
    _post("edits"), _post("edits", "third", version=9),
    _post("full", **FULL),
    _post("deleted edit", version=0), _post("deleted edit", "later", version=5),
    _post("by cy", account_id="x:cy", **FULL), _post("by cy", "later", account_id="x:cy", version=5),
    _post("by dee", account_id="x:dee", place="Lyon"),
    _post("twice deleted"),
    _post("deleted before it was made"),
    _post("withheld"),
    _post("edited after its end"), _gone("edited after its end"),
    {**_post("refused"), "reason_code": "bad_time"},
    _post("of two ids"), _post("of two ids", "later", version=5, extra={"native_id": "second"}),
    _post("told late"), _gone("third"),
    _post("answers", "the longer text"), _gone("answers"),
]  # fmt: skip
B = [
    _post("twice"),
    _post("longer", "much longer"),
    _post("tie", "bbb"),
    _post("silent", None),
    _post("edited", "x", version=5),
    _post("edits", "the second", version=5),
    _gone("full"),
    _gone("deleted edit"),
    _gone("cy", "user_delete"),
    _gone("dee", "scrub_geo"),
    _gone("twice deleted", when="2024-03-01"), _gone("twice deleted"),
    _gone("deleted before it was made", when="1970-01-01"),
    _gone("withheld", "withheld"), _gone("withheld", "edit"),
    _post("edited after its end", "x", version=5),
    _gone("never seen"),
    _gone("second"),
    _post("told late", "later", version=5, extra={"native_id": "third"}),
    _post("answers", "short", kind="reply", in_reply_to_account_id="x:bob"),
]  # fmt: skip


ORDERS = {"A, B": (A, B), "B, A": (B, A)}


def _of_order(row: Row, order: str) -> Row:
    """Rename posts and the accounts that are deleted, so that both orders run beside each other in one table."""
    named = {**row}
    for kind in {"post", "retraction"} & set(row):
        ids = {name: row[kind].get(name) for name in ("post_id", "object_id", "account_id")}
        renamed = {name: id_.replace("x:", f"x:{order}:") for name, id_ in ids.items() if id_ and id_ != "x:ada"}
        named[kind] = {**row[kind], **renamed}
        if native_id := (row[kind].get("extra") or {}).get("native_id"):
            named[kind]["extra"] = {"native_id": f"{order}:{native_id}"}
    return named


def _versions(batch: DataFrame, stored: DataFrame, tombstones: DataFrame, clock: dt.datetime) -> DataFrame:
    """Return what the merge of a batch writes, as `steps.social` puts it together."""
    ids = posts.version_ids(batch, stored=stored)
    retractions = posts.resolved(tombstones, version_ids=ids)
    retracted = posts.retracted(batch, retractions=retractions, version_ids=ids)
    return posts.post_versions(batch, stored=stored, retractions=retractions, retracted=retracted, received_at=clock)


@pytest.fixture(scope="module")
def tables(spark: SparkSession, items: Items) -> dict[str, Rows]:
    """Bring the batches one after the other, as the merges do; return the table of each order."""
    stored: Rows = {("x:old", 0): _stored("old")}
    retractions: list[Row] = []
    for step, clock in enumerate(CLOCKS):
        batch = [_of_order(row, order) for order, batches in ORDERS.items() for row in batches[step]]
        retractions += [row["retraction"] for row in batch if "retraction" in row]
        touched = _versions(
            items(*batch),
            table_of(spark, "silver.posts", stored.values()),
            table_of(spark, "silver.tombstones", retractions),
            clock,
        ).collect()
        assert len({(row["post_id"], row["version"]) for row in touched}) == len(touched)
        stored |= {(row["post_id"], row["version"]): {**row.asDict(), "touched_at": clock} for row in touched}
    found: dict[str, Rows] = {order: {} for order in (*ORDERS, "")}
    for (post_id, version), row in stored.items():
        order = next((name for name in ORDERS if f":{name}:" in post_id), "")
        plain = {
            name: v.replace(f"{order}:", "") if order and name.endswith("_id") and v else v for name, v in row.items()
        }
        if order and plain["extra"]:
            plain["extra"] = {name: value.replace(f"{order}:", "") for name, value in plain["extra"].items()}
        found[order][plain["post_id"], version] = plain
    return found


@pytest.fixture(scope="module")
def found(tables: dict[str, Rows]) -> dict[str, Rows]:
    return {order: tables[order] for order in ORDERS}


@pytest.fixture(scope="module")
def rows(found: dict[str, Rows]) -> Rows:
    return found["A, B"]


def test_the_order_of_deliveries_does_not_matter(found: dict[str, Rows]) -> None:
    one, other = ({key: {**row, **CLOCK_COLUMNS} for key, row in table.items()} for table in found.values())

    assert one == other


def test_a_post_is_a_row_of_the_day_it_was_made(rows: Rows) -> None:
    assert {name: value for name, value in rows["x:once", 0].items() if value is not None} == {
        "touched_at": CLOCKS[0],
        "post_id": "x:once",
        "version": 0,
        "is_current": True,
        "network": "x",
        "account_id": "x:ada",
        "created_at": at("2024-01-01T23:59:59.5"),
        "created_date": at("2024-01-01").date(),
        "received_at": CLOCKS[0],
        "text": "hi",
        "kind": "post",
    }


def test_a_version_that_comes_again_stays_one_row_with_its_first_sight(found: dict[str, Rows]) -> None:
    for table in found.values():
        assert [key for key in table if key[0] == "x:twice"] == [("x:twice", 0)]
        assert table["x:twice", 0]["received_at"] == CLOCKS[0]


def test_the_longest_text_of_a_version_is_kept(rows: Rows) -> None:
    assert rows["x:longer", 0]["text"] == "much longer"


def test_of_two_texts_of_one_length_one_is_kept(rows: Rows) -> None:
    assert rows["x:tie", 0]["text"] in {"aaa", "bbb"}


def test_a_post_without_text_is_kept_once(rows: Rows) -> None:
    assert (rows["x:silent", 0]["text"], rows["x:silent", 0]["is_current"]) == (None, True)


@pytest.mark.parametrize(("post", "versions"), [("edited", [0, 5]), ("edits", [0, 5, 9])])
def test_only_the_newest_version_is_current_and_the_older_ones_stay(
    found: dict[str, Rows], post: str, versions: list[int]
) -> None:
    for table in found.values():
        assert sorted((key[1], row["is_current"]) for key, row in table.items() if key[0] == f"x:{post}") == [
            (version, version == versions[-1]) for version in versions
        ]


def test_a_deletion_takes_what_was_said_and_leaves_the_relations(rows: Rows) -> None:
    assert {name: value for name, value in rows["x:full", 0].items() if value is not None} == {
        "touched_at": CLOCKS[1],
        "post_id": "x:full",
        "version": 0,
        "is_current": True,
        "deleted_at": at("2024-02-01"),
        "network": "x",
        "account_id": "x:ada",
        "created_at": at("2024-01-01T23:59:59.5"),
        "created_date": at("2024-01-01").date(),
        "received_at": CLOCKS[0],
        "kind": "post",
        "in_reply_to_post_id": "x:q",
        "in_reply_to_account_id": "x:8",
        "root_post_id": "x:q",
    }


@pytest.mark.parametrize("post", ["deleted edit", "by cy", "edited after its end"])
def test_a_deletion_takes_all_versions(rows: Rows, post: str) -> None:
    assert [(rows[f"x:{post}", version]["text"], rows[f"x:{post}", version]["deleted_at"]) for version in (0, 5)] == [
        (None, at("2024-02-01")),
        (None, at("2024-02-01")),
    ]


def test_the_earliest_of_two_deletions_counts(rows: Rows) -> None:
    assert rows["x:twice deleted", 0]["deleted_at"] == at("2024-02-01")


def test_no_post_is_deleted_before_it_was_made(rows: Rows) -> None:
    assert rows["x:deleted before it was made", 0]["deleted_at"] == at("2024-01-01T23:59:59.5")


def test_a_wish_to_forget_places_takes_the_place_only(rows: Rows) -> None:
    row = rows["x:by dee", 0]

    assert (row["place"], row["text"], row["deleted_at"]) == (None, "hi", None)


def test_what_is_withheld_or_edited_is_not_deleted(rows: Rows) -> None:
    assert (rows["x:withheld", 0]["text"], rows["x:withheld", 0]["deleted_at"]) == ("hi", None)


@pytest.mark.parametrize("id_", ["of two ids", "told late"])
@pytest.mark.parametrize("order", ORDERS)
def test_a_deletion_by_the_id_of_one_version_takes_all_versions(found: dict[str, Rows], order: str, id_: str) -> None:
    versions = [row for (post_id, _), row in found[order].items() if post_id == f"x:{id_}"]

    assert [(row["text"], row["deleted_at"]) for row in versions] == [(None, at("2024-02-01"))] * 2


def test_what_a_deleted_post_answers_is_kept_of_any_delivery(rows: Rows) -> None:
    row = rows["x:answers", 0]

    assert (row["text"], row["kind"], row["in_reply_to_account_id"]) == (None, "reply", "x:bob")


def test_what_was_refused_and_what_was_only_deleted_make_no_rows(found: dict[str, Rows]) -> None:
    ids = {key[0] for table in found.values() for key in table}

    assert "x:once" in ids
    assert not {"x:refused", "x:never seen", None} & ids


def test_only_what_a_batch_touches_is_returned(tables: dict[str, Rows]) -> None:
    assert tables[""] == {("x:old", 0): _stored("old")}
    assert tables["A, B"]["x:once", 0]["touched_at"] == CLOCKS[0]
    assert tables["A, B"]["x:by cy", 5]["touched_at"] == CLOCKS[1]


def test_a_batch_without_posts_returns_nothing(spark: SparkSession, items: Items) -> None:
    retractions = table_of(spark, "silver.tombstones", [_gone("old")["retraction"]])
    stored = table_of(spark, "silver.posts", [_stored("old")])

    assert _versions(items(), stored, retractions, CLOCKS[1]).collect() == []


def _stored(id_: str, **more: object) -> Row:
    return {**_post(id_, **more)["post"], "is_current": True, "received_at": CLOCKS[0]}
