from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.testing import assertDataFrameEqual

from entourage.identity import consent
from entourage.rows import local_frame

Make = Callable[[str, list[dict[str, Any]]], DataFrame]
AS_OF = dt.date(2026, 6, 15)
RECEIVED = dt.datetime(2026, 6, 1)


def _event(account: str, action: str, day: int, **other: Any) -> dict[str, Any]:
    said = {
        "identifier_kind": "account", "identifier": account, "purpose": "account_linking", "action": action,
        "effective_at": dt.datetime(2026, 6, day, 12), "received_at": RECEIVED, **other,
    }  # fmt: skip
    return {"consent_event_id": repr(sorted(said.items(), key=str)), **said}


def test_the_last_answer_stands_and_of_equals_the_refusal(spark: SparkSession, rows_of: Make) -> None:
    events = rows_of("silver.consent_events", [
        _event("x:yes", "granted", 1), _event("x:yes", "shown", 9),
        _event("x:back", "granted", 1), _event("x:back", "withdrawn", 2),
        _event("x:again", "objected", 1), _event("x:again", "granted", 2),
        _event("x:tie", "granted", 3), _event("x:tie", "denied", 3),
        _event("x:later", "granted", 16),
        _event("x:mail", "granted", 1, purpose="marketing"),
        _event("crm:1", "granted", 1, identifier_kind="record"),
        _event("x:none", "granted", 1, basis="none"),
        _event("x:contract", "granted", 1, basis="contract"),
        _event("x:interest", "granted", 1, basis="legitimate_interest"),
        _event("x:form", "granted", 15, basis="self_provided"),
    ])  # fmt: skip
    found = consent.standing(events, as_of=AS_OF)
    expected = [
        ("x:yes", True, "consent"),
        ("x:back", False, "consent"),
        ("x:again", True, "consent"),
        ("x:tie", False, "consent"),
        ("x:none", False, "none"),
        ("x:contract", False, "contract"),
        ("x:interest", False, "legitimate_interest"),
        ("x:form", True, "self_provided"),
    ]
    assertDataFrameEqual(found, local_frame(spark, expected, found.schema))


def test_an_account_comes_near_the_matcher_only_by_consent_or_proof_and_a_refusal_outweighs_both(
    spark: SparkSession, rows_of: Make
) -> None:
    accounts = rows_of(
        "silver.accounts",
        [
            {"account_id": name, "valid_from": RECEIVED, "network": "x", "handle": name[2:], "valid_to": ended}
            for name, ended in [
                ("x:yes", None),
                ("x:old", RECEIVED),
                ("x:no", None),
                ("x:silent", None),
                ("x:proved", None),
            ]
        ],
    )
    granted = [_event(name, "granted", 1) for name in ("x:yes", "x:old", "x:proved")]
    events = rows_of(
        "silver.consent_events", [*granted, _event("x:no", "denied", 1), _event("x:took_back", "withdrawn", 1)]
    )
    records = local_frame(
        spark, [("crm:1", ["x:proved", "x:took_back"]), ("crm:2", [])], "record_id string, social_ids array<string>"
    )
    standings = consent.standing(events, as_of=AS_OF)
    proved = consent.proved_accounts(records, standings=standings)
    assertDataFrameEqual(proved, local_frame(spark, [("x:proved", "crm:1")], "account_id string, record_id string"))
    allowed = consent.consented_accounts(accounts, standings=standings, proved=proved)
    assert [(row.account_id, row.basis) for row in allowed.collect()] == [("x:yes", "consent")]
    left = consent.without_refused(records, standings=standings)
    assertDataFrameEqual(left, local_frame(spark, [("crm:1", ["x:proved"]), ("crm:2", [])], left.schema))
