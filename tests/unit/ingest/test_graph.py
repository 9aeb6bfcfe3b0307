"""Posts and acts become edges, counters become snapshots, and retractions end what they name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.testing import assertDataFrameEqual

from entourage.ingest import graph
from entourage.rows import local_frame

from .conftest import at, table_of

Items = Callable[..., DataFrame]
Row = dict[str, Any]
MADE, CLOCK, EARLIER = at("2024-01-01T10:00:00"), at("2026-06-01"), at("2026-05-01")


def _post(id_: str, kind: str = "post", **more: object) -> Row:
    head = {"post_id": f"x:{id_}", "version": 0, "network": "x", "account_id": "x:ada", "created_at": MADE}
    return {"post": {**head, "kind": kind, **more}}


def _answer(id_: str, kind: str = "reply", **more: object) -> Row:
    return _post(id_, kind, in_reply_to_post_id="x:q", in_reply_to_account_id="x:bob", **more)


def _act(id_: str, **more: object) -> Row:
    head = {"edge_id": f"x:{id_}", "network": "x", "src_account_id": "x:ada", "dst_account_id": "x:bob"}
    return {"act": {**head, "verb": "follow", "object_id": None, "weight": 1.0, "occurred_at": MADE, **more}}


def _gone(object_id: str, kind: str = "delete", when: str = "2024-02-01") -> Row:
    return {"retraction": {"network": "x", "object_id": f"x:{object_id}", "kind": kind, "occurred_at": at(when)}}


def _counted(id_: str, counters: dict[str, int] | None, **more: object) -> Row:
    return _post(id_, counters=counters, observed_at=MADE, **more)


SHARED = {"shared_post_id": "x:s", "shared_account_id": "x:cy"}
BATCH = [
    _post("alone", mentions=None),
    _post("mentions", mentions=["x:bob", "x:cy", "@dee"]),
    _answer("reply", mentions=["x:bob", "x:cy"]),
    _post("reply to unknown", "reply", in_reply_to_post_id="x:q"),
    _post("share", "share", mentions=["x:cy"], **SHARED),
    _post("share of unknown", "share", shared_post_id="x:s"),
    _post("quote", "quote", mentions=[], **SHARED),
    _answer("reply that quotes", **SHARED),
    _post("twice", mentions=["x:bob"]), _post("twice", mentions=["x:bob"]),
    _act("like", verb="like", object_id="x:s", weight=2.5),
    _act("undated", occurred_at=None),
    _act("says more", dst_account_id=None), _act("says more", occurred_at=at("2025-01-01")),
    _act("earliest", occurred_at=at("2025-01-01")), _act("earliest"), _act("earliest", occurred_at=None),
    _act("undone"), _gone("undone", "unfollow"),
    _act("undone before"),
    _act("undone in the past"), _gone("undone in the past", "unfollow", "1970-01-01"),
    _act("undone twice"), _gone("undone twice", "unfollow", "2024-03-01"), _gone("undone twice", "unfollow"),
    _act("withheld"), _gone("withheld", "withheld"),
    _act("of gone", src_account_id="x:gone"),
    _act("toward gone", dst_account_id="x:gone"),
    {**_act("refused"), "reason_code": "bad_edge"},
    {**_answer("refused post"), "reason_code": "bad_time"},
    _gone("stored"), _gone("stored follow", "unfollow"), _gone("gone", "user_delete"),
]  # fmt: skip
STORED = [
    _act("stored#reply", verb="reply"), _act("stored#mention:x:cy", verb="mention", dst_account_id="x:cy"),
    _act("stored follow"), _act("stored of gone", src_account_id="x:gone"), _act("untouched"),
    _act("stored 2#reply", verb="reply"),
]  # fmt: skip


@pytest.fixture(scope="module")
def edges(spark: SparkSession, items: Items) -> dict[str, Row]:
    retractions = [row["retraction"] for row in [*BATCH, _gone("undone before", "unfollow")] if "retraction" in row]
    of_batch = {(row["retraction"]["object_id"],) for row in BATCH if "retraction" in row}
    found = graph.edges(
        items(*BATCH),
        stored=table_of(spark, "silver.edges", [{**row["act"], "received_at": EARLIER} for row in STORED]),
        retractions=table_of(spark, "silver.tombstones", retractions),
        retracted=local_frame(spark, sorted(of_batch), "id string"),
        received_at=CLOCK,
    ).collect()
    by_id = {row["edge_id"]: row.asDict() for row in found}
    assert len(by_id) == len(found)
    return by_id


def _of(edges: dict[str, Row], post: str) -> dict[str, tuple[Any, Any]]:
    named = {id_.partition("#")[2]: edge for id_, edge in edges.items() if id_.startswith(f"x:{post}#")}
    return {name: (edge["dst_account_id"], edge["object_id"]) for name, edge in named.items()}


def test_an_act_is_an_edge(edges: dict[str, Row]) -> None:
    assert edges["x:like"] == {
        "edge_id": "x:like",
        "network": "x",
        "src_account_id": "x:ada",
        "dst_account_id": "x:bob",
        "verb": "like",
        "object_id": "x:s",
        "weight": 2.5,
        "occurred_at": MADE,
        "ended_at": None,
        "received_at": CLOCK,
    }


def test_a_reply_is_an_edge_of_its_author_at_its_time(edges: dict[str, Row]) -> None:
    assert edges["x:reply#reply"] == {
        "edge_id": "x:reply#reply",
        "network": "x",
        "src_account_id": "x:ada",
        "dst_account_id": "x:bob",
        "verb": "reply",
        "object_id": "x:q",
        "weight": 1.0,
        "occurred_at": MADE,
        "ended_at": None,
        "received_at": CLOCK,
    }


@pytest.mark.parametrize(
    ("post", "expected"),
    [
        ("alone", {}),
        ("mentions", {"mention:x:bob": ("x:bob", "x:mentions"), "mention:x:cy": ("x:cy", "x:mentions")}),
        ("reply", {"reply": ("x:bob", "x:q"), "mention:x:cy": ("x:cy", "x:reply")}),
        ("reply to unknown", {}),
        ("share", {"share": ("x:cy", "x:s")}),
        ("share of unknown", {"share": (None, "x:s")}),
        ("quote", {"quote": ("x:cy", "x:s")}),
        ("reply that quotes", {"reply": ("x:bob", "x:q"), "quote": ("x:cy", "x:s")}),
        ("twice", {"mention:x:bob": ("x:bob", "x:twice")}),
        ("refused post", {}),
    ],
)
def test_a_post_is_an_edge_toward_each_whom_it_answers_shares_or_names(
    edges: dict[str, Row], post: str, expected: dict[str, tuple[Any, Any]]
) -> None:
    assert _of(edges, post) == expected


def test_an_act_that_was_refused_is_no_edge(edges: dict[str, Row]) -> None:
    assert "x:like" in edges
    assert "x:refused" not in edges


def test_an_act_without_a_time_is_an_edge(edges: dict[str, Row]) -> None:
    assert (edges["x:undated"]["occurred_at"], edges["x:undated"]["ended_at"]) == (None, None)


def test_of_two_deliveries_the_one_that_names_the_other_side_counts(edges: dict[str, Row]) -> None:
    assert (edges["x:says more"]["dst_account_id"], edges["x:says more"]["occurred_at"]) == ("x:bob", at("2025-01-01"))


def test_of_two_deliveries_that_say_as_much_the_earliest_counts(edges: dict[str, Row]) -> None:
    assert edges["x:earliest"]["occurred_at"] == MADE


@pytest.mark.parametrize(
    ("edge", "ended_at"),
    [
        ("undone", at("2024-02-01")),
        ("undone before", at("2024-02-01")),
        ("undone in the past", MADE),
        ("undone twice", at("2024-02-01")),
        ("of gone", at("2024-02-01")),
        ("withheld", None),
        ("toward gone", None),
    ],
)
def test_an_edge_ends_when_it_or_its_doer_goes_and_never_before_it_began(
    edges: dict[str, Row], edge: str, ended_at: object
) -> None:
    assert edges[f"x:{edge}"]["ended_at"] == ended_at


@pytest.mark.parametrize("edge", ["stored#reply", "stored#mention:x:cy", "stored follow", "stored of gone"])
def test_a_stored_edge_ends_with_its_post_its_follow_or_its_doer(edges: dict[str, Row], edge: str) -> None:
    assert (edges[f"x:{edge}"]["ended_at"], edges[f"x:{edge}"]["received_at"]) == (at("2024-02-01"), EARLIER)


def test_stored_edges_that_the_batch_does_not_end_are_not_returned(edges: dict[str, Row]) -> None:
    assert not {"x:untouched", "x:stored 2#reply"} & set(edges)


def test_counters_are_snapshots_without_the_zeros_of_posts(spark: SparkSession, items: Items) -> None:
    account = {"account_id": "x:bob", "observed_at": MADE, "counters": {"followers": 0, "posts": 7}}
    found = graph.metric_snapshots(
        items(
            _counted("1", {"likes": 4, "shares": 0, "score": -1}),
            _counted("1", {"likes": 5}),
            _counted("1", {"likes": 5}, account_id="x:aaa"),
            _post("1", counters={"likes": 2}, observed_at=at("2024-01-02")),
            _counted("2", {}),
            _counted("3", None),
            {**_counted("4", {"likes": 9}), "reason_code": "bad_time"},
            {"account": account},
            {"account": {**account, "counters": None}},
            _act("1"),
        )
    )
    head = {"object_kind": "post", "object_id": "x:1", "account_id": "x:ada", "observed_at": MADE}
    of_account = {**head, "object_kind": "account", "object_id": "x:bob", "account_id": "x:bob"}
    expected = [
        {**head, "metric": "likes", "value": 5},
        {**head, "metric": "score", "value": -1},
        {**head, "observed_at": at("2024-01-02"), "metric": "likes", "value": 2},
        {**of_account, "metric": "followers", "value": 0},
        {**of_account, "metric": "posts", "value": 7},
    ]
    dated = [{**row, "observed_date": row["observed_at"].date()} for row in expected]
    names = ["object_id", "metric", "observed_at", "object_kind", "account_id", "value", "observed_date"]

    assertDataFrameEqual(found.select(names), table_of(spark, "silver.metric_snapshots", dated).select(names))


def test_retractions_are_tombstones_once_each_though_their_item_is_refused(spark: SparkSession, items: Items) -> None:
    gone = _gone("1")
    found = graph.tombstones(
        items(
            gone, gone, _gone("1", when="2024-03-01"), {**_gone("2", "withheld"), "reason_code": "bad_time"}, _post("3")
        ),
        received_at=CLOCK,
    )
    expected = [gone, _gone("1", when="2024-03-01"), _gone("2", "withheld")]
    rows = [{**row["retraction"], "applied_at": CLOCK} for row in expected]

    assertDataFrameEqual(found, table_of(spark, "silver.tombstones", rows))


def test_an_empty_batch_has_no_edges(spark: SparkSession, items: Items) -> None:
    stored = table_of(spark, "silver.edges", [{**_act("stored")["act"], "received_at": EARLIER}])
    retractions = table_of(spark, "silver.tombstones", [_gone("stored", "unfollow")["retraction"]])

    nothing = local_frame(spark, [], "id string")
    found = graph.edges(items(), stored=stored, retractions=retractions, retracted=nothing, received_at=CLOCK)

    assert found.collect() == []
