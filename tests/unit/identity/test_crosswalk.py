from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from entourage import schemas
from entourage.identity import crosswalk
from entourage.rows import local_frame
from entourage.tables import ScratchSpace

DAY_1, DAY_2, DAY_3 = (dt.date(2026, 6, day) for day in (1, 2, 3))
Run = Callable[[dict[str, str], dt.date], "crosswalk.Carried"]
LINKS = "source_id string, source_kind string, cluster_id string, how string, basis string, match_probability double"


class Lake:
    """The crosswalk and the log as a lake would keep them."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.spark, self.folder, self.turn = spark, folder, 0
        self.rows: list[Any] = []
        self.events: set[tuple[str, ...]] = set()
        self.redirects: dict[str, str] = {}

    def run(self, clusters: str, day: dt.date, basis: str = "contract") -> None:
        """Resolve sources written as groups of letters: `ab c`."""
        links = [(source, "record", group[0], "match", basis, None) for group in clusters.split() for source in group]
        self.turn += 1
        known: DataFrame = local_frame(self.spark, self.rows, schemas.spark_schema("gold.crosswalk"))
        carried = crosswalk.carry_over(
            local_frame(self.spark, links, LINKS), crosswalk=known, as_of=day,
            workspace=ScratchSpace(self.spark, f"{self.folder}/{self.turn}"),
        )  # fmt: skip
        self.rows = carried.crosswalk.collect()
        self.events |= {tuple(row) for row in carried.events.collect()}
        earlier = [(old, new, dt.datetime(2026, 6, 1)) for old, new in self.redirects.items()]
        so_far = local_frame(self.spark, earlier, schemas.spark_schema("gold.id_redirects"))
        self.redirects |= {r[0]: r[1] for r in crosswalk.follow(so_far, added=carried.redirects).collect()}

    def person(self, source: str) -> str:
        (found,) = [row.person_id for row in self.rows if row.source_id == source and row.valid_to is None]
        return str(found)

    def kinds(self) -> list[str]:
        return sorted(event[1] for event in self.events)

    def state(self) -> tuple[list[Any], int, dict[str, str]]:
        return sorted(self.rows), len(self.events), dict(self.redirects)


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:  # type: ignore[override]
    return Lake(spark, tmp_path)


def test_the_first_run_creates_persons_and_a_second_one_changes_nothing(lake: Lake) -> None:
    lake.run("ab c", DAY_1)
    first = lake.state()
    assert lake.person("a") == lake.person("b") != lake.person("c")
    assert lake.kinds() == ["create", "create"]
    lake.run("ab c", DAY_1)
    lake.run("ab c", DAY_2)
    assert lake.state() == first


def test_a_merged_person_keeps_the_larger_parts_id_and_the_other_redirects(lake: Lake) -> None:
    lake.run("ab c", DAY_1)
    large, small = lake.person("a"), lake.person("c")
    lake.run("abc", DAY_2)
    assert {lake.person(source) for source in "abc"} == {large}
    assert lake.redirects == {small: large}
    assert lake.kinds() == ["create", "create", "merge"]
    history = sorted((row.source_id, row.valid_from.day, row.valid_to and row.valid_to.day) for row in lake.rows)
    assert history == [("a", 1, None), ("b", 1, None), ("c", 1, 2), ("c", 2, None)]


def test_the_larger_part_of_a_split_keeps_the_id_even_without_the_smallest_record(lake: Lake) -> None:
    lake.run("abc", DAY_1)
    whole = lake.person("a")
    lake.run("a bc", DAY_2)
    assert lake.person("b") == lake.person("c") == whole != lake.person("a")
    assert lake.kinds() == ["create", "split"]
    assert lake.redirects == {}


def test_a_split_on_the_day_of_creation_does_not_mint_the_same_id_twice(lake: Lake) -> None:
    lake.run("abc", DAY_1)
    lake.run("a bc", DAY_1)
    assert lake.person("a") != lake.person("b")
    assert all(row.valid_to is None for row in lake.rows)


def test_parts_that_change_partners_each_find_their_person_again(lake: Lake) -> None:
    lake.run("abcd ef", DAY_1)
    first, second = lake.person("a"), lake.person("e")
    lake.run("abc def", DAY_2)
    assert (lake.person("a"), lake.person("d"), lake.person("e")) == (first, second, second)


def test_a_new_smaller_record_does_not_change_the_id(lake: Lake) -> None:
    lake.run("bc", DAY_1)
    before = lake.person("b")
    lake.run("abc", DAY_2)
    assert lake.person("a") == before


def test_a_record_that_is_gone_ends_and_its_person_retires_without_an_heir(lake: Lake) -> None:
    lake.run("ab c", DAY_1)
    lake.run("ab", DAY_2)
    assert [(row.valid_from.day, row.valid_to.day) for row in lake.rows if row.source_id == "c"] == [(1, 2)]
    assert lake.kinds() == ["create", "create", "retire"]
    assert lake.redirects == {}


def test_redirects_follow_their_heir_when_it_retires_too(lake: Lake) -> None:
    lake.run("ab c defg", DAY_1)
    ab, c, large = lake.person("a"), lake.person("c"), lake.person("d")
    lake.run("abc defg", DAY_2)
    lake.run("abcdefg", DAY_3)
    assert lake.redirects == {c: large, ab: large}


def test_a_new_basis_opens_a_new_span_of_the_same_person(lake: Lake) -> None:
    lake.run("a", DAY_1, basis="self_provided")
    person = lake.person("a")
    lake.run("a", DAY_2, basis="consent")
    assert lake.person("a") == person
    assert sorted((row.basis, row.valid_to is None) for row in lake.rows) == [
        ("consent", True),
        ("self_provided", False),
    ]
