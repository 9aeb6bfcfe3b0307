"""Learn how much each agreement says: Fellegi and Sunter's model with three kinds of pairs, without labels.

in: counted comparison patterns ▶ out: a `Model`. Pure: the driver sees patterns, never pairs.
A pair is of one person (m), of two persons of one household (h), or of two strangers (u). The middle class keeps a
couple who share family name, street, telephone and mailbox from being taken for one person, since within it all of
these agree anyway.

References:
    Fellegi and Sunter (1969), A Theory for Record Linkage. JASA 64.
    Winkler (1993), Improved Decision Rules in the Fellegi-Sunter Model of Record Linkage (three latent classes).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from entourage.identity.comparisons import COMPARISONS, Comparison

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ScoringParams:
    """How the model is learned.

    Attributes:
        random_pair_count: pairs of random records from which u is estimated.
        prior_pair_count: pairs that the prior m and h weigh; keeps small data from extreme weights.
        prior_u_count: random pairs that the prior u weighs.
        max_iterations: of expectation-maximization.
        tolerance: largest change of a parameter at which it has converged.
    """

    random_pair_count: int = 400_000
    prior_pair_count: float = 30.0
    prior_u_count: float = 2_000.0
    max_iterations: int = 100
    tolerance: float = 1e-5


@dataclass(frozen=True)
class Model:
    """What was learned: per comparison the level probabilities of each class, and how common the classes are.

    Attributes:
        m, u, h: by comparison; one probability a level.
        match_ratio: share of all pairs of records that are of one person.
        household_ratio: share that are of one household.
        iteration_count: iterations until convergence (or the limit).
        notes: sentences on what looks implausible; empty where all is well.
    """

    m: Mapping[str, tuple[float, ...]]
    u: Mapping[str, tuple[float, ...]]
    h: Mapping[str, tuple[float, ...]]
    match_ratio: float
    household_ratio: float
    iteration_count: int
    notes: tuple[str, ...]

    @property
    def version(self) -> str:
        """Return a short digest of the parameters."""
        tables = [sorted(table.items()) for table in (self.m, self.u, self.h)]
        text = repr((self.match_ratio, self.household_ratio, tables))
        return f"fs3-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def learn(
    candidates: Sequence[Mapping[str, int]],
    *,
    randoms: Sequence[Mapping[str, int]],
    record_count: int,
    params: ScoringParams,
) -> Model:
    """Estimate m, h, u and the prior by expectation-maximization over counted patterns.

    All pairs of records are the population: pairs outside every block count as strangers. So the blocks do not bias m,
    and the prior is a share of all pairs. u starts from random pairs and is cleared of the matches among them.

    Args:
        candidates: rows of `patterns` of the candidate pairs.
        randoms: rows of `patterns` of random pairs.
        record_count: records in all.
        params: see `ScoringParams`.

    Returns:
        The model; with no pairs at all it is the priors.
    """
    state = _start(record_count)
    levels, counts = _matrix(candidates)
    observed = {c.name: _level_counts(c, randoms) for c in COMPARISONS}
    total = max(record_count * (record_count - 1) / 2, 1.0)
    iteration = 0
    for iteration in range(1, params.max_iterations + 1):  # noqa: B007
        responsibilities = _expect(state, levels)
        updated = _maximize(state, levels, counts, responsibilities, observed, total, params)
        change = max(float(np.abs(updated.m[name] - state.m[name]).max()) for name in state.m)
        state = updated
        if change < params.tolerance:
            break
    return _model(state, iteration, levels, params)


@dataclass(frozen=True)
class _State:
    m: dict[str, Vector]
    u: dict[str, Vector]
    h: dict[str, Vector]
    match_ratio: float
    household_ratio: float


def _start(record_count: int) -> _State:
    ratio = 1.0 / max(record_count, 10)
    return _State(
        m={c.name: np.array(c.m) for c in COMPARISONS},
        u={c.name: np.array(c.u) for c in COMPARISONS},
        h={c.name: np.array(c.h) for c in COMPARISONS},
        match_ratio=ratio,
        household_ratio=ratio,
    )


def _matrix(rows: Sequence[Mapping[str, int]]) -> tuple[npt.NDArray[np.int64], Vector]:
    # In one order, whatever Spark's was: sums of floats depend on it, and so would the model's last digits.
    counted = sorted((*(row[c.name] for c in COMPARISONS), row["pair_count"]) for row in rows)
    table = np.array(counted, dtype=np.int64).reshape(-1, len(COMPARISONS) + 1)
    return table[:, :-1], table[:, -1].astype(np.float64)


def _level_counts(comparison: Comparison, rows: Sequence[Mapping[str, int]]) -> Vector:
    counts = np.zeros(len(comparison.levels))
    for row in rows:
        if row[comparison.name] >= 0:
            counts[row[comparison.name]] += row["pair_count"]
    return counts


def _log_likelihood(table: Mapping[str, Vector], levels: npt.NDArray[np.int64]) -> Vector:
    total = np.zeros(len(levels))
    for index, comparison in enumerate(COMPARISONS):
        # A first 0 makes level -1 (unknown) neutral.
        total += np.concatenate([[0.0], np.log2(table[comparison.name])])[levels[:, index] + 1]
    return total


def _expect(state: _State, levels: npt.NDArray[np.int64]) -> tuple[Vector, Vector]:
    match = np.log2(state.match_ratio) + _log_likelihood(state.m, levels)
    household = np.log2(state.household_ratio) + _log_likelihood(state.h, levels)
    strangers = np.log2(1 - state.match_ratio - state.household_ratio) + _log_likelihood(state.u, levels)
    evidence = np.logaddexp2(np.logaddexp2(match, household), strangers)
    return np.exp2(match - evidence), np.exp2(household - evidence)


def _maximize(
    state: _State, levels: npt.NDArray[np.int64], counts: Vector, responsibilities: tuple[Vector, Vector],
    observed: Mapping[str, Vector], total: float, params: ScoringParams,
) -> _State:  # fmt: skip
    match, household = (counts * share for share in responsibilities)
    m, u, h = {}, {}, {}
    for index, c in enumerate(COMPARISONS):
        column = levels[:, index]
        m[c.name] = _posterior(c.m, _sums(c, column, match), params.prior_pair_count)
        strangers = observed[c.name] - observed[c.name].sum() * state.match_ratio * state.m[c.name]
        u[c.name] = _posterior(c.u, np.maximum(strangers, 0.0), params.prior_u_count)
        learned = _posterior(c.h, _sums(c, column, household), params.prior_pair_count)
        h[c.name] = learned if c.is_shared_at_home else u[c.name]
    # One pseudo-pair at the starting ratio keeps both classes alive in data without any duplicate.
    ratios = [float(min(max((part.sum() + 1.0) / (total + 1.0), 1e-12), 0.3)) for part in (match, household)]
    return _State(m=m, u=u, h=h, match_ratio=ratios[0], household_ratio=ratios[1])


def _sums(comparison: Comparison, column: npt.NDArray[np.int64], weights: Vector) -> Vector:
    known = column >= 0
    sums: Vector = np.bincount(column[known], weights=weights[known], minlength=len(comparison.levels)).astype(
        np.float64
    )
    return sums


def _posterior(prior: Sequence[float], counts: Vector, strength: float) -> Vector:
    values: Vector = (counts + strength * np.array(prior)) / (counts.sum() + strength)
    return values


def _model(state: _State, iteration: int, levels: npt.NDArray[np.int64], params: ScoringParams) -> Model:
    m, u, h = (
        {name: tuple(float(v) for v in values) for name, values in t.items()} for t in (state.m, state.u, state.h)
    )
    notes = _implausible(state, levels)
    if iteration >= params.max_iterations:
        notes.append(f"EM did not settle within {params.max_iterations} iterations: read the scores with care")
    return Model(m, u, h, state.match_ratio, state.household_ratio, iteration, tuple(notes))


def _implausible(state: _State, levels: npt.NDArray[np.int64]) -> list[str]:
    notes = []
    for index, c in enumerate(COMPARISONS):
        weights = np.log2(state.m[c.name] / state.u[c.name])
        if not (levels[:, index] >= 0).any():
            notes.append(f"{c.name}: known on both sides of no pair; it has no say")
        elif weights[0] > 0:
            notes.append(f"{c.name}: disagreement speaks for a match (weight {weights[0]:.1f}); look at its values")
        elif (best := int(np.argmax(weights))) == 0 or weights[best] < 1:
            notes.append(f"{c.name}: agreement hardly speaks for a match (weight {weights[best]:.1f})")
    if len(levels) > 0 and state.match_ratio > 0.2:
        notes.append(f"{state.match_ratio:.0%} of all pairs are taken for one person: more than records usually hold")
    return notes
