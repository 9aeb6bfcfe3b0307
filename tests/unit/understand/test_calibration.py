"""Calibration: scores become probabilities."""

from __future__ import annotations

import pytest

from entourage.understand import calibration


def test_calibration_shrinks_scores_that_are_too_sure() -> None:
    scores = [(4.0, True)] * 3 + [(4.0, False)] + [(-4.0, False)] * 3 + [(-4.0, True)]
    fitted = calibration.fit(scores)
    assert fitted.slope == pytest.approx(0.1733, abs=1e-3)  # targets 5/6 and 1/6: 2/3 at margin 4
    assert fitted.intercept == pytest.approx(0.0, abs=1e-6)
    assert fitted.base_ratio == 0.5


def test_average_precision_counts_a_tie_as_one_step() -> None:
    assert calibration.average_precision([(0.9, True), (0.8, False), (0.7, True)]) == pytest.approx((1 + 2 / 3) / 2)
    assert calibration.average_precision([(0.5, True), (0.5, False)]) == pytest.approx(0.5)
    assert calibration.average_precision([]) == 0.0
