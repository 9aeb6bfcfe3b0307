"""Read X API v2: pages (data, includes, errors), stream events, flattened tweets, user pages, compliance events.

in: one object ▶ out: items. `data` is a list or one object; `includes` are items too, looked up within their page.
Whose followers a page lists, its file's path says (see `x_follows`). What a page could not give (`errors`) is a
retraction where it is gone, withheld or protected; any other error is an item that holds nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from entourage.ingest import wire, x_follows, x_notices
from entourage.ingest.wire import Item, Struct, struct, structs, text

NETWORK = "x"
LINKS = ("unwound_url", "expanded_url", "url")  # the one that was followed furthest first
POST_COUNTERS = {
    "likes": "like_count",
    "shares": "retweet_count",
    "replies": "reply_count",
    "quotes": "quote_count",
    "views": "impression_count",
}
ACCOUNT_COUNTERS = {"followers": "followers_count", "following": "following_count", "posts": "tweet_count"}
Lookup = Mapping[str | None, Struct]  # see `_by`
KEYS = wire.words("author_id edit_history_tweet_ids includes matching_rules username tweet")
# What a tweet is known to say, whether it is read or not.
KNOWN = wire.words(
    """
    id text author_id created_at conversation_id in_reply_to_user_id referenced_tweets attachments entities geo lang
    source possibly_sensitive withheld public_metrics non_public_metrics organic_metrics promoted_metrics
    reply_settings context_annotations edit_history_tweet_ids edit_controls note_tweet author in_reply_to_user
    in_reply_to_screen_name type __twarc matching_rules community_id card_uri article display_text_range scopes
    suggested_source_links media_metadata paid_partnership username
    """
)
# What the end of an error's type says of a post, and of a user.
PROBLEMS = {
    "resource-not-found": ("delete", "user_delete"),
    "not-authorized-for-resource": ("withheld", "user_protect"),
    "resource-unavailable": ("withheld", "withheld"),
}
PROFILE = {"profile.name": "display_name", "profile.location": "location", "profile.description": "bio"}


@dataclass(frozen=True)
class Page:
    """What the tweets of one object share: when they were seen, and their `includes`."""

    observed_at: dt.datetime
    tweets: Lookup
    places: Lookup
    media: list[tuple[str | None, str]] | None  # keys with their medium; None: the page has no such list


def recognizes(root: Struct) -> bool:
    """Tell a page, a tweet, a user or a compliance event by its keys."""
    is_row = "id" in root and "action" in root and "created_at" in root
    return not KEYS.isdisjoint(root) or ("data" in root and "kind" not in root) or is_row


def items(root: Struct, *, modified_at: dt.datetime, file: str) -> Iterator[Item]:
    """Yield the posts, the accounts and the retractions of an object."""
    of_data = root.get("data")
    data = structs([of_data] if isinstance(of_data, dict) else of_data)
    page = _page(root, data, modified_at)
    tweets = _tweets(root, data)
    for tweet in tweets:
        yield wire.item(post=_post(tweet, page))
    for user in _users(root, data, tweets):
        yield wire.item(account=_account(user, page.observed_at))
    owner = x_follows.owner(file)
    for user in data if owner is not None else []:
        if user.get("username") is not None:
            yield wire.item(act=x_follows.listed(text(user.get("id")), owner))
    yield from _notice(root)
    yield from _event(root.get("data"), page.observed_at)
    for error in structs(root.get("errors")):
        yield _problem(error, page.observed_at)


def _page(root: Struct, data: list[Struct], modified_at: dt.datetime) -> Page:
    """Return what lookups see; a page without the time of its retrieval was seen at its latest `created_at`."""
    latest = max((when for one in data if (when := text(one.get("created_at"))) is not None), default=None)
    seen = _first(struct(root, "__twarc").get("retrieved_at"), latest, root.get("created_at"))
    includes = struct(root, "includes")
    media = includes.get("media")
    known = [(text(medium.get("media_key")), wire.medium(medium.get("type"))) for medium in structs(media)]
    return Page(
        observed_at=wire.moment(seen) or modified_at,
        tweets=_by(includes.get("tweets"), "id"),
        places=_by(includes.get("places"), "id"),
        media=known if isinstance(media, list) else None,
    )


def _tweets(root: Struct, data: list[Struct]) -> list[Struct]:
    """Return all tweets. Flattened ones hold those they refer to, and no further; those of pages refer by id only."""
    itself = [root] if root.get("text") is not None and root.get("username") is None else []
    referenced = [other for tweet in itself for other in structs(tweet.get("referenced_tweets"))]
    return [
        *itself,
        *(one for one in data if one.get("text") is not None),
        *structs(struct(root, "includes").get("tweets")),
        *({**other, "referenced_tweets": None} for other in referenced if other.get("text") is not None),
    ]


def _users(root: Struct, data: list[Struct], tweets: list[Struct]) -> list[Struct]:
    """Return the users of an object; authors come inside flattened tweets."""
    inner = [*(struct(tweet, "author") for tweet in tweets), struct(root, "in_reply_to_user")]
    return [
        *(one for one in (root, *data) if one.get("username") is not None),
        *structs(struct(root, "includes").get("users")),
        *(user for user in inner if text(user.get("id")) is not None),
    ]


def _post(tweet: Struct, page: Page) -> dict[str, Any] | None:
    created_at, entities, geo = wire.moment(tweet.get("created_at")), struct(tweet, "entities"), struct(tweet, "geo")
    first_id, edit_id = _ids(tweet)
    referenced = _by(tweet.get("referenced_tweets"), "type")
    retweeted, quoted = referenced.get("retweeted", {}), referenced.get("quoted", {})
    shared = retweeted or quoted
    return wire.post(
        network=NETWORK,
        post_id=first_id,
        version=None if edit_id is None else wire.millis(created_at),
        account_id=_first(tweet.get("author_id"), struct(tweet, "author").get("id")),
        created_at=created_at,
        text=wire.unescaped(_first(struct(tweet, "note_tweet").get("text"), tweet.get("text"))),
        observed_at=page.observed_at,
        language=None if tweet.get("lang") == "und" else text(tweet.get("lang")),
        is_share=text(retweeted.get("id")) is not None,
        reply_to=text(referenced.get("replied_to", {}).get("id")),
        reply_to_account=text(tweet.get("in_reply_to_user_id")),
        shared=_first(retweeted.get("id"), quoted.get("id")),
        shared_account=_first(shared.get("author_id"), page.tweets.get(text(shared.get("id")), {}).get("author_id")),
        root=text(tweet.get("conversation_id")),
        mentions=_each(entities, "mentions", _mention),
        hashtags=_each(entities, "hashtags", lambda tag: (text(tag.get("tag")) or "").lower()),
        urls=_each(entities, "urls", lambda url: _first(*map(url.get, LINKS))),
        media=_media(struct(tweet, "attachments"), page),
        place=_first(page.places.get(text(geo.get("place_id")), {}).get("full_name"), geo.get("full_name")),
        source_app=text(tweet.get("source")),
        extra=_extra(tweet, edit_id),
        counters=_counters(struct(tweet, "public_metrics"), POST_COUNTERS),
    )


def _ids(tweet: Struct) -> tuple[str | None, str | None]:
    """Return the id of a tweet's first version, and its own where it is a later one."""
    history, native_id = tweet.get("edit_history_tweet_ids"), text(tweet.get("id"))
    first_id = _first(*(history[:1] if isinstance(history, list) else []), native_id)
    return first_id, (None if first_id == native_id else native_id)


