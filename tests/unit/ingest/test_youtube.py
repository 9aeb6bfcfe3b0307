"""YouTube's comment threads, comments, videos, lists and channels become posts and accounts."""

from __future__ import annotations

import pytest

from .conftest import MODIFIED, Found, at, read_plain

WHEN, LATER = "2024-05-01T10:00:00Z", "2024-05-02T10:00:00Z"
SEEN = MODIFIED.replace(tzinfo=None)


def _comment(id_: str, author: str, **more: object) -> dict[str, object]:
    snippet = {
        "channelId": "UCtea", "videoId": "v1", "textDisplay": "a &amp; b<br>c", "authorDisplayName": f"@{author}",
        "authorProfileImageUrl": "https://img.example", "authorChannelUrl": "https://y.example",
        "authorChannelId": {"value": f"UC{author}"}, "canRate": True, "viewerRating": "none", "likeCount": 3,
        "publishedAt": WHEN, "updatedAt": WHEN, **more,
    }  # fmt: skip
    return {"kind": "youtube#comment", "etag": "e", "id": id_, "snippet": snippet}


def _thread(top: dict[str, object], *replies: dict[str, object]) -> dict[str, object]:
    snippet = {"channelId": "UCtea", "videoId": "v1", "topLevelComment": top, "canReply": True, "totalReplyCount": 7}
    inner = {"replies": {"comments": list(replies)}} if replies else {}
    return {"kind": "youtube#commentThread", "etag": "e", "id": "c1", "snippet": {**snippet, "isPublic": True}, **inner}


def _list(kind: str, *resources: object) -> dict[str, object]:
    return {"kind": f"youtube#{kind}ListResponse", "etag": "e", "pageInfo": {"totalResults": 1}, "items": resources}


VIDEO = {
    "kind": "youtube#video", "etag": "e", "id": "v1",
    "snippet": {"publishedAt": WHEN, "channelId": "UCtea", "title": "Tea", "description": "How to", "channelTitle": "Tea House",
                "tags": ["Tea", "green", "tea"], "categoryId": "22", "defaultAudioLanguage": "en", "newField": 5, "thumbnails": {}},
    "statistics": {"viewCount": "100", "likeCount": "9", "favoriteCount": "0", "commentCount": "2"},
}  # fmt: skip
LISTED = {
    "kind": "youtube#playlistItem", "id": "p1",
    "snippet": {"publishedAt": LATER, "channelId": "UClist", "title": "Tea", "description": "", "channelTitle": "A list",
                "playlistId": "PL", "resourceId": {"kind": "youtube#video", "videoId": "v1"},
                "videoOwnerChannelId": "UCtea", "videoOwnerChannelTitle": "Tea House"},
    "contentDetails": {"videoId": "v1", "videoPublishedAt": WHEN},
}  # fmt: skip


def _result(id_: dict[str, str]) -> dict[str, object]:
    said = {
        "publishedAt": WHEN,
        "channelId": "UCtea",
        "title": "Tea &#39;n more",
        "description": "…",
        "channelTitle": "T",
    }
    return {"kind": "youtube#searchResult", "id": id_, "snippet": said}


DOCUMENTS: dict[str, object] = {
    "thread": _list("commentThread", _thread(_comment("c1", "ada"), _comment("c1.1", "bob", parentId="c1", videoId=None))),
    "comments": _list("comment", _comment("c2", "bob", parentId="c1")),
    "edited": _thread(_comment("c3", "ada", updatedAt=LATER, textOriginal="1 <3 2")),
    "video": _list("video", VIDEO),
    "playlist": _list("playlistItem", LISTED),
    "search": _list("search", _result({"kind": "youtube#video", "videoId": "v1"}), _result({"kind": "youtube#channel", "channelId": "UCtea"}),
                    _result({"kind": "youtube#playlist", "playlistId": "PL"})),
    "channel": _list("channel", {"kind": "youtube#channel", "id": "UCtea", "snippet": {"title": "Tea House", "customUrl": "@tea", "country": "FR", "publishedAt": WHEN},
                                 "statistics": {"subscriberCount": "12", "videoCount": "3", "viewCount": "500"}}),
    "empty": _list("video"),
    "retyped": {"kind": "youtube#video", "id": "v9", "snippet": {"channelId": "UCx", "publishedAt": WHEN, "title": 5, "tags": "t"}, "statistics": [1]},
    "odd": _list("commentThread", None, 5, _thread(_comment("c4", "cy")), {"kind": "youtube#commentThread", "snippet": {"topLevelComment": 1}}),
    "no author": _thread(_comment("c5", "cy", authorChannelId=None)),
    "no time": _thread(_comment("c6", "cy", publishedAt="soon")),
    "unknown kind": {"kind": "youtube#caption", "id": "x", "snippet": {}},
}  # fmt: skip


