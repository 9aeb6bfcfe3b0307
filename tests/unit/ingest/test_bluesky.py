"""Bluesky's Jetstream becomes posts, acts, accounts and retractions."""

from __future__ import annotations

import pytest

from .conftest import MODIFIED, Found, at, read_plain

ADA, BOB = "did:plc:ada", "did:plc:bob"
POST, LIKE, SHARE, FOLLOW = "app.bsky.feed.post", "app.bsky.feed.like", "app.bsky.feed.repost", "app.bsky.graph.follow"
WHEN, SEEN = "2024-09-09T19:46:02.102Z", "2024-09-09T19:46:02.329308"
URI = f"bluesky:at://{ADA}/{POST}/3k1"
THEIRS = f"at://{BOB}/{POST}/3k9"
REF = {"cid": "bafyb", "uri": THEIRS}


def _event(
    collection: str, operation: str = "create", *, rkey: str | None = "3k1", **record: object
) -> dict[str, object]:
    commit = {"rev": "3k0", "operation": operation, "collection": collection, "rkey": rkey, "cid": "bafya"}
    put = {"record": {"$type": collection, "createdAt": WHEN, **record}} if operation != "delete" else {}
    return {"did": ADA, "time_us": 1725911162329308, "kind": "commit", "commit": {**commit, **put}}


def _post(**record: object) -> dict[str, object]:
    return _event(POST, **{"text": "hi", **record})


def _status(status: str) -> dict[str, object]:
    account = {"active": False, "did": ADA, "seq": 1409753013, "status": status, "time": WHEN}
    return {"did": ADA, "time_us": 1725911162329308, "kind": "account", "account": account}


def _identity(**more: object) -> dict[str, object]:
    identity = {"did": ADA, "seq": 1409752997, "time": WHEN, **more}
    return {"did": ADA, "time_us": 1725911162329308, "kind": "identity", "identity": identity}


def _embed(kind: str, **more: object) -> dict[str, object]:
    return {"$type": f"app.bsky.embed.{kind}", **more}


FACETS = [
    {"index": {"byteStart": 0, "byteEnd": 4}, "features": [{"$type": "app.bsky.richtext.facet#tag", "tag": "Thé"}]},
    {"index": {"byteStart": 5, "byteEnd": 9}, "features": [{"$type": "app.bsky.richtext.facet#mention", "did": BOB}]},
    {"index": {"byteStart": 9, "byteEnd": 12}, "features": [
        {"$type": "app.bsky.richtext.facet#link", "uri": "https://tea.example/a"},
        {"$type": "app.bsky.richtext.facet#tag", "tag": "tea"},
    ]},
]  # fmt: skip
EVENTS: dict[str, object] = {
    "post": _post(langs=["fr", "en"], facets=FACETS, tags=["TEA", "green"], embed=_embed("external", external={"uri": "https://tea.example/b", "title": "t"})),
    "photos": _post(embed=_embed("images", images=[{"alt": ""}])),
    "video": _post(embed=_embed("video", video={"mimeType": "video/mp4"})),
    "reply": _post(reply={"root": {"cid": "r", "uri": f"at://did:plc:cy/{POST}/3k7"}, "parent": REF}),
    "quote": _post(embed=_embed("record", record=REF)),
    "quote with photos": _post(embed=_embed("recordWithMedia", record=_embed("record", record=REF), media=_embed("images", images=[]))),
    "edit": _event(POST, "update", text="hello"),
    "like": _event(LIKE, subject=REF),
    "share": _event(SHARE, subject=REF),
    "follow": _event(FOLLOW, subject=BOB),
    "deleted post": _event(POST, "delete"),
    "unlike": _event(LIKE, "delete"),
    "unfollow": _event(FOLLOW, "delete"),
    "profile": _event("app.bsky.actor.profile", rkey="self", displayName="Ada", description="tea\x00"),
    "deleted profile": _event("app.bsky.actor.profile", "delete", rkey="self"),
    "handle": _identity(handle="ada.example"),
    "no handle": _identity(),
    "deleted account": _status("deleted"),
    "taken down account": _status("takendown"),
    "deactivated account": _status("deactivated"),
    "block": _event("app.bsky.graph.block", subject=BOB),
    "retyped": _post(text=5, langs="fr", tags={"a": 1}, facets="no", embed=[1], reply="x"),
    "odd elements": _post(tags=[1, None, "Tea"], facets=[None, 5, {"index": {}}, {"features": [None, {"tag": "Green"}]}]),
    "follow of an object": _event(FOLLOW, subject=REF),
    "bare": _event(POST),
    "empty lists": _post(langs=[], tags=[], facets=[]),
    "year 9999": _post(createdAt="9999-12-31T00:00:00Z"),
    "no clock": {**_post(createdAt=None), "time_us": "soon"},
    "no key": _event(POST, rkey=None, text="hi"),
    "no did": {**_post(), "did": None},
    "like of nothing": _event(LIKE),
    "like of no one": {**_event(LIKE, subject=REF), "did": None},
    "several": [_post(), 5, None, _event(POST, rkey="3k2", text="two")],
    "empty": [],
    "retyped commit": {"did": ADA, "time_us": 1725911162329308, "kind": "commit", "commit": "gone"},
}  # fmt: skip