def _media(attachments: Struct, page: Page) -> list[str] | None:
    """Return what a flattened tweet holds, or what of its page a tweet names; None where neither has a list."""
    held, keys = attachments.get("media"), wire.texts(attachments.get("media_keys"))
    if isinstance(held, list):
        return [wire.medium(medium.get("type")) for medium in structs(held)]
    return None if page.media is None else [medium for key, medium in page.media if key in keys]


def _mention(mention: Struct) -> str | None:
    handle = text(mention.get("username"))
    return wire.qualified(NETWORK, text(mention.get("id"))) or (None if handle is None else f"@{handle}")


def _extra(tweet: Struct, edit_id: str | None) -> dict[str, str] | None:
    sensitive, countries = tweet.get("possibly_sensitive"), struct(tweet, "withheld").get("country_codes")
    withheld_in = ",".join(wire.texts(countries)) if isinstance(countries, list) else None
    said = {"possibly_sensitive": sensitive, "withheld_in": withheld_in, "native_id": edit_id}
    return wire.extra(said, of=tweet, known=KNOWN)


def _account(user: Struct, observed_at: dt.datetime) -> dict[str, Any] | None:
    first = next(iter(structs(struct(user, "entities", "url").get("urls"))), {})
    link = text(user.get("url"))
    return wire.account(
        network=NETWORK,
        account_id=text(user.get("id")),
        observed_at=observed_at,
        handle=text(user.get("username")),
        display_name=text(user.get("name")),
        bio=wire.unescaped(text(user.get("description"))),
        location=text(user.get("location")),
        urls=None if link is None else wire.distinct([_first(first.get("expanded_url"), link)]),
        created_at=wire.moment(user.get("created_at")),
        extra=wire.extra({"protected": user.get("protected")}),
        counters=_counters(struct(user, "public_metrics"), ACCOUNT_COUNTERS),
    )


