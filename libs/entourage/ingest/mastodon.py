"""Read Mastodon statuses: HTML becomes text, ids become the uris that hold on every instance.

in: one object ▶ out: items. A boosted or quoted status inside a status is an item of its own.

An account is named by its profile's URL, since mentions carry no uri. The numbers in `in_reply_to_id` hold on one
instance only: such a reply names ``mastodon:local:NUMBER``.

Who sets `noindex` asks not to be indexed: the posts of such an account are left out, and so is its profile.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from entourage.ingest import wire
from entourage.ingest.wire import Item, Struct, struct, structs, text

NETWORK = "mastodon"
# What a status is known to say, whether it is read or not.
KNOWN = wire.words(
    """
    id uri url created_at edited_at account content visibility sensitive spoiler_text media_attachments application
    mentions tags emojis reblogs_count favourites_count replies_count quotes_count in_reply_to_id
    in_reply_to_account_id reblog quote quote_approval poll card language text favourited reblogged muted bookmarked
    pinned filtered local_only content_type
    """
)


def recognizes(root: Struct) -> bool:
    """Tell a status by its keys."""
    return "uri" in root and "account" in root and ("content" in root or "reblog" in root)


def items(root: Struct, *, modified_at: dt.datetime, file: str) -> Iterator[Item]:
    """Yield a status and those inside it with their authors; all were seen when the outer one was published."""
    observed_at = wire.moment(root.get("created_at")) or modified_at
    inner = structs([root.get("reblog"), struct(root, "quote").get("quoted_status")])
    shared = inner[0] if inner else {}
    yield _status(root, shared, observed_at, is_share=isinstance(root.get("reblog"), dict))
    for status in inner:
        yield _status(status, {}, observed_at)


def _status(status: Struct, shared: Struct, observed_at: dt.datetime, *, is_share: bool = False) -> Item:
    person = struct(status, "account")
    parent_id = text(status.get("in_reply_to_id"))
    post = wire.post(
        network=NETWORK,
        post_id=text(status.get("uri")) or text(status.get("url")),
        version=wire.millis(wire.moment(status.get("edited_at"))),
        account_id=_person(person),
        created_at=wire.moment(status.get("created_at")),
        text=_said(status),
        observed_at=observed_at,
        language=text(status.get("language")),
        is_share=is_share,
        reply_to=f"local:{parent_id}" if parent_id else None,
        reply_to_account=_answered(status),
        shared=text(shared.get("uri")),
        shared_account=_person(struct(shared, "account")),
        mentions=wire.each(status, "mentions", lambda mention: wire.qualified(NETWORK, text(mention.get("url")))),
        hashtags=wire.each(status, "tags", lambda tag: (text(tag.get("name")) or "").lower()),
        urls=[text(struct(status, "card").get("url"))],
        media=wire.each(status, "media_attachments", lambda medium: wire.medium(medium.get("type"))),
        source_app=text(struct(status, "application").get("name")),
        extra=wire.extra(
            {"visibility": status.get("visibility"), "native_id": status.get("id")}, of=status, known=KNOWN
        ),
        counters={
            "likes": status.get("favourites_count"),
            "shares": status.get("reblogs_count"),
            "replies": status.get("replies_count"),
            "quotes": status.get("quotes_count"),
        },
    )
    if wire.truth(person.get("noindex")):
        return wire.item(post=post, suppressed="noindex")
    return wire.item(post=post, account=_account(person, observed_at))


def _account(person: Struct, observed_at: dt.datetime) -> dict[str, Any] | None:
    return wire.account(
        network=NETWORK,
        account_id=_person(person),
        observed_at=observed_at,
        handle=text(person.get("acct")),
        display_name=text(person.get("display_name")),
        bio=wire.without_tags(text(person.get("note"))),
        urls=wire.distinct(wire.each(person, "fields", _link)),
        created_at=wire.moment(person.get("created_at")),
        is_bot=wire.truth(person.get("bot")),
        extra=wire.extra({"noindex": person.get("noindex"), "uri": person.get("uri")}),
        counters={
            "followers": person.get("followers_count"),
            "following": person.get("following_count"),
            "posts": person.get("statuses_count"),
        },
    )


def _person(person: Struct) -> str | None:
    return text(person.get("url")) or text(person.get("uri")) or text(person.get("acct"))


def _said(status: Struct) -> str:
    """Return the text below its content warning, which is no HTML; an empty one for neither."""
    parts = (text(status.get("spoiler_text")) or None, wire.without_tags(text(status.get("content"))))
    return "\n".join(part for part in parts if part is not None)


def _answered(status: Struct) -> str | None:
    """Return whom a status answers: oneself, or one mentioned; ids of accounts hold on one instance only."""
    answered_id = text(status.get("in_reply_to_account_id"))
    if answered_id is None:
        return None
    person = struct(status, "account")
    if answered_id == text(person.get("id")):
        return _person(person)
    mentioned = (m for m in structs(status.get("mentions")) if text(m.get("id")) == answered_id)
    return text(next(mentioned, {}).get("url"))


def _link(field: Struct) -> str | None:
    """Return where the first link of a profile's field leads."""
    link, end, _ = (text(field.get("value")) or "").partition('href="')[2].partition('"')
    return link if end else None
