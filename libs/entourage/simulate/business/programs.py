"""Choose the guests of programs, and find who follows them.

in: persons' numbers, edges ▶ out: Columns and frames.
"""

from __future__ import annotations

from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.simulate import accounts, draw, pods
from entourage.simulate.business.catalog import Program, programs
from entourage.simulate.params import SimulateParams
from entourage.simulate.people import topic_of

MOST_GUESTS = 3  # followed guests that count


def is_guest(seed: int, person: Column, program: Program) -> Column:
    """Tell whether a person is a guest of a program: some of those whose taste is one of its departments."""
    u = draw.uniform(seed, f"guest:{program.id}", person)
    return topic_of(person).isin(*program.departments) & (u < program.guests_share)


def hosting() -> tuple[Program, ...]:
    """Return the programs that have guests."""
    return tuple(program for program in programs() if program.guests_share > 0)


def followed_guests(edges: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Count the guests whom each person followed when the program began.

    Only guests who came into the world before their followers: a larger world then leaves the smaller one as it was.

    Returns:
        One row a person who follows any: `person`, and for each program with guests `guests_ID` (1 and up).
    """
    src, dst = F.col("src"), F.col("dst")
    among_people = (accounts.kind_of(src) == accounts.PERSON) & (accounts.kind_of(dst) == accounts.PERSON)
    # What pods follow for each other moves nobody.
    rows = edges.where(among_people & (dst < src) & ~pods.are_mates(params.seed, src, dst)).select(
        accounts.index_of(src).alias("person"), accounts.index_of(dst).alias("guest"), "followed_ms"
    )
    start_ms = accounts.epoch_ms(params)
    seen = {
        program.id: is_guest(params.seed, F.col("guest"), program)
        & (F.col("followed_ms") < start_ms + program.from_day * accounts.DAY_MS)
        for program in hosting()
    }
    marked = draw.settled(rows, {f"is_{name}": flag for name, flag in seen.items()})
    any_guest = reduce(or_, (F.col(f"is_{name}") for name in seen))
    return (
        marked.where(any_guest)
        .groupBy("person")
        .agg(
            *(
                F.count_distinct(F.when(F.col(f"is_{name}"), F.col("guest"))).cast("int").alias(f"guests_{name}")
                for name in seen
            )
        )
    )
