"""X API v2 becomes posts, accounts and retractions."""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import DataFrame

from entourage.ingest import x_v2

from .conftest import at, posts_of, some_of

WHEN = "2021-05-01T09:27:19.000Z"
ADA = {"id": "7", "username": "ada", "name": "Ada", "public_metrics": {"followers_count": 3}, "url": ""}


def _tweet(id_: str, **more: object) -> dict[str, object]:
    return {"id": id_, "text": f"t{id_}", "author_id": "7", "created_at": WHEN, **more}


def test_a_page_joins_its_includes(payloads: Callable[..., DataFrame]) -> None:
    page = {
        "data": [
            _tweet("2", referenced_tweets=[{"type": "retweeted", "id": "1"}], conversation_id="2"),
            _tweet("3", referenced_tweets=[{"type": "replied_to", "id": "1"}], in_reply_to_user_id="8", conversation_id="1",
                   attachments={"media_keys": ["m2", "m1"]}, geo={"place_id": "p"}),
        ],
        "includes": {
            "users": [ADA],
            "tweets": [_tweet("1", author_id="8", text="orig &amp; inal")],
            "media": [{"media_key": "m1", "type": "animated_gif"}, {"media_key": "m2", "type": "photo"}],
            "places": [{"id": "p", "full_name": "Lyon"}],
        },
        "__twarc": {"retrieved_at": "2021-05-02T00:00:00+00:00"},
    }  # fmt: skip
    found = x_v2.items(payloads(page))

    assert posts_of(found, "kind", "text", "shared_post_id", "shared_account_id", "in_reply_to_account_id", "root_post_id",
                    "media", "place") == [
        {"post_id": "x:1", "kind": "post", "text": "orig & inal", "shared_post_id": None, "shared_account_id": None,
         "in_reply_to_account_id": None, "root_post_id": "x:1", "media": [], "place": None},
        {"post_id": "x:2", "kind": "share", "text": "t2", "shared_post_id": "x:1", "shared_account_id": "x:8",
         "in_reply_to_account_id": None, "root_post_id": "x:2", "media": [], "place": None},
        {"post_id": "x:3", "kind": "reply", "text": "t3", "shared_post_id": None, "shared_account_id": None,
         "in_reply_to_account_id": "x:8", "root_post_id": "x:1", "media": ["gif", "photo"], "place": "Lyon"},
    ]  # fmt: skip
    assert some_of(found, "account") == [
        {"account_id": "x:7", "network": "x", "handle": "ada", "display_name": "Ada", "urls": [],
         "observed_at": at("2021-05-02T00:00:00"), "counters": {"followers": 3}}
    ]  # fmt: skip


def test_data_may_be_one_object_and_one_bad_element_costs_itself_only(payloads: Callable[..., DataFrame]) -> None:
    found = x_v2.items(payloads({"data": _tweet("1"), "matching_rules": []}, {"data": [_tweet("2"), 5, _tweet("3")]}))

    assert [row["post_id"] for row in posts_of(found)] == ["x:1", "x:2", "x:3"]


def test_an_edit_is_a_later_version_of_the_first_tweet(payloads: Callable[..., DataFrame]) -> None:
    edits = ["10", "11"]
    found = x_v2.items(
        payloads({"data": [_tweet("10", edit_history_tweet_ids=edits), _tweet("11", edit_history_tweet_ids=edits)]})
    )

    assert posts_of(found, "version", "extra") == [
        {"post_id": "x:10", "version": 0, "extra": None},
        {"post_id": "x:10", "version": 1619861239000, "extra": {"native_id": "11"}},
    ]


def test_flattened_tweets_hold_their_author_and_what_they_quote(payloads: Callable[..., DataFrame]) -> None:
    quoted = {**_tweet("1", author_id="8"), "type": "quoted", "author": {"id": "8", "username": "bob"}}
    found = x_v2.items(payloads(_tweet("2", author=ADA, referenced_tweets=[quoted])))

    assert posts_of(found, "kind", "shared_account_id") == [
        {"post_id": "x:1", "kind": "post", "shared_account_id": None},
        {"post_id": "x:2", "kind": "quote", "shared_account_id": "x:8"},
    ]
    assert sorted(str(row["account_id"]) for row in some_of(found, "account")) == ["x:7", "x:8"]


def test_user_pages_give_accounts_and_pages_of_counts_give_nothing(payloads: Callable[..., DataFrame]) -> None:
    found = x_v2.items(
        payloads({"data": [{**ADA, "description": "d", "created_at": WHEN}]}, {"data": [{"tweet_count": 5}]})
    )

    assert [(row["handle"], row["bio"], row["counters"]) for row in some_of(found, "account")] == [
        ("ada", "d", {"followers": 3})
    ]
    assert found.count() == 2
    assert some_of(found, "post") == []


def test_compliance_rows_retract_a_tweet_or_a_user(payloads: Callable[..., DataFrame]) -> None:
    tweet = {
        "id": "1170025343920402432",
        "action": "delete",
        "created_at": "2019-09-06T17:25:54.667Z",
        "reason": "deleted",
    }
    user = {"id": "1482680858", "action": "delete", "created_at": "2013-06-04T16:25:04+00:00", "reason": "protected"}

    assert some_of(x_v2.items(payloads(tweet, user)), "retraction") == [
        {
            "network": "x",
            "object_id": "x:1170025343920402432",
            "kind": "delete",
            "occurred_at": at("2019-09-06T17:25:54.667"),
        },
        {"network": "x", "object_id": "x:1482680858", "kind": "user_delete", "occurred_at": at("2013-06-04T16:25:04")},
    ]
