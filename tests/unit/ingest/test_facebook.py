"""Feeds of Facebook's Graph API become posts, accounts and likes."""

from __future__ import annotations

import pytest

from .conftest import MODIFIED, Found, at, read_plain

WHEN, LATER = "2024-01-02T03:04:05+0000", "2024-01-03T00:00:00+0000"
PAGE = {"id": "111", "name": "Tea House"}
ADA = {"id": "9007199254740993", "name": "Ada"}


def _post(id_: object = "111_222", **more: object) -> dict[str, object]:
    return {"id": id_, "message": "hi", "created_time": WHEN, "from": PAGE, **more}


def _without(name: str) -> dict[str, object]:
    return {key: value for key, value in _post().items() if key != name}


ANSWER = {"id": "222_2", "message": "answer", "created_time": WHEN, "like_count": 0}
COMMENTS = [
    {"id": "222_1", "message": "comment", "created_time": LATER, "from": ADA, "like_count": 2, "comment_count": 1,
     "reactions": {"data": [{"id": "9", "name": "Bob", "type": "LOVE"}]}, "comments": {"data": [ANSWER]}},
    {"id": "222_3", "message": "no one's", "created_time": WHEN},
]  # fmt: skip
WHOLE = _post(
    message="Good #Thé, #tea #TEA",
    reactions={"data": [{"id": "9", "name": "Bob", "type": "LIKE"}], "summary": {"total_count": 5}},
    shares={"count": 3},
    message_tags=[{"id": "9", "name": "Bob", "type": "user", "offset": 0, "length": 3}],
    attachments={"data": [{"media_type": "photo", "type": "album", "url": "https://tea.example/1"}]},
    place={"id": "5", "name": "Lyon", "location": {"city": "Lyon"}},
    application={"id": "6", "name": "App"},
    comments={"data": COMMENTS, "summary": {"total_count": 2, "order": "chronological"}},
)
FEEDS: dict[str, object] = {
    "feed": {"data": [WHOLE], "paging": {"cursors": {"before": "a", "after": "b"}}},
    "one post": _post(permalink_url="https://facebook.example/1"),
    "array": [_post("111_1"), _post("111_2")],
    "story": _post("111_3", message=None, story="Tea House updated its cover photo.", **{"from": None}),
    "likes": _post(likes={"data": [{"id": "9", "name": "Bob"}], "summary": {"total_count": 1}}),
    "reacted twice": _post(likes={"data": [{"id": "9"}]}, reactions={"data": [{"id": "9"}]}),
    "count of reactions": _post(reactions={"summary": {"total_count": 5, "viewer_reaction": "NONE"}}),
    "large id": _post(9007199254740993),
    "retyped": _post(comments="none", reactions=[1], shares=3, message_tags={"0": [{"id": "1"}]}, attachments=[],
                     place="Lyon", application=[], like_count="many"),
    "retyped author": _post(**{"from": "Ada"}),
    "empty lists": _post(comments={"data": []}, reactions={"data": []}, likes={"data": []}, attachments={"data": []}),
    "no id": {"data": [_without("id")]},
    "no time": {"data": [_without("created_time")]},
    "no text": {"data": [_without("message")]},
    "year 9999": {"data": [_post("1_1", created_time="9999-12-31T00:00:00+0000"), _post("1_2")]},
    "odd elements": {"data": [None, 5, [], "post", _post()]},
    "empty feed": {"data": [], "paging": {}},
    "empty": [],
}  # fmt: skip


@pytest.fixture(scope="module")
def found() -> Found:
    return read_plain(FEEDS, form="facebook")


def test_a_post_of_a_feed_is_a_post(found: Found) -> None:
    assert found["feed"]["post"][0] == {
        "post_id": "facebook:111_222",
        "version": 0,
        "network": "facebook",
        "account_id": "facebook:111",
        "created_at": at("2024-01-02T03:04:05"),
        "text": "Good #Thé, #tea #TEA",
        "kind": "post",
        "root_post_id": "facebook:111_222",
        "mentions": ["facebook:9"],
        "hashtags": ["thé", "tea"],
        "urls": ["https://tea.example/1"],
        "media": ["photo"],
        "place": "Lyon",
        "source_app": "App",
        "observed_at": at("2024-01-03T00:00:00"),
        "counters": {"likes": 5, "shares": 3, "replies": 2},
    }


