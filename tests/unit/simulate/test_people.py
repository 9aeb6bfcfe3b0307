"""Persons follow from their number: a larger world contains the smaller, households and communities by arithmetic."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from entourage.simulate import SimulateParams, people


def test_the_patterns_of_a_hundred_are_complete() -> None:
    pattern = people.communities()
    assert sum(people.HOUSEHOLD_SIZES) == people.BLOCK
    assert sorted(pattern.slots_by_topic) == list(range(people.BLOCK))
    assert Counter(pattern.topic_of_slot) == dict(enumerate(people.TOPICS.values()))
    assert all(
        pattern.slots_by_topic[pattern.offsets[topic] + pattern.rank_of_slot[slot]] == slot
        for slot, topic in enumerate(pattern.topic_of_slot)
    )


def test_a_larger_world_has_the_same_first_persons(spark: SparkSession) -> None:
    few = people.persons(spark, params=SimulateParams(people=30))
    many = people.persons(spark, params=SimulateParams(people=80))
    assertDataFrameEqual(many.where(F.col("person") < 30), few)


def test_another_seed_gives_other_persons(spark: SparkSession) -> None:
    first, second = (
        people.persons(spark, params=SimulateParams(people=20, seed=seed))
        .select("given_name", "family_name", "birth_date")
        .collect()
        for seed in (1, 2)
    )
    assert all(one != other for one, other in zip(first, second, strict=True))


def test_members_of_a_household_share_an_address_and_children_the_name(spark: SparkSession) -> None:
    persons = people.persons(spark, params=SimulateParams(people=300))
    homes = persons.groupBy("household").agg(
        F.count_distinct("address").alias("addresses"),
        F.count("*").alias("members"),
        F.first("household_size").alias("size"),
        F.count_distinct(F.when(F.col("role").isin("head", "child"), F.col("family_name"))).alias("names"),
    )
    wrong = homes.where("addresses <> 1 or members <> size or names > 1")
    assert homes.count() == 144
    assert wrong.count() == 0


def test_nobody_is_younger_than_sixteen(spark: SparkSession) -> None:
    params = SimulateParams(people=300)
    youngest = people.persons(spark, params=params).agg(F.max("birth_date")).first()
    assert youngest is not None
    assert youngest[0] <= params.start - dt.timedelta(days=int(16 * 365.25))


def test_strangers_have_telephone_numbers_of_their_own_from_ranges_for_fiction(spark: SparkSession) -> None:
    persons = people.persons(spark, params=SimulateParams(people=300)).select("country", "phone").collect()
    fiction = {
        "FR": ("063998", "019900", "026191", "035301", "046571", "053649"),
        "GB": ("07700900", "01", "02", "03069990"),
        "US": tuple(str(area) for area in range(201, 990)),
    }
    assert len({row["phone"] for row in persons}) == 300
    assert all(row["phone"].startswith(fiction[row["country"]]) for row in persons)
    assert all(row["phone"][3:8] == "55501" for row in persons if row["country"] == "US")


def test_mail_reaches_nobody(spark: SparkSession) -> None:
    persons = people.persons(spark, params=SimulateParams(people=200))
    mails = persons.select(F.explode(F.array("email", "second_email")).alias("mail"))
    reserved = F.col("mail").rlike(r"^[a-z0-9._-]+@([a-z-]+\.)*(example|example\.(com|net|org))$")
    assert [row["mail"] for row in mails.where(~reserved).collect()] == []
