"""List the wire formats of posts: one module a format.

in: nothing ▶ out: `ADAPTERS`, by name, in the order in which detection asks them: the more telling first.

A new format is one module with the two functions of `Adapter`, its line here, and one test; for a new network also its
name in `schemas.NETWORKS` and in `report/words.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Protocol

from entourage.ingest import bluesky, facebook, feed, gnip, mastodon, reddit, x_archive, x_v1, x_v2, youtube
from entourage.ingest.wire import Item, Struct


class Adapter(Protocol):
    """What a module of a wire format has."""

    def recognizes(self, root: Struct) -> bool:
        """Tell whether an object is of this format, by the keys that only it has."""

    def items(self, root: Struct, *, modified_at: dt.datetime, file: str) -> Iterator[Item]:
        """Yield what an object holds; of its file the time of its change and the path are known."""


ADAPTERS: dict[str, Adapter] = {
    "x_archive": x_archive,
    "feed": feed,
    "youtube": youtube,
    "gnip": gnip,
    "bluesky": bluesky,
    "mastodon": mastodon,
    "reddit": reddit,
    "facebook": facebook,
    "x_v2": x_v2,
    "x_v1": x_v1,
}
