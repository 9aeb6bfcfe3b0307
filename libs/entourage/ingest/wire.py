"""Read documents of wire formats in plain Python: what the adapters of the networks share.

in: values out of a JSON document, of whatever type came ▶ out: texts, numbers, times, and the items of `canonical`.

Plain Python in Spark's workers, where the house prefers Columns: documents nest, and differ. The same adapters written
as Columns took 0.48 ms a status of X and core and 10 to 25 s of planning and code generation a format before the first
row; as Python they take 0.06 to 0.09 ms and no planning (52,217 and 20,000 statuses of X API v1.1), and their tests
need no Spark.

A value of another type than expected costs itself only: `text`, `struct` and `structs` return nothing for it.
"""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from entourage.ingest import scalars

Struct = Mapping[str, Any]
# One or more of post, account, act and retraction: structs of `canonical`, by the names of their fields. `suppressed`
# is a code of `reasons.SUPPRESSED`, where all of it is left out.
Item = dict[str, Any]

EMPTY: Item = {"post": None, "account": None, "act": None, "retraction": None, "suppressed": None}
X_EPOCH = dt.datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=dt.UTC)  # first millisecond of X's snowflake ids
BREAK = re.compile(r"<br\s*/?>|</p>\s*<p[^>]*>", re.IGNORECASE)
ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
TAG = re.compile(r"<[^>]*>")
MAX_UNKNOWN, MAX_UNKNOWN_CHARS = 20, 500  # fields of a post that no adapter knows, and characters of each
RESERVED = ("native_id",)  # what `posts.VERSION_ID` calls the id of a version is never a field of theirs
NONE: frozenset[str] = frozenset()
# Adapters ask this module for all that they read with.
EPOCH, moment, millis, whole_number = scalars.EPOCH, scalars.moment, scalars.millis, scalars.whole_number


def post(
    *,
    network: str,
    post_id: str | None,
    account_id: str | None,
    created_at: dt.datetime | None,
    text: str | None,
    observed_at: dt.datetime,
    version: int | None = None,
    language: str | None = None,
    is_share: bool = False,
    reply_to: str | None = None,
    reply_to_account: str | None = None,
    shared: str | None = None,
    shared_account: str | None = None,
    root: str | None = None,
    mentions: Iterable[str | None] | None = None,
    hashtags: Iterable[str | None] | None = None,
    urls: Iterable[str | None] | None = None,
    media: Iterable[str | None] | None = None,
    place: str | None = None,
    source_app: str | None = None,
    extra: dict[str, str] | None = None,
    counters: dict[str, Any] | None = None,
) -> dict[str, Any] | None:
    """Return a post (`canonical.POST`); ids come without their network. None without id and text.

    A share is a share; what answers is a reply, even where it quotes; what quotes is a quote; all else is a post.
    """
    if post_id is None and text is None:
        return None
    kind = "share" if is_share else "reply" if reply_to is not None else "quote" if shared is not None else "post"
    own_id = qualified(network, post_id)
    return {
        "post_id": own_id,
        "version": version or 0,
        "network": network,
        "account_id": qualified(network, account_id),
        "created_at": created_at,
        "text": text,
        "declared_language": language,
        "kind": kind,
        "in_reply_to_post_id": qualified(network, reply_to),
        "in_reply_to_account_id": qualified(network, reply_to_account),
        "shared_post_id": qualified(network, shared),
        "shared_account_id": qualified(network, shared_account),
        "root_post_id": qualified(network, root) or (own_id if kind != "reply" else None),
        "mentions": distinct(mentions),
        "hashtags": distinct(hashtags),
        "urls": distinct(urls),
        "media": distinct(media),
        "place": place,
        "source_app": source_app,
        "extra": extra,
        "observed_at": observed_at,
        "counters": _counters(counters),
    }


def account(
    *,
    network: str,
    account_id: str | None,
    observed_at: dt.datetime,
    handle: str | None = None,
    display_name: str | None = None,
    bio: str | None = None,
    location: str | None = None,
    urls: list[str] | None = None,
    created_at: dt.datetime | None = None,
    is_bot: bool | None = None,
    extra: dict[str, str] | None = None,
    counters: dict[str, Any] | None = None,
) -> dict[str, Any] | None:
    """Return an account as it was seen at one time (`canonical.ACCOUNT`); None without id. None: not stated."""
    if not account_id:
        return None
    return {
        "account_id": qualified(network, account_id),
        "network": network,
        "handle": handle,
        "display_name": display_name,
        "bio": bio,
        "location": location,
        "urls": urls,
        "created_at": created_at,
        "is_bot": is_bot,
        "extra": extra,
        "observed_at": observed_at,
        "counters": _counters(counters, minimum=0),
    }


def act(
    *,
    network: str,
    edge_id: str | None,
    src: str | None,
    dst: str | None,
    verb: str,
    object_id: str | None = None,
    weight: float = 1.0,
    occurred_at: dt.datetime | None = None,
) -> dict[str, Any]:
    """Return an act (`canonical.ACT`); ids with their network."""
    return {
        "edge_id": edge_id,
        "network": network,
        "src_account_id": src,
        "dst_account_id": dst,
        "verb": verb,
        "object_id": object_id,
        "weight": weight,
        "occurred_at": occurred_at,
    }


