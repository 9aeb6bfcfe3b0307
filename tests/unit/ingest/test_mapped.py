"""Rows of posts, accounts and edges become items, as their mapping says."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from entourage.ingest import formats
from entourage.ingest.mapping import Mapping, parse

MODIFIED = dt.datetime(2026, 6, 10, tzinfo=dt.UTC)
SOURCES = Path(__file__).resolve().parents[3] / "conf" / "sources"
MAPPINGS = {
    name: parse((SOURCES / f"{name}.yaml").read_text(encoding="utf-8"), name=name)
    for name in ("posts", "accounts", "edges")
}
POST = {"network": "Twitter", "post_id": "1", "author": "7", "handle": "ada", "date": "2024-01-02", "text": "hi",
        "url": "https://a.example", "likes": "3", "shares": "many", "hashtags": "a b a"}  # fmt: skip


def _read(name: str, row: object, mapping: Mapping | None = None) -> tuple[dict[str, Any], str | None]:
    mappings = {name: mapping or MAPPINGS[name]}
    [(item, fault)] = formats.read(name, json.dumps(row), modified_at=MODIFIED, mappings=mappings)
    refused = formats.refusal(item, form=name, fault=fault)
    return item, refused and refused[0]


def _some(struct: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in struct.items() if value is not None}


def test_a_row_is_a_post_and_its_author() -> None:
    item, code = _read("posts", {**POST, "in_reply_to_post_id": "x:5"})

    assert code is None
    assert _some(item["post"]) == {
        "post_id": "x:1",
        "version": 0,
        "network": "x",
        "account_id": "x:7",
        "created_at": dt.datetime(2024, 1, 2, tzinfo=dt.UTC),
        "text": "hi",
        "kind": "reply",
        "in_reply_to_post_id": "x:5",
        "hashtags": ["a", "b"],
        "extra": {"url": "https://a.example"},
        "observed_at": dt.datetime(2024, 1, 2, tzinfo=dt.UTC),
        "counters": {"likes": 3},
    }
    assert _some(item["account"]) == {
        "account_id": "x:7",
        "network": "x",
        "handle": "ada",
        "observed_at": MODIFIED,
    }


def test_the_links_of_a_post_are_not_those_of_its_author() -> None:
    mapping = parse(
        "kind: posts\nnetwork: x\ncolumns: {post_id: id, account_id: by, created_at: at, urls: url}", name="p"
    )
    item, _ = _read("p", {"id": "1", "by": "7", "at": "2024-01-02", "url": "https://a.example"}, mapping)

    assert (item["post"]["urls"], item["account"]["urls"]) == (["https://a.example"], None)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({**POST, "post_id": " "}, "missing_id"),
        ({**POST, "author": None}, "missing_author"),
        ({**POST, "date": "31/12/2024"}, "bad_time"),
        ({**POST, "date": "9999-12-31"}, "bad_time"),
        ({}, "no_items"),
        ([POST], "no_items"),
        ("post", "no_items"),
    ],
)
def test_a_row_that_is_no_post_is_refused(row: object, code: str) -> None:
    assert _read("posts", row)[1] == code


def test_an_account_has_its_counters_and_what_is_left_in_extra() -> None:
    item, code = _read("accounts", {"network": "Twitter", "id": 9007199254740993, "followers": "1.2E3", "following": "-1",
                                    "created_at": "soon", "new": {"a": 1}})  # fmt: skip

    assert code is None
    assert _some(item["account"]) == {
        "account_id": "x:9007199254740993",
        "network": "x",
        "urls": [],
        "extra": {"created_at": "soon", "new": '{"a":1}'},
        "observed_at": MODIFIED,
        "counters": {"followers": 1200},
    }


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"src": "1", "dst": "x:2"}, ("other:follow:other:1:x:2", "other", "other:1", "x:2", 1.0)),
        ({"src": "1", "dst": "2", "network": "x", "weight": "2.5"}, ("x:follow:x:1:x:2", "x", "x:1", "x:2", 2.5)),
        ({"src": "1", "dst": "2", "network": "vk"},
         ("other:follow:other:vk:1:other:vk:2", "other", "other:vk:1", "other:vk:2", 1.0)),
        ({"src": "1", "dst": "2", "weight": "heavy", "occurred_at": "soon"},
         ("other:follow:other:1:other:2", "other", "other:1", "other:2", 1.0)),
    ],
)  # fmt: skip
def test_a_row_is_an_act_of_an_id_that_names_its_network(row: object, expected: tuple[object, ...]) -> None:
    item, code = _read("edges", row)
    names = ("edge_id", "network", "src_account_id", "dst_account_id", "weight")

    assert code is None
    assert tuple(item["act"][name] for name in names) == expected


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"src": "1"}, "bad_edge"),
        ({"src": " ", "dst": "2"}, "bad_edge"),
        ({"src": "1", "dst": "2", "verb": "befriend"}, "bad_value"),
        ({"src": "1", "dst": "2", "weight": "-1"}, "bad_value"),
        ([], "no_items"),
    ],
)
def test_an_act_that_the_table_would_not_hold_is_refused(row: object, code: str) -> None:
    assert _read("edges", row)[1] == code


def test_rows_of_mappings_and_payloads_of_networks_are_read_in_one_pass(payloads: Callable[..., DataFrame]) -> None:
    status = {"id_str": "5", "created_at": "Fri Sep 07 16:35:24 +0000 2012", "text": "t", "user": {"id_str": "7"}}
    edge, deep = {"src": "1", "dst": "2"}, f'{{"src":{"[" * 100_000}{"]" * 100_000}}}'
    form = F.element_at(
        F.array(*map(F.lit, ("x_v1", "posts", "edges", "edges", "reddit"))), F.col("position").cast("int")
    )
    mixed = payloads(status, POST, edge, deep, {}).withColumn("format", form)
    found = formats.items(mixed, present=["edges", "posts", "x_v1"], mappings=MAPPINGS).collect()

    assert [(row["event_id"], row["reason_code"]) for row in sorted(found, key=lambda row: str(row["event_id"]))] == [
        ("e1", None), ("e2", None), ("e3", None), ("e4", "bad_shape")
    ]  # fmt: skip
    assert {row["post"]["post_id"] for row in found if row["post"]} == {"x:5", "x:1"}
