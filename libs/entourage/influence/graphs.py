"""Turn acts of accounts into graphs to rank, with dense integer vertices.

in: silver.edges, gold.crosswalk ▶ out: edges and vertices of disjoint graphs: one of all accounts, one of persons, and
one of each network that cannot be read off the graph of all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

ALL = "all"
ACCOUNT = "account"
PERSON = "person"
GRAPH = ("entity_kind", "network")
INDEX_BUCKETS = 1024


def followings(edges: DataFrame, *, verbs: Sequence[str], as_of: dt.date) -> DataFrame:
    """Return who listens to whom on one day.

    Args:
        edges: network, src_account_id, dst_account_id, verb, occurred_at, ended_at. An unknown (NULL) `occurred_at`
            counts as long ago; a NULL end as not ended; a NULL account drops the row.
        verbs: kinds of act that count as listening.
        as_of: the day, in UTC; acts of the day itself count.

    Returns:
        One row a network and pair: network, src (listens), dst (is listened to), without self-loops. Never more rows
        than edges.
    """
    has_begun = F.coalesce(F.to_date("occurred_at") <= F.lit(as_of), F.lit(True))
    has_not_ended = F.coalesce(F.to_date("ended_at") > F.lit(as_of), F.lit(True))
    is_other = F.col("src_account_id") != F.col("dst_account_id")
    return (
        edges.where(F.col("verb").isin(*verbs) & has_begun & has_not_ended & is_other)
        .select("network", F.col("src_account_id").alias("src"), F.col("dst_account_id").alias("dst"))
        .distinct()
    )


def persons_of_accounts(crosswalk: DataFrame) -> DataFrame:
    """Return the current person of each linked account.

    Args:
        crosswalk: source_id, source_kind, person_id, valid_to.

    Returns:
        One row an account: account_id, person_id. Should two rows claim one account, the smaller person id holds.
    """
    is_current_account = (F.col("source_kind") == ACCOUNT) & F.col("valid_to").isNull()
    accounts = crosswalk.where(is_current_account).groupBy(F.col("source_id").alias("account_id"))
    return accounts.agg(F.min("person_id").alias("person_id"))


def mixed_networks(follows: DataFrame) -> DataFrame:
    """Return the networks that share an account with another one.

    All others are closed parts of the graph of all accounts: unscaled PageRank and reach are the same in both graphs.

    Returns:
        One row a network: network. Empty for ids of the form network:native_id, unless an edge crosses networks.
    """
    memberships = account_networks(follows)
    networks = F.collect_set("network").alias("networks")
    shared = memberships.groupBy("account_id").agg(networks).where(F.size("networks") > 1)
    return shared.select(F.explode("networks").alias("network")).distinct()


def account_networks(follows: DataFrame) -> DataFrame:
    """Return where each account acts: one row an account and network (account_id, network)."""
    ends = F.explode(F.array("src", "dst")).alias("account_id")
    return follows.select(ends, "network").distinct()


def account_edges(follows: DataFrame, mixed: DataFrame) -> DataFrame:
    """Return the edges of the graph of all accounts, and of each mixed network; no two graphs share a vertex.

    Args:
        follows: network, src, dst, from `followings`.
        mixed: network, from `mixed_networks`.

    Returns:
        One row a graph and pair: entity_kind, network, src, dst.
    """
    accounts = follows.select(F.lit(ACCOUNT).alias("entity_kind"), F.lit(ALL).alias("network"), "src", "dst").distinct()
    apart = (
        follows.alias("f")
        .join(F.broadcast(mixed).alias("m"), on=F.col("f.network") == F.col("m.network"), how="left_semi")
        .select(F.lit(ACCOUNT).alias("entity_kind"), "network", "src", "dst")
    )
    return accounts.unionByName(apart)


def person_edges(follows: DataFrame, persons: DataFrame) -> DataFrame:
    """Return the edges of the graph in which the accounts of one person are one vertex.

    Args:
        follows: network, src, dst, from `followings`.
        persons: account_id, person_id, from `persons_of_accounts`.

    Returns:
        One row a pair: entity_kind, network, src, dst. Edges among the accounts of one person vanish; accounts without
        a person stay what they are: they listen too.
    """
    sources = _contracted(follows.select("src", "dst"), persons, end="src")
    contracted = _contracted(sources, persons, end="dst").where(F.col("src") != F.col("dst")).distinct()
    return contracted.select(F.lit(PERSON).alias("entity_kind"), F.lit(ALL).alias("network"), "src", "dst")


def indexed_vertices(edges: DataFrame) -> DataFrame:
    """Number the vertices of all graphs densely from 0, the same way for the same vertices.

    Numbering within hash buckets and adding the sizes of the buckets before needs no global sort.

    Returns:
        One row a graph and vertex: vertex (bigint), entity_kind, network, entity_id.
    """
    ends = F.explode(F.array("src", "dst")).alias("entity_id")
    bucket = F.pmod(F.xxhash64(*GRAPH, "entity_id"), F.lit(INDEX_BUCKETS)).alias("bucket")
    vertices = edges.select(*GRAPH, ends).distinct().select("*", bucket)
    sizes = vertices.groupBy("bucket").agg(F.count(F.lit(1)).alias("size"))
    before = Window.orderBy("bucket").rowsBetween(Window.unboundedPreceding, -1)
    offsets = sizes.select("bucket", F.coalesce(F.sum("size").over(before), F.lit(0)).alias("offset"))
    position = F.row_number().over(Window.partitionBy("bucket").orderBy("entity_id", *GRAPH)) - 1
    numbered = vertices.select("*", position.alias("position"))
    return (
        numbered.alias("v")
        .join(F.broadcast(offsets).alias("o"), on=F.col("v.bucket") == F.col("o.bucket"), how="inner")
        .select((F.col("o.offset") + F.col("v.position")).alias("vertex"), *(f"v.{n}" for n in (*GRAPH, "entity_id")))
    )


def arcs(edges: DataFrame, vertices: DataFrame) -> DataFrame:
    """Return the edges of all graphs by the numbers of their vertices: one row an edge (src, dst, both bigint)."""
    sources = (
        edges.alias("e")
        .join(vertices.alias("v"), on=_is_vertex(end="src"), how="inner")
        .select(F.col("v.vertex").alias("src_vertex"), *(f"e.{name}" for name in (*GRAPH, "dst")))
    )
    return (
        sources.alias("e")
        .join(vertices.alias("v"), on=_is_vertex(end="dst"), how="inner")
        .select(F.col("e.src_vertex").alias("src"), F.col("v.vertex").alias("dst"))
    )


def _contracted(pairs: DataFrame, persons: DataFrame, *, end: str) -> DataFrame:
    entity = F.coalesce(F.col("p.person_id"), F.col(f"f.{end}")).alias(end)
    other = "dst" if end == "src" else "src"
    return (
        pairs.alias("f")
        .join(persons.alias("p"), on=F.col(f"f.{end}") == F.col("p.account_id"), how="left")
        .select(entity, f"f.{other}")
    )


def _is_vertex(*, end: str) -> Column:
    same_graph = (F.col("e.entity_kind") == F.col("v.entity_kind")) & (F.col("e.network") == F.col("v.network"))
    return same_graph & (F.col(f"e.{end}") == F.col("v.entity_id"))
