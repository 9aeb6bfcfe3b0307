"""List the worlds that are compared: the one that happens, and one for each mechanism that could have been off.

in: `SimulateParams` ▶ out: names, in a fixed order; the n-th is bit n of each outcome.
"""

from __future__ import annotations

from entourage.simulate.business.catalog import campaigns, programs
from entourage.simulate.params import SimulateParams

ACTUAL = "actual"
REFERRAL = "referral"
TIME_EFFECT = "time_effect"


def scenarios() -> tuple[str, ...]:
    """Return `actual` and the mechanisms that orders depend on."""
    courting = (*(each.mechanism for each in campaigns()), *(each.mechanism for each in programs()))
    return (ACTUAL, REFERRAL, TIME_EFFECT, *courting)


def at_work(mechanism: str, scenario: str, params: SimulateParams) -> bool:
    """Tell whether a mechanism works in a scenario of a world."""
    return params.has(mechanism) and mechanism != scenario
