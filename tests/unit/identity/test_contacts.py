from __future__ import annotations

import datetime as dt

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from entourage.identity import contacts
from entourage.rows import local_frame


def _cleaned(spark: SparkSession, texts: list[str | None], column: Column) -> dict[str | None, object]:
    frame = local_frame(spark, [(text,) for text in texts], "text string").coalesce(1)
    return {row["text"]: row["clean"] for row in frame.select("text", column.alias("clean")).collect()}


def test_an_address_is_one_mailbox_by_its_providers_rules_and_junk_is_none(spark: SparkSession) -> None:
    expected = {
        " Marie.Dupont@Example.COM ": "marie.dupont@example.com",
        "marie+shop@example.org": "marie@example.org",
        "m.a.r.i.e+x@googlemail.com": "marie@gmail.com",
        "info@example.com": "info@example.com",  # a desk: real, but see is_role
        "test@test.com": None,
        "test1@example.com": None,
        "noemail@example.com": None,
        "aaaa@example.com": None,
        "marie@": None,
        "marie dupont@example.com": None,
        "+x@example.com": None,
        "": None,
        None: None,
    }
    assert _cleaned(spark, list(expected), contacts.clean_email(F.col("text"))) == expected


def test_a_desks_address_is_no_persons(spark: SparkSession) -> None:
    expected = {"info@example.com": True, "contact2@example.com": True, "marie@example.com": False, None: None}
    assert _cleaned(spark, list(expected), contacts.is_role(F.col("text"))) == expected


def test_numbers_are_read_in_their_country_and_junk_is_left_out(spark: SparkSession) -> None:
    rows = [
        (1, ["01 99 00 12 34", "+33 1 99 00 12 34"], "FR"),
        (2, ["(202) 555-0143"], "US"),
        (3, ["020 7946 0958"], "GB"),
        (4, ["0000000000", "0123456789", "12", ""], "FR"),
        (5, None, "FR"),
        (6, [None], "FR"),
    ]
    frame = local_frame(spark, rows, "id int, phones array<string>, region string").coalesce(1)
    cleaned = frame.select("id", contacts.clean_phones(F.col("phones"), F.col("region")).alias("clean")).collect()
    assert {row.id: list(row.clean) for row in cleaned} == {
        1: ["+33199001234"],
        2: ["+12025550143"],
        3: ["+442079460958"],
        4: [],
        5: [],
        6: [],
    }


def test_a_country_is_read_in_both_languages(spark: SparkSession) -> None:
    expected = {
        "France": "FR",
        "Royaume-Uni": "GB",
        "usa": "US",
        "États-Unis": "US",
        "GB": "GB",
        "Atlantis": "FR",
        None: "FR",
    }
    assert _cleaned(spark, list(expected), contacts.region_of(F.col("text"), default="FR")) == expected


def test_placeholder_dates_of_birth_are_unknown(spark: SparkSession) -> None:
    days = [
        dt.date(1900, 1, 1),
        dt.date(1970, 1, 1),
        dt.date(1, 1, 1),
        dt.date(9999, 12, 31),
        dt.date(1984, 2, 29),
        None,
    ]
    frame = local_frame(spark, [(day,) for day in days], "day date").coalesce(1)
    kept = [row.clean for row in frame.select(contacts.clean_birth_date(F.col("day")).alias("clean")).collect()]
    assert kept == [None, None, None, None, dt.date(1984, 2, 29), None]


def test_a_street_line_splits_into_number_and_telling_words(spark: SparkSession) -> None:
    expected = {
        "12 bis, rue de la République": ("12", "republique"),
        "012 Av. Jean-Jaurès": ("12", "jean jaures"),
        "Flat 3, 221b Baker Street": ("3", "baker"),
        "Le Bourg": (None, "bourg"),
        "": (None, None),
        None: (None, None),
    }
    frame = local_frame(spark, [(text,) for text in expected], "text string").coalesce(1)
    line = F.col("text")
    rows = frame.select("text", contacts.street_number(line).alias("number"), contacts.street_name(line).alias("name"))
    assert {row["text"]: (row["number"], row["name"]) for row in rows.collect()} == expected


def test_cities_and_postcodes_meet_in_one_form(spark: SparkSession) -> None:
    cities = {
        "SAINT-ÉTIENNE CEDEX 2": "saint etienne",
        "St Etienne": "saint etienne",
        "Paris 11e": "paris",
        "N/A": None,
        None: None,
    }
    assert _cleaned(spark, list(cities), contacts.clean_city(F.col("text"))) == cities
    postcodes = {"SW1A 1AA": "sw1a1aa", "75 011": "75011", "00000": None, None: None}
    assert _cleaned(spark, list(postcodes), contacts.clean_postcode(F.col("text"))) == postcodes
