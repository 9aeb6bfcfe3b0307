"""No adapter gives up on a document because a value in it has another type."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from entourage.ingest import detect, formats
from entourage.ingest.adapters import ADAPTERS

from . import test_bluesky, test_facebook, test_gnip, test_mastodon, test_x_archive, test_x_v1, test_x_v2, test_youtube
from .conftest import MODIFIED

ODD: list[Any] = [None, 5, "\ud800", [], [None, [1]], {}, {"id": {"a": [1]}}, 10**30, True]
# Of each format the documents that say most.
DOCUMENTS: dict[str, list[Any]] = {
    "bluesky": [test_bluesky.EVENTS["post"], test_bluesky.EVENTS["like"], test_bluesky._v2(test_bluesky.EVENTS["quote"])],
    "facebook": [test_facebook.FEEDS["feed"], test_facebook.HOOKS["comment"], test_facebook.HOOKS["reaction taken back"]],
    "feed": [{"feed": {"title": "t", "link": "https://a.example", "format": "atom", "author": {"name": "Ada"}},
              "entry": {"id": "1", "title": "t", "link": [{"@href": "https://a.example/1", "@rel": "alternate"}],
                        "published": "2026-06-01T08:00:00Z", "updated": "2026-06-02T08:00:00Z",
                        "author": [{"name": "Ada"}], "category": [{"@term": "w"}], "content": {"#text": "<p>c</p>"}}}],
    "gnip": [test_gnip.DOCUMENTS["share"], test_gnip.DOCUMENTS["reply"], test_gnip.DOCUMENTS["delete"]],
    "mastodon": [test_mastodon.STATUSES["boost"], test_mastodon.STATUSES["reply"]],
    "reddit": [{"kind": "Listing", "data": {"children": [{"data": {"id": "1", "author": "ada", "body": "b", "edited": 5}}]}}],
    "x_archive": [test_x_archive.DOCUMENTS[name] for name in ("tweet", "note", "like", "profile", "deleted")],
    "x_v1": [test_x_v1.DOCUMENTS["family"], test_x_v1.DOCUMENTS["delete"], {"users": [test_x_v1.ADA], "ids": [1]}],
    "x_v2": [test_x_v2.PAGE, test_x_v2.DOCUMENTS["entities"], {"data": {"user_delete": {"user": {"id": "7"}}}},
             {"data": [], "errors": [error for error, _ in test_x_v2.ERRORS]}],
    "youtube": [test_youtube.DOCUMENTS["thread"], test_youtube.DOCUMENTS["playlist"], test_youtube.DOCUMENTS["search"]],
}  # fmt: skip


def _spoiled(value: Any) -> Iterator[Any]:
    """Yield a document once for each value in it and each odd one that takes its place."""
    yield from ODD
    if isinstance(value, dict):
        yield from ({**value, name: odd} for name, inner in value.items() for odd in _spoiled(inner))
    elif isinstance(value, list | tuple):
        yield from ([*value[:n], odd, *value[n + 1 :]] for n, inner in enumerate(value) for odd in _spoiled(inner))


@pytest.mark.parametrize("form", ADAPTERS)
def test_a_value_of_another_type_never_makes_an_adapter_give_up(form: str) -> None:
    texts = [json.dumps(spoiled) for document in DOCUMENTS[form] for spoiled in _spoiled(document)]
    given_up = [
        text for text in texts for _, fault in formats.read(form, text, modified_at=MODIFIED, file="/followers_of=1/p") if fault
    ]  # fmt: skip

    assert len(texts) > 80
    assert given_up == []
    assert {detect.found(text)[1][0] for text in texts} <= {None, "unknown_format", "bad_json"}