def test_comments_and_answers_to_them_are_replies_of_one_conversation(found: Found) -> None:
    names = ("post_id", "kind", "in_reply_to_post_id", "in_reply_to_account_id", "root_post_id", "counters")

    assert [tuple(post[name] for name in names) for post in found["feed"]["post"][1:]] == [
        ("facebook:222_1", "reply", "facebook:111_222", "facebook:111", "facebook:111_222", {"likes": 2, "replies": 1}),
        ("facebook:222_2", "reply", "facebook:222_1", f"facebook:{ADA['id']}", "facebook:111_222", {"likes": 0}),
        ("facebook:222_3", "reply", "facebook:111_222", "facebook:111", "facebook:111_222", {}),
    ]


def test_comments_without_an_author_have_one_each_of_their_own_and_no_account(found: Found) -> None:
    assert [post["account_id"] for post in found["feed"]["post"][2:]] == [
        "facebook:unknown:222_2",
        "facebook:unknown:222_3",
    ]
    assert not [a for a in found["feed"]["account"] if "unknown" in a["account_id"]]


def test_authors_and_those_who_react_are_accounts_seen_at_the_newest_time_of_the_feed(found: Found) -> None:
    assert [(a["account_id"], a["display_name"], a["observed_at"]) for a in found["feed"]["account"]] == [
        ("facebook:111", "Tea House", at("2024-01-03T00:00:00")),
        ("facebook:9", "Bob", at("2024-01-03T00:00:00")),
        ("facebook:9", "Bob", at("2024-01-03T00:00:00")),
        (f"facebook:{ADA['id']}", "Ada", at("2024-01-03T00:00:00")),
    ]


def test_reactions_to_posts_and_comments_are_likes_without_a_time(found: Found) -> None:
    head = {"network": "facebook", "src_account_id": "facebook:9", "verb": "like", "weight": 1.0}

    assert found["feed"]["act"] == [
        {**head, "edge_id": "facebook:like:9:111_222", "dst_account_id": "facebook:111", "object_id": "facebook:111_222"},
        {**head, "edge_id": "facebook:like:9:222_1", "dst_account_id": f"facebook:{ADA['id']}", "object_id": "facebook:222_1"},
    ]  # fmt: skip


def test_a_post_alone_and_an_array_of_posts_are_read_as_a_feed_is(found: Found) -> None:
    assert [post["post_id"] for post in found["one post"]["post"]] == ["facebook:111_222"]
    assert [post["post_id"] for post in found["array"]["post"]] == ["facebook:111_1", "facebook:111_2"]


def test_a_story_is_the_text_of_a_post_and_of_the_page_in_its_id(found: Found) -> None:
    (post,) = found["story"]["post"]

    assert (post["text"], post["account_id"]) == ("Tea House updated its cover photo.", "facebook:111")


def test_the_older_likes_are_read_as_reactions_are(found: Found) -> None:
    assert [act["edge_id"] for act in found["likes"]["act"]] == ["facebook:like:9:111_222"]
    assert [post["counters"] for post in found["likes"]["post"]] == [{"likes": 1}]


def test_one_who_likes_and_reacts_does_so_under_one_edge_id(found: Found) -> None:
    assert {act["edge_id"] for act in found["reacted twice"]["act"]} == {"facebook:like:9:111_222"}


def test_a_count_of_reactions_alone_makes_no_acts(found: Found) -> None:
    assert [post["counters"] for post in found["count of reactions"]["post"]] == [{"likes": 5}]
    assert found["count of reactions"]["act"] == []
    assert found["count of reactions"]["refused"] == []


def test_an_id_beyond_two_to_the_53_keeps_all_its_digits(found: Found) -> None:
    assert [post["post_id"] for post in found["large id"]["post"]] == ["facebook:9007199254740993"]


