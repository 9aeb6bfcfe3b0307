from __future__ import annotations

import pytest

from entourage import config
from entourage.errors import UsageError


def test_a_set_value_beats_the_environment_and_the_base() -> None:
    settings = config.load("yarn", {"spark.shuffle_partitions": "7"})

    assert settings["spark.shuffle_partitions"] == 7
    assert settings["spark.master"] == "yarn"
    assert settings["understand.keep_ratio"] == 0.2


def test_an_unknown_key_is_refused_with_the_nearest_valid_one() -> None:
    with pytest.raises(UsageError, match=r"unknown key 'understand.keep_ration'; did you mean 'understand.keep_ratio'"):
        config.load("local", {"understand.keep_ration": "0.3"})


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        config.load("local", {"spark.mastre": "x", "understand.keep_ratio": "many"})

    assert "spark.mastre" in str(caught.value)
    assert "found 'many', expected float" in str(caught.value)


def test_a_whole_number_is_taken_for_a_real_one() -> None:
    assert config.load("local", {"understand.keep_ratio": "1"})["understand.keep_ratio"] == 1.0


def test_a_truth_value_is_not_taken_for_a_number() -> None:
    with pytest.raises(UsageError, match="found True, expected int"):
        config.load("local", {"spark.shuffle_partitions": "true"})


def test_an_unknown_environment_is_refused() -> None:
    with pytest.raises(UsageError, match="did you mean 'yarn'"):
        config.load("yran", {})


@pytest.mark.parametrize("pair", ["novalue", "=x"])
def test_an_assignment_without_key_or_value_is_refused(pair: str) -> None:
    with pytest.raises(UsageError, match="not of the form key=value"):
        config.parse_assignments([pair])


def test_a_value_may_hold_equal_signs() -> None:
    assert config.parse_assignments(["a.b=c=d"]) == {"a.b": "c=d"}


def test_a_section_is_returned_without_its_prefix() -> None:
    assert config.load("local", {}).section("spark")["master"] == "local[2]"
