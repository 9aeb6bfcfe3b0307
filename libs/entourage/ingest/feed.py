"""Read entries of feeds, of blogs, forums and their comments: RSS 2.0, RSS 1.0 and Atom.

in: ``{"feed": {…}, "entry": {…}}`` (see `xml_entries`) ▶ out: items.

A feed belongs to no network: an id is `other:` and what the entry calls itself (guid, id, else its link); an author is
known by name within the feed's host, and where nobody is named the host itself speaks. An entry that answers says so by
``thr:in-reply-to``; one of a feed of comments by an address that ends in ``#comment-…``: it answers what stands before.
Nothing that an entry points to is ever fetched.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from entourage.ingest import scalars, wire
from entourage.ingest.wire import Item, Struct, struct, text

NETWORK = "other"
COMMENT = re.compile(r"(.+)#(?:comment|c|reply|respond)[-_]?\w*", re.IGNORECASE)
HREF = re.compile(r"""<a\s[^>]*?href\s*=\s*["'](https?://[^"'\s>]+)""", re.IGNORECASE)
RSS_MAILBOX = re.compile(r"\S+@\S+\s*\((.+)\)")  # of RSS: ada@example.org (Ada)
BLANKS = re.compile(r"[ \t]*\n\s*\n\s*")


def recognizes(root: Struct) -> bool:
    """Tell an entry beside its feed."""
    return root.keys() >= {"feed", "entry"}


def items(root: Struct, *, modified_at: dt.datetime, file: str) -> Iterator[Item]:
    """Yield the entry with its author, seen when it was published or changed."""
    feed, entry = struct(root, "feed"), struct(root, "entry")
    link = _link(entry)
    host = _host(link) or _host(_link(feed)) or _host(_plain(feed.get("id")))
    created_at = _first_moment(entry, "pubDate", "published", "dc:date", "issued", "created", "updated", "modified")
    changed_at = _first_moment(entry, "updated", "modified")
    is_edited = changed_at is not None and created_at is not None and changed_at > created_at
    observed_at = (changed_at if is_edited else created_at) or modified_at
    author, page = _author(entry) or _author(feed) or (None, None)
    account_id = (f"{host}/{author}" if author else host) if host else author
    answered = _answered(entry, link)
    post = wire.post(
        network=NETWORK,
        post_id=_plain(entry.get("guid")) or _plain(entry.get("id")) or text(entry.get("@about")) or link,
        version=wire.millis(changed_at) if is_edited else None,
        account_id=account_id,
        created_at=created_at,
        text=_said(entry, is_atom=feed.get("format") == "atom", is_comment=answered is not None),
        observed_at=observed_at,
        language=_language(entry) or _language(feed),
        reply_to=answered,
        hashtags=[(_word(found) or "").lower() for found in _each(entry, "category", "dc:subject")],
        urls=[link, *_links_in(entry)],
        media=[_medium(found) for found in _media(entry)],
        source_app=_plain(feed.get("generator")),
        extra=wire.extra({"feed": _plain(feed.get("title")), "host": host, "link": link}),
        counters=_counters(entry),
    )
    account = wire.account(
        network=NETWORK,
        account_id=account_id,
        observed_at=observed_at,
        display_name=author or _plain(feed.get("title")),
        urls=wire.distinct([page]) if author else wire.distinct([_link(feed)]),
    )
    yield wire.item(post=post, account=account) if post is not None else wire.item()


def _plain(value: Any) -> str | None:
    """Return the text of an element, of the first of several; None for an empty one."""
    found = value[0] if isinstance(value, list) and value else value
    said = text(found.get("#text")) if isinstance(found, dict) else text(found)
    return (said or "").strip() or None


def _each(of: Struct, *names: str) -> list[Any]:
    return [one for name in names for one in (of[name] if isinstance(of.get(name), list) else [of.get(name)]) if one]


def _word(category: Any) -> str | None:
    return (text(category.get("@term")) if isinstance(category, dict) else None) or _plain(category)


def _link(of: Struct) -> str | None:
    """Return the address of the page that shows it: of Atom's links the one that is its alternate."""
    for found in _each(of, "link"):
        if isinstance(found, dict) and found.get("@href"):
            if found.get("@rel", "alternate") == "alternate":
                return text(found["@href"])
        elif said := _plain(found):
            return said
    guid = of.get("guid")
    is_address = (_plain(guid) or "").startswith(("http://", "https://"))
    is_link = is_address and not (isinstance(guid, dict) and guid.get("@isPermaLink") == "false")
    return _plain(guid) if is_link else None


def _host(address: str | None) -> str | None:
    try:
        return (urlsplit(address or "").hostname or "").removeprefix("www.") or None
    except ValueError:
        return None


def _first_moment(entry: Struct, *names: str) -> dt.datetime | None:
    return next((found for name in names if (found := _moment(_plain(entry.get(name))))), None)


def _moment(value: str | None) -> dt.datetime | None:
    """Return a UTC time; feeds write RFC 822's dates in many ways, without the day of the week too."""
    found = wire.moment(value)
    if found is None and value is not None and not value.isdigit():
        try:
            found = scalars.bounded(parsedate_to_datetime(value))
        except (ValueError, TypeError, OverflowError):
            return None
    return found


def _author(of: Struct) -> tuple[str, str | None] | None:
    """Return an author's name and page."""
    for found in _each(of, "author", "dc:creator", "itunes:author", "managingEditor"):
        named = _plain(found.get("name")) if isinstance(found, dict) else None
        name = named or _plain(found)
        if name:
            mailbox = RSS_MAILBOX.fullmatch(name)
            return (mailbox[1] if mailbox else name), _plain(found.get("uri")) if isinstance(found, dict) else None
    return None


def _answered(entry: Struct, link: str | None) -> str | None:
    for found in _each(entry, "thr:in-reply-to"):
        if isinstance(found, dict) and (said := text(found.get("@ref")) or text(found.get("@href"))):
            return said
    comment = COMMENT.fullmatch(link or "")
    return comment[1].rstrip("/") + "/" * comment[1].endswith("/") if comment else None


def _said(entry: Struct, *, is_atom: bool, is_comment: bool) -> str | None:
    """Return title and text below each other; the title of a comment only says that it is one."""
    bodies = (_shown(entry.get(name), is_atom=is_atom) for name in _BODIES)
    body = next((found for found in bodies if found), None)
    title = None if is_comment and body else _shown(entry.get("title"), is_atom=is_atom)
    is_repeated = title is not None and body is not None and body.startswith(title)
    parts = [part for part in (None if is_repeated else title, body) if part]
    return "\n".join(parts) or None


_BODIES = ("content:encoded", "content", "description", "summary", "media:description")


def _shown(value: Any, *, is_atom: bool) -> str | None:
    """Return an element's text without tags; Atom says which texts have some, of RSS any may."""
    said = _plain(value)
    found = value[0] if isinstance(value, list) and value else value
    kind = text(found.get("@type")) if isinstance(found, dict) else None
    is_plain = is_atom and kind in (None, "text", "text/plain")
    plain = said if is_plain else wire.without_tags(said)
    return BLANKS.sub("\n\n", plain).strip() or None if plain else None


def _links_in(entry: Struct) -> list[str | None]:
    markup = next((said for name in _BODIES if (said := _plain(entry.get(name)))), "")
    return [wire.unescaped(address) for address in HREF.findall(markup)]


def _media(entry: Struct) -> list[Struct]:
    linked = [one for one in _each(entry, "link") if isinstance(one, dict) and one.get("@rel") == "enclosure"]
    return [*(one for one in _each(entry, "enclosure", "media:content") if isinstance(one, dict)), *linked]


def _medium(found: Struct) -> str:
    return wire.medium(found.get("@type") or found.get("@medium"))


def _language(of: Struct) -> str | None:
    return next((said for name in ("language", "dc:language", "@xml:lang") if (said := _plain(of.get(name)))), None)


def _counters(entry: Struct) -> dict[str, Any] | None:
    total = _plain(entry.get("slash:comments")) or _plain(entry.get("thr:total"))
    return None if total is None else {"replies": total}
