"""The world, whole: the same on any number of partitions, truth apart, in the shapes that real systems send."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from entourage import session
from entourage.simulate import LAYERS, SimulateParams, outputs
from entourage.tables import ScratchSpace

PARAMS = SimulateParams(people=90, days=2)
SYSTEMS = {"crm": "customer_no", "billing": "account", "service": "contact_id", "newsletter": "subscriber_id"}


# What may differ in a world without a mechanism. Of a referral or an hour it is orders, and what follows from them.
OF_ORDERS = {
    *(f"landing/commerce/{name}" for name in ("web_orders", "receipts", "returns", "invoices", "payments", "registrations")),
    *("landing/web/visits", "landing/service/tickets", "landing/service/calls", "landing/surveys/invitations"),
    *(f"truth/{name}.parquet" for name in ("orders", "purchases", "troubles", "feelings", "ownership")),
}  # fmt: skip
OF_POSTS = {
    *(f"landing/posts/{name}" for name in ("x_v1", "x_v2", "bluesky", "facebook", "exports/posts")),
    *(f"truth/{name}.csv" for name in ("relevance", "sentiment", "signals", "causes", "cascades")),
}
OF_COURTING = {
    *(f"landing/campaigns/{name}" for name in ("campaigns", "programs", "exposures", "costs", "email_events")),
    *("landing/campaigns/guests", "landing/campaigns/referral_codes", "truth/touches.parquet", "truth/campaigns.csv"),
}
EFFECTS = {
    "referral": OF_ORDERS | OF_POSTS,
    "campaign:black_week": OF_ORDERS | OF_POSTS | OF_COURTING,
    "time_effect": OF_ORDERS | OF_POSTS | OF_COURTING | {"landing/brands/readings", "truth/audiences.csv"},
    "bots": OF_POSTS | {"landing/posts/exports/follows", "truth/identities.csv", "truth/influence.csv"},
}


@dataclass(frozen=True)
class Written:
    """A world in memory: path ▶ rows, in their files' order."""

    rows: dict[str, list[dict[str, Any]]]

    def lines(self, path: str) -> list[dict[str, Any]]:
        """Return the JSON lines of an output."""
        return [json.loads(str(row["value"])) for row in self.rows[path]]

    def posts(self) -> list[dict[str, Any]]:
        """Return all useful and other posts of the truth."""
        return self.rows["truth/relevance.csv"]


def _write(spark: SparkSession, folder: Path, params: SimulateParams) -> Written:
    rows = {}
    with session.pool(spark, 1) as aside:
        for output in outputs(spark, params, ScratchSpace(spark, str(folder)), aside):
            filed = output.frame.withColumn("_file", F.spark_partition_id())
            rows[output.path] = [row.asDict(recursive=True) for row in filed.collect()]
    return Written(rows)


