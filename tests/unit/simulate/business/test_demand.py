"""Orders follow from the draws alone; switched off alone, a mechanism takes just the orders that the truth says."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from entourage.simulate import SimulateParams, graph, people
from entourage.simulate.business import catalog, demand, occasions, programs
from entourage.simulate.business.scenarios import scenarios
from entourage.tables import ScratchSpace

PEOPLE = 2_000
MONTHS = 8
OFF = ("referral",)
OFF_SLOW = ("campaign:black_week", "time_effect", "program:makeover", "program:friends")


def _outcomes(spark: SparkSession, folder: Path, params: SimulateParams) -> DataFrame:
    workspace = ScratchSpace(spark, str(folder))
    persons = workspace.keep("persons", people.persons(spark, params=params))
    edges = graph.edges(graph.ties(spark, params=params), params=params)
    followed = programs.followed_guests(edges, params=params)
    arisen = workspace.keep("occasions", occasions.occasions(persons, followed, params=params))
    return workspace.keep("outcomes", demand.outcomes(arisen, params=params, workspace=workspace))


@pytest.fixture(scope="module")
def outcomes(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> DataFrame:
    return _outcomes(spark, tmp_path_factory.mktemp("demand"), SimulateParams(people=PEOPLE, history_months=MONTHS))


def _keys(outcomes: DataFrame, scenario: str) -> set[int]:
    return {row[0] for row in outcomes.where(demand.is_in(F.col("mask"), scenario)).select("occasion_key").collect()}


@pytest.mark.parametrize("mechanism", [*OFF, *(pytest.param(name, marks=pytest.mark.slow) for name in OFF_SLOW)])
def test_a_world_without_a_mechanism_is_the_one_foretold(
    spark: SparkSession, outcomes: DataFrame, tmp_path: Path, mechanism: str
) -> None:
    without = _outcomes(spark, tmp_path, SimulateParams(people=PEOPLE, history_months=MONTHS, without=(mechanism,)))
    assert _keys(without, "actual") == _keys(outcomes, mechanism)


def test_each_mechanism_that_runs_makes_a_difference(outcomes: DataFrame) -> None:
    actual = _keys(outcomes, "actual")
    idle = {"campaign:winter_brochure"}  # its only variant lifts nothing
    moved = {name for name in scenarios()[1:] if _keys(outcomes, name) != actual}
    assert len(actual) > 500
    assert {"referral", "time_effect", "program:makeover", "program:friends", "campaign:black_week"} <= moved
    assert not idle & moved


def test_guests_of_the_make_over_buy_less_while_it_runs_and_their_followers_more(outcomes: DataFrame) -> None:
    program = programs.hosting()[0]
    during = F.col("department").isin(*program.departments) & F.col("day").between(program.from_day, program.to_day)
    guest = programs.is_guest(1, F.col("person"), program)
    with_it, without = (demand.is_in(F.col("mask"), name) for name in ("actual", program.mechanism))
    row = (
        outcomes.where(during)
        .agg(
            F.count_if(guest & with_it),
            F.count_if(guest & without),
            F.count_if(~guest & with_it),
            F.count_if(~guest & without),
        )
        .first()
    )
    assert row is not None
    guests_with, guests_without, others_with, others_without = row
    assert guests_with < guests_without
    assert others_with > others_without


def test_without_referral_nobody_orders_more_and_each_order_lost_names_a_friend(outcomes: DataFrame) -> None:
    alone, actual = (demand.is_in(F.col("mask"), name) for name in ("referral", "actual"))
    assert outcomes.where(alone & ~actual).count() == 0
    prompted = outcomes.where(actual & ~alone)
    assert prompted.count() > 20
    assert prompted.where("because_of_key IS NULL OR because_of_person = person").count() == 0


def test_a_larger_world_has_the_orders_of_the_smaller(spark: SparkSession, outcomes: DataFrame, tmp_path: Path) -> None:
    few = _outcomes(spark, tmp_path, SimulateParams(people=200, history_months=MONTHS))
    first = outcomes.where("person < 200")
    assert few.select("occasion_key", "mask").exceptAll(first.select("occasion_key", "mask")).count() == 0
    assert few.count() == first.count()


def test_articles_have_numbers_that_check_and_a_code_a_department() -> None:
    for product in catalog.products():
        digits = [int(digit) for digit in product.gtin]
        assert len(digits) == 13
        assert sum(digit * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10 == 0
    codes = [(product.department, product.code) for product in catalog.products()]
    assert len(set(codes)) == len(codes)
    assert len({product.gtin for product in catalog.products()}) == len(codes)
