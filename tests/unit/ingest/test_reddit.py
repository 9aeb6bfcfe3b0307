"""Reddit's comments and submissions become posts, accounts and retractions."""

from __future__ import annotations

import pytest

from .conftest import Found, at, read_plain

WHEN, SEEN = at("2016-12-22T02:17:20"), at("2017-01-29T08:48:31")


def _comment(**more: object) -> dict[str, object]:
    head = {"id": "abc", "author": "ada", "body": "hi &amp; ho", "created_utc": 1482373040, "retrieved_on": 1485679711}
    tree = {"parent_id": "t3_xyz", "link_id": "t3_xyz", "subreddit": "tea"}
    return {**head, **tree, "score": 3, "edited": False, "controversiality": 0, **more}


def _submission(**more: object) -> dict[str, object]:
    head = {
        "id": "xyz",
        "name": "t3_xyz",
        "author": "bob",
        "title": "Tea?",
        "selftext": "",
        "created_utc": 1482373040.0,
    }
    rest = {"is_self": True, "url": "https://reddit.example/xyz", "subreddit": "tea", "over_18": False}
    return {**head, **rest, "score": -1, "num_comments": 4, "edited": False, **more}


def _without(name: str) -> dict[str, object]:
    return {key: value for key, value in _comment().items() if key != name}


def _listing(*things: tuple[str, object]) -> dict[str, object]:
    return {"kind": "Listing", "data": {"after": None, "children": [{"kind": k, "data": thing} for k, thing in things]}}


THINGS: dict[str, object] = {
    "comment": _comment(),
    "submission": _submission(),
    "text": _submission(selftext="with milk &gt; without"),
    "link": _submission(is_self=False, url="https://tea.example/1.png", post_hint="image"),
    "video": _submission(is_video=True),
    "answer": _comment(parent_id="t1_aaa", link_author="bob"),
    "answer to a known author": _comment(link_author="bob"),
    "answer to no one": _comment(link_author="[deleted]"),
    "edit": _comment(edited=1482373999.0, body="hello"),
    "edit without a time": _comment(edited=True),
    "deleted comment": _comment(author="[deleted]", body="[deleted]"),
    "removed submission": _submission(selftext="[removed]"),
    "author gone": _comment(author="[deleted]"),
    "listing": _listing(("t3", _submission()), ("t1", _comment(name="t1_abc"))),
    "two listings": [_listing(("t3", _submission())), _listing(("t1", _comment()))],
    "empty listing": _listing(),
    "odd listing": {"kind": "Listing", "data": {"children": [None, 5, {"kind": "t1", "data": _comment()}]}},
    "large id": _comment(id=9007199254740993),
    "same short id": [_comment(id="xyz"), _submission(name=None)],
    "retyped": _comment(score="many", edited=[1], created_utc="1482373040", author=7, retrieved_on={"a": 1}, name=5),
    "no author": _without("author"),
    "no id": _without("id"),
    "null id in a listing": _listing(("t1", _comment(id=None)), ("t1", _comment())),
    "no time": _without("created_utc"),
    "year 9999": _comment(created_utc=253402300799),
    "no title": _submission(title=None),
    "sparse": {"id": "abc", "subreddit": "tea", "body": "b", "author": "ada", "created_utc": 1482373040},
}


@pytest.fixture(scope="module")
def found() -> Found:
    return read_plain(THINGS, form="reddit")


def test_a_comment_is_a_reply_with_its_author(found: Found) -> None:
    assert found["comment"]["post"] == [
        {
            "post_id": "reddit:t1_abc",
            "version": 0,
            "network": "reddit",
            "account_id": "reddit:ada",
            "created_at": WHEN,
            "text": "hi & ho",
            "kind": "reply",
            "in_reply_to_post_id": "reddit:t3_xyz",
            "root_post_id": "reddit:t3_xyz",
            "urls": [],
            "extra": {"subreddit": "tea"},
            "observed_at": SEEN,
            "counters": {"score": 3},
        }
    ]
    assert found["comment"]["account"] == [
        {"account_id": "reddit:ada", "network": "reddit", "handle": "ada", "observed_at": SEEN}
    ]
    assert found["comment"]["retraction"] == []


def test_a_submission_is_a_post_of_its_title(found: Found) -> None:
    assert found["submission"]["post"] == [
        {
            "post_id": "reddit:t3_xyz",
            "version": 0,
            "network": "reddit",
            "account_id": "reddit:bob",
            "created_at": WHEN,
            "text": "Tea?",
            "kind": "post",
            "root_post_id": "reddit:t3_xyz",
            "urls": [],
            "extra": {"subreddit": "tea", "over_18": "false"},
            "observed_at": WHEN,
            "counters": {"score": -1, "replies": 4},
        }
    ]


def test_the_text_of_a_submission_follows_its_title(found: Found) -> None:
    assert [post["text"] for post in found["text"]["post"]] == ["Tea?\n\nwith milk > without"]