def _notice(root: Struct) -> Iterator[Item]:
    """Yield a compliance event: a batch row {id, action, …}, or a stream event inside `tweet`.

    A batch row does not say whether its id is a tweet's or a user's: X's ids since November 2010 hold their time, so
    a small id of a later time is a user's. Beyond that they share one number space, and a deletion is applied to both.
    """
    object_id, created_at, deleted = text(root.get("id")), text(root.get("created_at")), struct(root, "tweet")
    kind, at = "delete", _first(root.get("redacted_at"), created_at)
    if root.get("action") is not None and object_id is not None:
        is_late = (wire.moment(created_at) or wire.EPOCH) > wire.X_EPOCH
        kind = "user_delete" if len(object_id) < 12 and is_late else "delete"
    else:
        object_id, at = text(deleted.get("id")), _first(deleted.get("event_at"), created_at)
    if object_id is not None:
        gone = wire.retraction(network=NETWORK, object_id=object_id, kind=kind, occurred_at=wire.moment(at))
        yield wire.item(retraction=gone)


def _event(data: Any, observed_at: dt.datetime) -> Iterator[Item]:
    """Yield an event of a compliance stream: ``{KIND: {tweet or user, event_at}}``; or what a profile became."""
    event = next(iter(data), "") if isinstance(data, dict) and len(data) == 1 else ""
    said = struct(data, event)
    user_id, at = text(struct(said, "user").get("id")), wire.moment(said.get("event_at"))
    if event == "user_profile_modification":
        column = PROFILE.get(text(said.get("profile_field")) or "")
        if column is not None:
            new: dict[str, Any] = {column: text(said.get("new_value"))}
            yield wire.item(
                account=wire.account(network=NETWORK, account_id=user_id, observed_at=at or observed_at, **new)
            )
        return
    kind = x_notices.KINDS.get(event)
    first_id = text(said.get("initial_tweet_id"))  # of an edit: the id that its post has
    object_id = user_id if x_notices.is_of_user(event) else first_id or text(struct(said, "tweet").get("id"))
    if kind is not None and object_id is not None:
        yield wire.item(retraction=wire.retraction(network=NETWORK, object_id=object_id, kind=kind, occurred_at=at))


def _problem(error: Struct, observed_at: dt.datetime) -> Item:
    """Return what an error says of a post or user that its page could not give; names instead of ids tell nothing."""
    kinds = PROBLEMS.get((text(error.get("type")) or "").rpartition("/")[2])
    object_id, resource = text(error.get("resource_id")) or text(error.get("value")), text(error.get("resource_type"))
    if kinds is None or object_id is None or not object_id.isdecimal() or resource not in {"tweet", "user"}:
        return wire.item()
    is_suspended = resource == "user" and "suspended" in (text(error.get("detail")) or "")
    kind = "user_suspend" if is_suspended else kinds[resource == "user"]
    gone = wire.retraction(network=NETWORK, object_id=object_id, kind=kind, occurred_at=observed_at)
    return wire.item(retraction=gone)


def _by(values: Any, name: str) -> Lookup:
    """Return the first object of a list for each text of a field."""
    return {found: one for one in reversed(structs(values)) if (found := text(one.get(name))) is not None}


def _each(of: Struct, name: str, read: Callable[[Struct], str | None]) -> list[str | None] | None:
    """Return what is read of each object of a list; None where there is no list."""
    return [read(found) for found in structs(of[name])] if isinstance(of.get(name), list) else None


def _counters(metrics: Struct, names: Mapping[str, str]) -> dict[str, Any]:
    return {name: metrics.get(theirs) for name, theirs in names.items()}


def _first(*values: Any) -> str | None:
    """Return the first that is a text, be it empty."""
    return next((found for value in values if (found := text(value)) is not None), None)
