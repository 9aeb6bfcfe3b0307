"""X API v2 becomes posts, accounts and retractions."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import MODIFIED, Found, at, read_plain

WHEN = "2021-05-01T09:27:19.000Z"
ADA = {"id": "7", "username": "ada", "name": "Ada", "public_metrics": {"followers_count": 3}, "url": ""}


def _tweet(id_: str, **more: object) -> dict[str, object]:
    return {"id": id_, "text": f"t{id_}", "author_id": "7", "created_at": WHEN, **more}


PAGE = {
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
QUOTED = {**_tweet("1", author_id="8"), "type": "quoted", "author": {"id": "8", "username": "bob"}}
TO_NINE = [{"type": "replied_to", "id": "9"}]
EDITS = ["10", "11"]
ENTITIES = {
    "mentions": [{"id": "8", "username": "bob"}, {"username": "cy"}, {}, 5],
    "hashtags": [{"tag": "Thé"}, {"tag": "thé"}, {"tag": None}],
    "urls": [{"url": "u", "expanded_url": "e", "unwound_url": "w"}, {"url": "u", "expanded_url": "e"}, {"url": "u"}],
}
DOCUMENTS: dict[str, object] = {
    "page": PAGE,
    "one object": {"data": _tweet("1"), "matching_rules": []},
    "one bad element": {"data": [_tweet("2"), 5, _tweet("3")]},
    "edits": {"data": [_tweet("10", edit_history_tweet_ids=EDITS), _tweet("11", edit_history_tweet_ids=EDITS)]},
    "flattened": _tweet("2", author=ADA, referenced_tweets=[QUOTED]),
    "flattened in depth": _tweet("2", referenced_tweets=[{**QUOTED, "referenced_tweets": TO_NINE}],
                                 in_reply_to_user={"id": "9", "username": "cy"},
                                 attachments={"media": [{"type": "video"}]}, geo={"full_name": "Lyon"}),
    "users": {"data": [{**ADA, "description": "d", "created_at": WHEN}]},
    "link": {"data": [{**ADA, "url": "u", "protected": False, "entities": {"url": {"urls": [{"expanded_url": "e"}]}}}]},
    "counts": {"data": [{"tweet_count": 5}]},
    "deleted tweet": {"id": "1170025343920402432", "action": "delete", "created_at": "2019-09-06T17:25:54.667Z", "reason": "deleted"},
    "deleted user": {"id": "1482680858", "action": "delete", "created_at": "2013-06-04T16:25:04+00:00", "reason": "protected"},
    "early tweet": {"id": "1482680858", "action": "delete", "created_at": "2009-06-04T16:25:04+00:00", "redacted_at": WHEN},
    "deletion in a stream": {"tweet": {"id": "5", "author_id": "7", "event_at": WHEN}},
    "entities": {"data": [_tweet("1", entities=ENTITIES)]},
    "empty lists": {"data": [_tweet("1", entities={"mentions": [], "hashtags": [], "urls": []})], "includes": {"media": []}},
    "bare": {"data": [{"id": "1", "text": "t", "author_id": "7", "created_at": WHEN}]},
    "long": {"data": [_tweet("1", note_tweet={"text": "longer"}, lang="und", withheld={"country_codes": ["FR", "DE"]})]},
    "share without id": {"data": [_tweet("2", referenced_tweets=[{"type": "retweeted"}, QUOTED])]},
    "retyped": {"data": [_tweet("1", text=5, entities="no", attachments=[1], geo=5, lang={"a": 1}, referenced_tweets={},
                                public_metrics={"like_count": "many", "reply_count": "2"}, author=[], withheld=True)],
                "includes": {"tweets": "no", "media": {}, "users": [None, 5, ADA], "places": 1}, "__twarc": []},
    "no time": {"data": [{"id": "1", "text": "t", "author_id": "7"}]},
    "nothing included": {"data": [_tweet("1")], "includes": {"tweets": [{}]}},
    "no author": {"data": [{"id": "1", "text": "t", "created_at": WHEN}]},
    "text data": {"data": "t"},
    "empty": [],
}  # fmt: skip


@pytest.fixture(scope="module")
def found() -> Found:
    """Return what became of each document."""
    return read_plain(DOCUMENTS, form="x_v2")


def _some(rows: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    return [{name: row.get(name) for name in names} for row in rows]


def test_a_page_joins_its_includes(found: Found) -> None:
    assert _some(found["page"]["post"], "post_id", "kind", "text", "shared_post_id", "shared_account_id",
                 "in_reply_to_account_id", "root_post_id", "media", "place") == [
        {"post_id": "x:1", "kind": "post", "text": "orig & inal", "shared_post_id": None, "shared_account_id": None,
         "in_reply_to_account_id": None, "root_post_id": "x:1", "media": [], "place": None},
        {"post_id": "x:2", "kind": "share", "text": "t2", "shared_post_id": "x:1", "shared_account_id": "x:8",
         "in_reply_to_account_id": None, "root_post_id": "x:2", "media": [], "place": None},
        {"post_id": "x:3", "kind": "reply", "text": "t3", "shared_post_id": None, "shared_account_id": None,
         "in_reply_to_account_id": "x:8", "root_post_id": "x:1", "media": ["gif", "photo"], "place": "Lyon"},
    ]  # fmt: skip
    assert found["page"]["account"] == [
        {"account_id": "x:7", "network": "x", "handle": "ada", "display_name": "Ada", "urls": [],
         "observed_at": at("2021-05-02T00:00:00"), "counters": {"followers": 3}}
    ]  # fmt: skip


def test_data_may_be_one_object_and_one_bad_element_costs_itself_only(found: Found) -> None:
    assert _some(found["one object"]["post"], "post_id") == [{"post_id": "x:1"}]
    assert _some(found["one bad element"]["post"], "post_id") == [{"post_id": "x:2"}, {"post_id": "x:3"}]


def test_an_edit_is_a_later_version_of_the_first_tweet(found: Found) -> None:
    assert _some(found["edits"]["post"], "post_id", "version", "extra") == [
        {"post_id": "x:10", "version": 0, "extra": None},
        {"post_id": "x:10", "version": 1619861239000, "extra": {"native_id": "11"}},
    ]


def test_flattened_tweets_hold_their_author_and_what_they_quote(found: Found) -> None:
    assert _some(found["flattened"]["post"], "post_id", "kind", "shared_account_id") == [
        {"post_id": "x:1", "kind": "post", "shared_account_id": None},
        {"post_id": "x:2", "kind": "quote", "shared_account_id": "x:8"},
    ]
    assert _some(found["flattened"]["account"], "account_id") == [{"account_id": "x:7"}, {"account_id": "x:8"}]


def test_what_a_quoted_tweet_refers_to_in_turn_is_not_known(found: Found) -> None:
    names = ("post_id", "kind", "in_reply_to_post_id", "media", "place")

    assert _some(found["flattened in depth"]["post"], *names) == [
        {"post_id": "x:1", "kind": "post", "in_reply_to_post_id": None, "media": None, "place": None},
        {"post_id": "x:2", "kind": "quote", "in_reply_to_post_id": None, "media": ["video"], "place": "Lyon"},
    ]
    assert _some(found["flattened in depth"]["account"], "handle") == [{"handle": "bob"}, {"handle": "cy"}]


def test_a_reference_without_id_is_no_share_and_hides_who_is_quoted(found: Found) -> None:
    assert _some(found["share without id"]["post"], "kind", "shared_post_id", "shared_account_id") == [
        {"kind": "quote", "shared_post_id": "x:1", "shared_account_id": None}
    ]


def test_user_pages_give_accounts_and_pages_of_counts_give_nothing(found: Found) -> None:
    assert _some(found["users"]["account"], "handle", "bio", "counters") == [
        {"handle": "ada", "bio": "d", "counters": {"followers": 3}}
    ]
    assert _some(found["link"]["account"], "urls", "extra") == [{"urls": ["e"], "extra": {"protected": "false"}}]
    assert found["users"]["post"] == found["link"]["post"] == found["counts"]["post"] == []
    assert (found["users"]["refused"], found["counts"]["refused"]) == ([], ["no_items"])


@pytest.mark.parametrize(
    ("name", "object_id", "kind", "occurred_at"),
    [
        ("deleted tweet", "x:1170025343920402432", "delete", "2019-09-06T17:25:54.667"),
        ("deleted user", "x:1482680858", "user_delete", "2013-06-04T16:25:04"),
        ("early tweet", "x:1482680858", "delete", "2021-05-01T09:27:19"),
        ("deletion in a stream", "x:5", "delete", "2021-05-01T09:27:19"),
    ],
)
def test_compliance_rows_retract_a_tweet_or_a_user(
    found: Found, name: str, object_id: str, kind: str, occurred_at: str
) -> None:
    gone = {"network": "x", "object_id": object_id, "kind": kind, "occurred_at": at(occurred_at)}

    assert found[name] == {"post": [], "account": [], "act": [], "retraction": [gone], "refused": []}


def test_entities_are_read_one_by_one(found: Found) -> None:
    assert _some(found["entities"]["post"], "mentions", "hashtags", "urls") == [
        {"mentions": ["x:8", "@cy"], "hashtags": ["thé"], "urls": ["w", "e", "u"]}
    ]


def test_absent_lists_are_null_and_empty_lists_are_empty(found: Found) -> None:
    (bare,), (empty,) = found["bare"]["post"], found["empty lists"]["post"]

    assert not {"mentions", "hashtags", "urls", "media", "extra", "place", "declared_language"} & set(bare)
    assert bare["counters"] == {}
    assert (empty["mentions"], empty["hashtags"], empty["urls"], empty["media"]) == ([], [], [], [])


def test_the_long_text_wins_and_und_is_no_language(found: Found) -> None:
    assert _some(found["long"]["post"], "text", "declared_language", "extra") == [
        {"text": "longer", "declared_language": None, "extra": {"withheld_in": "FR,DE"}}
    ]


def test_retyped_fields_cost_themselves_only(found: Found) -> None:
    assert found["retyped"]["post"] == [
        {
            "post_id": "x:1",
            "version": 0,
            "network": "x",
            "account_id": "x:7",
            "created_at": at("2021-05-01T09:27:19"),
            "text": "5",
            "kind": "post",
            "root_post_id": "x:1",
            "observed_at": at("2021-05-01T09:27:19"),
            "counters": {"replies": 2},
        }
    ]
    assert _some(found["retyped"]["account"], "handle") == [{"handle": "ada"}]
    assert found["retyped"]["refused"] == []


def test_a_page_without_any_time_was_seen_when_its_file_was_written(found: Found) -> None:
    assert _some(found["no time"]["post"], "observed_at") == [{"observed_at": MODIFIED.replace(tzinfo=None)}]
    assert found["no time"]["refused"] == ["bad_time"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("no author", "missing_author"),
        ("nothing included", "no_items"),
        ("text data", "no_items"),
        ("empty", "no_items"),
    ],
)
def test_what_cannot_be_a_row_is_refused(found: Found, name: str, code: str) -> None:
    assert found[name]["refused"] == [code]


POST, USER = {"tweet": {"id": "5", "author_id": "7"}}, {"user": {"id": "7"}}


@pytest.mark.parametrize(
    ("event", "said", "object_id", "kind"),
    [
        ("delete", POST, "x:5", "delete"),
        ("withheld", {**POST, "withheld_in_countries": ["XY"]}, "x:5", "withheld"),
        ("drop", POST, "x:5", "drop"),
        ("undrop", POST, "x:5", "undrop"),
        ("tweet_edit", {"tweet": {"id": "6"}, "initial_tweet_id": "5", "edit_tweet_ids": ["5", "6"]}, "x:5", "edit"),
        ("scrub_geo", {**USER, "up_to_tweet_id": "9"}, "x:7", "scrub_geo"),
        ("user_delete", USER, "x:7", "user_delete"),
        ("user_undelete", USER, "x:7", "user_undelete"),
        ("user_withheld", USER, "x:7", "withheld"),
        ("user_protect", USER, "x:7", "user_protect"),
        ("user_unprotect", USER, "x:7", "user_unprotect"),
        ("user_suspend", USER, "x:7", "user_suspend"),
        ("user_unsuspend", USER, "x:7", "user_unsuspend"),
    ],
)
def test_each_event_of_a_compliance_stream_is_a_retraction_of_its_kind(
    event: str, said: dict[str, object], object_id: str, kind: str
) -> None:
    gone = {"network": "x", "object_id": object_id, "kind": kind, "occurred_at": at("2021-05-01T09:27:19")}

    assert read_plain({"e": {"data": {event: {**said, "event_at": WHEN}}}}, form="x_v2")["e"] == {
        "post": [], "account": [], "act": [], "retraction": [gone], "refused": [],
    }  # fmt: skip


def test_a_changed_profile_is_an_account() -> None:
    said = {**USER, "event_at": WHEN, "profile_field": "profile.description", "new_value": "tea"}
    changes = {
        "bio": {"data": {"user_profile_modification": said}},
        "banner": {"data": {"user_profile_modification": {**said, "profile_field": "profile.profileBanner"}}},
    }
    found = read_plain(changes, form="x_v2")

    assert found["bio"]["account"] == [
        {"account_id": "x:7", "network": "x", "bio": "tea", "observed_at": at("2021-05-01T09:27:19")}
    ]
    assert found["banner"]["refused"] == ["no_items"]


def _error(problem: str, resource: str = "tweet", **more: object) -> dict[str, object]:
    return {
        "type": f"https://api.twitter.com/2/problems/{problem}",
        "resource_type": resource,
        "resource_id": "5",
        **more,
    }


ERRORS = [
    (_error("resource-not-found"), "delete"),
    (_error("resource-not-found", "user"), "user_delete"),
    (_error("resource-not-found", "user", detail="User has been suspended: [5]."), "user_suspend"),
    (_error("not-authorized-for-resource"), "withheld"),
    (_error("not-authorized-for-resource", "user"), "user_protect"),
    (_error("resource-not-found", resource_id=None, value="5"), "delete"),
    (_error("resource-not-found", "user", resource_id="ada"), None),
    (_error("resource-not-found", "list"), None),
    (_error("invalid-request"), None),
    ({"type": 5}, None),
]


@pytest.mark.parametrize(("error", "kind"), ERRORS)
def test_an_error_beside_a_page_is_a_retraction_where_something_is_gone(
    error: dict[str, object], kind: str | None
) -> None:
    found = read_plain({"page": {"data": [_tweet("1")], "errors": [error]}}, form="x_v2")["page"]
    gone = {"network": "x", "object_id": "x:5", "kind": kind, "occurred_at": at("2021-05-01T09:27:19")}

    assert [post["post_id"] for post in found["post"]] == ["x:1"]
    assert (found["retraction"], found["refused"]) == (([], ["no_items"]) if kind is None else ([gone], []))


def test_a_page_of_users_makes_the_edges_that_its_path_says_and_included_users_none() -> None:
    pages = {"p": {"data": [ADA], "includes": {"users": [{"id": "8", "username": "bob"}]}}}
    found = read_plain(pages, form="x_v2", file="/in/following_of=12/p1.json")["p"]

    assert [account["account_id"] for account in found["account"]] == ["x:7", "x:8"]
    assert [(act["src_account_id"], act["dst_account_id"]) for act in found["act"]] == [("x:12", "x:7")]
