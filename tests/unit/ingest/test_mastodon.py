"""Mastodon's statuses become posts and accounts."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import MODIFIED, Found, at, read_plain

WHEN, SEEN = "2019-12-08T03:48:33.901Z", at("2019-12-08T03:48:33.901")
HOME = "https://tea.example"
ME, BOB = f"mastodon:{HOME}/@ada", "mastodon:https://pond.example/@bob"


def _account(id_: str, name: str, home: str, **more: object) -> dict[str, object]:
    urls = {"url": f"{home}/@{name}", "uri": f"{home}/users/{name}"}
    return {"id": id_, "username": name, "acct": name, **urls, "display_name": name.title(), "bot": False, **more}


ADA = _account(
    "7", "ada", HOME, note="<p>tea &amp; <b>more</b></p>", noindex=False, created_at="2016-03-16T00:00:00.000Z",
    followers_count=3, following_count=2, statuses_count=5, last_status_at="2019-12-08",
    fields=[{"name": "web", "value": '<a href="https://ada.example" rel="me">ada.example</a>', "verified_at": None},
            {"name": "pronouns", "value": "she"}],
)  # fmt: skip
THEIRS: dict[str, Any] = {
    "id": "9", "uri": "https://pond.example/users/bob/statuses/9", "url": "https://pond.example/@bob/9",
    "created_at": "2019-12-07T00:00:00.000Z", "content": "<p>theirs</p>",
    "account": _account("8", "bob", "https://pond.example", bot=True), "favourites_count": 4,
}  # fmt: skip
MENTION = {"id": "8", "username": "bob", "acct": "bob@pond.example", "url": "https://pond.example/@bob"}


def _status(id_: object = "1", **more: object) -> dict[str, object]:
    urls = {"uri": f"{HOME}/users/ada/statuses/{id_}", "url": f"{HOME}/@ada/{id_}"}
    head = {"id": id_, **urls, "created_at": WHEN, "edited_at": None, "content": "<p>hi</p>", "account": ADA}
    nothing = {"in_reply_to_id": None, "in_reply_to_account_id": None, "reblog": None, "card": None, "poll": None}
    lists: dict[str, object] = {"mentions": [], "tags": [], "media_attachments": [], "emojis": []}
    return {**head, **nothing, **lists, "spoiler_text": "", "sensitive": False, **more}


STATUSES: dict[str, object] = {
    "status": _status(
        content="<p>One<br>two</p><p>1 &lt; 2</p>", spoiler_text="cold", language="en", visibility="unlisted",
        tags=[{"name": "Tea", "url": f"{HOME}/tags/tea"}], mentions=[MENTION], card={"url": "https://tea.example/b"},
        media_attachments=[{"type": "gifv"}, {"type": "image"}, {"type": "image"}, {"type": "video"}],
        application={"name": "Web", "website": None}, replies_count=1, reblogs_count=6, favourites_count=11, quotes_count=2,
    ),
    "edit": _status(edited_at="2019-12-09T00:00:00.000Z", content="<p>hello</p>"),
    "reply": _status(in_reply_to_id="55", in_reply_to_account_id="8", mentions=[MENTION]),
    "reply to oneself": _status(in_reply_to_id="55", in_reply_to_account_id="7"),
    "reply to one not mentioned": _status(in_reply_to_id="55", in_reply_to_account_id="8"),
    "boost": _status("2", content="", reblog=THEIRS),
    "quote": _status("3", quote={"state": "accepted", "quoted_status": THEIRS}),
    "answer that quotes": _status("3", in_reply_to_id="55", quote={"state": "accepted", "quoted_status": THEIRS}),
    "quote that waits": _status("3", quote={"state": "pending", "quoted_status": None}),
    "timeline": [_status("4"), _status("5")],
    "large ids": _status(9007199254740993, in_reply_to_id=9007199254740995),
    "retyped": _status(mentions="no", tags=[1], card=[], media_attachments=7, favourites_count="many", reblog="x",
                       edited_at=False, application="Web", quote=True),
    "odd elements": _status(tags=[1, None, {"name": "Tea"}, {}], mentions=[[], MENTION, {"acct": "cy"}]),
    "retyped account": _status(account="ada"),
    "bare account": _status(account={"acct": "ada", "uri": f"{HOME}/users/ada"}),
    "noindex": _status(account={**ADA, "noindex": True}),
    "noindex without id": _status(uri=None, url=None, account={**ADA, "noindex": True}),
    "boost of noindex": _status("2", content="", reblog={**THEIRS, "account": {**THEIRS["account"], "noindex": True}}),
    "noindex not said": _status(account={**ADA, "noindex": None}),
    "unknown fields": _status(mood="calm", level=5, empty="", nested={"a": 1}, native_id="77", long="x" * 600),
    "no uri": _status(uri=None),
    "no uri and url": _status(uri=None, url=None),
    "no time": _status(created_at=None),
    "year 9999": _status(created_at="9999-12-31T00:00:00Z"),
    "edit in the year 9999": _status(edited_at="9999-12-31T00:00:00Z"),
}  # fmt: skip


@pytest.fixture(scope="module")
def found() -> Found:
    return read_plain(STATUSES, form="mastodon")


def test_a_status_is_a_post_without_its_html(found: Found) -> None:
    assert found["status"]["post"] == [
        {
            "post_id": f"mastodon:{HOME}/users/ada/statuses/1",
            "version": 0,
            "network": "mastodon",
            "account_id": ME,
            "created_at": SEEN,
            "text": "cold\nOne\ntwo\n1 < 2",
            "declared_language": "en",
            "kind": "post",
            "root_post_id": f"mastodon:{HOME}/users/ada/statuses/1",
            "mentions": [BOB],
            "hashtags": ["tea"],
            "urls": ["https://tea.example/b"],
            "media": ["gif", "photo", "video"],
            "source_app": "Web",
            "extra": {"visibility": "unlisted", "native_id": "1"},
            "observed_at": SEEN,
            "counters": {"likes": 11, "shares": 6, "replies": 1, "quotes": 2},
        }
    ]


def test_the_author_is_an_account_named_by_its_profile(found: Found) -> None:
    assert found["status"]["account"] == [
        {
            "account_id": ME,
            "network": "mastodon",
            "handle": "ada",
            "display_name": "Ada",
            "bio": "tea & more",
            "urls": ["https://ada.example"],
            "created_at": at("2016-03-16T00:00:00"),
            "is_bot": False,
            "extra": {"noindex": "false", "uri": f"{HOME}/users/ada"},
            "observed_at": SEEN,
            "counters": {"followers": 3, "following": 2, "posts": 5},
        }
    ]


def test_an_edit_is_a_later_version_of_the_same_post(found: Found) -> None:
    (post,) = found["edit"]["post"]

    assert (post["post_id"], post["version"]) == (f"mastodon:{HOME}/users/ada/statuses/1", 1575849600000)
    assert (post["text"], post["created_at"]) == ("hello", SEEN)


@pytest.mark.parametrize(("name", "account"), [("reply", BOB), ("reply to oneself", ME)])
def test_a_reply_names_a_number_of_its_instance_and_whom_it_answers(found: Found, name: str, account: str) -> None:
    (post,) = found[name]["post"]

    assert (post["kind"], post["in_reply_to_post_id"]) == ("reply", "mastodon:local:55")
    assert post["in_reply_to_account_id"] == account
    assert "root_post_id" not in post


def test_whom_a_reply_answers_is_not_known_without_a_mention(found: Found) -> None:
    (post,) = found["reply to one not mentioned"]["post"]

    assert post["kind"] == "reply"
    assert "in_reply_to_account_id" not in post


@pytest.mark.parametrize(("name", "kind"), [("boost", "share"), ("quote", "quote"), ("answer that quotes", "reply")])
def test_what_a_status_shares_is_a_post_and_its_author_an_account_too(found: Found, name: str, kind: str) -> None:
    theirs, mine = found[name]["post"]

    assert (mine["kind"], mine["shared_post_id"], mine["shared_account_id"]) == (kind, theirs["post_id"], BOB)
    assert (theirs["post_id"], theirs["kind"]) == ("mastodon:https://pond.example/users/bob/statuses/9", "post")
    assert (theirs["account_id"], theirs["counters"]) == (BOB, {"likes": 4})
    assert sorted((a["account_id"], a["is_bot"]) for a in found[name]["account"]) == [(BOB, True), (ME, False)]


def test_what_was_shared_is_seen_when_it_is_shared(found: Found) -> None:
    theirs, _ = found["boost"]["post"]

    assert (theirs["created_at"], theirs["observed_at"]) == (at("2019-12-07T00:00:00"), SEEN)


def test_a_quote_that_waits_for_consent_is_a_post(found: Found) -> None:
    (post,) = found["quote that waits"]["post"]

    assert post["kind"] == "post"
    assert "shared_post_id" not in post


def test_a_timeline_gives_all_its_statuses(found: Found) -> None:
    assert [post["extra"]["native_id"] for post in found["timeline"]["post"]] == ["4", "5"]


def test_ids_beyond_two_to_the_53_keep_all_their_digits(found: Found) -> None:
    (post,) = found["large ids"]["post"]

    assert post["extra"]["native_id"] == "9007199254740993"
    assert post["in_reply_to_post_id"] == "mastodon:local:9007199254740995"


def test_retyped_fields_cost_themselves_only(found: Found) -> None:
    assert found["retyped"]["post"] == [
        {
            "post_id": f"mastodon:{HOME}/users/ada/statuses/1",
            "version": 0,
            "network": "mastodon",
            "account_id": ME,
            "created_at": SEEN,
            "text": "hi",
            "kind": "post",
            "root_post_id": f"mastodon:{HOME}/users/ada/statuses/1",
            "urls": [],
            "extra": {"native_id": "1"},
            "observed_at": SEEN,
            "counters": {},
        }
    ]
    assert found["retyped"]["refused"] == []


def test_odd_elements_of_a_list_cost_themselves_only(found: Found) -> None:
    assert [(post["hashtags"], post["mentions"]) for post in found["odd elements"]["post"]] == [(["tea"], [BOB])]


def test_a_status_whose_account_cannot_be_read_is_refused(found: Found) -> None:
    assert found["retyped account"]["refused"] == ["missing_author"]
    assert found["retyped account"]["account"] == []


def test_an_account_without_an_url_is_named_by_its_uri_and_what_is_absent_is_nothing(found: Found) -> None:
    assert found["bare account"]["account"] == [
        {
            "account_id": f"mastodon:{HOME}/users/ada",
            "network": "mastodon",
            "handle": "ada",
            "extra": {"uri": f"{HOME}/users/ada"},
            "observed_at": SEEN,
            "counters": {},
        }
    ]


def test_a_status_without_uri_is_named_by_its_url_and_without_either_refused(found: Found) -> None:
    assert [post["post_id"] for post in found["no uri"]["post"]] == [f"mastodon:{HOME}/@ada/1"]
    assert found["no uri"]["refused"] == []
    assert found["no uri and url"]["refused"] == ["missing_id"]


@pytest.mark.parametrize("name", ["no time", "year 9999"])
def test_a_status_without_a_time_is_refused_and_its_author_is_seen_at_the_files(found: Found, name: str) -> None:
    assert found[name]["refused"] == ["bad_time"]
    assert [a["observed_at"] for a in found[name]["account"]] == [MODIFIED.replace(tzinfo=None)]


def test_an_edit_in_the_year_9999_is_none(found: Found) -> None:
    assert [post["version"] for post in found["edit in the year 9999"]["post"]] == [0]


@pytest.mark.parametrize("name", ["noindex", "noindex without id"])
def test_the_post_of_an_account_that_asks_not_to_be_indexed_is_left_out_with_its_profile(
    found: Found, name: str
) -> None:
    assert found[name]["refused"] == ["noindex"]
    assert found[name]["account"] == []


def test_a_boost_stays_where_the_boosted_post_is_left_out(found: Found) -> None:
    assert [post["kind"] for post in found["boost of noindex"]["post"]] == ["post", "share"]
    assert found["boost of noindex"]["refused"] == ["noindex"]
    assert [a["account_id"] for a in found["boost of noindex"]["account"]] == [ME]


def test_an_account_that_does_not_say_noindex_is_kept(found: Found) -> None:
    assert found["noindex not said"]["refused"] == []
    assert [a["is_bot"] for a in found["noindex not said"]["account"]] == [False]


def test_what_the_adapter_does_not_know_stays_in_extra_within_bounds_and_never_as_our_own_name(found: Found) -> None:
    (post,) = found["unknown fields"]["post"]

    assert post["extra"] == {"mood": "calm", "level": "5", "long": "x" * 500, "native_id": "1"}
