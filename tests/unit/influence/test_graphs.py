from __future__ import annotations

import datetime as dt

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from entourage.influence import graphs
from entourage.rows import local_frame

AS_OF = dt.date(2026, 6, 15)
BEFORE = dt.datetime(2026, 6, 1, 12)
AFTER = dt.datetime(2026, 6, 16)
EDGES = (
    "network string, src_account_id string, dst_account_id string, verb string, occurred_at timestamp, "
    "ended_at timestamp"
)
FOLLOWS = "network string, src string, dst string"
GRAPH_EDGES = "entity_kind string, network string, src string, dst string"
PERSONS = "account_id string, person_id string"


def test_followings_are_those_that_hold_on_the_day_once_each_and_without_self_loops(spark: SparkSession) -> None:
    edges = local_frame(
        spark,
        [
            ("x", "x:1", "x:2", "follow", BEFORE, None),
            ("x", "x:1", "x:2", "follow", None, None),  # duplicate, time unknown
            ("x", "x:2", "x:1", "follow", BEFORE, AFTER),  # ended later
            ("x", "x:3", "x:1", "follow", BEFORE, BEFORE),  # ended
            ("x", "x:4", "x:1", "follow", AFTER, None),  # not yet
            ("x", "x:5", "x:5", "follow", BEFORE, None),  # self-loop
            ("x", "x:6", None, "follow", BEFORE, None),
            ("x", "x:7", "x:1", "like", BEFORE, None),  # another verb
            ("x", "x:8", "x:1", "reply", dt.datetime(2026, 6, 15, 23), None),  # on the day itself
        ],
        EDGES,
    )
    expected = local_frame(spark, [("x", "x:1", "x:2"), ("x", "x:2", "x:1"), ("x", "x:8", "x:1")], FOLLOWS)
    assertDataFrameEqual(graphs.followings(edges, verbs=("follow", "reply"), as_of=AS_OF), expected)


def test_an_account_belongs_to_its_current_person_only(spark: SparkSession) -> None:
    crosswalk = local_frame(
        spark,
        [
            ("x:1", "account", "p2", None),
            ("x:1", "account", "p1", BEFORE),
            ("x:2", "account", "p4", None),
            ("x:2", "account", "p3", None),  # claimed twice: the smaller id holds
            ("crm:1", "record", "p2", None),
        ],
        "source_id string, source_kind string, person_id string, valid_to timestamp",
    )
    expected = local_frame(spark, [("x:1", "p2"), ("x:2", "p3")], PERSONS)
    assertDataFrameEqual(graphs.persons_of_accounts(crosswalk), expected)


def test_accounts_of_one_person_become_one_vertex_and_others_keep_listening(spark: SparkSession) -> None:
    follows = local_frame(
        spark,
        [
            ("x", "x:a1", "x:b"),
            ("bluesky", "bluesky:a2", "x:b"),  # the same person again
            ("x", "x:a1", "bluesky:a2"),  # to oneself
            ("x", "x:c", "x:a1"),
        ],
        FOLLOWS,
    )
    persons = local_frame(spark, [("x:a1", "A"), ("bluesky:a2", "A")], PERSONS)
    expected = local_frame(spark, [("person", "all", "A", "x:b"), ("person", "all", "x:c", "A")], GRAPH_EDGES)
    assertDataFrameEqual(graphs.person_edges(follows, persons), expected)


def test_networks_that_share_an_account_get_graphs_of_their_own(spark: SparkSession) -> None:
    follows = local_frame(spark, [("x", "x:1", "x:2"), ("mastodon", "m:1", "b:1"), ("bluesky", "b:1", "b:2")], FOLLOWS)
    mixed = graphs.mixed_networks(follows)
    assertDataFrameEqual(mixed, local_frame(spark, [("mastodon",), ("bluesky",)], "network string"))
    expected = [
        ("account", "all", "x:1", "x:2"),
        ("account", "all", "m:1", "b:1"),
        ("account", "all", "b:1", "b:2"),
        ("account", "mastodon", "m:1", "b:1"),
        ("account", "bluesky", "b:1", "b:2"),
    ]
    assertDataFrameEqual(graphs.account_edges(follows, mixed), local_frame(spark, expected, GRAPH_EDGES))


def test_vertices_are_numbered_densely_and_the_same_however_edges_arrive(spark: SparkSession) -> None:
    rows = [("account", "all", f"x:{n}", f"x:{n // 3}") for n in range(1, 60)]
    numbered = graphs.indexed_vertices(local_frame(spark, rows, GRAPH_EDGES))
    again = graphs.indexed_vertices(local_frame(spark, rows[::-1], GRAPH_EDGES).repartition(5))
    assertDataFrameEqual(numbered, again)
    assert sorted(row["vertex"] for row in numbered.collect()) == list(range(60))


def test_arcs_stay_within_their_graph(spark: SparkSession) -> None:
    edges = local_frame(spark, [("account", "all", "a", "b"), ("person", "all", "b", "a")], GRAPH_EDGES)
    vertices = local_frame(
        spark,
        [(0, "account", "all", "a"), (1, "account", "all", "b"), (2, "person", "all", "a"), (3, "person", "all", "b")],
        "vertex bigint, entity_kind string, network string, entity_id string",
    )
    expected = local_frame(spark, [(0, 1), (3, 2)], "src bigint, dst bigint")
    assertDataFrameEqual(graphs.arcs(edges, vertices), expected)


def test_no_join_of_the_graph_compares_all_with_all(spark: SparkSession) -> None:
    follows = local_frame(spark, [("x", "x:1", "x:2")], FOLLOWS).repartition(2)
    edges = graphs.account_edges(follows, graphs.mixed_networks(follows))
    edges = edges.unionByName(graphs.person_edges(follows, local_frame(spark, [], PERSONS)))
    plan = _plan(graphs.arcs(edges, graphs.indexed_vertices(edges)))
    assert "CartesianProduct" not in plan
    assert "NestedLoop" not in plan


def _plan(frame: DataFrame) -> str:
    return str(frame.select(F.lit(1), "*")._jdf.queryExecution().executedPlan().toString())
