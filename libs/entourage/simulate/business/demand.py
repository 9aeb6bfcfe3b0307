"""Let orders prompt orders of friends, in the world that happens and in those where a mechanism is off.

in: occasions ▶ out: outcomes. A solver: each round needs the orders of the round before, kept in the workspace. A
friend's order counts in the next round, so that what one order brings about is followed for as many steps as there are
rounds. Each scenario is carried as a bit: the outcomes of all come from the same draws.
"""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.schemas import Workspace
from entourage.simulate import accounts as owners
from entourage.simulate import draw, graph, reactions
from entourage.simulate.business.catalog import departments
from entourage.simulate.business.occasions import MOST_NEED, UNIT
from entourage.simulate.business.scenarios import scenarios
from entourage.simulate.params import SimulateParams

ROUNDS = 3
TRUST = 1.1  # what an order of a friend of quality 1 adds for the most susceptible, in usual chances


def outcomes(occasions: DataFrame, *, params: SimulateParams, workspace: Workspace) -> DataFrame:
    """Decide which occasions end in an order, in each scenario.

    Args:
        occasions: see occasions.py.
        params: of the world.
        workspace: where each round is kept.

    Returns:
        One row an occasion that ends in an order in some scenario: its columns, `mask` (bit n: it does in scenario n),
        `because_of_key` and `because_of_person` (the friend's order that weighed most; NULL where no friend had
        ordered).
    """
    may_order = F.exists("needs", lambda need: need <= MOST_NEED)
    possible = workspace.keep("possible", occasions.where(may_order & (F.col("day") < params.days)))
    heard = workspace.keep("heard", _heard(possible, seed=params.seed))
    ordered = possible.select(*_ORDERED, _mask(lambda n: F.get("needs", F.lit(n)) <= 0).alias("mask")).where(
        "mask != 0"
    )
    decided = ordered
    for turn in range(1, ROUNDS + 1):
        decided = workspace.keep(f"decided_{turn}", _decided(possible, _brought(heard, ordered)))
        ordered = decided.select(*_ORDERED, "mask")
    return decided


def is_in(mask: Column, scenario: str) -> Column:
    """Tell whether an order happens in a scenario."""
    return _bit(mask, scenarios().index(scenario))


_ORDERED = ("occasion_key", "person", "department", "day")


def _mask(holds: Callable[[int], Column]) -> Column:
    """Return a number whose bit n tells whether something holds in scenario n."""
    bits = [F.when(holds(n), F.lit(1 << n)).otherwise(0) for n in range(len(scenarios()))]
    return sum(bits[1:], start=bits[0]).cast("bigint")


def _bit(mask: Column, number: int) -> Column:
    return mask.bitwiseAND(F.lit(1 << number).cast("bigint")) != 0


def _heard(occasions: DataFrame, *, seed: int) -> DataFrame:
    """Return one row an occasion and friend, the head of the household among them: with what his order weighs."""
    person = F.col("person")
    friends = F.array(*(graph.friend(seed, person, turn) for turn in range(1, graph.FRIENDS + 1)), F.col("household"))
    each = occasions.select(*_ORDERED, "susceptibility", F.explode(F.array_distinct(friends)).alias("friend"))
    others = each.where("friend >= 0 AND friend != person")
    quality = reactions.quality(seed, owners.entity(owners.PERSON, F.col("friend")))
    weight = F.floor(UNIT * TRUST * F.col("susceptibility") * (0.25 + quality)).cast("int")
    return others.select("occasion_key", "department", "day", "friend", weight.alias("weight"))


def _brought(heard: DataFrame, ordered: DataFrame) -> DataFrame:
    """Return, for each occasion of which friends ordered the like shortly before, what they bring in each scenario."""
    window = draw.lookup_number([each.window for each in departments()], F.col("h.department"))
    is_friends = (F.col("h.friend") == F.col("o.person")) & (F.col("h.department") == F.col("o.department"))
    is_recent = (F.col("o.day") < F.col("h.day")) & (F.col("o.day") >= F.col("h.day") - window)
    joined = heard.alias("h").join(ordered.alias("o"), on=is_friends & is_recent, how="inner")
    sums = [F.sum(F.when(_bit(F.col("o.mask"), n), F.col("h.weight")).otherwise(0)) for n in range(len(scenarios()))]
    by = F.struct("h.weight", "o.day", F.col("o.occasion_key").alias("key"), F.col("o.person").alias("person"))
    return joined.groupBy("h.occasion_key").agg(
        F.array(*sums).alias("brought"), F.max(F.when(_bit(F.col("o.mask"), 0), by)).alias("strongest")
    )


def _decided(possible: DataFrame, brought: DataFrame) -> DataFrame:
    """Return the occasions that end in an order in some scenario."""
    joined = possible.alias("o").join(
        brought.alias("b"), on=F.col("o.occasion_key") == F.col("b.occasion_key"), how="left"
    )
    mask = _mask(lambda n: F.get("o.needs", F.lit(n)) <= F.coalesce(F.get("b.brought", F.lit(n)), F.lit(0)))
    return joined.select(
        *(f"o.{name}" for name in possible.columns if name != "needs"),
        mask.alias("mask"),
        F.col("b.strongest.key").alias("because_of_key"),
        F.col("b.strongest.person").alias("because_of_person"),
    ).where("mask != 0")
