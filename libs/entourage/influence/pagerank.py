"""Rank the vertices of a graph by GraphFrames' PageRank.

in: vertices and edges by integer ids ▶ out: one rank a vertex. A solver: its loop runs actions.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from entourage.schemas import Workspace

# Ranks are kept as whole billionths of the mean rank: sums of floats depend on the order in which a shuffle delivers
# them, sums of integers don't, so ties stay ties and a second run gives the same table.
RANK_UNITS = 1_000_000_000


def pagerank(
    vertices: DataFrame,
    edges: DataFrame,
    *,
    damping: float,
    max_iterations: int,
    tolerance: float,
    workspace: Workspace,
) -> DataFrame:
    """Rank every vertex (a solver: iterates in GraphFrames).

    GraphFrames does not spread the rank of vertices without outgoing edges, and rescales all ranks to a mean of 1. At
    convergence both forms are proportional: divide by the sum to get the PageRank that sums to 1. For the same reason
    the ranks of graphs without common vertices can be computed in one run and normalized graph by graph.

    Args:
        vertices: vertex (bigint), unique.
        edges: src, dst (bigint, both among the vertices), distinct; at least one row. Both frames are best read from
            files: each round reads what was cached of them, and lost blocks are computed anew from there.
        damping: probability of following an edge instead of starting anew, in (0, 1).
        max_iterations: rounds; the error shrinks at least by the damping with each.
        tolerance: change of a rank (mean 1) below which a vertex rests, in as many rounds as it takes; 0 for exactly
            `max_iterations` rounds of all vertices.
        workspace: keeps the result (`ranks`).

    Returns:
        One row a vertex: vertex, rank_units (bigint, > 0, mean `RANK_UNITS` over all graphs).

    References:
        L. Page, S. Brin, R. Motwani, T. Winograd: The PageRank Citation Ranking, 1999.
    """
    from graphframes import GraphFrame  # not needed by whoever reads the tables only

    graph = GraphFrame(vertices.select(F.col("vertex").alias("id")), edges.select("src", "dst"))
    if tolerance > 0:
        ranked = graph.pageRank(resetProbability=1.0 - damping, tol=tolerance)
    else:
        ranked = graph.pageRank(resetProbability=1.0 - damping, maxIter=max_iterations)
    units = F.round(F.col("pagerank") * RANK_UNITS).cast("bigint")
    ranks = workspace.keep("ranks", ranked.vertices.select(F.col("id").alias("vertex"), units.alias("rank_units")))
    ranked.unpersist()
    return ranks