@pytest.fixture(scope="module")
def found() -> Found:
    return read_plain(EVENTS, form="bluesky")


def test_a_post_is_a_post_with_its_author(found: Found) -> None:
    assert found["post"]["post"] == [
        {
            "post_id": URI,
            "version": 0,
            "network": "bluesky",
            "account_id": "bluesky:did:plc:ada",
            "created_at": at("2024-09-09T19:46:02.102"),
            "text": "hi",
            "declared_language": "fr",
            "kind": "post",
            "root_post_id": URI,
            "mentions": ["bluesky:did:plc:bob"],
            "hashtags": ["thé", "tea", "green"],
            "urls": ["https://tea.example/a", "https://tea.example/b"],
            "media": ["link"],
            "observed_at": at(SEEN),
        }
    ]
    assert found["post"]["account"] == [
        {"account_id": "bluesky:did:plc:ada", "network": "bluesky", "observed_at": at(SEEN)}
    ]


@pytest.mark.parametrize(("name", "media"), [("photos", ["photo"]), ("video", ["video"]), ("quote", [])])
def test_an_embed_says_what_medium_it_is(found: Found, name: str, media: list[str]) -> None:
    assert [post["media"] for post in found[name]["post"]] == [media]


def test_a_reply_names_the_post_its_author_and_the_root(found: Found) -> None:
    (post,) = found["reply"]["post"]

    assert post["kind"] == "reply"
    assert post["in_reply_to_post_id"] == f"bluesky:{THEIRS}"
    assert post["in_reply_to_account_id"] == "bluesky:did:plc:bob"
    assert post["root_post_id"] == f"bluesky:at://did:plc:cy/{POST}/3k7"


@pytest.mark.parametrize(("name", "media"), [("quote", []), ("quote with photos", ["photo"])])
def test_a_quote_names_the_post_and_its_author(found: Found, name: str, media: list[str]) -> None:
    (post,) = found[name]["post"]

    assert (post["kind"], post["shared_post_id"], post["shared_account_id"], post["media"]) == (
        "quote",
        f"bluesky:{THEIRS}",
        "bluesky:did:plc:bob",
        media,
    )


def test_an_edit_is_a_later_version_of_the_same_post(found: Found) -> None:
    (post,) = found["edit"]["post"]

    assert (post["post_id"], post["version"], post["text"]) == (URI, 1725911162329, "hello")
    assert post["created_at"] == at("2024-09-09T19:46:02.102")


@pytest.mark.parametrize(("name", "collection"), [("like", LIKE), ("share", SHARE)])
def test_likes_and_reposts_are_acts_toward_the_author(found: Found, name: str, collection: str) -> None:
    assert found[name]["act"] == [
        {
            "edge_id": f"bluesky:at://did:plc:ada/{collection}/3k1",
            "network": "bluesky",
            "src_account_id": "bluesky:did:plc:ada",
            "dst_account_id": "bluesky:did:plc:bob",
            "verb": name,
            "object_id": f"bluesky:{THEIRS}",
            "weight": 1.0,
            "occurred_at": at("2024-09-09T19:46:02.102"),
        }
    ]


def test_a_follow_is_an_act_without_object(found: Found) -> None:
    (act,) = found["follow"]["act"]

    assert (act["verb"], act["dst_account_id"]) == ("follow", "bluesky:did:plc:bob")
    assert "object_id" not in act


@pytest.mark.parametrize(
    ("name", "object_id", "kind"),
    [
        ("deleted post", URI, "delete"),
        ("unlike", f"bluesky:at://did:plc:ada/{LIKE}/3k1", "delete"),
        ("unfollow", f"bluesky:at://did:plc:ada/{FOLLOW}/3k1", "unfollow"),
        ("deleted account", "bluesky:did:plc:ada", "user_delete"),
        ("taken down account", "bluesky:did:plc:ada", "user_delete"),
    ],
)
def test_what_goes_is_a_retraction(found: Found, name: str, object_id: str, kind: str) -> None:
    assert found[name]["retraction"] == [
        {"network": "bluesky", "object_id": object_id, "kind": kind, "occurred_at": at(SEEN)}
    ]
    assert found[name]["post"] == found[name]["act"] == found[name]["account"] == []


def test_profiles_and_handles_are_two_partial_sights_of_an_account(found: Found) -> None:
    head = {"account_id": "bluesky:did:plc:ada", "network": "bluesky", "observed_at": at(SEEN)}

    assert found["profile"]["account"] == [{**head, "display_name": "Ada", "bio": "tea"}]
    assert found["handle"]["account"] == [{**head, "handle": "ada.example"}]


