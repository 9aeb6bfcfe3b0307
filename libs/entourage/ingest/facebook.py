"""Read Facebook's Graph API: feeds of pages, single posts, comments to any depth, reactions; and webhooks of pages.

in: one object ▶ out: items. Comments without an author (the Graph API hides most) get ``facebook:unknown:COMMENT``.
Messages to a page are private: a webhook that brings them is left out with the code `private`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

from entourage.ingest import wire
from entourage.ingest.wire import Item, Struct, struct, structs, text

NETWORK = "facebook"
# What a post or comment is known to say, whether it is read or not.
KNOWN = wire.words(
    """
    id message story created_time updated_time from to type status_type permalink_url link name caption description
    picture full_picture source icon object_id parent_id privacy actions application attachments attachment place
    shares comments likes reactions message_tags story_tags properties with_tags is_published is_hidden is_expired
    is_popular is_spherical is_instagram_eligible instagram_eligibility promotion_status promotable_id
    timeline_visibility subscribed multi_share_end_card multi_share_optimized child_attachments coordinates event
    expanded_height expanded_width height width feed_targeting targeting scheduled_publish_time call_to_action
    comment_count like_count can_comment can_hide can_like can_remove can_reply_privately user_likes is_private parent
    live_broadcast_timestamp object target admin_creator sponsor_tags via video_buying_eligibility
    allowed_advertising_objectives is_inline_created is_app_share is_eligible_for_promotion
    """
)
POSTS = ("post", "status", "photo", "video", "share", "link", "album", "note", "event")
REMOVED = ("remove", "delete")
HASHTAG = re.compile(r"#(\w+)")


def recognizes(root: Struct) -> bool:
    """Tell a feed, a post or a webhook by its keys."""
    is_post = "created_time" in root and "id" in root
    is_page = "data" in root and not ("includes" in root or "meta" in root)
    is_hook = root.get("object") == "page" and "entry" in root
    return "paging" in root or is_post or is_hook or (is_page and _has_key(root["data"], "created_time"))


def items(root: Struct, *, modified_at: dt.datetime, file: str) -> Iterator[Item]:
    """Yield the posts and comments of a feed or post with their authors, and reactions as likes.

    All were seen at the newest time among them; answers to comments do not count for it.
    """
    if "entry" in root:
        for entry in structs(root.get("entry")):
            yield from _hook(entry, modified_at)
        return
    itself = [root] if root.get("created_time") is not None else []
    posts = [*itself, *structs(root.get("data"))]
    observed_at = wire.moment(_newest(posts)) or modified_at
    for post in posts:
        yield from _thread(post, observed_at)


def _newest(posts: list[Struct]) -> str | None:
    times = (text(found.get("created_time")) for post in posts for found in (post, *_data(post, "comments")))
    return max((time for time in times if time is not None), default=None)


def _thread(post: Struct, observed_at: dt.datetime) -> Iterator[Item]:
    """Yield a post, its comments and the answers to them."""
    root_id = text(post.get("id"))
    replies = struct(post, "comments", "summary").get("total_count")
    yield from _unit(post, {}, root_id, replies, observed_at)
    yield from _answers(post, root_id, observed_at)


def _answers(parent: Struct, root_id: str | None, observed_at: dt.datetime) -> Iterator[Item]:
    """Yield the comments on a post or comment, each before the answers to it; `ingest.max_depth` bounds how deep."""
    for comment in _data(parent, "comments"):
        yield from _unit(comment, parent, root_id, comment.get("comment_count"), observed_at)
        yield from _answers(comment, root_id, observed_at)


def _unit(post: Struct, parent: Struct, root_id: str | None, replies: Any, observed_at: dt.datetime) -> Iterator[Item]:
    """Yield a post or comment with its author, and those who reacted to it."""
    yield wire.item(
        post=_post(post, parent, root_id, replies, observed_at), account=_account(struct(post, "from"), observed_at)
    )
    for reaction in (*_data(post, "reactions"), *_data(post, "likes")):
        yield wire.item(account=_account(reaction, observed_at), act=_like(post, reaction))


def _post(
    post: Struct, parent: Struct, root_id: str | None, replies: Any, observed_at: dt.datetime
) -> dict[str, Any] | None:
    message, attached = text(post.get("message")), struct(post, "attachments")
    likes = [
        post.get("like_count"),
        *(struct(post, name, "summary").get("total_count") for name in ("reactions", "likes")),
    ]
    return wire.post(
        network=NETWORK,
        post_id=text(post.get("id")),
        account_id=_author(post),
        created_at=wire.moment(post.get("created_time")),
        text=text(post.get("story")) if message is None else message,
        observed_at=observed_at,
        reply_to=text(parent.get("id")),
        reply_to_account=_author(parent),
        root=root_id,
        mentions=wire.each(post, "message_tags", lambda tag: wire.qualified(NETWORK, text(tag.get("id")))),
        hashtags=None if message is None else wire.lowered(HASHTAG.findall(message)),
        urls=wire.each(attached, "data", lambda found: text(found.get("url"))),
        media=wire.each(attached, "data", _medium),
        place=text(struct(post, "place").get("name")),
        source_app=text(struct(post, "application").get("name")),
        extra=wire.extra({}, of=post, known=KNOWN),
        counters={
            "likes": next((count for count in likes if count is not None), None),
            "shares": struct(post, "shares").get("count"),
            "replies": replies,
        },
    )


def _account(person: Struct, observed_at: dt.datetime) -> dict[str, Any] | None:
    return wire.account(
        network=NETWORK,
        account_id=text(person.get("id")),
        observed_at=observed_at,
        display_name=text(person.get("name")),
    )


def _like(post: Struct, reaction: Struct) -> dict[str, Any] | None:
    """Return a reaction as a like, under one edge id however often one reacts; None without the one who does."""
    reaction_id, post_id = text(reaction.get("id")), text(post.get("id"))
    if reaction_id is None:
        return None
    return wire.act(
        network=NETWORK,
        edge_id=f"{NETWORK}:{_like_id(reaction_id, post_id)}",
        src=wire.qualified(NETWORK, reaction_id),
        dst=wire.qualified(NETWORK, _author(post)),
        verb="like",
        object_id=wire.qualified(NETWORK, post_id),
    )


def _like_id(reaction_id: str, post_id: str | None) -> str:
    return ":".join(part for part in ("like", reaction_id, post_id) if part is not None)


def _hook(entry: Struct, modified_at: dt.datetime) -> Iterator[Item]:
    """Yield what an entry of a webhook of a page says: changes of its feed, and no messages."""
    observed_at = wire.moment(entry.get("time")) or modified_at
    for change in structs(entry.get("changes")):
        if change.get("field") == "feed":
            yield from _change(struct(change, "value"), observed_at)
    if "messaging" in entry or "standby" in entry:
        yield wire.item(suppressed="private")


def _change(value: Struct, observed_at: dt.datetime) -> Iterator[Item]:
    """Yield a post, comment or reaction that was added, edited or removed; what was hidden stays as it is."""
    item, verb, post_id = text(value.get("item")), text(value.get("verb")), text(value.get("post_id"))
    comment_id = text(value.get("comment_id"))
    object_id, author_id = comment_id or post_id, text(struct(value, "from").get("id"))
    is_like = item in {"reaction", "like"}
    if verb in REMOVED:
        gone = _like_id(author_id, object_id) if is_like and author_id is not None else None if is_like else object_id
        retraction = wire.retraction(network=NETWORK, object_id=gone, kind="delete", occurred_at=observed_at)
        if retraction is not None:
            yield wire.item(retraction=retraction)
    elif is_like and verb == "add":
        yield wire.item(
            account=_account(struct(value, "from"), observed_at), act=_like({"id": object_id}, struct(value, "from"))
        )
    elif verb in {"add", "edit", "edited"} and item in {*POSTS, "comment"}:
        yield _added(value, post_id, comment_id, observed_at, is_edit=verb != "add")


def _added(
    value: Struct, post_id: str | None, comment_id: str | None, observed_at: dt.datetime, *, is_edit: bool
) -> Item:
    """Return a post or comment of a webhook; an edit is the version of the time at which it was told."""
    kind = text(value.get("item"))
    is_comment = kind == "comment"
    own_id, message = comment_id if is_comment else post_id, text(value.get("message"))
    post = wire.post(
        network=NETWORK,
        post_id=own_id,
        version=wire.millis(observed_at) if is_edit else None,
        account_id=text(struct(value, "from").get("id")) or (None if own_id is None else f"unknown:{own_id}"),
        created_at=wire.moment(value.get("created_time")) or observed_at,
        text=message,
        observed_at=observed_at,
        reply_to=(text(value.get("parent_id")) or post_id) if is_comment else None,
        root=post_id,
        hashtags=None if message is None else wire.lowered(HASHTAG.findall(message)),
        urls=[text(value.get("link"))],
        media=[wire.medium(kind)] if kind in {"photo", "video"} else None,
    )
    return wire.item(post=post, account=_account(struct(value, "from"), observed_at))


def _author(post: Struct) -> str | None:
    """Return the author; a post of a page names the page in its id (PAGE_POST)."""
    author, post_id = text(struct(post, "from").get("id")), text(post.get("id"))
    if author or not post_id:
        return author
    page, joined, _ = post_id.partition("_")
    return page if joined and post.get("story") is not None else f"unknown:{post_id}"


def _medium(attachment: Struct) -> str:
    kind = text(attachment.get("media_type"))
    return wire.medium(attachment.get("type") if kind is None else kind)


def _data(of: Struct, name: str) -> list[Struct]:
    """Return the objects of an edge of the graph."""
    return structs(struct(of, name).get("data"))


def _has_key(value: Any, name: str) -> bool:
    """Tell whether an object at any depth has a key."""
    if isinstance(value, dict):
        return name in value or any(_has_key(inner, name) for inner in value.values())
    return isinstance(value, list) and any(_has_key(inner, name) for inner in value)
