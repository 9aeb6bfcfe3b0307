"""Turn scores into probabilities, and measure them, on held-out examples.

held-out class probabilities ▶ `Calibration` and figures. Plain Python: a few thousand numbers on the driver.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from entourage.understand.corpus import USEFUL

EPSILON = 1e-6


@dataclass(frozen=True)
class Calibration:
    """p = 1 / (1 + exp(-(slope · margin + intercept))), fitted where `base_ratio` of the examples were useful."""

    slope: float
    intercept: float
    base_ratio: float


@dataclass(frozen=True)
class HeldOut:
    """One example as a model saw it that was not trained on it."""

    label: str
    predicted: str
    margin: float

    @property
    def is_useful(self) -> bool:
        """Tell whether its class is a useful one."""
        return self.label in USEFUL


def logit(probability: float) -> float:
    """Return log-odds, finite for 0 and 1."""
    inside = min(max(probability, EPSILON), 1 - EPSILON)
    return math.log(inside / (1 - inside))


def held_out(label: str, by_class: Mapping[str, float]) -> HeldOut:
    """Return one held-out example from its class probabilities."""
    useful = sum(by_class[name] for name in USEFUL)
    return HeldOut(label, max(sorted(by_class), key=lambda name: by_class[name]), logit(useful))


def fit(scores: Sequence[tuple[float, bool]]) -> Calibration:
    """Fit slope and intercept by Newton's method on Platt's smoothed targets.

    Args:
        scores: margin and truth of held-out examples, both truths present.

    References:
        Platt: Probabilistic outputs for support vector machines, 1999. Lin, Lin, Weng: A note on Platt's, 2007.
    """
    positive = sum(truth for _, truth in scores)
    negative = len(scores) - positive
    high, low = (positive + 1) / (positive + 2), 1 / (negative + 2)
    targets = [(margin, high if truth else low) for margin, truth in scores]
    slope, intercept = 0.0, math.log((positive + 1) / (negative + 1))
    loss = _loss(targets, slope, intercept)
    for _ in range(100):
        step_slope, step_intercept = _newton_step(targets, slope, intercept)
        fraction = 1.0
        while (
            next_loss := _loss(targets, slope - fraction * step_slope, intercept - fraction * step_intercept)
        ) > loss:
            fraction /= 2
            if fraction < 1e-6:
                return _rounded(slope, intercept, positive / len(scores))
        slope, intercept = slope - fraction * step_slope, intercept - fraction * step_intercept
        if loss - next_loss < 1e-12:
            break
        loss = next_loss
    return _rounded(slope, intercept, positive / len(scores))


def metrics(examples: Sequence[HeldOut], fitted: Calibration) -> dict[str, float]:
    """Return figures of held-out examples, 4 decimals.

    Returns:
        average_precision, brier (mean squared error of calibrated probabilities), accuracy_of_class, and recall of each
        useful class as useful at the calibrated probability one half.
    """
    scored = [(_probability(fitted.slope * one.margin + fitted.intercept), one) for one in examples]
    figures = {
        "average_precision": average_precision((probability, one.is_useful) for probability, one in scored),
        "brier": sum((probability - one.is_useful) ** 2 for probability, one in scored) / len(scored),
        "accuracy_of_class": sum(one.label == one.predicted for one in examples) / len(examples),
    }
    for name in USEFUL:
        members = [probability for probability, one in scored if one.label == name]
        figures[f"recall_{name}"] = sum(probability >= 0.5 for probability in members) / max(len(members), 1)
    return {name: round(value, 4) for name, value in figures.items()}


def average_precision(scores: Iterable[tuple[float, bool]]) -> float:
    """Return the mean precision at each useful example, ranked by score; tied scores count as one step."""
    ranked = sorted(scores, key=lambda score: -score[0])
    total = sum(truth for _, truth in ranked)
    found = seen = 0
    area, start = 0.0, 0
    while start < len(ranked):
        end = start
        while end < len(ranked) and ranked[end][0] == ranked[start][0]:
            end += 1
        hits = sum(truth for _, truth in ranked[start:end])
        found, seen = found + hits, seen + end - start
        area += hits * found / seen
        start = end
    return area / total if total else 0.0


def _probability(value: float) -> float:
    return 1 / (1 + math.exp(-max(min(value, 35.0), -35.0)))


def _loss(targets: Sequence[tuple[float, float]], slope: float, intercept: float) -> float:
    loss = 0.0
    for margin, target in targets:
        probability = _probability(slope * margin + intercept)
        loss -= target * math.log(probability) + (1 - target) * math.log(1 - probability)
    return loss


def _newton_step(targets: Sequence[tuple[float, float]], slope: float, intercept: float) -> tuple[float, float]:
    gradient_slope = gradient_intercept = curve_both = 0.0
    curve_slope = curve_intercept = 1e-9  # never singular
    for margin, target in targets:
        probability = _probability(slope * margin + intercept)
        error, weight = probability - target, probability * (1 - probability)
        gradient_slope += error * margin
        gradient_intercept += error
        curve_slope += weight * margin * margin
        curve_intercept += weight
        curve_both += weight * margin
    determinant = curve_slope * curve_intercept - curve_both * curve_both
    return (
        (curve_intercept * gradient_slope - curve_both * gradient_intercept) / determinant,
        (curve_slope * gradient_intercept - curve_both * gradient_slope) / determinant,
    )


def _rounded(slope: float, intercept: float, base_ratio: float) -> Calibration:
    return Calibration(round(slope, 6), round(intercept, 6), round(base_ratio, 6))