def test_retyped_fields_cost_themselves_only(found: Found) -> None:
    assert found["retyped"]["post"] == [
        {
            "post_id": "facebook:111_222",
            "version": 0,
            "network": "facebook",
            "account_id": "facebook:111",
            "created_at": at("2024-01-02T03:04:05"),
            "text": "hi",
            "kind": "post",
            "root_post_id": "facebook:111_222",
            "hashtags": [],
            "observed_at": at("2024-01-02T03:04:05"),
            "counters": {},
        }
    ]
    assert found["retyped"]["refused"] == []


def test_an_author_that_cannot_be_read_is_unknown(found: Found) -> None:
    assert [post["account_id"] for post in found["retyped author"]["post"]] == ["facebook:unknown:111_222"]
    assert found["retyped author"]["account"] == []


def test_empty_lists_add_nothing(found: Found) -> None:
    (post,) = found["empty lists"]["post"]

    assert (post["urls"], post["media"], post["counters"]) == ([], [], {})
    assert found["empty lists"]["act"] == []
    assert found["empty lists"]["refused"] == []


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("no id", ["missing_id"]),
        ("no time", ["bad_time"]),
        ("no text", []),
        ("empty feed", ["no_items"]),
        ("empty", ["no_items"]),
    ],
)
def test_a_post_needs_an_id_and_a_time_but_no_text(found: Found, name: str, codes: list[str]) -> None:
    assert found[name]["refused"] == codes


def test_a_post_from_the_year_9999_is_refused_and_tells_no_time_to_its_neighbors(found: Found) -> None:
    assert [("created_at" in p, p["observed_at"]) for p in found["year 9999"]["post"]] == [
        (False, MODIFIED.replace(tzinfo=None)),
        (True, MODIFIED.replace(tzinfo=None)),
    ]
    assert found["year 9999"]["refused"] == ["bad_time"]


def test_what_is_no_object_among_the_posts_does_not_cost_its_neighbors(found: Found) -> None:
    assert [post["post_id"] for post in found["odd elements"]["post"]] == ["facebook:111_222"]


def test_comments_nest_to_any_depth_each_below_the_one_that_it_answers() -> None:
    thread: dict[str, object] = {"id": "111_5", "message": "5", "created_time": WHEN, "from": ADA}
    for number in (4, 3, 2, 1):
        thread = {
            "id": f"111_{number}",
            "message": "m",
            "created_time": WHEN,
            "from": ADA,
            "comments": {"data": [thread]},
        }
    posts = read_plain({"deep": _post(comments={"data": [thread]})}, form="facebook")["deep"]["post"]

    assert sorted((post["post_id"], post.get("in_reply_to_post_id"), post["root_post_id"]) for post in posts) == [
        ("facebook:111_1", "facebook:111_222", "facebook:111_222"),
        ("facebook:111_2", "facebook:111_1", "facebook:111_222"),
        ("facebook:111_222", None, "facebook:111_222"),
        ("facebook:111_3", "facebook:111_2", "facebook:111_222"),
        ("facebook:111_4", "facebook:111_3", "facebook:111_222"),
        ("facebook:111_5", "facebook:111_4", "facebook:111_222"),
    ]  # fmt: skip


def _hook(*values: object, time: object = 1704164700, **more: object) -> dict[str, object]:
    changes = [{"field": "feed", "value": value} for value in values]
    return {"object": "page", "entry": [{"id": "111", "time": time, "changes": changes, **more}]}


def _value(item: str, verb: str, **more: object) -> dict[str, object]:
    return {"item": item, "verb": verb, "post_id": "111_222", "created_time": 1704164645, "from": ADA, **more}


