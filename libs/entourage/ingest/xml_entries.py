"""Split a feed (RSS 2.0 and 1.0, Atom) into its entries.

in: one XML file, as a stream ▶ out: `Piece`, one an entry: ``{"feed": {…}, "entry": {…}}``, elements and attributes by
their names. Plain Python: it runs in Spark's workers.

Nothing is fetched or expanded: a document type, an entity or a reference to a file ends the reading. An element is its
text where it has nothing else, else an object: attributes as ``@name``, the text as ``#text``, several of one name as a
list. Names of known vocabularies have their usual prefix (``dc:creator``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from entourage.ingest import reasons
from entourage.ingest.unpacking import HEAD_BYTES, Piece, SplitParams, Stream, texts

FEEDS = {"rss": "rss", "RDF": "rss", "feed": "atom"}
ENTRIES = ("item", "entry")
PREFIXES = {
    "http://purl.org/dc/elements/1.1/": "dc:",
    "http://purl.org/rss/1.0/modules/content/": "content:",
    "http://purl.org/rss/1.0/modules/slash/": "slash:",
    "http://purl.org/syndication/thread/1.0": "thr:",
    "http://search.yahoo.com/mrss/": "media:",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes:",
    "http://www.w3.org/XML/1998/namespace": "xml:",
    "http://www.w3.org/2005/Atom": "",
    "http://purl.org/rss/1.0/": "",
    "http://purl.org/atom/ns#": "",
}
ATOM = "{http://www.w3.org/2005/Atom}"
MAX_DEPTH = 100  # elements in one another
MAX_ELEMENTS = 100_000  # of one entry
DECLARED = re.compile(r"""<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._:-]+)["']""")
DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
# What XML does not allow, and what feeds have all the same.
CONTROLS = dict.fromkeys([*range(9), 11, 12, *range(14, 32)])


def split(stream: Stream, *, params: SplitParams) -> Iterator[Piece]:
    """Split one feed into its entries.

    Returns:
        One piece an entry, at its number (from 1), and a refusal for what cannot be read, which is the last.
    """
    head = stream.peek(HEAD_BYTES).decode("latin-1")
    declared = DECLARED.search(head)
    position = 0
    try:
        source = _Utf8(texts(stream, encoding=declared[1] if declared else "utf-8"))
        for document in _documents(source):
            position += 1
            payload = json.dumps(document, ensure_ascii=False)
            is_long = len(payload) > params.max_payload_bytes
            refusal = reasons.too_long(params.max_payload_bytes) if is_long else (None, None)
            yield Piece(position, payload[: reasons.KEPT_BYTES] if is_long else payload, *refusal)
    except LookupError:
        yield Piece(position + 1, "", *reasons.bad_xml(f"its encoding {declared and declared[1]} is not known"))
    except DefusedXmlException as error:
        yield Piece(position + 1, "", *reasons.bad_xml(f"{type(error).__name__}: a feed needs no types or entities"))
    except (ParseError, _NoFeedError, ValueError, RecursionError) as error:
        yield Piece(position + 1, "", *reasons.bad_xml(error))


class _NoFeedError(Exception):
    """The XML is none that is read."""


class _Utf8:
    """A text as a file of UTF-8 that says nothing of its encoding, without what XML does not allow."""

    def __init__(self, chunks: Iterator[str]) -> None:
        self._chunks = chunks
        self._is_first = True

    def read(self, _size: int = -1, /) -> bytes:
        for chunk in self._chunks:
            plain = chunk.translate(CONTROLS)
            if self._is_first:
                plain = DECLARATION.sub("", plain, count=1).lstrip()
            if plain:
                self._is_first = False
                return plain.encode("utf-8", errors="replace")
        return b""


def _documents(source: _Utf8) -> Iterator[dict[str, Any]]:
    """Yield the entries as they end, each with what stood before it of its feed."""
    above: list[Element] = []
    feed: dict[str, Any] = {}
    count = 0
    for event, element in iterparse(source, events=("start", "end"), forbid_dtd=True):
        if event == "start":
            above.append(element)
            count += 1
            _check(above, count)
            continue
        above.pop()
        # Of Atom, entries are in the root; of RSS 1.0 too, its feed in a channel beside them; of RSS 2.0 all are there.
        is_direct = len(above) == 1 or (len(above) == 2 and _name(above[1].tag) == "channel")
        if not is_direct:
            continue
        name = _name(element.tag)
        if name in ENTRIES:
            yield {"feed": {"format": FEEDS[_name(above[0].tag)], **feed}, "entry": _object(element)}
        elif name not in ("channel", "image", "items"):
            feed = _added(feed, name, element, parent=above[-1])
        above[-1].remove(element)  # what was read is let go
        count = 0


def _check(above: list[Element], count: int) -> None:
    root = _name(above[0].tag)
    if root not in FEEDS:
        raise _NoFeedError(f"<{root[:80]}> is no feed; expected rss, rdf:RDF or feed")
    if len(above) > MAX_DEPTH or count > MAX_ELEMENTS:
        raise _NoFeedError(f"an entry has over {MAX_ELEMENTS:,} elements, or {MAX_DEPTH} in one another")


def _added(feed: dict[str, Any], name: str, element: Element, *, parent: Element) -> dict[str, Any]:
    """Return what is known of a feed, with one more of its elements."""
    if len(feed) > 50 or (name in feed and name != "link"):  # Atom has several links, of which one leads to the page
        return feed
    merged = {**feed, **{name: lang for name, lang in _attributes(parent).items() if name == "@xml:lang"}}
    _put(merged, name, _value(element))
    return merged


def _object(element: Element) -> dict[str, Any]:
    value = _value(element)
    return value if isinstance(value, dict) else {"#text": value} if value else {}


def _value(element: Element) -> Any:
    found: dict[str, Any] = _attributes(element)
    if found.get("@type") == "xhtml":
        return {**found, "#text": _markup(element)}
    for child in element:
        _put(found, _name(child.tag), _value(child))
    text = (element.text or "").strip()
    if not found:
        return text
    return {**found, "#text": text} if text else found


def _attributes(element: Element) -> dict[str, Any]:
    return {f"@{_name(name)}": value for name, value in element.attrib.items()}


def _put(found: dict[str, Any], name: str, value: Any) -> None:
    if name not in found:
        found[name] = value
    elif isinstance(found[name], list):
        found[name] = [*found[name], value]
    else:
        found[name] = [found[name], value]


def _markup(element: Element) -> str:
    """Return what is inside an element as HTML."""
    for inner in element.iter():
        inner.tag = _name(inner.tag).rpartition(":")[2]
    whole: str = tostring(element, encoding="unicode", short_empty_elements=False)
    return whole.partition(">")[2].rpartition("<")[0].strip()


def _name(tag: str) -> str:
    """Return a name with the usual prefix of its vocabulary."""
    space, closes, local = tag.rpartition("}")
    return f"{PREFIXES.get(space[1:], '')}{local}" if closes else tag
