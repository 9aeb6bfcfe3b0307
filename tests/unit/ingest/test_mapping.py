"""A mapping file is checked whole, and says what is nearest."""

from __future__ import annotations

from pathlib import Path

import pytest

from entourage.errors import UsageError
from entourage.ingest.csv_rows import CsvParams
from entourage.ingest.mapping import Mapping, Part, Value, parse

SOURCES = sorted((Path(__file__).resolve().parents[3] / "conf" / "sources").glob("*.yaml"))


def test_a_mapping_says_how_each_column_is_made() -> None:
    text = """
    kind: persons
    system: shop
    key: no
    csv: {delimiter: ";"}
    ignore: [secret]
    columns:
      emails: [mail, mail2]
      birth_date: {from: dob, parse: date, format: dd/MM/yyyy}
      address.country: {const: FR}
    """

    assert parse(text, name="shops") == Mapping(
        name="shops",
        format="",
        csv=CsvParams(delimiter=";"),
        parts=(
            Part(
                kind="persons",
                system="shop",
                network="other",
                key=("no",),
                columns={
                    "emails": Value(sources=("mail", "mail2"), type="array<string>"),
                    "birth_date": Value(sources=("dob",), type="date", parse="date", format="dd/MM/yyyy"),
                    "address.country": Value(const="FR"),
                },
                ignore=("secret",),
            ),
        ),
    )


def test_all_mistakes_are_told_at_once_with_the_nearest_word() -> None:
    text = "kind: persons\nkey: a\ncolumn: {}\ncolumns: {given_nam: b, emails: {form: c, parse: lowr}}"
    with pytest.raises(UsageError) as caught:
        parse(text, name="x")
    with pytest.raises(UsageError) as deeper:
        parse(text.replace("column: {}\n", ""), name="x")

    assert "unknown key 'column'; did you mean 'columns'?" in str(caught.value)
    assert "unknown column of persons 'given_nam'; did you mean 'given_name'?" in str(deeper.value)
    assert "unknown key 'form'" in str(deeper.value)
    assert "parser 'lowr' is unknown; did you mean 'lower'?" in str(deeper.value)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("kind: person\ncolumns: {a: b}", "did you mean 'persons'?"),
        ("kind: edges\ncolumns: {src: a}", "dst missing"),
        ("kind: persons\ncolumns: {gender: a}", "key: nothing found"),
        ("kind: edges\nformat: cvs\ncolumns: {src: a, dst: b}", "did you mean 'csv'?"),
        ("- a", "found list"),
        ("a: [", "not valid YAML"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(text: str, part: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text, name="x")

    assert part in str(caught.value)


def test_a_spec_that_no_row_could_follow_is_refused() -> None:
    text = """
    kind: persons
    key: a
    columns:
      birth_date: {from: a, parse: date, format: "ww yyyy"}
      updated_at: {from: b, format: dd/MM}
      phones: {from: c, parse: split, separator: ""}
      gender: {from: d, parse: split}
    """
    with pytest.raises(UsageError) as caught:
        parse(text, name="x")

    assert "birth_date: format: 'ww' in 'ww yyyy' is not supported; supported are yyyy yy MMMM" in str(caught.value)
    assert "updated_at: format: 'dd/MM' names no year" in str(caught.value)
    assert "phones: separator: nothing found" in str(caught.value)
    assert "gender: split makes a list, which only emails" in str(caught.value)


def test_a_csv_that_no_reader_knows_is_refused() -> None:
    text = """
    kind: persons
    key: a
    csv: {delimiter: "||", quote: "''", encoding: utf-99}
    columns: {given_name: b}
    """
    with pytest.raises(UsageError) as caught:
        parse(text, name="x")

    for problem in ("delimiter: found '||'", "quote: found \"''\"", "encoding: found 'utf-99'"):
        assert problem in str(caught.value)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_mapping_that_comes_along_is_valid(path: Path) -> None:
    assert parse(path.read_text(encoding="utf-8"), name=path.stem).parts
