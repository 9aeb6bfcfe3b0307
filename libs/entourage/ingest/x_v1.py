"""Read X API v1.1: statuses, search and premium pages, user lists, pages of ids, compliance notices.

in: one object ▶ out: items. Retweeted and quoted statuses inside a status are items too; `extended_tweet` wins. Whose
followers a page lists, its file's path says (see `x_follows`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from entourage.ingest import wire, x_follows, x_notices
from entourage.ingest.wire import Item, Struct, struct, structs, text
from entourage.ingest.x_notices import KINDS

NETWORK = "x"
# Keys of which each tells an object of this API.
KEYS = wire.words(
    """
    statuses results users ids screen_name id_str delete scrub_geo limit status_withheld user_withheld completed_in
    search_metadata requestParameters
    """
)
# What a status is known to say, whether it is read or not.
KNOWN = wire.words(
    """
    id id_str created_at text full_text truncated display_text_range source user lang entities extended_entities
    extended_tweet in_reply_to_status_id in_reply_to_status_id_str in_reply_to_user_id in_reply_to_user_id_str
    in_reply_to_screen_name geo coordinates place contributors is_quote_status quoted_status quoted_status_id
    quoted_status_id_str quoted_status_permalink retweeted_status retweet_count favorite_count reply_count quote_count
    favorited retweeted possibly_sensitive possibly_sensitive_appealable possibly_sensitive_editable filter_level
    timestamp_ms scopes withheld_copyright withheld_in_countries withheld_scope current_user_retweet metadata
    matching_rules edit_history edit_controls editable edit_info supplemental_language annotations card
    conversation_id conversation_id_str self_thread
    """
)


def recognizes(root: Struct) -> bool:
    """Tell a status, a page, a user or a notice by its keys."""
    is_status = "user" in root and ("text" in root or "full_text" in root)
    return not KEYS.isdisjoint(root) or is_status or any(isinstance(root.get(event), dict) for event in KINDS)


def items(root: Struct, *, modified_at: dt.datetime, file: str) -> Iterator[Item]:
    """Yield the posts with their authors, the accounts and the retractions of an object."""
    itself = [root] if _is_status(root) else []
    for status in (*itself, *structs(root.get("statuses")), *structs(root.get("results"))):
        yield from _family(status, modified_at)
    person = [root] if root.get("screen_name") is not None else []
    owner = x_follows.owner(file)
    for user in (*person, *structs(root.get("users"))):
        yield wire.item(account=_account(user, modified_at), act=x_follows.listed(_id(user), owner))
    for user_id in wire.texts(root.get("ids")) if owner is not None else []:
        yield wire.item(act=x_follows.listed(user_id, owner))
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
            },
            of=status,
            known=KNOWN,
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
    """Yield the retractions of notices and compliance events; a withdrawn like ends the edge that it made."""
    for event in sorted(KINDS.keys() & root.keys()):
        notice = struct(root, event)
        like, status = struct(notice, "favorite"), struct(notice, "status")
        user = struct(notice, "user") or notice
        if like:
            src, liked = _id(like, "user_id"), _id(like, "tweet_id") or _id(like)
            object_id = None if src is None or liked is None else x_follows.like_id(src, liked)
        elif event == "tweet_edit":
            object_id = text(notice.get("initial_tweet_id")) or _id(notice)
        else:
            of_user = x_notices.is_of_user(event)
            object_id = (_id(user, "user_id") or _id(user)) if of_user else _id(status or notice)
        at = wire.moment(notice.get("timestamp_ms") or notice.get("timestampMs") or status.get("timestamp_ms"))
        gone = wire.retraction(network=NETWORK, object_id=object_id, kind=KINDS[event], occurred_at=at)
        if gone is not None:
            yield wire.item(retraction=gone)


def _mention(mention: Struct) -> str | None:
    handle = text(mention.get("screen_name"))
    return wire.qualified(NETWORK, _id(mention)) or (f"@{handle}" if handle else None)


def _language(status: Struct) -> str | None:
    language = text(status.get("lang"))
    return None if language == "und" else language


def _id(of: Struct, name: str = "id") -> str | None:
    """Return the id as X's string twin has it, since JavaScript rounds the number."""
    return text(of.get(f"{name}_str")) or text(of.get(name))
