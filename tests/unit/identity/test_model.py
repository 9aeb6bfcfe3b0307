from __future__ import annotations

import itertools
import random

import pytest

from entourage.identity import model
from entourage.identity.comparisons import COMPARISONS
from entourage.identity.model import Model, ScoringParams

NAMES = [c.name for c in COMPARISONS]
UNKNOWN = dict.fromkeys(NAMES, -1)


def _drawn(kind: str, count: int, generator: random.Random) -> list[dict[str, int]]:
    tables = {c.name: getattr(c, kind) for c in COMPARISONS}
    return [
        {name: generator.choices(range(len(table)), weights=table)[0] for name, table in tables.items()}
        | {"pair_count": 1}
        for _ in range(count)
    ]


def test_the_mixture_from_which_pairs_were_drawn_is_found_again() -> None:
    generator = random.Random(7)
    candidates = [*_drawn("m", 4_000, generator), *_drawn("h", 2_000, generator), *_drawn("u", 4_000, generator)]
    learned = model.learn(
        candidates, randoms=_drawn("u", 20_000, generator), record_count=5_000, params=ScoringParams()
    )
    total = 5_000 * 4_999 / 2
    assert learned.match_ratio == pytest.approx(4_000 / total, rel=0.03)
    assert learned.household_ratio == pytest.approx(2_000 / total, rel=0.2)  # the faint ones pass for strangers
    for comparison in COMPARISONS:
        assert learned.m[comparison.name] == pytest.approx(comparison.m, abs=0.03)
        assert sum(learned.m[comparison.name]) == pytest.approx(1)
    assert learned.notes == ()


def test_unknown_everywhere_says_nothing_and_is_told() -> None:
    levels = [{**UNKNOWN, "given": g, "family": f, "pair_count": n} for (g, f), n in {(4, 3): 90, (0, 0): 900}.items()]
    randoms = [{**UNKNOWN, "given": 0, "family": 0, "pair_count": 10_000}]
    learned = model.learn(levels, randoms=randoms, record_count=200, params=ScoringParams())
    priors = {c.name: c.m for c in COMPARISONS}
    assert learned.m["phone"] == pytest.approx(priors["phone"])
    assert [note for note in learned.notes if note.startswith("phone")] == [
        "phone: known on both sides of no pair; it has no say"
    ]


def test_without_any_pair_the_model_is_the_prior() -> None:
    learned = model.learn([], randoms=[], record_count=1, params=ScoringParams())
    for comparison, table in itertools.product(COMPARISONS, ("m", "u")):
        assert getattr(learned, table)[comparison.name] == pytest.approx(getattr(comparison, table))


def test_an_agreement_that_speaks_against_a_match_is_told_in_words() -> None:
    generator = random.Random(7)
    candidates = _drawn("m", 3_000, generator)
    for row in candidates:
        row["email"] = 0
    learned = model.learn(
        candidates, randoms=_drawn("u", 20_000, generator), record_count=5_000, params=ScoringParams()
    )
    assert learned.match_ratio > 0
    sure = Model(learned.m, learned.u, learned.h, 0.2, 0.0, 3, ())
    assert sure.version != learned.version
    assert sure.version == Model(learned.m, learned.u, learned.h, 0.2, 0.0, 9, ("other",)).version
