from __future__ import annotations

import math

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.testing import assertDataFrameEqual

from entourage.identity import model, scoring
from entourage.identity.comparisons import COMPARISONS
from entourage.identity.model import Model, ScoringParams
from entourage.rows import local_frame

PRIOR = model.learn([], randoms=[], record_count=1_000, params=ScoringParams())
BARE = Model(PRIOR.m, PRIOR.u, PRIOR.h, 0.001, 1e-300, 1, ())
TABLES = {c.name: c for c in COMPARISONS}


def _compared(spark: SparkSession, rows: list[dict[str, float]]) -> DataFrame:
    names = [c.name for c in COMPARISONS]
    levels = ", ".join(f"{name} tinyint" for name in (*names, "login", "social"))
    ratios = ("given_ratio", "family_ratio", "city_ratio", "postcode_ratio")
    schema = f"record_id_l string, record_id_r string, match_key string, {levels}, " + ", ".join(
        f"{r} double" for r in ratios
    )
    filled = [
        (
            f"l{n}",
            f"r{n}",
            "names",
            *(row.get(name, -1) for name in (*names, "login", "social")),
            *(row.get(r) for r in ratios),
        )
        for n, row in enumerate(rows)
    ]
    return local_frame(spark, filled, schema).coalesce(1)


def test_the_weight_is_the_sum_of_the_logarithms_of_m_over_u_and_of_the_prior(spark: SparkSession) -> None:
    scored = (
        scoring.score(_compared(spark, [{"birth_date": 4, "email": 0}, {}]), model=BARE)
        .orderBy("record_id_l")
        .collect()
    )
    prior = math.log2(0.001 / 0.999)
    birth, email = TABLES["birth_date"], TABLES["email"]
    expected = prior + math.log2(birth.m[4] / birth.u[4]) + math.log2(email.m[0] / email.u[0])
    assert scored[0].match_weight == pytest.approx(expected, abs=1e-6)
    assert scored[0].match_probability == pytest.approx(1 / (1 + 2**-expected), abs=1e-6)
    assert scored[1].match_weight == pytest.approx(prior, abs=1e-6)
    assert scored[0].gammas == {**dict.fromkeys((*TABLES, "login", "social"), -1), "birth_date": 4, "email": 0}


def test_a_rare_name_says_more_than_a_common_one(spark: SparkSession) -> None:
    rows = [{"family": 3, "family_ratio": 0.0001}, {"family": 3, "family_ratio": 0.02}]
    rare, common = scoring.score(_compared(spark, rows), model=BARE).orderBy("record_id_l").collect()
    assert rare.match_weight - common.match_weight == pytest.approx(math.log2(0.02 / 0.0001), abs=1e-6)


def test_a_proved_id_decides_unless_names_and_dates_contradict_it(spark: SparkSession) -> None:
    rows = [{"login": 1, "given": 0, "birth_date": -1}, {"social": 1, "given": 0, "birth_date": 0}, {"login": 0}]
    scored = scoring.score(_compared(spark, rows), model=PRIOR)
    told = scored.select("record_id_l", "is_proved", "is_contradicted").collect()
    assert [tuple(row) for row in told] == [("l0", True, False), ("l1", False, True), ("l2", False, False)]
    assert scored.where("record_id_l = 'l0'").first().match_probability == 1.0  # type: ignore[union-attr]


def test_a_couple_at_one_address_is_two_persons(spark: SparkSession) -> None:
    home = {"family": 3, "family_ratio": 0.001, "area": 4, "postcode_ratio": 0.001, "street": 3, "phone": 2, "email": 3}
    rows = [{**home, "given": 0, "birth_date": 0}, {**home, "given": 4, "given_ratio": 0.01, "birth_date": 4}]
    couple, same = scoring.score(_compared(spark, rows), model=PRIOR).orderBy("record_id_l").collect()
    assert couple.match_probability < 0.2
    assert same.match_probability > 0.999


def test_random_pairs_are_drawn_the_same_way_each_time_and_ordered(spark: SparkSession) -> None:
    records = spark.range(200).selectExpr("concat('r', id) as record_id")
    params = ScoringParams(random_pair_count=2_000)
    one = scoring.random_pairs(records, record_count=200, params=params)
    again = scoring.random_pairs(records.repartition(3), record_count=200, params=params)
    assertDataFrameEqual(one, again)
    assert one.where("record_id_l >= record_id_r").count() == 0
    assert 1_000 < one.count() < 3_000
