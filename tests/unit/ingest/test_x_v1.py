"""X API v1.1 becomes posts, accounts and retractions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import DataFrame

from entourage.ingest import x_notices
from entourage.schemas import table

from .conftest import MODIFIED, Found, at, read_all, read_plain

WHEN = "Fri Sep 07 16:35:24 +0000 2012"
EARLIER = "Thu Sep 06 10:00:00 +0000 2012"
ADA = {"id": 7, "id_str": "7", "screen_name": "ada", "name": "Ada", "followers_count": 3, "description": "a &amp; b"}
BOB = {"id": 8, "id_str": "8", "screen_name": "bob"}


def _status(**more: object) -> dict[str, object]:
    return {"id_str": "9007199254740993", "id": 9007199254740992, "created_at": WHEN, "user": ADA, "text": "hi", **more}


INNER = _status(id_str="2", user=BOB, created_at=EARLIER, text="inner")
RETWEETED = _status(
    id_str="3",
    user=BOB,
    created_at=EARLIER,
    text="short…",
    quoted_status=INNER,
    extended_tweet={"full_text": "the long text", "entities": {"hashtags": [{"text": "Long"}]}},
)
DOCUMENTS: dict[str, object] = {
    "status": _status(
        text="1 &lt; 2",
        lang="und",
        favorite_count=4,
        source='<a href="x">App</a>',
        entities={"hashtags": [{"text": "Tea"}], "user_mentions": [{"id_str": "8"}, {"screen_name": "cy"}], "urls": []},
    ),
    "family": _status(id_str="4", text="RT", retweeted_status=RETWEETED),
    "list": [_status(id_str="1"), _status(id_str="2")],
    "search": {"statuses": [_status(id_str="3")]},
    "premium": {"results": [_status(id_str="4")]},
    "users": {"users": [ADA, BOB]},
    "user": [BOB],
    "edited": _status(id_str="6", edit_history={"initial_tweet_id": "5"}),
    "delete": {"delete": {"status": {"id_str": "5", "user_id": 7}, "timestamp_ms": "1347035724000"}},
    "scrub": {"scrub_geo": {"user_id_str": "7", "up_to_status_id": 1}},
    "retyped": _status(entities="none", place=[1], lang={"a": 1}, new={"field": [1]}, favorite_count="many"),
    "bare": {"id": 6, "text": None, "user": None, "full_text": "x"},
    "ids": {"ids": [1, 2]},
    "surrogate": _status(id_str="9", text="a\ud800b\x00"),
    "year 9999": _status(created_at="Fri Dec 31 00:00:00 +0000 9999"),
    "empty list": [],
    "deep": "[" * 3000 + "]" * 3000,
}


@pytest.fixture(scope="module")
def found(payloads: Callable[..., DataFrame]) -> Found:
    """Return what became of each document."""
    return read_all(payloads, DOCUMENTS, form="x_v1")


def _some(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return sorted(tuple(row.get(name) for name in names) for row in rows)


def test_a_status_is_a_post_with_its_author(found: Found) -> None:
    assert found["status"]["post"] == [
        {
            "post_id": "x:9007199254740993",
            "version": 0,
            "network": "x",
            "account_id": "x:7",
            "created_at": at("2012-09-07T16:35:24"),
            "text": "1 < 2",
            "kind": "post",
            "root_post_id": "x:9007199254740993",
            "mentions": ["x:8", "@cy"],
            "hashtags": ["tea"],
            "urls": [],
            "source_app": "App",
            "observed_at": at("2012-09-07T16:35:24"),
            "counters": {"likes": 4},
        }
    ]
    assert found["status"]["account"] == [
        {
            "account_id": "x:7",
            "network": "x",
            "handle": "ada",
            "display_name": "Ada",
            "bio": "a & b",
            "urls": [],
            "observed_at": at("2012-09-07T16:35:24"),
            "counters": {"followers": 3},
        }
    ]


def test_statuses_inside_a_status_are_posts_too(found: Found) -> None:
    family = found["family"]["post"]

    assert _some(family, "post_id", "kind", "text", "shared_post_id", "shared_account_id", "hashtags") == [
        ("x:2", "post", "inner", None, None, None),
        ("x:3", "quote", "the long text", "x:2", "x:8", ["long"]),
        ("x:4", "share", "RT", "x:3", "x:8", None),
    ]
    assert {post["observed_at"] for post in family} == {at("2012-09-07T16:35:24")}


def test_lists_and_pages_give_all_their_statuses_and_users(found: Found) -> None:
    posts = [post["post_id"] for name in ("list", "search", "premium") for post in found[name]["post"]]
    users = found["users"]["account"] + found["user"]["account"]

    assert sorted(posts) == ["x:1", "x:2", "x:3", "x:4"]
    assert _some(users, "account_id", "observed_at") == [
        (account_id, MODIFIED.replace(tzinfo=None)) for account_id in ("x:7", "x:8", "x:8")
    ]


def test_an_edit_is_a_version_of_the_first_status(found: Found) -> None:
    assert _some(found["edited"]["post"], "post_id", "version") == [("x:5", 1347035724000)]
    assert found["edited"]["post"][0]["extra"] == {"native_id": "6"}


def test_a_deletion_is_a_retraction(found: Found) -> None:
    assert found["delete"]["retraction"] == [
        {"network": "x", "object_id": "x:5", "kind": "delete", "occurred_at": at("2012-09-07T16:35:24")}
    ]
    assert found["scrub"]["retraction"] == [
        {"network": "x", "object_id": "x:7", "kind": "scrub_geo", "occurred_at": at("1970-01-01T00:00:00")}
    ]


def test_retyped_unknown_and_missing_fields_cost_themselves_only(found: Found) -> None:
    posts = found["retyped"]["post"] + found["bare"]["post"]

    assert _some(posts, "post_id", "text", "account_id", "hashtags", "counters") == [
        ("x:6", "x", None, None, {}),
        ("x:9007199254740993", "hi", "x:7", None, {}),
    ]
    assert found["bare"]["refused"] == ["missing_author"]


def test_lone_surrogates_and_nuls_leave_the_rest_of_a_text(found: Found) -> None:
    assert [post["text"] for post in found["surrogate"]["post"]] == ["a?b"]


def test_what_holds_nothing_is_refused_with_its_reason(found: Found) -> None:
    refused = {name: found[name]["refused"] for name in ("ids", "empty list", "year 9999", "deep")}

    assert refused == {
        "ids": ["no_items"],
        "empty list": ["no_items"],
        "year 9999": ["bad_time"],
        "deep": ["bad_shape"],
    }


FOLLOW = {"network": "x", "verb": "follow", "weight": 1.0}


@pytest.mark.parametrize(
    ("file", "pairs"),
    [
        ("hdfs://h/in/followers_of=12/p1.json", [("x:1", "x:12"), ("x:2", "x:12")]),
        ("/in/following_of=12.json", [("x:12", "x:1"), ("x:12", "x:2")]),
        ("/in/followers_of=12x/p1.json", []),
        ("/in/unfollowers_of=12/p1.json", []),
        ("/in/page.json", []),
    ],
)
def test_a_page_of_ids_makes_edges_where_its_path_says_whose_followers_they_are(
    file: str, pairs: list[tuple[str, str]]
) -> None:
    found = read_plain({"ids": {"ids": [1, "2", None, [3]], "next_cursor": 0}}, form="x_v1", file=file)["ids"]

    assert found["act"] == [
        {**FOLLOW, "edge_id": f"x:follow:{src}:{dst}", "src_account_id": src, "dst_account_id": dst} for src, dst in pairs
    ]  # fmt: skip
    assert found["refused"] == ([] if pairs else ["no_items"])


def test_a_page_of_users_makes_accounts_and_the_edges_that_its_path_says() -> None:
    found = read_plain({"users": {"users": [ADA, BOB]}}, form="x_v1", file="/in/followers_of=12/p.json")["users"]

    assert [account["account_id"] for account in found["account"]] == ["x:7", "x:8"]
    assert [(act["src_account_id"], act["dst_account_id"]) for act in found["act"]] == [("x:7", "x:12"), ("x:8", "x:12")]  # fmt: skip


MS = "1347035724000"
STATUS = {"status": {"id": 5, "id_str": "5", "user_id_str": "7"}}


@pytest.mark.parametrize(
    ("notice", "object_id", "kind"),
    [
        ({"delete": {**STATUS, "timestamp_ms": MS}}, "x:5", "delete"),
        ({"delete": {"favorite": {"tweet_id_str": "5", "user_id_str": "7"}, "timestamp_ms": MS}}, "x:like:x:7:x:5", "delete"),
        ({"status_withheld": {**STATUS, "withheld_in_countries": ["XY"], "timestamp_ms": MS}}, "x:5", "withheld"),
        ({"status_withheld": {"id": 5, "user_id": 7, "timestamp_ms": MS}}, "x:5", "withheld"),
        ({"user_withheld": {"user": {"id_str": "7"}, "timestampMs": "2012-09-07T16:35:24+00:00"}}, "x:7", "withheld"),
        ({"drop": {**STATUS, "timestamp_ms": MS}}, "x:5", "drop"),
        ({"undrop": {**STATUS, "timestamp_ms": MS}}, "x:5", "undrop"),
        ({"scrub_geo": {"user_id_str": "7", "up_to_status_id_str": "9", "timestamp_ms": MS}}, "x:7", "scrub_geo"),
        ({"user_delete": {"id": 7, "timestamp_ms": MS}}, "x:7", "user_delete"),
        ({"user_undelete": {"id": 7, "timestamp_ms": MS}}, "x:7", "user_undelete"),
        ({"user_protect": {"id": 7, "timestamp_ms": MS}}, "x:7", "user_protect"),
        ({"user_unprotect": {"id": 7, "timestamp_ms": MS}}, "x:7", "user_unprotect"),
        ({"user_suspend": {"id": 7, "timestamp_ms": MS}}, "x:7", "user_suspend"),
        ({"user_unsuspend": {"id": 7, "timestamp_ms": MS}}, "x:7", "user_unsuspend"),
        ({"tweet_edit": {"id": "6", "initial_tweet_id": "5", "edit_tweet_ids": ["5", "6"], "timestamp_ms": MS}}, "x:5", "edit"),
    ],
)  # fmt: skip
def test_each_compliance_event_is_a_retraction_of_its_kind(
    notice: dict[str, object], object_id: str, kind: str
) -> None:
    gone = {"network": "x", "object_id": object_id, "kind": kind, "occurred_at": at("2012-09-07T16:35:24")}

    assert read_plain({"notice": notice}, form="x_v1")["notice"]["retraction"] == [gone]


def test_a_notice_without_an_id_holds_nothing() -> None:
    assert read_plain({"n": {"delete": {"favorite": {"user_id": 7}}}}, form="x_v1")["n"]["refused"] == ["no_items"]


def test_every_kind_of_retraction_is_one_that_the_table_takes() -> None:
    (kind,) = (column for column in table("silver.tombstones").columns if column.name == "kind")

    assert set(x_notices.KINDS.values()) <= set(kind.allowed)
