"""Entries of RSS and Atom become posts of the network `other`; nothing that they name is fetched."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest

from entourage.ingest import feed, formats
from entourage.ingest.opening import How, pieces
from entourage.ingest.unpacking import Piece, SplitParams, Stream

PARAMS = SplitParams()
MODIFIED = dt.datetime(2026, 6, 10, tzinfo=dt.UTC)
RSS = """<?xml version="1.0" encoding="{encoding}"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:slash="http://purl.org/rss/1.0/modules/slash/">
<channel><title>Café</title><link>https://www.blog.example.org/</link><language>fr</language>
{items}
</channel></rss>"""
ITEM = """<item><title>Été &amp; pluie</title><link>https://blog.example.org/p/1</link>
<dc:creator>Ada</dc:creator><pubDate>Mon, 01 Jun 2026 12:00:00 +0200</pubDate>
<category>Météo</category><category domain="d">Vélo</category><guid isPermaLink="false">https://blog.example.org/?p=1</guid>
<description>Court</description><content:encoded><![CDATA[<p>Il <b>pleut</b>.</p><p>Voir
<a href="https://example.com/x?a=1&amp;b=2">ici</a></p>]]></content:encoded>
<enclosure url="https://blog.example.org/1.mp4" type="video/mp4" length="9"/><slash:comments>3</slash:comments></item>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0" xml:lang="en">
<title>Forum</title><link rel="self" href="https://forum.example.org/atom"/><link href="https://forum.example.org/"/>
<id>tag:forum.example.org,2026:f</id>
<entry><id>tag:forum.example.org,2026:1</id><title>1 &lt; 2</title><author><name>Bob</name>
<uri>https://forum.example.org/u/bob</uri></author><published>2026-06-01T10:00:00Z</published>
<updated>2026-06-02T10:00:00Z</updated><category term="Maths"/>
<link href="https://forum.example.org/t/1"/><link rel="enclosure" type="image/png" href="https://forum.example.org/1.png"/>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">One<br/>two</div></content></entry>
<entry><id>tag:forum.example.org,2026:2</id><title>Re: 1 &lt; 2</title><author><name>Cy</name></author>
<updated>2026-06-03T10:00:00Z</updated><thr:in-reply-to ref="tag:forum.example.org,2026:1" href="https://forum.example.org/t/1"/>
<content>a &lt;b&gt; c</content></entry></feed>"""
COMMENTS = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://blog.example.org/p/1/feed"><title>Comments</title>
<link>https://blog.example.org/p/1/</link><items/></channel>
<item rdf:about="https://blog.example.org/p/1/#comment-9"><title>By: Di</title>
<link>https://blog.example.org/p/1/#comment-9</link><dc:date>2026-06-04T10:00:00Z</dc:date>
<description>Merci</description></item></rdf:RDF>"""


def split(content: bytes, params: SplitParams = PARAMS) -> list[Piece]:
    return list(pieces(Stream.of(io.BytesIO(content)), name="f.xml", size=len(content), how=How(), params=params))


def posts(content: bytes) -> list[dict[str, Any]]:
    read = [item["post"] for p in split(content) for item, _ in formats.read("feed", p.payload, modified_at=MODIFIED)]
    return [{name: value for name, value in post.items() if value not in (None, [], {})} for post in read if post]


def test_an_item_of_rss_is_a_post_of_its_author_at_the_feeds_host() -> None:
    assert posts(RSS.format(encoding="utf-8", items=ITEM).encode()) == [
        {
            "post_id": "other:https://blog.example.org/?p=1",
            "version": 0,
            "network": "other",
            "account_id": "other:blog.example.org/Ada",
            "created_at": dt.datetime(2026, 6, 1, 10, tzinfo=dt.UTC),
            "text": "Été & pluie\nIl pleut.\nVoir\nici",
            "declared_language": "fr",
            "kind": "post",
            "root_post_id": "other:https://blog.example.org/?p=1",
            "hashtags": ["météo", "vélo"],
            "urls": ["https://blog.example.org/p/1", "https://example.com/x?a=1&b=2"],
            "media": ["video"],
            "extra": {"feed": "Café", "host": "blog.example.org", "link": "https://blog.example.org/p/1"},
            "observed_at": dt.datetime(2026, 6, 1, 10, tzinfo=dt.UTC),
            "counters": {"replies": 3},
        }
    ]


