"""The personal archive of X becomes posts, follows, likes and an account; what is private becomes nothing."""

from __future__ import annotations

import pytest

from .conftest import MODIFIED, Found, at, read_plain

WHEN = "Fri Sep 07 16:35:24 +0000 2012"
SEEN = MODIFIED.replace(tzinfo=None)
TWEET = {
    "id": "9", "id_str": "9", "full_text": "1 &lt; 2", "created_at": WHEN, "favorite_count": "4", "retweet_count": "1",
    "lang": "en", "source": '<a href="x">App</a>', "truncated": False,
    "entities": {"hashtags": [{"text": "Tea"}], "user_mentions": [{"id_str": "8", "screen_name": "bob"}], "urls": []},
}  # fmt: skip


def _element(ytd: object, item: object, owner: object = "12") -> dict[str, object]:
    return {"ytd": ytd, "owner": owner, "item": item}


def _tweet(**more: object) -> dict[str, object]:
    return _element("tweets", {"tweet": {**TWEET, **more}})


DOCUMENTS: dict[str, object] = {
    "tweet": _tweet(),
    "older": _element("tweet", TWEET),
    "retweet": _tweet(full_text="RT @bob: theirs"),
    "reply": _tweet(in_reply_to_status_id_str="5", in_reply_to_user_id_str="8"),
    "edited": _tweet(edit_info={"edit": {"initialTweetId": "7"}}),
    "community": _element("community_tweet", {"tweet": TWEET}),
    "note": _element("note_tweet", {"noteTweet": {"noteTweetId": "77", "createdAt": "2025-06-04T10:00:00.000Z",
                     "core": {"text": "a long text", "urls": [{"expandedUrl": "https://tea.example"}], "mentions": [{"screenName": "bob"}], "hashtags": [{"text": "Tea"}]}}}),
    "deleted": _element("deleted_tweets", {"tweet": {**TWEET, "deleted_at": WHEN}}),
    "deleted header": _element("deleted_tweet_headers", {"tweet": {"tweet_id": "9", "user_id": "12", "deleted_at": WHEN}}),
    "follower": _element("follower", {"follower": {"accountId": "8", "userLink": "https://twitter.com/intent/user?user_id=8"}}),
    "following": _element("following", {"following": {"accountId": "8", "userLink": "x"}}),
    "like": _element("like", {"like": {"tweetId": "5", "fullText": "theirs", "expandedUrl": "https://twitter.com/i/web/status/5"}}),
    "account": _element("account", {"account": {"email": "ada@example.org", "createdVia": "web", "username": "ada", "accountId": "12",
                        "createdAt": "2010-01-01T00:00:00.000Z", "accountDisplayName": "Ada"}}),
    "profile": _element("profile", {"profile": {"description": {"bio": "tea", "website": "https://ada.example", "location": "Lyon"}, "avatarMediaUrl": "x"}}),
    "message": _element("direct_messages", {"dmConversation": {"messages": [{"messageCreate": {"text": "secret", "senderId": "12"}}]}}),
    "ad": _element("ad_impressions", {"ad": {}}),
    "number": _element("phone_number", {"device": {"phoneNumber": "+33600000000"}}),
    "contact": _element("contact", {"contact": {"emails": ["b@example.org"]}}),
    "message as a tweet": _element("direct_messages", {"tweet": TWEET}),
    "no name": _element(None, {"tweet": TWEET}),
    "no owner": _element("tweets", {"tweet": TWEET}, owner=None),
    "follower of no one": _element("follower", {"follower": {"accountId": "8"}}, owner=None),
    "nobody follows": _element("follower", {"follower": {}}),
    "retyped": _element("tweets", [1, 2]),
}  # fmt: skip


@pytest.fixture(scope="module")
def found() -> Found:
    return read_plain(DOCUMENTS, form="x_archive")


