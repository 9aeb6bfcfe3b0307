"""Score accounts and persons by who listens to them.

in: silver.edges, gold.crosswalk ▶ out: rows of gold.influence for one day. `score_influence` is a solver: it runs
actions, since PageRank iterates.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from entourage.influence import graphs
from entourage.influence.pagerank import pagerank
from entourage.influence.reach import reach
from entourage.rows import local_frame
from entourage.schemas import Workspace, spark_schema


@dataclass(frozen=True)
class InfluenceParams:
    """What counts as listening, and how exactly influence is computed."""

    verbs: tuple[str, ...] = ("follow",)  # verbs of silver.edges that carry rank
    damping: float = 0.85  # probability of following an edge instead of starting anew
    max_iterations: int = 50  # rounds of PageRank
    tolerance: float = 0.0  # change of a rank (mean 1) at which a vertex rests; 0: max_iterations rounds
    exact_paths: int = 5_000_000  # paths of two edges up to which reach_2 is exact


def score_influence(
    edges: DataFrame, crosswalk: DataFrame, *, as_of: dt.date, params: InfluenceParams, workspace: Workspace
) -> DataFrame:
    """Score every account and person that follows or is followed (a solver: iterates PageRank, counts paths).

    Args:
        edges: columns of silver.edges.
        crosswalk: columns of gold.crosswalk; its current accounts are contracted to persons.
        as_of: the day that the scores hold for.
        params: verbs, rank and reach.
        workspace: scratch tables (`follows`, `persons`, `edges`, `vertices`, `arcs`, `ranks`, `reaches`).

    Returns:
        Rows of gold.influence, key entity_kind, entity_id, network, topic, as_of: accounts within their network and
        within all networks, persons within all. Who neither follows nor is followed has no row.
    """
    follows = workspace.keep("follows", graphs.followings(edges, verbs=params.verbs, as_of=as_of))
    persons = workspace.keep("persons", graphs.persons_of_accounts(crosswalk))
    graph_edges = graphs.account_edges(follows, graphs.mixed_networks(follows))
    if not persons.isEmpty():  # else the graph of persons would be that of accounts once more
        graph_edges = graph_edges.unionByName(graphs.person_edges(follows, persons))
    graph_edges = workspace.keep("edges", graph_edges)
    vertices = workspace.keep("vertices", graphs.indexed_vertices(graph_edges))
    arcs = workspace.keep("arcs", graphs.arcs(graph_edges, vertices))
    if arcs.isEmpty():
        return local_frame(edges.sparkSession, [], spark_schema("gold.influence"))
    ranks = pagerank(
        vertices,
        arcs,
        damping=params.damping,
        max_iterations=params.max_iterations,
        tolerance=params.tolerance,
        workspace=workspace,
    )
    reaches = workspace.keep("reaches", reach(arcs, exact_paths=params.exact_paths))
    measures = measured_entities(vertices, ranks, reaches)
    entities = entities_by_network(measures, persons=persons, networks=graphs.account_networks(follows))
    return scored(entities, as_of=as_of)


def measured_entities(vertices: DataFrame, ranks: DataFrame, reaches: DataFrame) -> DataFrame:
    """Bring rank and reach of a vertex back to its name.

    Args:
        vertices: vertex, entity_kind, network, entity_id.
        ranks: vertex, rank_units.
        reaches: vertex, reach_1, reach_2; vertices that nobody follows are absent.

    Returns:
        One row a vertex: entity_kind, network, entity_id, rank_units, reach_1, reach_2.
    """
    ranked = (
        vertices.alias("v")
        .join(ranks.alias("r"), on=F.col("v.vertex") == F.col("r.vertex"), how="inner")
        .select("v.*", "r.rank_units")
    )
    return (
        ranked.alias("v")
        .join(reaches.alias("r"), on=F.col("v.vertex") == F.col("r.vertex"), how="left")
        .select(
            *(f"v.{name}" for name in (*graphs.GRAPH, "entity_id", "rank_units")),
            F.coalesce(F.col("r.reach_1"), F.lit(0)).alias("reach_1"),
            F.coalesce(F.col("r.reach_2"), F.lit(0)).alias("reach_2"),
        )
    )


def entities_by_network(measures: DataFrame, *, persons: DataFrame, networks: DataFrame) -> DataFrame:
    """Return what is reported: accounts in all networks and in their own, and persons.

    Args:
        measures: entity_kind, network, entity_id and measures, one row a vertex of a ranked graph.
        persons: account_id, person_id: vertices of the graph of persons that are none are left out.
        networks: account_id, network: where each account acts.

    Returns:
        Columns of `measures`, one row an entity and network. A network without a graph of its own takes the measures
        from the graph of all.
    """
    is_person = F.col("m.entity_kind") == graphs.PERSON
    names = [f"m.{name}" for name in measures.columns]
    of_persons = (
        measures.alias("m")
        .where(is_person)
        .join(persons.alias("p"), on=F.col("m.entity_id") == F.col("p.person_id"), how="left_semi")
        .select(*names)
    )
    of_accounts = measures.alias("m").where(~is_person).select(*names)
    own_graphs = of_accounts.where(F.col("network") != graphs.ALL).select("network").distinct()
    missing = (
        networks.alias("n")
        .join(F.broadcast(own_graphs).alias("o"), on=F.col("n.network") == F.col("o.network"), how="left_anti")
        .select("account_id", "network")
    )
    inherited = (
        of_accounts.where(F.col("network") == graphs.ALL)
        .alias("m")
        .join(missing.alias("n"), on=F.col("m.entity_id") == F.col("n.account_id"), how="inner")
        .select("m.entity_kind", "n.network", *(name for name in names if name not in {"m.entity_kind", "m.network"}))
    )
    return of_accounts.unionByName(inherited).unionByName(of_persons)


def scored(entities: DataFrame, *, as_of: dt.date) -> DataFrame:
    """Normalize ranks within kind and network, and place each entity among the others.

    Args:
        entities: entity_kind, network, entity_id, rank_units, reach_1, reach_2.
        as_of: the day that the scores hold for.

    Returns:
        Rows of gold.influence, as many as entities. `pagerank` sums to 1 within kind and network; `score` is 100 times
        the share of the others whose pagerank is smaller (equal ones get the same, a single one 0); `rank` counts from
        1, equal ones in the order of their ids.
    """
    group = Window.partitionBy("entity_kind", "network")
    rank_total = F.sum("rank_units").over(group)
    return entities.select(
        "entity_kind",
        "entity_id",
        "network",
        F.lit(graphs.ALL).alias("topic"),
        F.lit(as_of).alias("as_of"),
        (F.col("rank_units") / rank_total).alias("pagerank"),
        (F.percent_rank().over(group.orderBy("rank_units")) * 100).alias("score"),
        "reach_1",
        "reach_2",
        F.row_number().over(group.orderBy(F.desc("rank_units"), "entity_id")).cast("bigint").alias("rank"),
    )
