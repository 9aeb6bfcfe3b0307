"""Count who is reached: followers, and distinct followers of followers.

in: edges by integer ids ▶ out: reach_1 and reach_2 of each vertex that is followed. `reach` is a solver: it counts the
paths first, and chooses.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

# 4,096 registers: standard error 1.6 % of the counted set. 1,024 registers were measured to be biased by 3-4 %.
LG_REGISTERS = 12


def reach(edges: DataFrame, *, exact_paths: int) -> DataFrame:
    """Count followers, and followers of followers (a solver: counts paths before it chooses how).

    Args:
        edges: src (follows), dst (is followed), bigint, distinct, without self-loops.
        exact_paths: paths of two edges up to which all are joined; above, sets are sketched.

    Returns:
        One row a followed vertex: vertex, reach_1 (distinct followers), reach_2 (distinct followers of followers,
        without itself and its followers; exact, or within about 1.6 % of reach_1 + reach_2).
    """
    if two_paths(edges) <= exact_paths:
        return exact_reach(edges)
    return sketched_reach(edges)


def two_paths(edges: DataFrame) -> int:
    """Count the paths of two edges (a solver: one action over the degrees)."""
    followers = edges.groupBy(F.col("dst").alias("vertex")).agg(F.count(F.lit(1)).alias("in_degree"))
    followed = edges.groupBy(F.col("src").alias("vertex")).agg(F.count(F.lit(1)).alias("out_degree"))
    paths = (
        followers.alias("i")
        .join(followed.alias("o"), on=F.col("i.vertex") == F.col("o.vertex"), how="inner")
        .select((F.col("i.in_degree") * F.col("o.out_degree")).alias("paths"))
    )
    row = paths.agg(F.sum("paths").alias("paths")).first()
    return int(row["paths"] or 0) if row else 0


def exact_reach(edges: DataFrame) -> DataFrame:
    """Count by joining every path of two edges; columns as of `reach`."""
    second_hand = (
        edges.alias("near")
        .join(edges.alias("far"), on=F.col("near.src") == F.col("far.dst"), how="inner")
        .where(F.col("near.dst") != F.col("far.src"))
        .select(F.col("near.dst").alias("vertex"), F.col("far.src").alias("listener"), F.lit(0).alias("is_follower"))
    )
    first_hand = edges.select(
        F.col("dst").alias("vertex"), F.col("src").alias("listener"), F.lit(1).alias("is_follower")
    )
    listeners = (
        first_hand.unionByName(second_hand).groupBy("vertex", "listener").agg(F.max("is_follower").alias("is_follower"))
    )
    return listeners.groupBy("vertex").agg(
        F.sum("is_follower").cast("bigint").alias("reach_1"),
        F.sum(1 - F.col("is_follower")).cast("bigint").alias("reach_2"),
    )


def sketched_reach(edges: DataFrame) -> DataFrame:
    """Count by HyperLogLog sketches of followers; columns as of `reach`.

    The union of a vertex's own sketch with those of its followers holds its followers, theirs, and, where a follow is
    mutual, the vertex itself: both are known exactly and taken off.

    References:
        P. Flajolet, E. Fusy, O. Gandouet, F. Meunier: HyperLogLog, 2007 (Apache DataSketches' form).
    """
    follower_sets = edges.groupBy(F.col("dst").alias("vertex")).agg(
        F.hll_sketch_agg("src", LG_REGISTERS).alias("followers"), F.count(F.lit(1)).alias("reach_1")
    )
    passed_on = (
        edges.alias("e")
        .join(follower_sets.alias("f"), on=F.col("e.src") == F.col("f.vertex"), how="inner")
        .select(F.col("e.dst").alias("vertex"), "f.followers", F.lit(None).cast("bigint").alias("reach_1"))
    )
    listeners = (
        follower_sets.unionByName(passed_on)
        .groupBy("vertex")
        .agg(F.hll_sketch_estimate(F.hll_union_agg("followers")).alias("listeners"), F.max("reach_1").alias("reach_1"))
    )
    second_hand = F.col("l.listeners") - F.col("l.reach_1") - F.when(F.col("m.vertex").isNotNull(), 1).otherwise(0)
    return (
        listeners.alias("l")
        .join(_mutual(edges).alias("m"), on=F.col("l.vertex") == F.col("m.vertex"), how="left")
        .select("l.vertex", "l.reach_1", F.greatest(second_hand, F.lit(0)).cast("bigint").alias("reach_2"))
    )


def _mutual(edges: DataFrame) -> DataFrame:
    is_returned = (F.col("e.src") == F.col("r.dst")) & (F.col("e.dst") == F.col("r.src"))
    returned = edges.alias("e").join(edges.alias("r"), on=is_returned, how="left_semi")
    return returned.select(F.col("dst").alias("vertex")).distinct()
