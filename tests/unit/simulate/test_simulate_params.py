"""Nonsense parameters are refused with the nearest valid value."""

from __future__ import annotations

import pytest

from entourage.errors import UsageError
from entourage.simulate import SimulateParams
from entourage.simulate.params import Output


def test_zero_people_and_negative_days_are_refused_together() -> None:
    with pytest.raises(UsageError) as refused:
        SimulateParams(people=0, days=-3)
    message = str(refused.value)
    assert "people: found 0, expected 1 to 1000000000; the nearest is 1" in message
    assert "days: found -3, expected 1 to 3660; the nearest is 1" in message


def test_too_many_people_are_refused_with_the_most_that_is_possible() -> None:
    with pytest.raises(UsageError, match="the nearest is 1000000000"):
        SimulateParams(people=2_000_000_000)


def test_an_unknown_layer_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UsageError, match="'grahp' is unknown; did you mean 'graph'"):
        SimulateParams(layers=("people", "grahp"))


def test_an_unknown_mechanism_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UsageError, match="'bot' is unknown; did you mean 'bots'"):
        SimulateParams(without=("bot",))


def test_no_layer_at_all_is_refused() -> None:
    with pytest.raises(UsageError, match="layers: none given"):
        SimulateParams(layers=())


def test_a_campaign_that_does_not_exist_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UsageError, match="did you mean 'campaign:black_week'"):
        SimulateParams(without=("campaign:blackweek",))


def test_a_history_of_no_months_begins_with_the_posts_and_a_negative_one_is_refused() -> None:
    assert SimulateParams(history_months=0).first_day == 0
    assert SimulateParams(history_months=24).first_day == -730
    with pytest.raises(UsageError, match="history_months: found -1, expected 0 to 48; the nearest is 0"):
        SimulateParams(history_months=-1)


def test_files_follow_from_the_size_of_the_world() -> None:
    assert [SimulateParams(people=people).files for people in (1, 10_000, 1_000_000)] == [4, 4, 24]


def test_switching_bots_off_leaves_none() -> None:
    assert SimulateParams(people=1_800).bots == 100
    assert SimulateParams(people=1_800, without=("bots",)).bots == 0


def test_an_output_has_no_options_unless_given() -> None:
    assert Output("truth/x.csv", "csv", None).options == {}  # type: ignore[arg-type]
