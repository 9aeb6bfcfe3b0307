"""GNIP's Activity Streams of old archives of X become posts, accounts and retractions."""

from __future__ import annotations

import pytest

from .conftest import Found, at, read_plain

WHEN, EARLIER = "2014-03-01T12:00:00.000Z", "2014-02-28T12:00:00.000Z"
ENTITIES = {
    "hashtags": [{"text": "Tea", "indices": [0, 4]}],
    "urls": [{"url": "https://t.example/1", "expanded_url": "https://tea.example/1"}],
    "user_mentions": [{"screen_name": "Bob", "id": 8, "id_str": "8"}, {"screen_name": "cy"}],
}


def _actor(id_: str = "7", name: str = "ada", **more: object) -> dict[str, object]:
    return {
        "objectType": "person", "id": f"id:twitter.com:{id_}", "link": f"http://www.twitter.com/{name}",
        "displayName": name.title(), "postedTime": "2010-01-01T00:00:00.000Z", "summary": "a &amp; b",
        "links": [{"href": "https://ada.example", "rel": "me"}], "friendsCount": 2, "followersCount": 3,
        "statusesCount": 5, "preferredUsername": name, "location": {"objectType": "place", "displayName": "Lyon"}, **more,
    }  # fmt: skip


def _activity(id_: str = "1", verb: str = "post", **more: object) -> dict[str, object]:
    return {
        "id": f"tag:search.twitter.com,2005:{id_}", "objectType": "activity", "actor": _actor(), "verb": verb,
        "postedTime": WHEN, "generator": {"displayName": "App", "link": "http://app.example"}, "body": "1 &lt; 2",
        "provider": {"objectType": "service", "displayName": "Twitter"}, "link": "http://twitter.com/ada/statuses/1",
        "object": {"objectType": "note", "id": f"object:search.twitter.com,2005:{id_}", "summary": "1 &lt; 2"},
        "twitter_lang": "en", "favoritesCount": 4, "retweetCount": 6, **more,
    }  # fmt: skip


THEIRS = _activity("2", actor=_actor("8", "bob"), postedTime=EARLIER, body="theirs")


def _compliance(verb: str, **more: object) -> dict[str, object]:
    return {"id": "tag:gnip.example,2015:1", "objectType": "activity", "verb": verb, "postedTime": WHEN, **more}


USER = {"actor": {"objectType": "person", "id": "id:twitter.com:7"}}
NOTE = {"object": {"objectType": "note", "id": "tag:search.twitter.com,2005:5"}, **USER}
DOCUMENTS: dict[str, object] = {
    "post": _activity(twitter_entities=ENTITIES, location={"displayName": "Lyon, FR"}, unheard="of",
                      gnip={"urls": [{"url": "https://t.example/1", "expanded_url": "https://tea.example/long"}], "language": {"value": "fr"}},
                      twitter_extended_entities={"media": [{"type": "photo"}, {"type": "animated_gif"}]}),
    "share": _activity("3", "share", body="RT @bob: theirs", object=THEIRS),
    "quote": _activity("4", twitter_quoted_status=THEIRS),
    "reply": _activity("6", inReplyTo={"link": "http://twitter.com/bob/statuses/9"}, twitter_entities=ENTITIES),
    "reply to one not mentioned": _activity("6", inReplyTo={"link": "http://twitter.com/dan/status/9"}, twitter_entities=ENTITIES),
    "long": _activity("7", body="short…", twitter_entities=ENTITIES,
                      long_object={"body": "the long text", "twitter_entities": {"hashtags": [{"text": "Long"}]}}),
    "delete": _compliance("delete", **NOTE),
    "user delete": _compliance("user_delete", **USER),
    "scrub geo": _compliance("scrub_geo", **NOTE),
    "withheld": _compliance("status_withheld", **NOTE),
    "suspended": _compliance("user_suspend", postedTime=None, timestampMs="2014-03-01T12:00:00+00:00", **USER),
    "like": _compliance("like", **NOTE),
    "nothing deleted": _compliance("delete", object={"id": "tag:search.twitter.com,2005:?"}),
    "retyped": _activity("8", twitter_entities="none", gnip=[1], inReplyTo="x", location=5, retweetCount="many", generator="App"),
    "no actor": _activity("9", actor="ada"),
    "no id": _activity(id_="nine"),
    "several": [_activity("1"), 5, _activity("2")],
}  # fmt: skip


