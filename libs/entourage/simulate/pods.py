"""Let small circles of people share whatever one of them posts, so that all look more important than they are.

in: persons' numbers ▶ out: Columns and ties. Who is in which pod follows from the number.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from entourage.simulate import accounts, draw
from entourage.simulate.params import SimulateParams
from entourage.simulate.people import BLOCK

SHARE_OF_BLOCKS = 0.15  # of the blocks of a hundred persons have a pod
FIRST, SIZE = 40, 8  # where in its block a pod sits
SHARES = 0.6  # chance that a member shares what another posts


def is_member(seed: int, person: Column) -> Column:
    """Tell whether a person is in a pod."""
    has_pod = draw.uniform(seed, "pod", F.floor(person / BLOCK)) < SHARE_OF_BLOCKS
    return has_pod & (person % BLOCK).between(FIRST, FIRST + SIZE - 1)


def are_mates(seed: int, one: Column, other: Column) -> Column:
    """Tell whether two entities are people of the same pod."""
    both_people = (accounts.kind_of(one) == accounts.PERSON) & (accounts.kind_of(other) == accounts.PERSON)
    first, second = accounts.index_of(one), accounts.index_of(other)
    same = F.floor(first / BLOCK) == F.floor(second / BLOCK)
    return both_people & same & is_member(seed, first) & is_member(seed, second)


def ties(spark: SparkSession, *, params: SimulateParams) -> DataFrame:
    """Let all members of a pod follow each other: `src`, `dst` (entities)."""
    rows = spark.range(0, params.people, 1, params.files).select(F.col("id").alias("person"))
    members = rows.where(is_member(params.seed, F.col("person")))
    mates = F.transform(
        F.sequence(F.lit(FIRST), F.lit(FIRST + SIZE - 1)), lambda slot: F.floor(F.col("person") / BLOCK) * BLOCK + slot
    )
    each = members.select("person", F.explode(mates).alias("mate"))
    others = each.where((F.col("mate") != F.col("person")) & (F.col("mate") < params.people))
    ends = (("person", "src"), ("mate", "dst"))
    return others.select(*(accounts.entity(accounts.PERSON, F.col(who)).alias(end) for who, end in ends))


def members(persons: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Say (truth) who is in which pod: `person`, `pod`."""
    person = F.col("person")
    taken = is_member(params.seed, person) & F.lit(params.has("pods"))
    return persons.where(taken).select("person", F.floor(person / BLOCK).alias("pod"))
