"""Read X API v1.1: statuses, search and premium pages, user lists, deletion notices.

in: one object ▶ out: items. Retweeted and quoted statuses inside a status are items too; `extended_tweet` wins.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from entourage.ingest import wire
from entourage.ingest.wire import Item, Struct, struct, structs, text

NETWORK = "x"
# Notices by their key: the kind of the retraction, and which of their ids is meant.
NOTICES = {
    "scrub_geo": ("scrub_geo", "user_id"),
    "status_withheld": ("withheld", "id"),
    "user_withheld": ("withheld", "id"),
}


def items(root: Struct, *, modified_at: dt.datetime) -> Iterator[Item]:
    """Yield the posts with their authors, the accounts and the retractions of an object."""
    itself = [root] if _is_status(root) else []
    for status in (*itself, *structs(root.get("statuses")), *structs(root.get("results"))):
        yield from _family(status, modified_at)
    person = [root] if root.get("screen_name") is not None else []
    for user in (*person, *structs(root.get("users"))):
        yield wire.item(account=_account(user, modified_at))
    yield from _notices(root)


def _is_status(root: Struct) -> bool:
    has_text = root.get("text") is not None or root.get("full_text") is not None
    return has_text or (bool(struct(root, "user")) and _id(root) is not None)


def _family(status: Struct, modified_at: dt.datetime) -> Iterator[Item]:
    """Yield a status and those inside it; all were seen when the outer one was delivered."""
    observed_at = wire.moment(status.get("created_at")) or modified_at
    retweeted, quoted = struct(status, "retweeted_status"), struct(status, "quoted_status")
    inner = struct(retweeted, "quoted_status")
    yield _status(status, retweeted or quoted, observed_at, is_share=bool(retweeted))
    if retweeted:
        yield _status(retweeted, inner, observed_at)
    for other in (quoted, inner):
        if other:
            yield _status(other, {}, observed_at)


def _status(status: Struct, shared: Struct, observed_at: dt.datetime, *, is_share: bool = False) -> Item:
    longer = struct(status, "extended_tweet")
    entities = struct(longer, "entities") or struct(status, "entities")
    media = struct(longer, "extended_entities").get("media") or struct(status, "extended_entities").get("media")
    native_id, created_at = _id(status), wire.moment(status.get("created_at"))
    first_id = text(struct(status, "edit_history").get("initial_tweet_id")) or native_id
    said = next(
        (v for v in (longer.get("full_text"), status.get("full_text"), status.get("text")) if v is not None), None
    )
    post = wire.post(
        network=NETWORK,
        post_id=first_id,
        version=wire.millis(created_at) if first_id != native_id else None,
        account_id=_id(struct(status, "user")),
        created_at=created_at,
        text=wire.unescaped(text(said)),
        observed_at=observed_at,
        language=_language(status),
        is_share=is_share,
        reply_to=_id(status, "in_reply_to_status_id"),
        reply_to_account=_id(status, "in_reply_to_user_id"),
        shared=_id(shared) or _id(status, "quoted_status_id"),
        shared_account=_id(struct(shared, "user")),
        mentions=wire.each(entities, "user_mentions", _mention),
        hashtags=wire.each(entities, "hashtags", lambda tag: (text(tag.get("text")) or "").lower()),
        urls=wire.each(entities, "urls", lambda url: text(url.get("expanded_url")) or text(url.get("url"))),
        media=None if media is None else [wire.medium(medium.get("type")) for medium in structs(media)],
        place=text(struct(status, "place").get("full_name")),
        source_app=wire.without_tags(text(status.get("source"))),
        extra=wire.extra(
            {
                "possibly_sensitive": status.get("possibly_sensitive"),
                "native_id": native_id if first_id != native_id else None,
            }
        ),
        counters={
            "likes": status.get("favorite_count"),
            "shares": status.get("retweet_count"),
            "replies": status.get("reply_count"),
            "quotes": status.get("quote_count"),
        },
    )
    return wire.item(post=post, account=_account(struct(status, "user"), observed_at))


def _account(user: Struct, observed_at: dt.datetime) -> dict[str, Any] | None:
    first = next(iter(structs(struct(user, "entities", "url").get("urls"))), {})
    link = text(first.get("expanded_url")) or text(user.get("url"))
    return wire.account(
        network=NETWORK,
        account_id=_id(user),
        observed_at=observed_at,
        handle=text(user.get("screen_name")),
        display_name=text(user.get("name")),
        bio=wire.unescaped(text(user.get("description"))),
        location=text(user.get("location")),
        urls=wire.distinct([link]) if user.get("screen_name") is not None else None,
        created_at=wire.moment(user.get("created_at")),
        extra=wire.extra({"protected": user.get("protected")}),
        counters={
            "followers": user.get("followers_count"),
            "following": user.get("friends_count"),
            "posts": user.get("statuses_count"),
        },
    )


def _notices(root: Struct) -> Iterator[Item]:
    deleted = struct(root, "delete", "status")
    found = [("delete", _id(deleted), deleted.get("timestamp_ms") or struct(root, "delete").get("timestamp_ms"))]
    for name, (kind, part) in NOTICES.items():
        notice = struct(root, name)
        found.append((kind, _id(notice, part), notice.get("timestamp_ms")))
    for kind, object_id, at in found:
        if object_id:
            occurred_at = wire.moment(at)
            yield wire.item(
                retraction=wire.retraction(network=NETWORK, object_id=object_id, kind=kind, occurred_at=occurred_at)
            )


def _mention(mention: Struct) -> str | None:
    handle = text(mention.get("screen_name"))
    return wire.qualified(NETWORK, _id(mention)) or (f"@{handle}" if handle else None)


def _language(status: Struct) -> str | None:
    language = text(status.get("lang"))
    return None if language == "und" else language


def _id(of: Struct, name: str = "id") -> str | None:
    """Return the id as X's string twin has it, since JavaScript rounds the number."""
    return text(of.get(f"{name}_str")) or text(of.get(name))
