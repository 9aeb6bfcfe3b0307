"""Our columns are made of theirs as a mapping says, without Spark."""

from __future__ import annotations

import datetime as dt

import pytest

from entourage.ingest import parsers, patterns
from entourage.ingest.kinds import KINDS
from entourage.ingest.mapping import Value, parse

TYPES = {name: type_ for kind in KINDS.values() for name, type_ in kind.columns.items()}


def _made(name: str, theirs: object, **spec: object) -> object:
    return parsers.column({"a": theirs}, value=Value(sources=("a",), type=TYPES[name], **spec))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("31/12/1990", "dd/MM/yyyy", "1990-12-31"),
        ("1/2/1990", "dd/MM/yyyy", "1990-02-01"),
        ("Sep 7, 2012", "MMM d, yyyy", "2012-09-07"),
        ("7 September 2012", "d MMMM yyyy", "2012-09-07"),
        ("2012-09-07 16:35:24.25", "yyyy-MM-dd HH:mm:ss.SS", "2012-09-07 16:35:24.250000"),
        ("Fri 07.09.12 4:05 PM", "EEE dd.MM.yy h:mm a", "2012-09-07 16:05"),
        ("20120907T163524+0200", "yyyyMMdd'T'HHmmssZ", "2012-09-07 16:35:24+02:00"),
        ("2012-09-07T16:35:24Z", "yyyy-MM-dd'T'HH:mm:ssXXX", "2012-09-07 16:35:24+00:00"),
        ("100% at 5 o'clock 2012", "'100% at' H 'o''clock' yyyy", "2012-01-01 05:00"),
        ("1990112", "yyyyMMdd", None),
        ("30/02/1990", "dd/MM/yyyy", None),
        ("31/12/1990 10:00", "dd/MM/yyyy", None),
        ("", "dd/MM/yyyy", None),
    ],
)
def test_patterns_of_spark_are_read(text: str, pattern: str, expected: str | None) -> None:
    assert patterns.read(text, pattern) == (expected and dt.datetime.fromisoformat(expected))


@pytest.mark.parametrize("pattern", ["dd/MM", "ww yyyy", "yyyy-MM-dd[ HH]", "yyyy 'o", "dd dd yyyy", "yyyyMMddVV"])
def test_patterns_that_cannot_be_followed_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"supported|year|the same"):
        patterns.translated(pattern)


@pytest.mark.parametrize(
    ("name", "text", "spec", "expected"),
    [
        ("updated_at", "01/01/1989", {"format": "dd/MM/yyyy"}, None),
        ("updated_at", "31/12/9999", {"parse": "time", "format": "dd/MM/yyyy"}, None),
        ("updated_at", "31/12/1850", {"parse": "date", "format": "dd/MM/yyyy"}, None),
        ("updated_at", "1/2/2020", {"format": "dd/MM/yyyy"}, dt.datetime(2020, 2, 1, tzinfo=dt.UTC)),
        ("updated_at", 1482373040.0, {}, dt.datetime(2016, 12, 22, 2, 17, 20, tzinfo=dt.UTC)),
        ("birth_date", "1849-12-31", {}, None),
        ("birth_date", "1850-01-01", {}, dt.date(1850, 1, 1)),
        ("birth_date", "2020-01-01T00:30:00+01:00", {}, dt.date(2019, 12, 31)),
        ("birth_date", "0001-01-01T00:00:00+05:00", {}, None),
        ("birth_date", 19900101, {"format": "yyyyMMdd"}, dt.date(1990, 1, 1)),
        ("weight", "0.5", {}, 0.5),
        ("weight", "1e999", {"parse": "number"}, None),
        ("weight", "heavy", {"default": "2"}, 2.0),
        ("weight", [1], {"const": "3"}, 3.0),
        ("is_bot", True, {}, True),
        ("is_bot", "perhaps", {}, None),
        ("gender", "F", {"parse": "lower", "replace": {"f": "female"}}, "female"),
        ("gender", 1, {"parse": "integer", "replace": {"1": "male"}}, "male"),
        ("evidence", "2024-01-02 03:04 UTC", {"parse": "time"}, "2024-01-02 03:04:00"),
        ("social_ids", "a b", {"parse": "split", "separator": " ", "prefix": "x:"}, ["x:a", "x:b"]),
        ("emails", None, {}, []),
        ("phones", None, {"parse": "split"}, None),
        ("phones", ",", {"parse": "split"}, []),
        ("emails", None, {"default": "none"}, ["none"]),
        ("emails", "A", {"const": "B"}, ["B"]),
        ("given_name", "Bell, Ada", {"parse": "given_of_last_first"}, "Ada"),
        ("given_name", "DE LA TOUR Jean Luc", {"parse": "given_of_last_first"}, "Jean Luc"),
        ("family_name", "DE LA TOUR Jean Luc", {"parse": "family_of_last_first"}, "DE LA TOUR"),
        ("family_name", "O’NEIL-ÉCLAIR ANNE", {"parse": "family_of_last_first"}, "O’NEIL-ÉCLAIR"),
        ("family_name", "Bell Ada", {"parse": "family_of_last_first"}, "Bell"),
        ("given_name", "Bell", {"parse": "given_of_last_first"}, None),
        ("given_name", "Bell,", {"parse": "given_of_last_first"}, None),
    ],
)
def test_a_value_has_the_type_of_its_column_or_is_none(
    name: str, text: object, spec: dict[str, object], expected: object
) -> None:
    assert _made(name, text, **spec) == expected


def test_a_list_of_theirs_becomes_a_list_of_ours_and_stays_one_text_elsewhere() -> None:
    assert _made("emails", ["a@example.org", None, " ", "b@example.org", "a@example.org"]) == [
        "a@example.org",
        "b@example.org",
    ]
    assert _made("emails", []) == []
    assert _made("given_name", ["Ada", "Augusta"]) == '["Ada","Augusta"]'


def test_a_part_that_is_missing_leaves_nothing_to_join() -> None:
    value = Value(sources=("a", "b"), join=":")

    assert parsers.column({"a": "x", "b": "7"}, value=value) == "x:7"
    assert parsers.column({"a": "x", "b": " "}, value=value) is None
    assert parsers.column({}, value=value) is None


def test_extra_has_what_is_not_used_and_what_could_not_be_read() -> None:
    [part] = parse(
        "kind: accounts\nkey: no\nignore: [secret]\n"
        "columns: {account_id: id, created_at: {from: [since, born]}, is_bot: bot, bio: deep.said}",
        name="x",
    ).parts
    row = {"id": "7", "no": 1, "secret": "s", "since": "soon", "born": "", "bot": "no", "deep": {"said": "hi", "n": [1.5, "é"]}, "new": False}  # fmt: skip
    made = parsers.columns(row, part=part)

    assert (made["account_id"], made["created_at"], made["is_bot"], made["bio"]) == ("7", None, False, "hi")
    assert parsers.extra(row, part=part, made=made) == {
        "since": "soon",
        "deep.n": '[1.5,"é"]',
        "new": "false",
    }
    assert parsers.extra({"id": "7", "no": "1"}, part=part, made=made) is None
