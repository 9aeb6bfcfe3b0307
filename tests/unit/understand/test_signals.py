"""Signals: which posts are kept, and why."""

from __future__ import annotations

import datetime as dt

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from entourage import schemas
from entourage.rows import local_frame
from entourage.tables import ScratchSpace
from entourage.understand.relevance import Relevance
from entourage.understand.signals import SignalParams, cut, score_posts, signals, unscored

NOON = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
POSTS = (
    # id, account, text, language, kind, urls
    ("wish", "a", "I want to buy a bike", "en", "post", []),
    ("wish fr", "b", "je veux acheter une lampe @LumioCare", "fr", "post", []),
    ("need", "c", "we need a new sofa and a new lamp", "en", "reply", []),
    ("small talk", "d", "lol same", "en", "post", []),
    ("night", "e", "bonne nuit", "fr", "post", []),
    ("funny", "f", "he is so funny", "en", "reply", []),
    ("bare share", "g", "I want to buy a bike", "en", "share", []),
    ("written share", "g", "RT @a: I want to buy a bike", "en", "post", []),
    ("link", "h", "look https://news.example/1", "en", "post", ["https://news.example/1"]),
    ("emoji", "i", "😂😂", "en", "post", []),
    ("no text", "i", "", "en", "post", []),
    ("spanish", "j", "quiero comprar una bici", "es", "post", []),
    ("machine 1", "k", "need a new phone", "en", "post", []),
    ("machine 2", "k", "need a new phone!", "en", "post", []),
    ("machine 3", "k", "Need a NEW phone", "en", "post", []),
)
COLUMNS = (
    "post_id string, account_id string, text string, declared_language string, kind string, urls array<string>, "
    "version bigint, is_current boolean, deleted_at timestamp, network string, created_at timestamp"
)


def _posts(spark: SparkSession) -> DataFrame:
    rows = [(*post, 0, True, None, "x", NOON) for post in POSTS]
    deleted = ("deleted", "l", None, "en", "post", [], 0, True, NOON, "x", NOON)
    return local_frame(spark, [*rows, deleted], COLUMNS)


def test_each_rule_drops_its_posts_and_only_those(spark: SparkSession, model: Relevance) -> None:
    judged = signals(_posts(spark), model=model, params=SignalParams(noise_probability=1.1)).select(
        "post_id", "dropped"
    )
    expected = {
        "bare share": "share", "written share": "share", "link": "link_only", "no text": "empty", "spanish": "language",
        "machine 1": "repeated", "machine 2": "repeated", "machine 3": "repeated", "deleted": "deleted",
    }  # fmt: skip
    names = [*(post[0] for post in POSTS), "deleted"]
    frame = local_frame(spark, [(name, expected.get(name)) for name in names], "post_id string, dropped string")
    assertDataFrameEqual(judged, frame)


def test_the_likeliest_posts_are_kept_with_reasons_and_the_others_with_why_not(
    spark: SparkSession, model: Relevance, workspace: ScratchSpace
) -> None:
    kept = score_posts(
        _posts(spark), model=model, version="v1", params=SignalParams(keep_ratio=0.2), workspace=workspace
    )
    assert kept.columns == schemas.table("silver.post_signals").column_names
    rows = {row["post_id"]: row for row in kept.collect()}
    assert len(rows) == len(POSTS) + 1
    assert {name for name, row in rows.items() if row["is_useful"]} == {"wish", "wish fr", "need"}  # 3 of 15 read
    wish = rows["wish fr"]
    assert wish["reasons"][0]["reason"] == "intent"
    assert wish["reasons"][0]["evidence"] == "je veux acheter, lampe"
    assert wish["brands"] == ["lumio"]
    assert [reason["reason"] for reason in rows["spanish"]["reasons"]] == ["language"]
    assert rows["spanish"]["useful_probability"] == 0.0
    assert [reason["reason"] for reason in rows["night"]["reasons"]] == ["chatter"]


def test_partitions_and_order_change_nothing(spark: SparkSession, model: Relevance, workspace: ScratchSpace) -> None:
    params = SignalParams(keep_ratio=0.3)
    once = score_posts(_posts(spark).coalesce(1), model=model, version="v1", params=params, workspace=workspace)
    first = local_frame(spark, once.collect(), once.schema)
    again = score_posts(
        _posts(spark).orderBy(F.desc("post_id")).repartition(5),
        model=model,
        version="v1",
        params=params,
        workspace=workspace,
    )
    assertDataFrameEqual(again, first)


def test_no_posts_give_no_signals(spark: SparkSession, model: Relevance, workspace: ScratchSpace) -> None:
    none = score_posts(_posts(spark).limit(0), model=model, version="v1", params=SignalParams(), workspace=workspace)
    assert none.count() == 0


def test_the_threshold_keeps_the_share_and_splits_ties() -> None:
    assert cut([(0.9, 10), (0.5, 20), (0.1, 70)], 0.20) == (0.5, 0.5)
    assert cut([(0.9, 20), (0.1, 80)], 0.20) == (0.9, 1.0)
    assert cut([(0.9, 20), (None, 80)], 0.50) == (-1.0, 0.0)
    assert cut([], 0.20) == (-1.0, 0.0)


def test_only_new_edited_deleted_or_otherwise_scored_posts_are_scored_again(spark: SparkSession) -> None:
    posts = local_frame(
        spark,
        [
            ("same", 0, True, None),
            ("edited", 0, False, None),
            ("edited", 5, True, None),
            ("new", 0, True, None),
            ("deleted since", 0, True, NOON),
            ("deleted before", 0, True, NOON),
            ("older model", 0, True, None),
        ],
        "post_id string, version bigint, is_current boolean, deleted_at timestamp",
    )
    scored = local_frame(
        spark,
        [
            ("same", 0, "v2", [("intent", "")]),
            ("edited", 0, "v2", [("intent", "")]),
            ("deleted since", 0, "v2", [("intent", "")]),
            ("deleted before", 0, "v2", [("deleted", "")]),
            ("older model", 0, "v1", []),
        ],
        "post_id string, version bigint, model_version string, reasons array<struct<reason:string,evidence:string>>",
    )
    found = unscored(posts, scored, version="v2").select("post_id", "version")
    expected = [("edited", 5), ("new", 0), ("deleted since", 0), ("older model", 0)]
    assertDataFrameEqual(found, local_frame(spark, expected, "post_id string, version bigint"))
