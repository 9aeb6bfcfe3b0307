"""Turn the rows of a source of posts, accounts or edges into items, as its mapping says. Plain Python, in workers.

in: a JSON object and a `Mapping` ▶ out: items.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from entourage.ingest import parsers, wire
from entourage.ingest.mapping import Mapping
from entourage.ingest.wire import Item, Struct
from entourage.schemas import NETWORKS

KNOWN = frozenset(NETWORKS.split(","))
Made = dict[str, Any]


def items(row: Struct, *, mapping: Mapping, modified_at: dt.datetime, file: str) -> Iterator[Item]:
    """Yield the item of one row of a source of posts, accounts or edges."""
    part = mapping.parts[0]
    made = parsers.columns(row, part=part)
    network = made.get("network") or part.network
    if part.kind == "edges":
        yield wire.item(act=_act(made, network))
        return
    extra = parsers.extra(row, part=part, made=made)
    if part.kind == "posts":
        author = _account({**made, "urls": None, "created_at": None}, network, None, modified_at)
        yield wire.item(account=author, post=_post(made, network, extra, modified_at))
    else:
        yield wire.item(account=_account(made, network, extra, modified_at))


def _named(network: str, id_: str | None) -> tuple[str, str | None]:
    """Return the network of an id, which the id may name itself, and the id in it.

    A network that the tables do not know becomes part of the id: ``other:vk:7``.
    """
    if id_ is None:
        return (network if network in KNOWN else "other"), None
    stated, colon, native = id_.partition(":")
    if colon and stated in KNOWN:
        return stated, native
    return (network, id_) if network in KNOWN else ("other", f"{network}:{id_}")


def _act(made: Made, network: str) -> dict[str, Any]:
    (of_src, src), (of_dst, dst) = (_named(network, made[name]) for name in ("src", "dst"))
    src_id, dst_id = wire.qualified(of_src, src), wire.qualified(of_dst, dst)
    verb, object_id, weight = made.get("verb") or "follow", made.get("object_id"), made.get("weight")
    parts = [of_src, verb, src_id, dst_id, object_id]
    return wire.act(
        network=of_src,
        edge_id=":".join(part for part in parts if part is not None) if src_id and dst_id else None,
        src=src_id,
        dst=dst_id,
        verb=verb,
        object_id=object_id,
        weight=1.0 if weight is None else weight,
        occurred_at=made.get("occurred_at"),
    )


def _account(made: Made, network: str, extra: dict[str, str] | None, modified_at: dt.datetime) -> dict[str, Any] | None:
    of_account, account_id = _named(network, made["account_id"])
    return wire.account(
        network=of_account,
        account_id=account_id,
        observed_at=made.get("observed_at") or modified_at,
        handle=made.get("handle"),
        display_name=made.get("display_name"),
        bio=made.get("bio"),
        location=made.get("location"),
        urls=made.get("urls"),
        created_at=made.get("created_at"),
        is_bot=made.get("is_bot"),
        extra=extra,
        counters=_counters(made, "followers", "following", "posts"),
    )


def _post(made: Made, network: str, extra: dict[str, str] | None, modified_at: dt.datetime) -> dict[str, Any] | None:
    of_post, account_id = _named(network, made["account_id"])
    ids = ("post_id", "reply_to", "reply_to_account", "shared", "shared_account")
    native = {name: _named(network, made.get(name))[1] for name in ids}
    created_at = made["created_at"]
    return wire.post(
        network=of_post,
        post_id=native["post_id"],
        account_id=account_id,
        created_at=created_at,
        text=made.get("text"),
        observed_at=made.get("observed_at") or created_at or modified_at,
        language=made.get("language"),
        is_share=wire.truth(made.get("is_share")) is True,
        reply_to=native["reply_to"],
        reply_to_account=native["reply_to_account"],
        shared=native["shared"],
        shared_account=native["shared_account"],
        mentions=made.get("mentions"),
        hashtags=made.get("hashtags"),
        urls=made.get("urls"),
        media=made.get("media"),
        place=made.get("place"),
        source_app=made.get("source_app"),
        extra=extra,
        counters=_counters(made, "likes", "shares", "replies", "views"),
    )


def _counters(made: Made, *names: str) -> dict[str, Any] | None:
    return {name: made[name] for name in names if name in made} or None
