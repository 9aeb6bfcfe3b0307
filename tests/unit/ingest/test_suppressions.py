from __future__ import annotations

import pytest

from entourage.ingest import wire
from entourage.ingest.suppressions import Suppressions, keyed_hash
from entourage.ingest.wire import Item

KEY = bytes(32)


def _leaving_out(*whom: tuple[str, str]) -> Suppressions:
    return Suppressions(KEY, frozenset((kind, keyed_hash(kind, name, key=KEY)) for kind, name in whom))


def _post(author: str, *, network: str = "x", **more: object) -> Item:
    post = wire.post(
        network=network,
        post_id="1",
        account_id=author,
        created_at=wire.EPOCH,
        text="words",
        observed_at=wire.EPOCH,
        **more,  # type: ignore[arg-type]
    )
    return {**wire.EMPTY, "post": post}


@pytest.mark.parametrize(
    ("kind", "named", "met", "is_hit"),
    [
        ("email", "Ada@Example.org ", "ada@example.ORG", True),
        ("email", "ada@example.org", "adda@example.org", False),
        ("phone", "+33 6 12 34 56 78", "06.12.34.56.78", True),
        ("phone", "0612345678", "0612345679", False),
        ("account", "x:7", "x:77", False),
        ("account", "x:7", None, False),
        ("record", "crm:1", "crm:1", True),
    ],
)
def test_an_identifier_is_known_in_any_spelling_of_it(kind: str, named: str, met: str | None, is_hit: bool) -> None:
    assert _leaving_out((kind, named)).names(kind, met) is is_hit


def test_another_key_gives_another_hash_and_a_kind_another_too() -> None:
    hashes = {keyed_hash("email", "a@b", key=KEY), keyed_hash("email", "a@b", key=b"1" * 32)}
    hashes.add(keyed_hash("record", "a@b", key=KEY))

    assert len(hashes) == 3


def test_an_item_of_a_suppressed_account_is_left_out_whatever_it_is() -> None:
    left_out = _leaving_out(("account", "x:7"))
    account = {**wire.EMPTY, "account": {"account_id": "x:7"}}
    act = {"src_account_id": "x:8", "dst_account_id": "x:7", "object_id": None}
    retraction = {"object_id": "x:7"}

    for item in (_post("7"), account, {**wire.EMPTY, "act": act}, {**wire.EMPTY, "retraction": retraction}):
        assert left_out.item(item) == (item, True, True)


def test_what_a_post_by_somebody_else_says_of_a_suppressed_account_is_taken_out() -> None:
    left_out = _leaving_out(("account", "x:7"))
    item = _post("8", mentions=["x:7", "x:9"], reply_to="5", reply_to_account="7")
    kept, is_theirs, is_withheld = left_out.item(item)

    assert item["post"] is not None
    changes = {"mentions": ["x:9"], "in_reply_to_account_id": None, "in_reply_to_post_id": None}
    assert kept["post"] == {**item["post"], **changes}
    assert (is_theirs, is_withheld) == (False, True)


def test_an_at_uri_names_its_author() -> None:
    left_out = _leaving_out(("account", "bluesky:did:plc:ada"))
    act = {"src_account_id": "bluesky:did:plc:bob", "dst_account_id": None}
    item = {**wire.EMPTY, "act": {**act, "object_id": "bluesky:at://did:plc:ada/app.bsky.feed.post/1"}}

    assert left_out.item(item) == (item, True, True)


def test_without_suppressions_nothing_is_looked_at() -> None:
    item = _post("7", mentions=["9"])

    assert Suppressions().item(item) == (item, False, False)
    assert Suppressions().row({"record_id": "crm:1", "emails": ["a@b"]}) is False


def test_a_row_is_known_by_any_of_its_identifiers() -> None:
    left_out = _leaving_out(("email", "ada@example.org"), ("account", "x:7"), ("record", "crm:1"))

    assert left_out.row({"record_id": "crm:1"})
    assert left_out.row({"record_id": "crm:2", "emails": [None, "ADA@example.org"], "phones": None})
    assert left_out.row({"social_ids": ["x:7"]})
    assert left_out.row({"identifier_kind": "email", "identifier": "ada@example.org"})
    assert not left_out.row({"identifier_kind": "device", "identifier": "x:7", "record_id": None, "emails": []})
