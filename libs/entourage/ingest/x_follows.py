"""Make edges of X that no document states whole: who follows whom, who likes what.

in: ids of accounts and posts, a file's path ▶ out: acts.

Pages of followers list accounts, and do not say whose followers they are; the file's path says it: in
``…/followers_of=12/page1.json`` all accounts follow 12, in ``…/following_of=12/…`` 12 follows them.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, NamedTuple

from entourage.ingest import wire

NETWORK = "x"
OWNER = re.compile(r"(?:^|[/!])(followers|following)_of=([0-9]+)(?=[/.]|$)")


class Owner(NamedTuple):
    """Whose page it is: of the accounts that follow `user_id`, or of those that it follows."""

    user_id: str
    is_followed: bool


def owner(file: str) -> Owner | None:
    """Return whose followers, or followed accounts, a path names; None where it says nothing."""
    found = OWNER.search(file) if "_of=" in file else None
    return None if found is None else Owner(found[2], found[1] == "followers")


def listed(user_id: str | None, owner: Owner | None) -> dict[str, Any] | None:
    """Return the follow edge of one account of a page; None where either is not known."""
    if owner is None or user_id is None:
        return None
    return follow(user_id, owner.user_id) if owner.is_followed else follow(owner.user_id, user_id)


def follow(src: str, dst: str) -> dict[str, Any]:
    """Return the edge by which one account follows another; X does not say since when. Ids without network."""
    src_id, dst_id = wire.qualified(NETWORK, src), wire.qualified(NETWORK, dst)
    edge_id = f"{NETWORK}:follow:{src_id}:{dst_id}"  # as a mapped source of edges names it
    return wire.act(network=NETWORK, edge_id=edge_id, src=src_id, dst=dst_id, verb="follow")


def like(src: str, post_id: str, *, occurred_at: dt.datetime | None = None) -> dict[str, Any]:
    """Return the edge by which an account likes a post, whose author is not known. Ids without network."""
    src_id, object_id = wire.qualified(NETWORK, src), wire.qualified(NETWORK, post_id)
    return wire.act(
        network=NETWORK,
        edge_id=f"{NETWORK}:{like_id(src, post_id)}",
        src=src_id,
        dst=None,
        verb="like",
        object_id=object_id,
        occurred_at=occurred_at,
    )


def like_id(src: str, post_id: str) -> str:
    """Return the id of a like, without its network: by it the like ends."""
    return f"like:{NETWORK}:{src}:{NETWORK}:{post_id}"
