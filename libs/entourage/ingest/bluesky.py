"""Read Bluesky's Jetstream: commits of posts, likes, reposts, follows and profiles; identity and account events.

in: one event ▶ out: items. A delete carries no record: it names only the at-URI, and becomes a retraction of that.

Both wires: v1 (``/subscribe``: `time_us`, a commit of its own) and v2 (lexicon network.bsky.jetstream.subscribeEvents,
in lexicons/ of github.com/bluesky-social/jetstream: a frame of xrpc.v1.json whose payload is the commit, with `$type`,
`seq` and `time`). A frame's payload may also come bare. #sync and #info hold nothing to read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, NamedTuple

from entourage.ingest import wire
from entourage.ingest.wire import Item, Struct, struct, structs, text

NETWORK = "bluesky"
VERBS = {"app.bsky.feed.like": "like", "app.bsky.feed.repost": "share", "app.bsky.graph.follow": "follow"}
POSTS, PROFILES = "app.bsky.feed.post", "app.bsky.actor.profile"
PUTS = ("create", "update")
EVENTS = "network.bsky.jetstream.subscribeEvents#"
# What a record of a post is known to say, whether it is read or not.
KNOWN = wire.words("$type text createdAt langs facets embed reply tags labels entities via")
# Statuses of an account that ask for its posts to go; `deactivated` may be taken back, `desynchronized` is technical.
GONE = ("deleted", "takendown")


class _Event(NamedTuple):
    """What the items of an event share; `uri` is None unless all its parts are there."""

    did: str | None
    operation: str | None
    collection: str | None
    record: Struct
    uri: str | None
    observed_at: dt.datetime


def recognizes(root: Struct) -> bool:
    """Tell an event of either wire by its keys."""
    return ("did" in root and ("time_us" in root or "commit" in root)) or _is_v2(_payload(root))


def items(root: Struct, *, modified_at: dt.datetime, file: str) -> Iterator[Item]:
    """Yield the post with its account, the act, the account or the retraction of an event: one item, or none."""
    root = _payload(root)
    event = _event(root, modified_at)
    is_put = event.operation in PUTS
    is_post = is_put and event.collection == POSTS
    verb = VERBS.get(event.collection or "") if is_put else None
    handle = text(struct(root, "identity").get("handle"))
    is_person = is_post or handle is not None or (is_put and event.collection == PROFILES)
    found = {
        "post": _post(event) if is_post else None,
        "account": _account(event, handle) if is_person else None,
        "act": None if verb is None else _act(event, verb),
        "retraction": _retraction(event, text(struct(root, "account").get("status"))),
    }
    if any(found.values()):
        yield wire.item(**found)


def _payload(root: Struct) -> Struct:
    """Return what a frame of v2 brings; all else is the event itself."""
    return struct(root, "payload") if root.get("$type") == "message" else root


def _is_v2(event: Struct) -> bool:
    return (text(event.get("$type")) or "").startswith(EVENTS)


def _event(root: Struct, modified_at: dt.datetime) -> _Event:
    is_v2 = _is_v2(root)
    commit = root if is_v2 else struct(root, "commit")
    did, collection, rkey = text(root.get("did")), text(commit.get("collection")), text(commit.get("rkey"))
    is_whole = did is not None and collection is not None and rkey is not None
    return _Event(
        did=did,
        operation=text(commit.get("operation")),
        collection=collection,
        record=struct(commit, "record"),
        uri=f"at://{did}/{collection}/{rkey}" if is_whole else None,
        observed_at=wire.moment(root.get("time" if is_v2 else "time_us")) or modified_at,
    )


def _post(event: _Event) -> dict[str, Any] | None:
    record, embed, features = event.record, struct(event.record, "embed"), _features(event.record)
    quoted = _uri(embed, "record", "record")
    quoted = _uri(embed, "record") if quoted is None else quoted
    parent, root = _uri(record, "reply", "parent"), _uri(record, "reply", "root")
    langs = record.get("langs")
    said = features or []
    return wire.post(
        network=NETWORK,
        post_id=event.uri,
        version=wire.millis(event.observed_at) if event.operation == "update" else None,
        account_id=event.did,
        created_at=wire.moment(record.get("createdAt")) or event.observed_at,
        text=text(record.get("text")),
        observed_at=event.observed_at,
        language=text(langs[0]) if isinstance(langs, list) and langs else None,
        reply_to=parent,
        reply_to_account=_owner(parent),
        shared=quoted,
        shared_account=_owner(quoted),
        root=event.uri if root is None else root,
        mentions=None if features is None else [wire.qualified(NETWORK, text(part.get("did"))) for part in said],
        hashtags=wire.lowered([*(text(part.get("tag")) for part in said), *wire.texts(record.get("tags"))]),
        urls=[*(text(part.get("uri")) for part in said), _uri(embed, "external")],
        media=_media(embed),
        extra=wire.extra({}, of=record, known=KNOWN),
    )


def _features(record: Struct) -> list[Struct] | None:
    """Return the mentions, links and tags inside the text; None where there is no list of facets."""
    facets = record.get("facets")
    if not isinstance(facets, list):
        return None
    return [feature for facet in structs(facets) for feature in structs(facet.get("features"))]


def _media(embed: Struct) -> list[str]:
    """Return what is embedded, and what is beside a quote; the quote itself is no medium."""
    beside, kind = text(struct(embed, "media").get("$type")), text(embed.get("$type"))
    is_medium = kind is not None and "record" not in kind
    return [wire.medium(found) for found in (beside, kind if is_medium else None) if found is not None]


def _account(event: _Event, handle: str | None) -> dict[str, Any] | None:
    return wire.account(
        network=NETWORK,
        account_id=event.did,
        observed_at=event.observed_at,
        handle=handle,
        display_name=text(event.record.get("displayName")),
        bio=text(event.record.get("description")),
    )


def _act(event: _Event, verb: str) -> dict[str, Any]:
    """Return the act; `subject` is the did itself in follows, and an object with the post's uri in likes and shares."""
    object_uri = _uri(event.record, "subject")
    toward = text(event.record.get("subject")) if verb == "follow" else _owner(object_uri)
    return wire.act(
        network=NETWORK,
        edge_id=wire.qualified(NETWORK, event.uri),
        src=wire.qualified(NETWORK, event.did),
        dst=wire.qualified(NETWORK, toward),
        verb=verb,
        object_id=wire.qualified(NETWORK, object_uri),
        occurred_at=wire.moment(event.record.get("createdAt")) or event.observed_at,
    )


def _retraction(event: _Event, status: str | None) -> dict[str, Any] | None:
    if event.operation == "delete" and (event.collection == POSTS or event.collection in VERBS):
        object_id, kind = event.uri, "unfollow" if VERBS.get(event.collection) == "follow" else "delete"
    elif status in GONE:
        object_id, kind = event.did, "user_delete"
    else:
        return None
    return wire.retraction(network=NETWORK, object_id=object_id, kind=kind, occurred_at=event.observed_at)


def _uri(of: Struct, *names: str) -> str | None:
    return text(struct(of, *names).get("uri"))


def _owner(uri: str | None) -> str | None:
    """Return the did in an at-URI, which names its repository."""
    if uri is None or not uri.startswith("at://"):
        return None
    did, slash, _ = uri.removeprefix("at://").partition("/")
    return did if did and slash else None
