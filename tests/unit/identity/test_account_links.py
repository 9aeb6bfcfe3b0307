from __future__ import annotations

from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from entourage.identity import account_links
from entourage.identity.account_links import AccountParams
from entourage.rows import local_frame
from tests.unit.identity.conftest import Rows

PEOPLE = [
    ("crm:1", "Marie", "Delacroix", "m.delacroix@example.com"),
    ("crm:2", "Marie", "Martin", None),
    ("crm:3", "Marie", "Martin", None),
    ("crm:4", "Robert", "Okafor", "rob.okafor77@example.org"),
    ("crm:5", None, None, None),
    *(
        (f"crm:9{n:02}", f"Zoe{chr(97 + n % 26)}x", f"Quillon{chr(97 + n // 26)}{chr(97 + n % 26)}y", None)
        for n in range(60)
    ),
]


def _owners(spark: SparkSession, standardized: Rows, accounts: list[tuple[str, str | None, str | None]]) -> list[Any]:
    rows = [
        {"record_id": record, "given_name": given, "family_name": family, "emails": [email] if email else None}
        for record, given, family, email in PEOPLE
    ]
    records = standardized(rows).withColumn("cluster_id", F.col("record_id"))
    schema = "account_id string, handle string, display_name string, location string, basis string"
    allowed = local_frame(spark, [(i, h, d, None, "consent") for i, h, d in accounts], schema)
    texts = account_links.account_texts(allowed)
    pairs = account_links.account_pairs(texts, records=records, params=AccountParams())
    evidence = account_links.account_evidence(pairs, texts=texts, records=records, person_count=len(PEOPLE))
    owned: DataFrame = account_links.owners(evidence, ratio=0.8, person_count=len(PEOPLE))
    return owned.orderBy("account_id", "cluster_id").collect()


def test_a_full_name_in_the_handle_finds_its_one_bearer(spark: SparkSession, standardized: Rows) -> None:
    rows = _owners(spark, standardized, [("x:1", "@Marie_Delacroix_75", None), ("x:2", "okafor_bob", "Bob Okafor")])
    assert [(row.account_id, row.cluster_id) for row in rows] == [("x:1", "crm:1"), ("x:2", "crm:4")]
    assert all(row.match_probability > 0.95 for row in rows)


def test_two_bearers_of_a_name_share_one_account_so_neither_gets_it(spark: SparkSession, standardized: Rows) -> None:
    rows = _owners(spark, standardized, [("x:1", "mariemartin", "Marie Martin")])
    assert [row.cluster_id for row in rows] == ["crm:2", "crm:3"]
    assert all(0.3 < row.match_probability <= 0.5 for row in rows)


def test_another_first_name_shown_is_another_person(spark: SparkSession, standardized: Rows) -> None:
    assert _owners(spark, standardized, [("x:1", "delacroix_art", "Eugène Delacroix")]) == []


def test_the_mailboxs_name_as_handle_is_the_strongest_sign(spark: SparkSession, standardized: Rows) -> None:
    (row,) = _owners(spark, standardized, [("x:1", "robokafor77", None)])
    assert (row.cluster_id, row.level) == ("crm:4", 5)


def test_an_account_without_a_telling_name_meets_nobody(spark: SparkSession, standardized: Rows) -> None:
    assert _owners(spark, standardized, [("x:1", None, None), ("x:2", "xx1", "…"), ("x:3", "1234567", "")]) == []


def test_the_share_of_accounts_with_an_owner_is_learned(spark: SparkSession) -> None:
    strong = local_frame(spark, [(f"x:{n}", 1e6) for n in range(60)], "account_id string, factor double")
    ratio = account_links.owner_ratio(strong, account_count=100, person_count=100)
    assert 0.55 < ratio < 0.75
    assert account_links.owner_ratio(strong.limit(0), account_count=0, person_count=0) == 0.5


def test_of_a_handle_that_is_a_domain_the_first_part_counts(spark: SparkSession, standardized: Rows) -> None:
    accounts = [
        ("bluesky:did:1", "mariedelacroix.bsky.example", None),
        ("mastodon:2", "@marie.delacroix@social.example", None),
    ]
    rows = _owners(spark, standardized, accounts)
    found = [(row.account_id, row.cluster_id, row.level) for row in rows]
    assert found == [("bluesky:did:1", "crm:1", 4), ("mastodon:2", "crm:1", 4)]