def retraction(
    *, network: str, object_id: str | None, kind: str, occurred_at: dt.datetime | None
) -> dict[str, Any] | None:
    """Return a retraction of an id (`canonical.RETRACTION`); None without id. No time: the epoch."""
    if not object_id:
        return None
    return {
        "network": network,
        "object_id": qualified(network, object_id),
        "kind": kind,
        "occurred_at": occurred_at or EPOCH,
    }


def item(**kinds: Any) -> Item:
    """Return an item of some of post, account, act, retraction and suppressed."""
    return {**EMPTY, **kinds}


def struct(value: Any, *names: str) -> Struct:
    """Return the object at a path of names; an empty one where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def structs(value: Any) -> list[Struct]:
    """Return the objects of a list; what is no list has none, and elements that are no objects are left out."""
    return [element for element in value if isinstance(element, dict)] if isinstance(value, list) else []


def each(of: Struct, name: str, read: Callable[[Struct], str | None]) -> list[str | None] | None:
    """Return what is read of each object of a list; None where there is no list, or one of other things only."""
    values, found = of.get(name), structs(of.get(name))
    return [read(element) for element in found] if found or values == [] else None


def text(value: Any) -> str | None:
    """Return a text, number or boolean as text, without NULs and lone surrogates; None for all else."""
    if isinstance(value, str):
        found = value
    elif isinstance(value, bool):
        return "true" if value else "false"
    elif isinstance(value, (int, float)):
        return str(value)
    else:
        return None
    if not found.isascii():
        found = found.encode("utf-8", "replace").decode("utf-8")
    return found.replace("\x00", "") if "\x00" in found else found


def texts(values: Any) -> list[str]:
    """Return the texts of a list, empty ones left out; None and what is no list have none."""
    return [found for value in values if (found := text(value))] if isinstance(values, list) else []


def qualified(network: str, native_id: str | None) -> str | None:
    """Return ``network:native_id``; None and empty ids are None."""
    return f"{network}:{native_id}" if native_id else None


def truth(value: Any) -> bool | None:
    """Return a boolean; None where the value is none."""
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(
        (text(value) or "").lower()
    )


def unescaped(value: str | None) -> str | None:
    """Return text with the entities of HTML replaced, once; what lacks its semicolon may be part of an address."""
    return ENTITY.sub(_character, value) if value and "&" in value else value


def _character(entity: re.Match[str]) -> str:
    return " " if entity[0] == "&nbsp;" else html.unescape(entity[0])


def without_tags(value: str | None) -> str | None:
    """Return the text of HTML: paragraphs and breaks become line ends, other tags go, entities are replaced."""
    if value is None or not ("<" in value or "&" in value):
        return value
    return unescaped(TAG.sub("", BREAK.sub("\n", value)))


def lowered(values: Iterable[str | None]) -> list[str]:
    """Return texts in lower case; None are left out."""
    return [value.lower() for value in values if value]


def distinct(values: Iterable[str | None] | None) -> list[str] | None:
    """Return a list without None, empty texts and repeats; None for none at all."""
    return None if values is None else list(dict.fromkeys(value for value in values if value))


def medium(kind: Any) -> str:
    """Return photo, video, gif or link for what the networks call them."""
    word = (text(kind) or "").lower()
    if "gif" in word:
        return "gif"
    return "video" if "video" in word else "photo" if "photo" in word or "image" in word else "link"


def words(text: str) -> frozenset[str]:
    """Return the words of a text, such as names that a network documents."""
    return frozenset(text.split())


def extra(values: dict[str, Any], *, of: Struct | None = None, known: frozenset[str] = NONE) -> dict[str, str] | None:
    """Return the values that are there, as texts; None for none.

    Args:
        values: by the name that they get.
        of: the object of a post, of which the scalars of unknown names are kept too, within bounds.
        known: the names in it that the network documents.
    """
    unknown = {} if of is None or of.keys() <= known else _unknown(of, known)
    return {**unknown, **{name: found for name, value in values.items() if (found := text(value)) is not None}} or None


def _unknown(of: Struct, known: frozenset[str]) -> dict[str, str]:
    scalars_of = ((name, text(value)) for name, value in of.items() if name not in known and name not in RESERVED)
    said = [(text(name[:MAX_UNKNOWN_CHARS]), value[:MAX_UNKNOWN_CHARS]) for name, value in scalars_of if value]
    return {name: value for name, value in said[:MAX_UNKNOWN] if name}


def _counters(counters: dict[str, Any] | None, *, minimum: int = -scalars.MAX_BIGINT) -> dict[str, int] | None:
    if counters is None:
        return None
    read = {name: whole_number(value) for name, value in counters.items()}
    return {name: found for name, found in read.items() if found is not None and found >= minimum}