HOOKS: dict[str, object] = {
    "comment": _hook(_value("comment", "add", comment_id="222_1", parent_id="111_222", message="nice #Tea")),
    "answer": _hook(_value("comment", "add", comment_id="222_2", parent_id="222_1", message="yes")),
    "edited": _hook(_value("comment", "edited", comment_id="222_1", parent_id="111_222", message="very nice")),
    "removed": _hook(_value("comment", "remove", comment_id="222_1", parent_id="111_222")),
    "post": _hook(_value("photo", "add", message="new", link="https://tea.example/1")),
    "removed post": _hook(_value("post", "remove")),
    "reaction": _hook(_value("reaction", "add", reaction_type="love")),
    "reaction taken back": _hook(_value("reaction", "remove", reaction_type="love")),
    "hidden": _hook(_value("comment", "hide", comment_id="222_1")),
    "no author": _hook(_value("comment", "add", comment_id="222_1", message="m", **{"from": None})),
    "message": {"object": "page", "entry": [{"id": "111", "time": 1704164700, "messaging": [{"message": {"text": "secret"}}]}]},
    "message beside a comment": [_hook(_value("comment", "add", comment_id="222_1", message="m")), _hook(messaging=[{}])],
    "odd": {"object": "page", "entry": [5, None, {"changes": "no"}, {"changes": [1, {"field": "ratings", "value": {}}]}]},
    "no entries": {"object": "page", "entry": "none"},
}  # fmt: skip


@pytest.fixture(scope="module")
def told() -> Found:
    return read_plain(HOOKS, form="facebook")


def test_a_comment_of_a_webhook_is_a_reply_with_its_author(told: Found) -> None:
    assert told["comment"]["post"] == [
        {
            "post_id": "facebook:222_1",
            "version": 0,
            "network": "facebook",
            "account_id": f"facebook:{ADA['id']}",
            "created_at": at("2024-01-02T03:04:05"),
            "text": "nice #Tea",
            "kind": "reply",
            "in_reply_to_post_id": "facebook:111_222",
            "root_post_id": "facebook:111_222",
            "hashtags": ["tea"],
            "urls": [],
            "observed_at": at("2024-01-02T03:05:00"),
        }
    ]
    assert [a["display_name"] for a in told["comment"]["account"]] == ["Ada"]
    assert [post["in_reply_to_post_id"] for post in told["answer"]["post"]] == ["facebook:222_1"]


def test_an_edit_is_the_version_of_the_time_when_it_was_told(told: Found) -> None:
    assert [(p["post_id"], p["version"], p["text"]) for p in told["edited"]["post"]] == [
        ("facebook:222_1", 1704164700000, "very nice")
    ]


@pytest.mark.parametrize(("name", "object_id"), [("removed", "222_1"), ("removed post", "111_222")])
def test_what_is_removed_is_a_retraction(told: Found, name: str, object_id: str) -> None:
    gone = {"network": "facebook", "object_id": f"facebook:{object_id}", "kind": "delete", "occurred_at": at("2024-01-02T03:05:00")}  # fmt: skip

    assert told[name] == {"post": [], "account": [], "act": [], "retraction": [gone], "refused": []}


def test_a_reaction_is_a_like_which_ends_by_its_id(told: Found) -> None:
    (like,), (gone,) = told["reaction"]["act"], told["reaction taken back"]["retraction"]

    assert (like["edge_id"], like["object_id"]) == (f"facebook:like:{ADA['id']}:111_222", "facebook:111_222")
    assert (gone["object_id"], gone["kind"]) == (like["edge_id"], "delete")


def test_a_post_of_a_webhook_is_a_post(told: Found) -> None:
    assert [(p["post_id"], p["kind"], p["urls"], p["media"]) for p in told["post"]["post"]] == [
        ("facebook:111_222", "post", ["https://tea.example/1"], ["photo"])
    ]
    assert [p["account_id"] for p in told["no author"]["post"]] == ["facebook:unknown:222_1"]


@pytest.mark.parametrize("name", ["message", "message beside a comment"])
def test_messages_to_a_page_are_private_and_their_payload_is_left_out_whole(told: Found, name: str) -> None:
    assert told[name] == {"post": [], "account": [], "act": [], "retraction": [], "refused": ["private"]}


@pytest.mark.parametrize("name", ["hidden", "odd", "no entries"])
def test_a_webhook_without_anything_to_read_is_refused(told: Found, name: str) -> None:
    assert told[name]["refused"] == ["no_items"]
