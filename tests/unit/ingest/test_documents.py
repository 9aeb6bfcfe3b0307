"""Documents are read as Python's own reader does, at orjson's speed where both agree."""

from __future__ import annotations

import json
import math

import pytest

from entourage.ingest import documents


@pytest.mark.parametrize(
    "text",
    [
        '{"a": [1, -1.5, 1e5, "é🎉", null, true, {}]}',
        '{"id": 9007199254740993, "twice": 1, "twice": 2}',
        "18446744073709551615",
        "18446744073709551616",
        "123456789012345678901234567890",
        '"98765432109876543210"',
        "1e999",
        "-0",
        "[]",
        '"\\ud800"',
        "\ud800".join('""'),
    ],
)
def test_a_document_is_what_pythons_reader_makes_of_it(text: str) -> None:
    found, expected = documents.loads(text), json.loads(text)

    assert (found, type(found)) == (expected, type(expected))


def test_nan_is_read_too() -> None:
    assert math.isnan(documents.loads("NaN"))


@pytest.mark.parametrize("text", ["", "{", '{"a":1,}', "{'a':1}", '{"a":"\t"}', '{"a":1} b', "{}{}", "01", "words"])
def test_what_pythons_reader_refuses_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        documents.loads(text)


def test_nesting_beyond_pythons_reader_is_told_from_what_is_no_json() -> None:
    with pytest.raises(RecursionError):
        documents.loads("[" * 5000 + "]" * 5000)


@pytest.mark.parametrize(
    ("text", "depth"), [("1", 0), ("[]", 1), ('{"a":[1,2]}', 2), ('[1,{"a":"[[[[[["},[[{}]]]', 4), ('["{{{{"]', 1)]
)
def test_depth_is_of_objects_and_arrays_in_each_other(text: str, depth: int) -> None:
    document = documents.loads(text)

    assert not documents.is_deeper(document, text, depth)
    assert depth == 0 or documents.is_deeper(document, text, depth - 1)