def test_a_tweet_is_a_post_of_the_owner(found: Found) -> None:
    assert found["tweet"]["post"] == [
        {
            "post_id": "x:9",
            "version": 0,
            "network": "x",
            "account_id": "x:12",
            "created_at": at("2012-09-07T16:35:24"),
            "text": "1 < 2",
            "declared_language": "en",
            "kind": "post",
            "root_post_id": "x:9",
            "mentions": ["x:8"],
            "hashtags": ["tea"],
            "urls": [],
            "source_app": "App",
            "observed_at": at("2012-09-07T16:35:24"),
            "counters": {"likes": 4, "shares": 1},
        }
    ]


@pytest.mark.parametrize("name", ["older", "community"])
def test_older_archives_and_communities_hold_the_same_tweets(found: Found, name: str) -> None:
    assert found[name]["post"] == found["tweet"]["post"]


def test_a_retweet_is_a_share_of_one_who_is_named_but_of_no_known_post(found: Found) -> None:
    (post,) = found["retweet"]["post"]

    assert (post["kind"], post.get("shared_post_id"), post["shared_account_id"]) == ("share", None, "x:8")


def test_a_reply_names_what_it_answers_and_an_edit_is_a_version(found: Found) -> None:
    assert [(post["kind"], post["in_reply_to_post_id"]) for post in found["reply"]["post"]] == [("reply", "x:5")]
    assert [(post["post_id"], post["version"]) for post in found["edited"]["post"]] == [("x:7", 1347035724000)]


def test_a_note_is_a_post_with_the_long_text(found: Found) -> None:
    (post,) = found["note"]["post"]

    assert (post["post_id"], post["account_id"], post["text"]) == ("x:77", "x:12", "a long text")
    assert (post["mentions"], post["hashtags"], post["urls"]) == (["@bob"], ["tea"], ["https://tea.example"])


@pytest.mark.parametrize("name", ["deleted", "deleted header"])
def test_a_deleted_tweet_is_a_retraction_without_its_text(found: Found, name: str) -> None:
    gone = {"network": "x", "object_id": "x:9", "kind": "delete", "occurred_at": at("2012-09-07T16:35:24")}

    assert found[name] == {"post": [], "account": [], "act": [], "retraction": [gone], "refused": []}


@pytest.mark.parametrize(("name", "src", "dst"), [("follower", "x:8", "x:12"), ("following", "x:12", "x:8")])
def test_followers_and_followed_are_edges_with_the_owner(found: Found, name: str, src: str, dst: str) -> None:
    assert found[name]["act"] == [
        {
            "edge_id": f"x:follow:{src}:{dst}",
            "network": "x",
            "src_account_id": src,
            "dst_account_id": dst,
            "verb": "follow",
            "weight": 1.0,
        }
    ]


def test_a_like_is_an_edge_to_a_post_and_the_text_liked_is_not_kept(found: Found) -> None:
    like = {
        "edge_id": "x:like:x:12:x:5",
        "network": "x",
        "src_account_id": "x:12",
        "verb": "like",
        "object_id": "x:5",
        "weight": 1.0,
    }

    assert found["like"] == {"post": [], "account": [], "act": [like], "retraction": [], "refused": []}


def test_the_account_has_no_e_mail_and_the_profile_what_it_says(found: Found) -> None:
    head = {"account_id": "x:12", "network": "x", "observed_at": SEEN}

    assert found["account"]["account"] == [
        {**head, "handle": "ada", "display_name": "Ada", "created_at": at("2010-01-01T00:00:00")}
    ]
    assert found["profile"]["account"] == [{**head, "bio": "tea", "location": "Lyon", "urls": ["https://ada.example"]}]


@pytest.mark.parametrize("name", ["message", "ad", "number", "contact", "message as a tweet", "no name"])
def test_what_is_private_becomes_no_row_and_is_left_out(found: Found, name: str) -> None:
    assert found[name] == {"post": [], "account": [], "act": [], "retraction": [], "refused": ["private"]}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("no owner", "missing_author"),
        ("follower of no one", "bad_edge"),
        ("nobody follows", "no_items"),
        ("retyped", "no_items"),
    ],
)
def test_what_cannot_be_a_row_is_refused(found: Found, name: str, code: str) -> None:
    assert found[name]["refused"] == [code]