@pytest.fixture(scope="module")
def world(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Written:
    return _write(spark, tmp_path_factory.mktemp("world"), PARAMS)


@pytest.mark.parametrize(  # the world itself is made on two
    ("partitions", "layers"),
    [
        (1, ("people", "graph", "consent")),
        pytest.param(1, LAYERS, marks=pytest.mark.slow),
        pytest.param(7, LAYERS, marks=pytest.mark.slow),
    ],
)
def test_any_number_of_partitions_gives_the_same_files(
    spark: SparkSession, world: Written, tmp_path: Path, partitions: int, layers: tuple[str, ...]
) -> None:
    before = spark.conf.get("spark.sql.shuffle.partitions")
    spark.conf.set("spark.sql.shuffle.partitions", str(partitions))
    try:
        again = _write(spark, tmp_path, replace(PARAMS, layers=layers))
    finally:
        spark.conf.set("spark.sql.shuffle.partitions", str(before))
    assert again.rows.keys() <= world.rows.keys()
    assert len(again.rows) == len(world.rows) or layers != LAYERS
    assert [path for path in again.rows if again.rows[path] != world.rows[path]] == []


def test_landing_and_truth_lie_apart_and_landing_never_names_the_truth(world: Written) -> None:
    assert {path.split("/")[0] for path in world.rows} == {"landing", "truth"}
    hidden = {
        "person", "household", "cluster", "class", "quality", "susceptibility", "useful", "reasons", "sentiment", "lift",
        "is_noticed", "is_allowed", "feeling", "activity", "loyalty", "sensitive_trait", "response", "mask", "needs",
    }  # fmt: skip
    for path, rows in world.rows.items():
        if path.startswith("landing") and rows and "value" not in rows[0]:
            assert hidden & set(rows[0]) == set(), path
    wired = [
        str(row["value"])
        for path, rows in world.rows.items()
        if path.startswith("landing")
        for row in rows
        if "value" in row
    ]
    assert [line for line in wired for word in hidden - {"class"} if f'"{word}":' in line] == []


def test_every_record_and_account_has_one_cluster(world: Written) -> None:
    truth = [str(row["record_id"]) for row in world.rows["truth/identities.csv"]]
    records = [
        f"{system}:{row[key]}" for system, key in SYSTEMS.items() for row in world.rows[f"landing/records/{system}"]
    ]
    logins = [f"social_logins:{line['login_id']}" for line in world.lines("landing/records/social_logins")]
    assert len(truth) == len(set(truth))
    assert set(records + logins) == {each for each in truth if each.split(":")[0] in {*SYSTEMS, "social_logins"}}


def test_persons_have_two_and_a_half_records_on_average(world: Written) -> None:
    count = sum(len(world.rows[f"landing/records/{system}"]) for system in SYSTEMS)
    assert 2.2 < count / PARAMS.people < 3.2


def test_every_post_of_x_v1_and_bluesky_is_judged(world: Written) -> None:
    judged = {str(row["post_id"]) for row in world.posts()}
    deleted = {
        str(line["delete"]["status"]["id_str"]) for line in world.lines("landing/posts/x_v1") if "delete" in line
    }
    sent = {str(line["id_str"]) for line in world.lines("landing/posts/x_v1") if "text" in line}
    assert {f"x:{native}" for native in sent - deleted} <= judged
    for line in world.lines("landing/posts/bluesky"):
        commit = line.get("commit", {})
        if commit.get("collection") == "app.bsky.feed.repost":
            uri = f"at://{line['did']}/app.bsky.feed.repost/{commit['rkey']}"
            assert f"bluesky:{uri}" in judged


@pytest.mark.slow
def test_about_a_fifth_of_the_posts_is_of_use(spark: SparkSession, tmp_path: Path) -> None:
    # In a world of a few dozen people the three news accounts drown everybody.
    with session.pool(spark, 1) as aside:
        made = outputs(spark, SimulateParams(people=2_000, days=4), ScratchSpace(spark, str(tmp_path)), aside)
        judged = next(output.frame for output in made if output.path == "truth/relevance.csv")
    counts = judged.agg(F.count(F.lit(1)).alias("posts"), F.count_if("useful").alias("useful")).first()
    assert counts["posts"] > 5_000
    assert 0.15 < counts["useful"] / counts["posts"] < 0.25


def test_ids_of_x_pass_what_a_double_can_hold_and_agree_with_their_text(world: Written) -> None:
    statuses = [line for line in world.lines("landing/posts/x_v1") if "text" in line]
    assert all(status["id"] > 2**53 and str(status["id"]) == status["id_str"] for status in statuses)


def test_entities_of_x_point_to_their_text(world: Written) -> None:
    for status in world.lines("landing/posts/x_v1"):
        for entity in status.get("entities", {}).get("hashtags", []):
            begin, end = entity["indices"]
            full = status["extended_tweet"]["full_text"] if status["truncated"] else status["text"]
            assert full[begin:end] == f"#{entity['text']}"


def test_facets_of_bluesky_point_to_their_bytes(world: Written) -> None:
    seen = 0
    for line in world.lines("landing/posts/bluesky"):
        record = line.get("commit", {}).get("record", {})
        for facet in record.get("facets", []):
            part = record["text"].encode()[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()
            feature = facet["features"][0]
            assert part in {f"#{feature.get('tag')}", feature.get("uri")} or part.startswith("@")
            seen += 1
    assert seen > 0


def test_pages_of_search_hold_their_authors_and_what_they_refer_to(world: Written) -> None:
    for page in world.lines("landing/posts/x_v2"):
        users = {user["id"] for user in page["includes"]["users"]}
        tweets = {tweet["id"] for tweet in page["includes"].get("tweets", [])}
        assert page["meta"]["result_count"] == len(page["data"])
        for tweet in page["data"]:
            assert tweet["author_id"] in users
            assert all(ref["id"] in tweets for ref in tweet.get("referenced_tweets", []))


def test_no_slot_is_left_open(world: Written) -> None:
    wired = [str(row) for path, rows in world.rows.items() if path.startswith("landing/posts") for row in rows]
    slots = (
        "{brand",
        "{product",
        "{handle",
        "{number",
        "{emoji",
        "{url",
        "{hashtag",
        "{place",
        "{name",
        "{day",
        "{amount",
    )
    assert [line for line in wired for slot in slots if slot in line] == []


def test_follows_name_accounts_that_exist(world: Written) -> None:
    known = {str(row["record_id"]) for row in world.rows["truth/identities.csv"]}
    ends = {str(row[end]) for row in world.rows["landing/posts/exports/follows"] for end in ("src", "dst")}
    assert ends <= known


def test_without_replies_nobody_answers(spark: SparkSession, tmp_path: Path) -> None:
    params = SimulateParams(people=30, days=1, layers=("posts",), without=("replies", "shares"))
    quiet = _write(spark, tmp_path, params)
    assert quiet.rows["truth/cascades.csv"] == []
    assert {str(row["reasons"]) for row in quiet.posts()} & {"brand_reply", "share"} == set()


@pytest.mark.slow
@pytest.mark.parametrize("mechanism", EFFECTS)
def test_without_a_mechanism_the_world_is_the_same_but_for_its_effects(
    spark: SparkSession, world: Written, tmp_path: Path, mechanism: str
) -> None:
    without = _write(spark, tmp_path, replace(PARAMS, without=(mechanism,)))
    changed = {path for path in world.rows if without.rows[path] != world.rows[path]}
    assert without.rows.keys() == world.rows.keys()
    assert changed - EFFECTS[mechanism] == set()
    assert changed


@pytest.mark.slow
def test_without_referral_a_till_misses_orders_that_friends_prompted_and_gives_no_friends_discount(
    spark: SparkSession, world: Written, tmp_path: Path
) -> None:
    # In layers of its own, too: they say what is written, never what happens.
    without = _write(spark, tmp_path, replace(PARAMS, layers=("commerce",), without=("referral",)))
    here, there = _till(world), _till(without)
    lost = {
        str(row["order_id"]) for row in world.rows["truth/orders.parquet"] if "referral" in str(row["lost_without"])
    }
    assert here.keys() - there.keys() == here.keys() & lost != set()
    assert there.keys() <= here.keys()
    assert {round(here[order] / there[order], 2) for order in there} == {Decimal("1.00"), Decimal("0.90")}


def _till(world: Written) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for row in world.rows["landing/commerce/receipts"]:
        amount = Decimal(str(row["amount"]).replace(",", "."))
        totals[str(row["receipt"])] = totals.get(str(row["receipt"]), Decimal(0)) + amount
    return totals


def test_the_layer_of_people_alone_has_no_posts_and_no_follows(spark: SparkSession, tmp_path: Path) -> None:
    alone = _write(spark, tmp_path, SimulateParams(people=30, layers=("people",)))
    assert sorted(alone.rows) == [
        "landing/records/billing",
        "landing/records/crm",
        "landing/records/newsletter",
        "landing/records/service",
        "truth/identities.csv",
        "truth/people.parquet",
    ]


def test_the_page_of_the_world_lists_each_stream_with_its_columns(world: Written) -> None:
    page = Path(__file__).parents[3].joinpath("docs/world.md").read_text(encoding="utf-8")
    listed = {
        path: set(re.findall(r"`(\w+)`", columns))
        for path, columns in re.findall(r"^\| (\w+/[\w/.]+) \| [^|]+ \| ([^|]+) \|$", page, re.M)
    }
    assert sorted(listed) == sorted(world.rows)
    for path, rows in world.rows.items():
        is_wired = bool(rows) and rows[0].keys() == {"value", "_file"}
        found = {key for row in rows for key in (json.loads(row["value"]) if is_wired else row)} - {"_file"}
        assert found <= listed[path], path
        assert is_wired or not rows or found == listed[path], path


def test_every_number_of_an_order_is_its_own(world: Written) -> None:
    ids = [str(row["order_id"]) for row in world.rows["truth/orders.parquet"]]
    assert len(ids) == len(set(ids)) > 100


def test_orders_that_happened_are_in_the_shops_and_at_the_tills(world: Written) -> None:
    happened = {str(row["order_id"]) for row in world.rows["truth/orders.parquet"] if row["happened"]}
    sold = {str(line["id"]) for line in world.lines("landing/commerce/web_orders")}
    sold |= {str(row["receipt"]) for row in world.rows["landing/commerce/receipts"]}
    assert sold <= happened
    # Those that were rung up wrong at a till were taken back at once: no receipt is left of them.
    assert len(happened - sold) < 0.02 * len(happened)


def test_lines_of_an_order_add_up_to_its_total(world: Written) -> None:
    for order in world.lines("landing/commerce/web_orders"):
        total = sum(Decimal(line["unit_price"]) * line["quantity"] for line in order["lines"])
        assert total == Decimal(order["total"]) > 0


def test_who_has_neither_a_code_nor_a_promotion_pays_the_listed_price(world: Written) -> None:
    listed = {str(row["gtin"]): Decimal(str(row["price_eur"])) for row in world.rows["landing/reference/products"]}
    orders = [order for order in world.lines("landing/commerce/web_orders") if order["currency"] == "EUR"]
    usual = [order for order in orders if "promotion" not in order and "referral_code" not in order]
    assert len(usual) > 10
    paid = {(line["gtin"], Decimal(line["unit_price"])) for order in usual for line in order["lines"]}
    assert {(gtin, price) for gtin, price in paid if price != listed[gtin]} == set()


def test_nothing_is_received_before_it_happens(world: Written) -> None:
    for order in world.lines("landing/commerce/web_orders"):
        assert order["created_at"] < order["exported_at"]
    for ticket in world.lines("landing/service/tickets"):
        assert ticket["created_at"] <= ticket["updated_at"]
        assert all(comment["at"] <= ticket["updated_at"] for comment in ticket["comments"])


def test_messages_go_to_those_who_agreed_but_for_a_few_slips(world: Written) -> None:
    sent = [row for row in world.rows["truth/touches.parquet"] if row["is_sent"]]
    slips = [row for row in sent if not row["is_allowed"]]
    assert len(sent) > 30
    assert len(slips) < 0.15 * len(sent)


def test_a_canary_is_in_no_address_but_its_own(world: Written) -> None:
    for canary in world.rows["truth/canaries.csv"]:
        assert str(canary["token"]) in str(canary["email"])
    tokens = [str(canary["token"]) for canary in world.rows["truth/canaries.csv"]]
    assert len(tokens) == len(set(tokens))
