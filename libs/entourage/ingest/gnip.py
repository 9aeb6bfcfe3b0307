"""Read GNIP's Activity Streams 1.0, as old archives of X hold them: posts, shares, deletions, compliance activities.

in: one activity ▶ out: items. What is shared or quoted inside an activity is an item too; `long_object` wins.

Ids are the last part of IRIs: ``tag:search.twitter.com,2005:123`` is a post, ``id:twitter.com:123`` an account.
Shapes: https://developer.x.com/en/docs/x-api/enterprise/data-dictionary/activity-streams-objects
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

from entourage.ingest import wire, x_notices
from entourage.ingest.wire import Item, Struct, struct, structs, text

NETWORK = "x"
ANSWERED = re.compile(r"/([^/]+)/status(?:es)?/([0-9]+)")
KNOWN = wire.words(
    """
    id objectType verb postedTime updated generator provider link body actor object favoritesCount retweetCount
    twitter_entities twitter_extended_entities twitter_filter_level twitter_lang twitter_quoted_status long_object
    display_text_range inReplyTo gnip geo location displayName content summary timestampMs
    """
)


def recognizes(root: Struct) -> bool:
    """Tell an activity by its keys."""
    return "verb" in root and ("actor" in root or "object" in root)


def items(root: Struct, *, modified_at: dt.datetime, file: str) -> Iterator[Item]:
    """Yield the posts of an activity with their authors, or what it retracts."""
    verb = text(root.get("verb"))
    if verb in {"post", "share"}:
        yield from _family(root, modified_at, is_share=verb == "share")
        return
    kind = x_notices.KINDS.get(verb or "")
    if kind is not None:
        of_user = x_notices.is_of_user(verb or "")
        names = ("actor", "object") if of_user else ("object",)
        object_id = next((found for name in names if (found := _id(struct(root, name))) is not None), None)
        at = next((root[name] for name in ("postedTime", "timestampMs", "updated") if root.get(name)), None)
        gone = wire.retraction(network=NETWORK, object_id=object_id, kind=kind, occurred_at=wire.moment(at))
        if gone is not None:
            yield wire.item(retraction=gone)


def _family(activity: Struct, modified_at: dt.datetime, *, is_share: bool) -> Iterator[Item]:
    """Yield an activity and those inside it; all were seen when the outer one was delivered."""
    observed_at = wire.moment(activity.get("postedTime")) or modified_at
    shared = struct(activity, "object") if is_share else {}
    quoted = struct(shared or activity, "twitter_quoted_status")
    yield _post(activity, shared or quoted, observed_at, is_share=is_share)
    if shared.get("verb") is not None:
        yield _post(shared, quoted, observed_at)
    if quoted:
        yield _post(quoted, {}, observed_at)


def _post(activity: Struct, shared: Struct, observed_at: dt.datetime, *, is_share: bool = False) -> Item:
    longer, actor, added = struct(activity, "long_object"), struct(activity, "actor"), struct(activity, "gnip")
    entities = struct(longer, "twitter_entities") or struct(activity, "twitter_entities")
    media = struct(longer, "twitter_extended_entities") or struct(activity, "twitter_extended_entities")
    answered = ANSWERED.search(text(struct(activity, "inReplyTo").get("link")) or "")
    said = text(longer.get("body"))
    post = wire.post(
        network=NETWORK,
        post_id=_id(activity),
        account_id=_id(actor),
        created_at=wire.moment(activity.get("postedTime")),
        text=wire.unescaped(text(activity.get("body")) if said is None else said),
        observed_at=observed_at,
        language=_language(activity, added),
        is_share=is_share,
        reply_to=answered[2] if answered else None,
        reply_to_account=_answered(entities, answered[1]) if answered else None,
        shared=_id(shared),
        shared_account=_id(struct(shared, "actor")),
        mentions=wire.each(entities, "user_mentions", _mention),
        hashtags=wire.each(entities, "hashtags", lambda tag: (text(tag.get("text")) or "").lower()),
        urls=wire.each(added, "urls", _link) or wire.each(entities, "urls", _link),
        media=wire.each(media, "media", lambda medium: wire.medium(medium.get("type"))),
        place=text(struct(activity, "location").get("displayName")),
        source_app=text(struct(activity, "generator").get("displayName")),
        extra=wire.extra({}, of=activity, known=KNOWN),
        counters={"likes": activity.get("favoritesCount"), "shares": activity.get("retweetCount")},
    )
    return wire.item(post=post, account=_account(actor, observed_at))


def _account(actor: Struct, observed_at: dt.datetime) -> dict[str, Any] | None:
    links = wire.each(actor, "links", lambda link: text(link.get("href")))
    return wire.account(
        network=NETWORK,
        account_id=_id(actor),
        observed_at=observed_at,
        handle=text(actor.get("preferredUsername")),
        display_name=text(actor.get("displayName")),
        bio=wire.unescaped(text(actor.get("summary"))),
        location=text(struct(actor, "location").get("displayName")),
        urls=wire.distinct(links),
        created_at=wire.moment(actor.get("postedTime")),
        counters={
            "followers": actor.get("followersCount"),
            "following": actor.get("friendsCount"),
            "posts": actor.get("statusesCount"),
        },
    )


def _id(of: Struct) -> str | None:
    """Return the number at the end of an IRI; what ends otherwise is no id of X."""
    last = (text(of.get("id")) or "").rpartition(":")[2]
    return last if last.isdecimal() and last.isascii() else None


def _language(activity: Struct, added: Struct) -> str | None:
    found = text(activity.get("twitter_lang")) or text(struct(added, "language").get("value"))
    return None if found == "und" else found


def _link(url: Struct) -> str | None:
    return text(url.get("expanded_url")) or text(url.get("url"))


def _mention(mention: Struct) -> str | None:
    handle = text(mention.get("screen_name"))
    return wire.qualified(NETWORK, _user_id(mention)) or (f"@{handle}" if handle else None)


def _answered(entities: Struct, handle: str) -> str | None:
    """Return the id of the one whose post a link names by the handle, if the answer mentions them."""
    mentions = structs(entities.get("user_mentions"))
    named = (_user_id(one) for one in mentions if (text(one.get("screen_name")) or "").lower() == handle.lower())
    return next(named, None)


def _user_id(mention: Struct) -> str | None:
    return text(mention.get("id_str")) or text(mention.get("id"))
