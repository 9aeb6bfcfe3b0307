"""Companies bear numbers in the right form that no company of the world bears."""

from __future__ import annotations

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from entourage.simulate import SimulateParams
from entourage.simulate.business import organizations


def _luhn(digits: str) -> int:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10


def test_numbers_of_companies_have_their_form_and_nobody_bears_them(spark: SparkSession) -> None:
    ids = spark.range(0, 3_000, 37, 1).union(spark.range(9_999_990, 10_000_000, 1, 1))
    rows = ids.select(organizations.siren(F.col("id")), organizations.lei(F.col("id"))).collect()
    assert len({siren for siren, _ in rows}) == len({lei for _, lei in rows}) == len(rows)
    for siren, lei in rows:
        assert len(siren) == 9
        assert siren[0] == "0"
        assert _luhn(siren) != 0  # wrong on purpose: nobody bears it
        assert len(lei) == 20
        assert int(lei) % 97 == 1


def test_parents_are_companies_and_no_company_is_its_own(spark: SparkSession) -> None:
    rows = organizations.companies(spark, params=SimulateParams(people=4_000)).collect()
    known = {row["company_id"] for row in rows}
    assert len(known) == len(rows) == organizations.count(4_000)
    parents = [(row["company_id"], row["parent_id"]) for row in rows if row["parent_id"]]
    assert len(parents) > 10
    assert all(parent in known and parent != own for own, parent in parents)
