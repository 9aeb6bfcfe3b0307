"""X API v1.1 becomes posts, accounts and retractions."""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import DataFrame

from entourage.ingest import x_v1

from .conftest import MODIFIED, at, posts_of, some_of

WHEN = "Fri Sep 07 16:35:24 +0000 2012"
EARLIER = "Thu Sep 06 10:00:00 +0000 2012"
ADA = {"id": 7, "id_str": "7", "screen_name": "ada", "name": "Ada", "followers_count": 3, "description": "a &amp; b"}
BOB = {"id": 8, "id_str": "8", "screen_name": "bob"}


def _status(**more: object) -> dict[str, object]:
    return {"id_str": "9007199254740993", "id": 9007199254740992, "created_at": WHEN, "user": ADA, "text": "hi", **more}


def test_a_status_is_a_post_with_its_author(payloads: Callable[..., DataFrame]) -> None:
    status = _status(
        text="1 &lt; 2",
        lang="und",
        favorite_count=4,
        source='<a href="x">App</a>',
        entities={"hashtags": [{"text": "Tea"}], "user_mentions": [{"id_str": "8"}, {"screen_name": "cy"}], "urls": []},
    )
    found = x_v1.items(payloads(status))

    assert some_of(found, "post") == [
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
    assert some_of(found, "account") == [
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


def test_statuses_inside_a_status_are_posts_too(payloads: Callable[..., DataFrame]) -> None:
    inner = _status(id_str="2", user=BOB, created_at=EARLIER, text="inner")
    retweeted = _status(id_str="3", user=BOB, created_at=EARLIER, text="short…", quoted_status=inner,
                        extended_tweet={"full_text": "the long text", "entities": {"hashtags": [{"text": "Long"}]}})  # fmt: skip
    found = x_v1.items(payloads(_status(id_str="4", text="RT", retweeted_status=retweeted)))

    assert posts_of(found, "kind", "text", "shared_post_id", "shared_account_id", "hashtags", "observed_at") == [
        {"post_id": "x:2", "kind": "post", "text": "inner", "shared_post_id": None, "shared_account_id": None,
         "hashtags": None, "observed_at": at("2012-09-07T16:35:24")},
        {"post_id": "x:3", "kind": "quote", "text": "the long text", "shared_post_id": "x:2", "shared_account_id": "x:8",
         "hashtags": ["long"], "observed_at": at("2012-09-07T16:35:24")},
        {"post_id": "x:4", "kind": "share", "text": "RT", "shared_post_id": "x:3", "shared_account_id": "x:8",
         "hashtags": None, "observed_at": at("2012-09-07T16:35:24")},
    ]  # fmt: skip


def test_lists_and_pages_give_all_their_statuses_and_users(payloads: Callable[..., DataFrame]) -> None:
    found = x_v1.items(
        payloads(
            [_status(id_str="1"), _status(id_str="2")],
            {"statuses": [_status(id_str="3")]},
            {"results": [_status(id_str="4")]},
            {"users": [ADA, BOB]},
            [BOB],
        )
    )

    assert [row["post_id"] for row in posts_of(found)] == ["x:1", "x:2", "x:3", "x:4"]
    undated = [row for row in some_of(found, "account") if row["observed_at"] == MODIFIED.replace(tzinfo=None)]
    assert sorted(str(row["account_id"]) for row in undated) == ["x:7", "x:8", "x:8"]


def test_a_deletion_is_a_retraction(payloads: Callable[..., DataFrame]) -> None:
    notice = {"delete": {"status": {"id_str": "5", "user_id": 7}, "timestamp_ms": "1347035724000"}}
    geo = {"scrub_geo": {"user_id_str": "7", "up_to_status_id": 1}}

    assert some_of(x_v1.items(payloads(notice, geo)), "retraction") == [
        {"network": "x", "object_id": "x:5", "kind": "delete", "occurred_at": at("2012-09-07T16:35:24")},
        {"network": "x", "object_id": "x:7", "kind": "scrub_geo", "occurred_at": at("1970-01-01T00:00:00")},
    ]


def test_retyped_unknown_and_missing_fields_cost_themselves_only(payloads: Callable[..., DataFrame]) -> None:
    odd = _status(entities="none", place=[1], lang={"a": 1}, new={"field": [1]}, favorite_count="many", truncated="no")
    bare = {"id": 6, "text": None, "user": None, "full_text": "x"}
    found = x_v1.items(payloads(odd, bare, {"ids": [1, 2]}))

    assert posts_of(found, "text", "account_id", "hashtags", "counters") == [
        {"post_id": "x:6", "text": "x", "account_id": None, "hashtags": None, "counters": {}},
        {"post_id": "x:9007199254740993", "text": "hi", "account_id": "x:7", "hashtags": None, "counters": {}},
    ]
    assert found.count() == 3  # the list of ids is an item without anything