def test_an_entry_of_atom_that_was_changed_is_a_version_and_one_in_reply_to_another_a_reply() -> None:
    changed, reply = posts(ATOM.encode())

    assert changed["version"] == 1780394400000
    assert (changed["text"], changed["declared_language"], changed["media"]) == ("1 < 2\nOne\ntwo", "en", ["photo"])
    assert (changed["account_id"], changed["hashtags"]) == ("other:forum.example.org/Bob", ["maths"])
    assert changed["urls"] == ["https://forum.example.org/t/1"]
    assert (reply["kind"], reply["text"], reply["version"]) == ("reply", "a <b> c", 0)
    assert reply["in_reply_to_post_id"] == "other:tag:forum.example.org,2026:1"


def test_a_comment_of_rss_1_answers_the_page_it_stands_on_and_the_host_speaks_where_nobody_is_named() -> None:
    (comment,) = posts(COMMENTS.encode())

    assert comment["post_id"] == "other:https://blog.example.org/p/1/#comment-9"
    assert comment["in_reply_to_post_id"] == "other:https://blog.example.org/p/1/"
    assert (comment["account_id"], comment["text"]) == ("other:blog.example.org", "Merci")


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "windows-1252", "utf-16", "iso-8859-15"])
def test_the_encoding_is_what_the_declaration_says(encoding: str) -> None:
    (post,) = posts(RSS.format(encoding=encoding, items=ITEM).encode(encoding))

    assert post["text"].startswith("Été & pluie")


def test_an_encoding_that_nobody_knows_and_xml_that_is_no_feed_are_refused() -> None:
    assert [
        (p.reason_code, "klingon" in (p.reason or "")) for p in split(RSS.format(encoding="klingon", items="").encode())
    ] == [("bad_xml", True)]
    assert [(p.reason_code, "<html>" in (p.reason or "")) for p in split(b"<html><body/></html>")] == [
        ("bad_xml", True)
    ]


def test_of_a_feed_that_is_cut_short_the_whole_entries_are_read() -> None:
    content = RSS.format(encoding="utf-8", items=ITEM * 3).encode()
    rows = split(content[: content.rindex(b"<description>")])

    assert [(p.position, p.reason_code) for p in rows] == [(1, None), (2, None), (3, "bad_xml")]


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE rss SYSTEM "https://example.org/rss.dtd">',
    ],
)
def test_types_entities_and_references_to_files_are_refused(doctype: str) -> None:
    content = f"{doctype}<rss><channel><item><guid>1</guid><title>t</title></item></channel></rss>"

    assert [(p.payload, p.reason_code) for p in split(content.encode())] == [("", "bad_xml")]


def test_elements_that_nest_or_repeat_without_end_are_refused() -> None:
    deep = "<a>" * 5000 + "</a>" * 5000
    wide = "<a/>" * 200_000
    for inner in (deep, wide):
        content = f"<rss><channel><item><guid>1</guid></item><item>{inner}</item></channel></rss>"

        assert [(p.position, p.reason_code) for p in split(content.encode())] == [(1, None), (2, "bad_xml")]


def test_what_xml_does_not_allow_and_bytes_that_the_encoding_lacks_cost_themselves() -> None:
    content = b"<rss><channel><item><guid>1</guid><title>a\x0bb\xe9</title></item></channel></rss>"

    assert [p.payload for p in split(content)] == [
        '{"feed": {"format": "rss"}, "entry": {"guid": "1", "title": "ab\ufffd"}}'
    ]


def test_an_entry_of_other_types_than_expected_makes_no_fault() -> None:
    for entry in (
        {"guid": [1, {}], "link": [{}, [], 5], "category": {"a": 1}, "author": [[]]},
        {"title": {"#text": 7}},
        {},
    ):
        list(feed.items({"feed": [], "entry": entry}, modified_at=MODIFIED, file=""))


def test_an_entry_without_a_time_or_an_id_is_refused() -> None:
    def codes(entry: dict[str, Any]) -> list[str | None]:
        found = feed.items({"feed": {"link": "https://a.example"}, "entry": entry}, modified_at=MODIFIED, file="")
        return [(formats.refusal(item, form="feed", fault=None) or (None,))[0] for item in found]

    assert codes({"guid": "1", "title": "t"}) == ["bad_time"]
    assert codes({"title": "t", "pubDate": "1 Jun 26 10:00 GMT"}) == ["missing_id"]
    assert codes({"guid": "1", "title": "t", "pubDate": "1 Jun 26 10:00 GMT"}) == [None]
    assert codes({}) == ["no_items"]