@pytest.mark.parametrize(
    "name", ["block", "deleted profile", "deactivated account", "no handle", "empty", "retyped commit"]
)
def test_what_is_not_read_is_refused_as_an_item_without_anything(found: Found, name: str) -> None:
    assert found[name] == {"post": [], "account": [], "act": [], "retraction": [], "refused": ["no_items"]}


def test_retyped_fields_cost_themselves_only(found: Found) -> None:
    assert found["retyped"]["post"] == [
        {
            "post_id": URI,
            "version": 0,
            "network": "bluesky",
            "account_id": "bluesky:did:plc:ada",
            "created_at": at("2024-09-09T19:46:02.102"),
            "text": "5",
            "kind": "post",
            "root_post_id": URI,
            "hashtags": [],
            "urls": [],
            "media": [],
            "observed_at": at(SEEN),
        }
    ]
    assert found["retyped"]["refused"] == []


def test_odd_elements_of_a_list_cost_themselves_only(found: Found) -> None:
    assert [post["hashtags"] for post in found["odd elements"]["post"]] == [["green", "1", "tea"]]


def test_a_follow_of_what_is_no_account_is_toward_no_one(found: Found) -> None:
    assert [act.get("dst_account_id") for act in found["follow of an object"]["act"]] == [None]


def test_absent_fields_and_empty_lists_are_nothing(found: Found) -> None:
    (bare,), (empty,) = found["bare"]["post"], found["empty lists"]["post"]

    assert "text" not in bare
    assert "declared_language" not in empty
    assert (empty["hashtags"], empty["mentions"], empty["urls"], empty["media"]) == ([], [], [], [])


def test_a_post_from_the_year_9999_has_the_time_of_its_delivery(found: Found) -> None:
    assert [post["created_at"] for post in found["year 9999"]["post"]] == [at(SEEN)]


def test_an_event_without_any_time_has_that_of_its_file(found: Found) -> None:
    (post,) = found["no clock"]["post"]

    assert post["created_at"] == post["observed_at"] == MODIFIED.replace(tzinfo=None)


@pytest.mark.parametrize("name", ["no key", "no did"])
def test_a_post_without_its_whole_uri_is_refused(found: Found, name: str) -> None:
    assert found[name]["refused"] == ["missing_id"]


def test_a_like_without_object_stays_and_one_without_its_doer_is_refused(found: Found) -> None:
    (act,) = found["like of nothing"]["act"]

    assert act["src_account_id"] == "bluesky:did:plc:ada"
    assert not {"dst_account_id", "object_id"} & set(act)
    assert found["like of nothing"]["refused"] == []
    assert found["like of no one"]["refused"] == ["bad_edge"]


def test_several_events_in_one_array_are_all_read_beside_what_is_no_event(found: Found) -> None:
    assert [post["text"] for post in found["several"]["post"]] == ["hi", "two"]


def _frame(kind: str, **more: object) -> dict[str, object]:
    event = {"$type": f"network.bsky.jetstream.subscribeEvents#{kind}", "seq": 12345, "did": ADA, "time": f"{SEEN}Z"}
    return {"$type": "message", "payload": {**event, **more}}


def _v2(event: object) -> dict[str, object]:
    """Return an event of v1 as v2 writes it: the commit is the payload, `time` is a text."""
    kind = event["kind"]  # type: ignore[index]
    inner = event[kind]  # type: ignore[index]
    return _frame(kind, **(inner if kind == "commit" else {kind: inner}))


SAME = ["post", "reply", "quote", "edit", "like", "share", "follow", "deleted post", "unlike", "unfollow", "profile",
        "deleted profile", "handle", "deleted account", "deactivated account", "block", "no key"]  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_an_event_of_v2_says_what_the_same_event_of_v1_says(name: str) -> None:
    both = read_plain({"v1": EVENTS[name], "v2": _v2(EVENTS[name])}, form="bluesky")

    assert both["v2"] == both["v1"]


def test_the_payload_of_a_frame_may_come_bare_and_what_it_does_not_know_stays_in_extra() -> None:
    frame = _v2(_post(unheard="of", mood=5, nested={"a": 1}))
    found = read_plain({"framed": frame, "bare": frame["payload"]}, form="bluesky")

    assert found["framed"] == found["bare"]
    assert [post["extra"] for post in found["bare"]["post"]] == [{"unheard": "of", "mood": "5"}]


@pytest.mark.parametrize(
    "frame",
    [
        _frame("sync", sync={"did": ADA, "rev": "r"}),
        {"$type": "message", "payload": {"$type": "network.bsky.jetstream.subscribeEvents#info", "name": "OutdatedCursor"}},
        {"$type": "message", "payload": "gone"},
        _frame("commit", operation="create"),
    ],
)  # fmt: skip
def test_frames_that_hold_nothing_to_read_are_refused(frame: object) -> None:
    assert read_plain({"frame": frame}, form="bluesky")["frame"]["refused"] == ["no_items"]