@pytest.fixture(scope="module")
def found() -> Found:
    return read_plain(DOCUMENTS, form="youtube")


def test_a_thread_gives_its_comment_and_the_answers_to_it_as_replies_below_the_video(found: Found) -> None:
    top, answer = found["thread"]["post"]

    assert top == {
        "post_id": "youtube:c1",
        "version": 0,
        "network": "youtube",
        "account_id": "youtube:UCada",
        "created_at": at("2024-05-01T10:00:00"),
        "text": "a & b\nc",
        "kind": "reply",
        "in_reply_to_post_id": "youtube:v1",
        "in_reply_to_account_id": "youtube:UCtea",
        "root_post_id": "youtube:v1",
        "observed_at": SEEN,
        "counters": {"likes": 3, "replies": 7},
    }
    assert (answer["in_reply_to_post_id"], answer["in_reply_to_account_id"]) == ("youtube:c1", "youtube:UCada")
    assert (answer["root_post_id"], answer["counters"]) == ("youtube:v1", {"likes": 3})
    assert found["thread"]["account"] == [
        {"account_id": "youtube:UCada", "network": "youtube", "display_name": "@ada", "observed_at": SEEN},
        {"account_id": "youtube:UCbob", "network": "youtube", "display_name": "@bob", "observed_at": SEEN},
    ]


def test_a_comment_alone_names_the_comment_that_it_answers(found: Found) -> None:
    (post,) = found["comments"]["post"]

    assert (post["post_id"], post["in_reply_to_post_id"], post["root_post_id"]) == ("youtube:c2", "youtube:c1", "youtube:v1")  # fmt: skip
    assert "in_reply_to_account_id" not in post


def test_an_edit_is_a_later_version_and_the_original_text_wins_over_html(found: Found) -> None:
    assert [(post["version"], post["text"]) for post in found["edited"]["post"]] == [(1714644000000, "1 <3 2")]


def test_a_video_is_a_post_of_its_channel_with_its_statistics(found: Found) -> None:
    assert found["video"]["post"] == [
        {
            "post_id": "youtube:v1",
            "version": 0,
            "network": "youtube",
            "account_id": "youtube:UCtea",
            "created_at": at("2024-05-01T10:00:00"),
            "text": "Tea\n\nHow to",
            "declared_language": "en",
            "kind": "post",
            "root_post_id": "youtube:v1",
            "hashtags": ["tea", "green"],
            "media": ["video"],
            "extra": {"category": "22", "newField": "5"},
            "observed_at": SEEN,
            "counters": {"views": 100, "likes": 9, "replies": 2},
        }
    ]
    assert [a["display_name"] for a in found["video"]["account"]] == ["Tea House"]


def test_a_playlist_item_is_the_video_and_not_the_playlist(found: Found) -> None:
    (post,) = found["playlist"]["post"]

    assert (post["post_id"], post["account_id"], post["created_at"]) == (
        "youtube:v1",
        "youtube:UCtea",
        at("2024-05-01T10:00:00"),
    )
    assert [a["display_name"] for a in found["playlist"]["account"]] == ["Tea House"]


def test_search_results_are_videos_and_channels(found: Found) -> None:
    assert [(post["post_id"], post["text"]) for post in found["search"]["post"]] == [("youtube:v1", "Tea 'n more\n\n…")]
    assert [a["account_id"] for a in found["search"]["account"]] == ["youtube:UCtea", "youtube:UCtea"]
    assert found["search"]["refused"] == []


def test_a_channel_is_an_account_with_its_counters(found: Found) -> None:
    assert found["channel"]["account"] == [
        {
            "account_id": "youtube:UCtea",
            "network": "youtube",
            "handle": "@tea",
            "display_name": "Tea House",
            "location": "FR",
            "created_at": at("2024-05-01T10:00:00"),
            "observed_at": SEEN,
            "counters": {"followers": 12, "posts": 3},
        }
    ]


def test_retyped_fields_and_odd_elements_cost_themselves_only(found: Found) -> None:
    assert [(post["text"], post["counters"], "hashtags" in post) for post in found["retyped"]["post"]] == [("5", {}, False)]  # fmt: skip
    assert [post["post_id"] for post in found["odd"]["post"]] == ["youtube:c4"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("empty", "no_items"),
        ("unknown kind", "no_items"),
        ("no author", "missing_author"),
        ("no time", "bad_time"),
        ("odd", "no_items"),
    ],
)
def test_what_cannot_be_a_row_is_refused(found: Found, name: str, code: str) -> None:
    assert found[name]["refused"] == [code]