@pytest.fixture(scope="module")
def found() -> Found:
    return read_plain(DOCUMENTS, form="gnip")


def test_an_activity_is_a_post_with_its_author(found: Found) -> None:
    assert found["post"]["post"] == [
        {
            "post_id": "x:1",
            "version": 0,
            "network": "x",
            "account_id": "x:7",
            "created_at": at("2014-03-01T12:00:00"),
            "text": "1 < 2",
            "declared_language": "en",
            "kind": "post",
            "root_post_id": "x:1",
            "mentions": ["x:8", "@cy"],
            "hashtags": ["tea"],
            "urls": ["https://tea.example/long"],
            "media": ["photo", "gif"],
            "place": "Lyon, FR",
            "source_app": "App",
            "extra": {"unheard": "of"},
            "observed_at": at("2014-03-01T12:00:00"),
            "counters": {"likes": 4, "shares": 6},
        }
    ]
    assert found["post"]["account"] == [
        {
            "account_id": "x:7",
            "network": "x",
            "handle": "ada",
            "display_name": "Ada",
            "bio": "a & b",
            "location": "Lyon",
            "urls": ["https://ada.example"],
            "created_at": at("2010-01-01T00:00:00"),
            "observed_at": at("2014-03-01T12:00:00"),
            "counters": {"followers": 3, "following": 2, "posts": 5},
        }
    ]


@pytest.mark.parametrize(("name", "kind", "id_"), [("share", "share", "x:3"), ("quote", "quote", "x:4")])
def test_what_an_activity_shares_is_a_post_too_seen_when_it_is_shared(
    found: Found, name: str, kind: str, id_: str
) -> None:
    theirs, mine = found[name]["post"]

    assert (mine["post_id"], mine["kind"], mine["shared_post_id"], mine["shared_account_id"]) == (id_, kind, "x:2", "x:8")  # fmt: skip
    assert (theirs["post_id"], theirs["kind"], theirs["account_id"]) == ("x:2", "post", "x:8")
    assert (theirs["created_at"], theirs["observed_at"]) == (at("2014-02-28T12:00:00"), at("2014-03-01T12:00:00"))


@pytest.mark.parametrize(("name", "account"), [("reply", "x:8"), ("reply to one not mentioned", None)])
def test_a_reply_is_named_by_a_link_and_its_author_found_among_the_mentions(
    found: Found, name: str, account: str | None
) -> None:
    (post,) = found[name]["post"]

    assert (post["kind"], post["in_reply_to_post_id"], post.get("in_reply_to_account_id")) == ("reply", "x:9", account)


def test_the_long_text_and_its_entities_win(found: Found) -> None:
    assert [(post["text"], post["hashtags"]) for post in found["long"]["post"]] == [("the long text", ["long"])]


@pytest.mark.parametrize(
    ("name", "object_id", "kind"),
    [
        ("delete", "x:5", "delete"),
        ("user delete", "x:7", "user_delete"),
        ("scrub geo", "x:7", "scrub_geo"),
        ("withheld", "x:5", "withheld"),
        ("suspended", "x:7", "user_suspend"),
    ],
)
def test_compliance_activities_are_retractions(found: Found, name: str, object_id: str, kind: str) -> None:
    gone = {"network": "x", "object_id": object_id, "kind": kind, "occurred_at": at("2014-03-01T12:00:00")}

    assert found[name] == {"post": [], "account": [], "act": [], "retraction": [gone], "refused": []}


def test_retyped_fields_cost_themselves_only(found: Found) -> None:
    (post,) = found["retyped"]["post"]

    assert (post["post_id"], post["kind"], post["counters"]) == ("x:8", "post", {"likes": 4})
    assert not {"mentions", "urls", "place", "source_app"} & set(post)


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("like", ["no_items"]),
        ("nothing deleted", ["no_items"]),
        ("no actor", ["missing_author"]),
        ("no id", ["missing_id"]),
        ("several", ["no_items"]),
    ],
)
def test_what_cannot_be_a_row_is_refused(found: Found, name: str, codes: list[str]) -> None:
    assert found[name]["refused"] == codes
