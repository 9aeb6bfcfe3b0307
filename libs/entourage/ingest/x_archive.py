"""Read the personal archive of X: one element of a file such as ``data/tweets.js``, with the archive's owner.

in: ``{"ytd": NAME, "owner": ID, "item": {…}}``, as the splitter writes it: NAME from ``window.YTD.NAME.part0``, the
owner from the archive's ``account.js`` (null where that is not there) ▶ out: items.

Posts, follows, likes, and the account itself are read. All else (messages, contacts, numbers, advertising, log-ins) is
private: it is left out with the code `private`, and not kept in quarantine either. So is the e-mail in ``account.js``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from entourage.ingest import wire, x_follows, x_v1
from entourage.ingest.wire import Item, Struct, struct, structs, text

NETWORK = "x"
TWEETS = ("tweets", "tweet", "community_tweet", "community_tweets")
DELETED = ("deleted_tweets", "deleted_tweet_headers")
READ = (*TWEETS, *DELETED, "note_tweet", "follower", "following", "like", "account", "profile")


def recognizes(root: Struct) -> bool:
    """Tell an element of an archive by its keys."""
    return "ytd" in root and "item" in root


def items(root: Struct, *, modified_at: dt.datetime, file: str) -> Iterator[Item]:
    """Yield the post, the act, the account or the retraction that an element is; what is private is left out."""
    name, owner, element = text(root.get("ytd")), text(root.get("owner")), struct(root, "item")
    if name not in READ:
        yield wire.item(suppressed="private")
    elif name in TWEETS:
        yield from _tweet(_inner(element, "tweet"), owner, modified_at)
    elif name in DELETED:
        yield from _deleted(_inner(element, "tweet"))
    elif name == "note_tweet":
        yield wire.item(post=_note(_inner(element, "noteTweet"), owner, modified_at))
    elif name in {"account", "profile"}:
        person = _account if name == "account" else _profile
        yield wire.item(account=person(_inner(element, name), owner, modified_at))
    else:
        act = _act(name, _inner(element, name), owner)
        yield wire.item(act=act)


def _inner(element: Struct, name: str) -> Struct:
    """Return what an element wraps; older archives do not wrap tweets."""
    return struct(element, name) or element


def _tweet(tweet: Struct, owner: str | None, modified_at: dt.datetime) -> Iterator[Item]:
    """Yield a tweet and those inside it, as API v1.1 has them; its author is the archive's owner, and not in it."""
    edit = struct(tweet, "edit_info", "edit")
    status = {
        **tweet,
        "user": tweet.get("user") or {"id_str": owner},
        "edit_history": {"initial_tweet_id": edit.get("initialTweetId")},
    }
    for number, item in enumerate(x_v1.items(status, modified_at=modified_at, file="")):
        said = item["post"]
        if number == 0 and said is not None and said["kind"] == "post" and (said["text"] or "").startswith("RT @"):
            item["post"] = {**said, "kind": "share", "shared_account_id": _first_mention(tweet)}
        yield item


def _first_mention(tweet: Struct) -> str | None:
    """Return whose tweet a retweet repeats: archives have its text only, which begins with the one mentioned."""
    first = next(iter(structs(struct(tweet, "entities").get("user_mentions"))), {})
    return wire.qualified(NETWORK, text(first.get("id_str")) or text(first.get("id")))


def _deleted(tweet: Struct) -> Iterator[Item]:
    """Yield the retraction of a tweet that its author deleted; its text is not read."""
    names = ("id_str", "id", "tweet_id")
    gone = wire.retraction(
        network=NETWORK,
        object_id=next((found for name in names if (found := text(tweet.get(name)))), None),
        kind="delete",
        occurred_at=wire.moment(tweet.get("deleted_at")),
    )
    if gone is not None:
        yield wire.item(retraction=gone)


def _note(note: Struct, owner: str | None, modified_at: dt.datetime) -> dict[str, Any] | None:
    """Return the long text of a post, under an id of its own: archives do not say which post is cut short."""
    core, created_at = struct(note, "core"), wire.moment(note.get("createdAt"))
    return wire.post(
        network=NETWORK,
        post_id=text(note.get("noteTweetId")),
        account_id=owner,
        created_at=created_at,
        text=wire.unescaped(text(core.get("text"))),
        observed_at=created_at or modified_at,
        mentions=wire.each(core, "mentions", lambda one: _handle(one.get("screenName"))),
        hashtags=wire.each(core, "hashtags", lambda tag: (text(tag.get("text")) or "").lower()),
        urls=wire.each(core, "urls", lambda url: text(url.get("expandedUrl"))),
        extra=wire.extra({"note_tweet": True}),
    )


def _handle(name: Any) -> str | None:
    handle = text(name)
    return f"@{handle}" if handle else None


def _act(name: str, element: Struct, owner: str | None) -> dict[str, Any] | None:
    """Return a follow or a like; an owner who is not known makes an edge without source, which is refused."""
    other = text(element.get("accountId" if name in {"follower", "following"} else "tweetId"))
    if other is None:
        return None
    if owner is None:
        verb = "like" if name == "like" else "follow"
        return wire.act(network=NETWORK, edge_id=None, src=None, dst=None, verb=verb)
    if name == "like":
        return x_follows.like(owner, other, occurred_at=wire.moment(element.get("likedAt")))
    return x_follows.follow(other, owner) if name == "follower" else x_follows.follow(owner, other)


def _account(found: Struct, owner: str | None, modified_at: dt.datetime) -> dict[str, Any] | None:
    return wire.account(
        network=NETWORK,
        account_id=text(found.get("accountId")) or owner,
        observed_at=modified_at,
        handle=text(found.get("username")),
        display_name=text(found.get("accountDisplayName")),
        created_at=wire.moment(found.get("createdAt")),
    )


def _profile(found: Struct, owner: str | None, modified_at: dt.datetime) -> dict[str, Any] | None:
    said = struct(found, "description")
    return wire.account(
        network=NETWORK,
        account_id=owner,
        observed_at=modified_at,
        bio=text(said.get("bio")),
        location=text(said.get("location")),
        urls=wire.distinct([text(said.get("website"))]),
    )
