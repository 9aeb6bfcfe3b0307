from __future__ import annotations

from pyspark.sql import SparkSession
from pyspark.testing import assertDataFrameEqual

from entourage.identity import standardize
from entourage.identity.standardize import StandardizeParams
from entourage.rows import local_frame
from tests.unit.identity.conftest import Rows

PARAMS = StandardizeParams(max_value_holders=3)


def test_one_person_in_two_systems_comes_to_one_form(source_records: Rows) -> None:
    records = source_records(
        [
            {
                "record_id": "crm:1",
                "given_name": "Marie-Claire",
                "family_name": "de Vaux",
                "emails": ["MC.Vaux@example.com", "test@test.com"],
            },
            {"record_id": "billing:9", "full_name": "DE VAUX Marie-Claire", "emails": ["mc.vaux@example.com"]},
            {"record_id": "service:3"},
        ]
    )
    rows = {row.record_id: row for row in standardize.standardize(records, params=PARAMS).collect()}
    one, other, empty = rows["crm:1"], rows["billing:9"], rows["service:3"]
    names = ("given", "given_first", "given_sound", "family", "family_sound", "emails")
    assert [one[name] for name in names] == [other[name] for name in names]
    assert (one.given, one.family, one.emails) == ("marie claire", "vaux", ["mc.vaux@example.com"])
    assert [empty[name] for name in (*names[:-1], "birth_text", "street", "city")] == [None] * 8
    assert (empty.emails, empty.phones, empty.login_ids, empty.social_ids) == ([], [], [], [])


def test_values_held_by_too_many_and_desks_addresses_are_shared_and_taken_out(
    spark: SparkSession, source_records: Rows
) -> None:
    family = [{"record_id": f"crm:{n}", "emails": ["home@example.com"], "login_ids": ["L1"]} for n in range(4)]
    own = {"record_id": "crm:9", "emails": ["own@example.com", "info@example.com"], "login_ids": ["L2", None, "l2 "]}
    records = standardize.standardize(source_records([*family, own]), params=PARAMS)
    shared = standardize.shared_values(records, params=PARAMS)
    expected = [("emails", "home@example.com", 4), ("emails", "info@example.com", 1), ("login_ids", "l1", 4)]
    assertDataFrameEqual(shared, local_frame(spark, expected, shared.schema))
    left = standardize.without_shared(records, shared=shared, params=PARAMS).select("record_id", "emails", "login_ids")
    kept = [(row["record_id"], [], []) for row in family] + [("crm:9", ["own@example.com"], ["l2"])]
    assertDataFrameEqual(left, local_frame(spark, kept, left.schema))


def test_a_birth_date_far_too_frequent_is_a_systems_default(source_records: Rows) -> None:
    import datetime as dt

    days = [dt.date(1950, 1, 1) + dt.timedelta(days=37 * n) for n in range(60)]
    rows = [{"record_id": f"crm:{n}", "birth_date": day} for n, day in enumerate([*days, *[dt.date(1980, 1, 1)] * 60])]
    records = standardize.standardize(source_records(rows), params=PARAMS)
    left = standardize.without_shared(records, shared=standardize.shared_values(records, params=PARAMS), params=PARAMS)
    assert left.where("birth_date = '1980-01-01' or birth_text = '19800101'").count() == 0
    assert left.where("birth_date is not null").count() == 60


def test_frequencies_are_shares_of_the_known_values(source_records: Rows) -> None:
    rows = [{"record_id": f"crm:{n}", "family_name": name} for n, name in enumerate(["Roy", "ROY", "Diaz", None])]
    records = standardize.with_frequencies(standardize.standardize(source_records(rows), params=PARAMS))
    found = {row.record_id: row.family_ratio for row in records.collect()}
    assert found == {"crm:0": 2 / 3, "crm:1": 2 / 3, "crm:2": 1 / 3, "crm:3": None}
