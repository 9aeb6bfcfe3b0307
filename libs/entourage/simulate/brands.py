"""Know the brands: the house, and those that compete with it.

in: stock/slots.yaml ▶ out: plain values. Brand 0 is the house.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from entourage.simulate import lists

# How often each is the one that a person prefers.
SHARES = (0.38, 0.22, 0.17, 0.13, 0.10)
NUMBERS = tuple(str(number) for number in range(len(SHARES)))


@cache
def brands() -> tuple[dict[str, Any], ...]:
    """Return each brand's key, name, spellings, handles; the house first."""
    listed: list[dict[str, Any]] = lists.read("stock", "slots.yaml")["brands"]
    return tuple(sorted(listed, key=lambda brand: not brand["house"]))