def test_a_link_is_kept_only_where_it_leads_away(found: Found) -> None:
    (link,), (video,) = found["link"]["post"], found["video"]["post"]

    assert (link["urls"], link["media"]) == (["https://tea.example/1.png"], ["photo"])
    assert (video["urls"], video["media"]) == ([], ["video"])


@pytest.mark.parametrize(
    ("name", "account"),
    [("answer", None), ("answer to a known author", "reddit:bob"), ("answer to no one", None), ("comment", None)],
)
def test_whom_a_comment_answers_is_known_right_under_a_submission_only(
    found: Found, name: str, account: str | None
) -> None:
    assert [post.get("in_reply_to_account_id") for post in found[name]["post"]] == [account]


def test_an_answer_to_a_comment_belongs_to_the_submissions_conversation(found: Found) -> None:
    (post,) = found["answer"]["post"]

    assert (post["in_reply_to_post_id"], post["root_post_id"]) == ("reddit:t1_aaa", "reddit:t3_xyz")


def test_an_edit_is_a_later_version_and_without_a_time_it_is_none(found: Found) -> None:
    assert [(p["post_id"], p["version"], p["text"]) for p in found["edit"]["post"]] == [
        ("reddit:t1_abc", 1482373999000, "hello")
    ]
    assert [post["version"] for post in found["edit without a time"]["post"]] == [0]


@pytest.mark.parametrize(
    ("name", "object_id"), [("deleted comment", "reddit:t1_abc"), ("removed submission", "reddit:t3_xyz")]
)
def test_a_text_that_was_taken_away_is_a_retraction(found: Found, name: str, object_id: str) -> None:
    assert found[name]["retraction"] == [
        {"network": "reddit", "object_id": object_id, "kind": "delete", "occurred_at": WHEN}
    ]
    assert [post["post_id"] for post in found[name]["post"]] == [object_id]


def test_a_post_whose_author_is_gone_stays_and_makes_no_account(found: Found) -> None:
    assert [(p["account_id"], p["text"]) for p in found["author gone"]["post"]] == [("reddit:[deleted]", "hi & ho")]
    assert found["author gone"]["account"] == found["author gone"]["retraction"] == []


@pytest.mark.parametrize("name", ["listing", "two listings"])
def test_listings_give_all_their_things(found: Found, name: str) -> None:
    assert [post["post_id"] for post in found[name]["post"]] == ["reddit:t1_abc", "reddit:t3_xyz"]
    assert [account["account_id"] for account in found[name]["account"]] == ["reddit:ada", "reddit:bob"]


def test_odd_elements_of_a_listing_cost_themselves_only(found: Found) -> None:
    assert [post["post_id"] for post in found["odd listing"]["post"]] == ["reddit:t1_abc"]


def test_an_empty_listing_is_refused_as_one_without_anything(found: Found) -> None:
    assert found["empty listing"] == {"post": [], "account": [], "act": [], "retraction": [], "refused": ["no_items"]}


def test_a_comment_and_a_submission_of_one_short_id_are_two_posts(found: Found) -> None:
    assert [post["post_id"] for post in found["same short id"]["post"]] == ["reddit:t1_xyz", "reddit:t3_xyz"]


def test_an_id_beyond_two_to_the_53_keeps_all_its_digits(found: Found) -> None:
    assert [post["post_id"] for post in found["large id"]["post"]] == ["reddit:t1_9007199254740993"]


def test_retyped_fields_cost_themselves_only(found: Found) -> None:
    assert found["retyped"]["post"] == [
        {
            "post_id": "reddit:t1_abc",
            "version": 0,
            "network": "reddit",
            "account_id": "reddit:7",
            "created_at": WHEN,
            "text": "hi & ho",
            "kind": "reply",
            "in_reply_to_post_id": "reddit:t3_xyz",
            "root_post_id": "reddit:t3_xyz",
            "urls": [],
            "extra": {"subreddit": "tea"},
            "observed_at": WHEN,
            "counters": {},
        }
    ]


def test_what_lacks_an_author_is_kept_as_that_of_one_who_is_gone(found: Found) -> None:
    assert [post["account_id"] for post in found["no author"]["post"]] == ["reddit:[deleted]"]
    assert found["no author"]["account"] == []


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("no id", ["missing_id"]),
        ("null id in a listing", ["missing_id"]),
        ("no time", ["bad_time"]),
        ("year 9999", ["bad_time"]),
        ("no title", []),
    ],
)
def test_what_has_no_id_or_time_is_refused(found: Found, name: str, codes: list[str]) -> None:
    assert found[name]["refused"] == codes


def test_a_thing_without_id_does_not_cost_its_neighbors(found: Found) -> None:
    posts = found["null id in a listing"]["post"]

    assert [post["post_id"] for post in posts if "post_id" in post] == ["reddit:t1_abc"]


def test_absent_keys_are_nothing(found: Found) -> None:
    (post,) = found["sparse"]["post"]

    assert (post["kind"], post["root_post_id"], post["counters"]) == ("post", "reddit:t1_abc", {})
    assert post["observed_at"] == WHEN
    assert found["sparse"]["refused"] == []
