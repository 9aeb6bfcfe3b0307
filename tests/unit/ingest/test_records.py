"""Rows of business sources become source records and consent events, as their mapping says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from entourage.ingest import records
from entourage.ingest.mapping import Mapping, parse
from entourage.schemas import table

from .conftest import at

Payloads = Callable[..., DataFrame]
Row = dict[str, Any]
CLOCK = at("2026-06-01")
PERSONS = parse(
    """
    kind: persons
    system: shop
    key: [store, no]
    ignore: [secret]
    columns:
      given_name: [first, nick]
      full_name: {from: [first, last], join: " "}
      emails: [mail, mail2]
      phones: {from: tel, parse: split, separator: "|"}
      address.city: address.town
      address.country: {const: FR}
      birth_date: {from: dob, parse: date, format: dd/MM/yyyy}
      gender: {from: sex, parse: lower, map: {f: female}}
      social_ids: {from: handle, prefix: "x:"}
      language: {from: lang, default: fr}
      updated_at: changed
    """,
    name="shops",
)
CONSENTS = parse(
    """
    kind: consents
    columns:
      identifier_kind: kind
      identifier: id
      purpose: purpose
      action: {from: action, parse: lower}
      basis: basis
      effective_at: at
      recorded_at: recorded
    """,
    name="consents",
)


def _person(**more: object) -> Row:
    return {"store": "a", "no": "1", "first": "Ada", **more}


def _consent(**more: object) -> Row:
    return {"kind": "email", "id": "ada@tea.example", "purpose": "marketing", "action": "Granted", "basis": "consent",
            "at": "2024-01-02T00:00:00Z", **more}  # fmt: skip


PEOPLE: dict[str, object] = {
    "whole": _person(
        last="Bell", mail="Ada@tea.example", mail2="ada@pond.example", tel="1| 2 ||1",
        dob="01/02/1990", sex="F", handle="7", lang="en", changed="2024-01-02T03:04:05Z", secret="s", new="n", blank=" ",
    ),
    "sparse": {"store": "a", "no": "2"},
    "empty": _person(first="", nick="Addie", mail="", mail2=None, tel="", dob="", sex="", handle="", changed=""),
    "path": _person(address={"town": "Lyon"}),
    "dotted column": _person(address={"town": "Lyon"}, **{"address.town": "Nice"}),
    "unread": _person(dob="30/02/1990", changed="soon"),
    "far away": _person(dob="31/12/9999", changed="9999-12-31T00:00:00Z"),
    "unmapped word": _person(sex="Other"),
    "large number": _person(no=9007199254740993),
    "retyped": _person(first=["Ada"], mail={"a": 1}, tel=7, lang=True),
    "nul": _person(first="A\x00da"),
    "repeated key": '{"store":"a","no":"1","no":"2","first":"Ada"}',
    "no key": {"first": "Ada"},
    "half a key": {"no": "1", "first": "Ada"},
    "a sign in a part": _person(store="a-b", no="c"),
    "a sign in the other": _person(store="a", no="b-c"),
    "a sign as escaped": _person(store="a%2Db", no="c"),
    "one-digit day": _person(dob="1/2/1990"),
    "no Unicode": '{"store":"a","no":"1","first":"A\\ud800","\\ud800":"new"}',
    "deep": f'{{"store":"a","no":"1","first":{"[" * 100_000}{"]" * 100_000}}}',
    "empty key": _person(store="", no=" "),
    "no object": "[]",
}  # fmt: skip
ACTS: dict[str, object] = {
    "granted": _consent(),
    "granted again": _consent(note="in another file"),
    "withdrawn": _consent(action="withdrawn", at="2024-02-01T00:00:00Z", recorded="2024-02-02T00:00:00Z"),
    "no basis": _consent(basis=None),
    "recorded some day": _consent(recorded="some day"),
    "unknown action": _consent(action="maybe"),
    "unknown basis": _consent(basis="whim"),
    "unknown kind": _consent(kind="fax"),
    "no identifier": _consent(id=" "),
    "no action": _consent(action=None),
    "no time": _consent(at=None),
    "retyped": _consent(basis=["consent"], at={"day": 1}, channel={"x": [1]}),
    "year 9999": _consent(at="9999-12-31T00:00:00Z"),
    "nothing": {},
}


def _rows(payloads: DataFrame, mapping: Mapping) -> DataFrame:
    of_source = payloads.withColumn("source", F.lit(mapping.name))
    return records.rows(of_source, mappings=[mapping], received_at=CLOCK)[mapping.kinds[0]]


@pytest.fixture(scope="module")
def people(payloads: Payloads) -> dict[str, Row]:
    found = _rows(payloads(*PEOPLE.values()), PERSONS).collect()
    by_event = {row["event_id"]: row.asDict() for row in found}
    return {name: by_event[f"e{n}"] for n, name in enumerate(PEOPLE, start=1)}


@pytest.fixture(scope="module")
def events(payloads: Payloads) -> DataFrame:
    return _rows(payloads(*ACTS.values()), CONSENTS)


@pytest.fixture(scope="module")
def acts(events: DataFrame) -> dict[str, Row]:
    by_event = {row["event_id"]: row.asDict() for row in events.collect()}
    return {name: by_event[f"e{n}"] for n, name in enumerate(ACTS, start=1)}


def test_a_row_is_a_record_of_all_columns_of_the_table(people: dict[str, Row]) -> None:
    said = {name: people["whole"][name] for name in table("silver.source_records").column_names}

    assert {name: value for name, value in said.items() if value is not None and name != "address"} == {
        "record_id": "shop:a-1",
        "system": "shop",
        "given_name": "Ada",
        "full_name": "Ada Bell",
        "emails": ["Ada@tea.example", "ada@pond.example"],
        "phones": ["1", "2"],
        "birth_date": at("1990-02-01").date(),
        "gender": "female",
        "social_ids": ["x:7"],
        "language": "en",
        "updated_at": at("2024-01-02T03:04:05"),
        "delivered_at": at("2026-06-10"),
        "received_at": CLOCK,
        "extra": {"new": "n"},
    }
    assert said["address"].asDict() == {"line": None, "postcode": None, "city": None, "region": None, "country": "FR"}
    assert people["whole"]["reason_code"] is None


def test_a_name_with_dots_is_a_column_of_that_very_name_else_a_path(people: dict[str, Row]) -> None:
    assert people["path"]["address"]["city"] == "Lyon"
    assert people["dotted column"]["address"]["city"] == "Nice"


def test_absent_columns_are_nothing_but_for_defaults_and_constants(people: dict[str, Row]) -> None:
    row = people["sparse"]

    assert (row["given_name"], row["full_name"], row["birth_date"], row["updated_at"]) == (None, None, None, None)
    assert (row["language"], row["address"]["country"], row["extra"]) == ("fr", "FR", None)


def test_empty_values_are_nothing_and_the_next_column_counts(people: dict[str, Row]) -> None:
    row = people["empty"]

    assert (row["given_name"], row["emails"], row["gender"], row["birth_date"]) == ("Addie", [], None, None)
    assert row["extra"] is None


@pytest.mark.parametrize(
    ("name", "extra"),
    [
        ("unread", {"dob": "30/02/1990", "changed": "soon"}),
        ("far away", {"dob": "31/12/9999", "changed": "9999-12-31T00:00:00Z"}),
    ],
)
def test_values_that_cannot_be_read_stay_in_extra(people: dict[str, Row], name: str, extra: dict[str, str]) -> None:
    row = people[name]

    assert (row["birth_date"], row["updated_at"], row["extra"]) == (None, None, extra)
    assert (row["given_name"], row["reason_code"]) == ("Ada", None)


def test_a_word_that_the_map_does_not_name_stays(people: dict[str, Row]) -> None:
    assert people["unmapped word"]["gender"] == "other"


def test_a_key_beyond_two_to_the_53_keeps_all_its_digits(people: dict[str, Row]) -> None:
    assert people["large number"]["record_id"] == "shop:a-9007199254740993"


def test_retyped_values_are_read_as_texts(people: dict[str, Row]) -> None:
    row = people["retyped"]

    assert (row["given_name"], row["emails"], row["phones"], row["language"]) == ('["Ada"]', ['{"a":1}'], ["7"], "true")


def test_nuls_are_dropped(people: dict[str, Row]) -> None:
    assert people["nul"]["given_name"] == "Ada"


def test_of_a_column_that_a_row_repeats_the_last_counts(people: dict[str, Row]) -> None:
    assert people["repeated key"]["record_id"] == "shop:a-2"


def test_a_date_may_lack_leading_zeros(people: dict[str, Row]) -> None:
    assert people["one-digit day"]["birth_date"] == at("1990-02-01").date()


def test_rows_whose_keys_differ_have_different_ids(people: dict[str, Row]) -> None:
    names = ("a sign in a part", "a sign in the other", "a sign as escaped")

    assert [people[name]["record_id"] for name in names] == ["shop:a%2Db-c", "shop:a-b%2Dc", "shop:a%252Db-c"]


def test_what_is_no_text_is_replaced(people: dict[str, Row]) -> None:
    assert (people["no Unicode"]["given_name"], people["no Unicode"]["extra"]) == ("A?", {"?": "new"})


def test_a_payload_that_cannot_be_read_is_refused_alone(people: dict[str, Row]) -> None:
    row = people["deep"]

    assert (row["record_id"], row["reason_code"], row["received_at"]) == (None, "bad_shape", CLOCK)
    assert "RecursionError" in row["reason"]


def test_refused_payloads_and_those_of_other_sources_are_left_out(payloads: Payloads) -> None:
    made = payloads(_person(no="1"), _person(no="2"), _person(no="3"))
    source = F.when(F.col("position") < 3, "shops").otherwise("consents")
    of_two = made.withColumn("source", source).withColumn("reason_code", F.when(F.col("position") == 1, "bad_json"))
    found = records.rows(of_two, mappings=[PERSONS, CONSENTS], received_at=CLOCK)

    assert [row["record_id"] for row in found["persons"].collect()] == ["shop:a-2"]
    assert [row["event_id"] for row in found["consents"].collect()] == ["e3"]


@pytest.mark.parametrize("name", ["no key", "half a key", "empty key", "no object"])
def test_a_row_without_key_is_refused_with_a_sentence(people: dict[str, Row], name: str) -> None:
    row = people[name]

    assert (row["record_id"], row["reason_code"], row["reason"]) == (None, "bad_key", "The key is empty.")


def test_the_newest_state_of_a_record_counts_and_of_equal_ones_the_last_of_a_file(payloads: Payloads) -> None:
    states = [
        _person(no="1", first="Old", changed="2024-01-01"), _person(no="1", first="New", changed="2024-01-02"),
        _person(no="1", first="Undated"),
        _person(no="2", first="Tie", changed="2024-01-01"), _person(no="2", first="Tie too", changed="2024-01-01"),
        _person(no="3", first="Twice"), _person(no="3", first="Twice"),
        _person(no="4", first="Extra", new="1", other="2"), _person(no="4", first="Extra", new="2", other="1"),
        {"first": "Refused"},
    ]  # fmt: skip
    one, other = (
        {row["record_id"]: (row["given_name"], row["extra"]) for row in _newest(payloads, given)}
        for given in (states, states[::-1])
    )

    same = {"shop:a-1": ("New", None), "shop:a-3": ("Twice", None)}
    assert one == {**same, "shop:a-2": ("Tie too", None), "shop:a-4": ("Extra", {"new": "2", "other": "1"})}
    assert other == {**same, "shop:a-2": ("Tie", None), "shop:a-4": ("Extra", {"new": "1", "other": "2"})}


def _newest(payloads: Payloads, rows: list[Row]) -> list[Any]:
    kept = records.kept(_rows(payloads(*rows), PERSONS), kind="persons").collect()
    assert len({row["record_id"] for row in kept}) == len(kept)
    return kept


def test_a_consent_is_an_event_of_all_columns_of_the_table(acts: dict[str, Row]) -> None:
    said = {name: acts["withdrawn"][name] for name in table("silver.consent_events").column_names}

    assert len(said.pop("consent_event_id")) == 64
    assert said == {
        "identifier_kind": "email",
        "identifier": "ada@tea.example",
        "purpose": "marketing",
        "channel": None,
        "action": "withdrawn",
        "basis": "consent",
        "evidence": None,
        "effective_at": at("2024-02-01"),
        "recorded_at": at("2024-02-02"),
        "received_at": CLOCK,
    }


@pytest.mark.parametrize(
    ("name", "code", "part"),
    [
        ("granted", None, None),
        ("no basis", None, None),
        ("recorded some day", None, None),
        ("unknown action", "bad_value", "action maybe"),
        ("unknown basis", "bad_value", "basis whim"),
        ("unknown kind", "bad_value", "identifier_kind fax"),
        ("no identifier", "bad_key", "The key is empty."),
        ("no action", "bad_key", "The key is empty."),
        ("nothing", "bad_key", "The key is empty."),
        ("no time", "bad_time", "The time is missing"),
        ("retyped", "bad_time", "The time is missing"),
        ("year 9999", "bad_time", "outside the years 1990 to 2099"),
    ],
)
def test_a_consent_needs_a_key_a_time_and_words_that_are_known(
    acts: dict[str, Row], name: str, code: str | None, part: str | None
) -> None:
    assert acts[name]["reason_code"] == code
    assert acts[name]["reason"] is None if part is None else part in acts[name]["reason"]


def test_an_event_is_named_by_what_it_says(acts: dict[str, Row]) -> None:
    ids = {name: acts[name]["consent_event_id"] for name in ("granted", "granted again", "withdrawn", "no basis")}

    # The digest is part of the table's keys: another one would deliver all stored events once more.
    assert ids["granted"] == "bd251b1c0341df26778fa7bc1c7573c82e318551ecee626efbb17207e6ca70d0"
    assert ids["granted"] == ids["granted again"]
    assert len(set(ids.values())) == 3


def test_an_event_is_kept_once_and_refused_ones_are_not(events: DataFrame) -> None:
    kept = records.kept(events, kind="consents").select("action", "basis").collect()

    assert sorted((row["action"], str(row["basis"])) for row in kept) == [
        ("granted", "None"),
        ("granted", "consent"),
        ("withdrawn", "consent"),
    ]
