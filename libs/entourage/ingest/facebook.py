"""Read Facebook Graph API feeds of pages: posts, nested comments, reactions.

in: one object ▶ out: items. Comments without an author (the Graph API hides most) get ``facebook:unknown:COMMENT``.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

from entourage.ingest import wire
from entourage.ingest.wire import Item, Struct, struct, structs, text

NETWORK = "facebook"
HASHTAG = re.compile(r"#(\w+)")


def items(root: Struct, *, modified_at: dt.datetime) -> Iterator[Item]:
    """Yield the posts and comments of a feed or post with their authors, and reactions as likes.

    All were seen at the newest time among them; answers to comments do not count for it.
    """
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
    for comment in _data(post, "comments"):
        yield from _unit(comment, post, root_id, comment.get("comment_count"), observed_at)
        for answer in _data(comment, "comments"):
            yield from _unit(answer, comment, root_id, answer.get("comment_count"), observed_at)


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
        edge_id=":".join(part for part in (NETWORK, "like", reaction_id, post_id) if part is not None),
        src=wire.qualified(NETWORK, reaction_id),
        dst=wire.qualified(NETWORK, _author(post)),
        verb="like",
        object_id=wire.qualified(NETWORK, post_id),
    )


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
