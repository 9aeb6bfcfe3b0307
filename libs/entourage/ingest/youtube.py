"""Read YouTube's Data API v3: comment threads, comments, videos, playlist items, search results and channels.

in: a list response or one resource ▶ out: items. A video is a post of its channel; a comment answers the video, or the
comment above it. Nothing says when it was read: all was seen when its file was written.

Shapes: https://developers.google.com/youtube/v3/docs (commentThreads, comments, videos, playlistItems, search,
channels).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from entourage.ingest import wire
from entourage.ingest.wire import Item, Struct, struct, structs, text

NETWORK = "youtube"
KIND = "youtube#"
# What a snippet is known to say, whether it is read or not.
KNOWN = wire.words(
    """
    publishedAt channelId title description channelTitle categoryId liveBroadcastContent defaultLanguage
    defaultAudioLanguage playlistId position videoOwnerChannelTitle videoOwnerChannelId publishTime videoId parentId
    textDisplay textOriginal authorDisplayName authorProfileImageUrl authorChannelUrl canRate viewerRating likeCount
    moderationStatus updatedAt thumbnails tags localized resourceId authorChannelId
    """
)


def recognizes(root: Struct) -> bool:
    """Tell a response or resource by its kind."""
    return (text(root.get("kind")) or "").startswith(KIND)


def items(root: Struct, *, modified_at: dt.datetime, file: str) -> Iterator[Item]:
    """Yield the posts with their authors, and the channels, of a list or of one resource."""
    for resource in structs(root.get("items")) if "items" in root else [root]:
        yield from _of_resource(resource, modified_at)


def _of_resource(resource: Struct, observed_at: dt.datetime) -> Iterator[Item]:
    kind, snippet = (text(resource.get("kind")) or "").removeprefix(KIND), struct(resource, "snippet")
    if kind == "commentThread":
        yield from _thread(resource, observed_at)
    elif kind == "comment":
        yield _comment(resource, {}, {}, observed_at)
    elif kind == "channel":
        yield wire.item(account=_channel(resource, text(resource.get("id")), observed_at))
    elif kind == "searchResult" and struct(resource, "id").get("videoId") is None:
        channel_id = text(struct(resource, "id").get("channelId"))  # a playlist has none, and is no post
        if channel_id is not None:
            yield wire.item(account=_channel(resource, channel_id, observed_at))
    elif kind in {"video", "playlistItem", "searchResult"}:
        yield _video(resource, snippet, observed_at)


def _thread(thread: Struct, observed_at: dt.datetime) -> Iterator[Item]:
    top = struct(thread, "snippet", "topLevelComment")
    yield _comment(top, {}, struct(thread, "snippet"), observed_at)
    for reply in structs(struct(thread, "replies").get("comments")):
        yield _comment(reply, top, struct(thread, "snippet"), observed_at)


def _comment(comment: Struct, parent: Struct, thread: Struct, observed_at: dt.datetime) -> Item:
    """Return a comment with its author; what it does not say itself, its thread says."""
    snippet = struct(comment, "snippet")
    video_id = text(snippet.get("videoId")) or text(thread.get("videoId"))
    parent_id = text(snippet.get("parentId")) or text(parent.get("id"))
    of_video = text(thread.get("channelId")) or text(snippet.get("channelId"))
    author, said = _author(snippet), text(snippet.get("textOriginal"))
    created_at, updated_at = wire.moment(snippet.get("publishedAt")), wire.moment(snippet.get("updatedAt"))
    post = wire.post(
        network=NETWORK,
        post_id=text(comment.get("id")),
        version=wire.millis(updated_at) if updated_at != created_at else None,
        account_id=author,
        created_at=created_at,
        text=wire.without_tags(text(snippet.get("textDisplay"))) if said is None else said,
        observed_at=observed_at,
        reply_to=parent_id or video_id,
        reply_to_account=_author(struct(parent, "snippet")) if parent_id else of_video,
        root=video_id,
        extra=wire.extra({}, of=snippet, known=KNOWN),
        counters={
            "likes": snippet.get("likeCount"),
            "replies": None if parent_id else thread.get("totalReplyCount"),
        },
    )
    return wire.item(post=post, account=_person(author, snippet.get("authorDisplayName"), observed_at))


def _person(channel_id: str | None, name: Any, observed_at: dt.datetime) -> dict[str, Any] | None:
    return wire.account(network=NETWORK, account_id=channel_id, observed_at=observed_at, display_name=text(name))


def _author(snippet: Struct) -> str | None:
    return text(struct(snippet, "authorChannelId").get("value"))


def _video(resource: Struct, snippet: Struct, observed_at: dt.datetime) -> Item:
    """Return a video with its channel; in a playlist, the snippet's channel and time are the playlist's."""
    details, statistics = struct(resource, "contentDetails"), struct(resource, "statistics")
    is_listed = "resourceId" in snippet
    prefix = "videoOwnerChannel" if is_listed else "channel"
    channel_id = text(snippet.get(f"{prefix}Id"))
    created_at = wire.moment(details.get("videoPublishedAt")) or wire.moment(snippet.get("publishedAt"))
    parts = (wire.unescaped(text(snippet.get(name)) or None) for name in ("title", "description"))
    tags = snippet.get("tags")
    post = wire.post(
        network=NETWORK,
        post_id=_video_id(resource, snippet),
        account_id=channel_id,
        created_at=created_at,
        text="\n\n".join(part for part in parts if part is not None),
        observed_at=observed_at,
        language=text(snippet.get("defaultAudioLanguage")) or text(snippet.get("defaultLanguage")),
        hashtags=wire.lowered(wire.texts(tags)) if isinstance(tags, list) else None,
        media=["video"],
        extra=wire.extra({"category": snippet.get("categoryId")}, of=snippet, known=KNOWN),
        counters={
            "views": statistics.get("viewCount"),
            "likes": statistics.get("likeCount"),
            "replies": statistics.get("commentCount"),
        },
    )
    return wire.item(post=post, account=_person(channel_id, snippet.get(f"{prefix}Title"), observed_at))


def _video_id(resource: Struct, snippet: Struct) -> str | None:
    """Return the id of a video, of which a playlist item or a search result holds one more."""
    inner = (struct(snippet, "resourceId"), struct(resource, "contentDetails"), struct(resource, "id"))
    found = next((named for of in inner if (named := text(of.get("videoId"))) is not None), None)
    is_video = resource.get("kind") == f"{KIND}video"
    return text(resource.get("id")) if is_video else found


def _channel(resource: Struct, channel_id: str | None, observed_at: dt.datetime) -> dict[str, Any] | None:
    snippet, statistics = struct(resource, "snippet"), struct(resource, "statistics")
    return wire.account(
        network=NETWORK,
        account_id=channel_id,
        observed_at=observed_at,
        handle=text(snippet.get("customUrl")),
        display_name=text(snippet.get("title")),
        bio=text(snippet.get("description")),
        location=text(snippet.get("country")),
        created_at=wire.moment(snippet.get("publishedAt")),
        counters={"followers": statistics.get("subscriberCount"), "posts": statistics.get("videoCount")},
    )
