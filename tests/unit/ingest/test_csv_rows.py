"""Delimited files are split into rows, however ragged they are."""

from __future__ import annotations

import io
import json

from entourage.ingest.csv_rows import CsvParams, split_rows
from entourage.ingest.unpacking import SplitParams, Stream


def found(content: bytes, **csv_params: object) -> list[tuple[int, object, str | None]]:
    stream = Stream.of(io.BytesIO(content))
    pieces = split_rows(stream, csv_params=CsvParams(**csv_params), params=SplitParams())  # type: ignore[arg-type]
    return [(p.position, p.payload if p.reason_code else json.loads(p.payload), p.reason_code) for p in pieces]


def test_a_row_is_an_object_keyed_by_the_header() -> None:
    assert found(b"\xef\xbb\xbfid, name\r\n1,Ada\r\n\r\n2,\r\n") == [
        (2, {"id": "1", "name": "Ada"}, None),
        (4, {"id": "2", "name": ""}, None),
    ]


def test_an_empty_file_and_a_header_alone_have_no_rows() -> None:
    assert found(b"") == []
    assert found(b"\xef\xbb\xbf") == []
    assert found(b"id,name\n") == []


def test_quotes_hold_delimiters_quotes_and_line_ends() -> None:
    assert found(b'id;note\n1;"a;b ""c""\nd"\n2;e\n', delimiter=";") == [
        (2, {"id": "1", "note": 'a;b "c"\nd'}, None),
        (4, {"id": "2", "note": "e"}, None),
    ]


def test_ragged_rows_are_refused_and_their_neighbors_are_not() -> None:
    assert found(b"id,name\n1\n2,Ada\n3,Bob,x\n4,Cy,,\n") == [
        (2, "1", "ragged_row"),
        (3, {"id": "2", "name": "Ada"}, None),
        (4, "3,Bob,x", "ragged_row"),
        (5, {"id": "4", "name": "Cy"}, None),
    ]


def test_a_quote_that_is_never_closed_costs_its_own_line() -> None:
    rows = found(b'id,name\n1,"Ada\n2,Bob\n3,Cy\n')

    assert rows == [
        (2, '1,"Ada', "unclosed_quote"),
        (3, {"id": "2", "name": "Bob"}, None),
        (4, {"id": "3", "name": "Cy"}, None),
    ]


def test_a_repeated_header_is_refused_and_repeated_names_get_numbers() -> None:
    assert found(b"id,name,name,\n1,a,b,c\nid,name,name,\n") == [
        (2, {"id": "1", "name": "a", "name_2": "b", "column_4": "c"}, None),
        (3, "id,name,name,", "repeated_header"),
    ]


def test_bytes_that_the_encoding_lacks_cost_their_row() -> None:
    content = "id,name\n1,Zoé\n2,Ada\n".encode("latin-1")

    assert [code for _, _, code in found(content)] == ["bad_characters", None]
    assert found(content, encoding="latin-1")[0] == (2, {"id": "1", "name": "Zoé"}, None)


def test_utf_16_is_read_and_nuls_stay_inside_their_field() -> None:
    assert found("id,name\n1,Zoé\n".encode("utf-16")) == [(2, {"id": "1", "name": "Zoé"}, None)]
    assert found(b"id,name\n1,A\x00da\n") == [(2, {"id": "1", "name": "A\x00da"}, None)]


def test_a_header_can_be_given() -> None:
    assert found(b"1,Ada\n", header=("id", "name")) == [(1, {"id": "1", "name": "Ada"}, None)]


def test_a_quote_that_is_open_at_the_end_of_the_file_costs_its_line() -> None:
    for end in (b"", b"\n"):
        assert found(b'id,name\n1,Ada\n2,"Bob' + end) == [
            (2, {"id": "1", "name": "Ada"}, None),
            (3, '2,"Bob', "unclosed_quote"),
        ]


def test_an_open_quote_before_more_lines_than_a_row_may_have_costs_its_own_line() -> None:
    rows = b"".join(b"%d,x\n" % n for n in range(100))
    stream = Stream.of(io.BytesIO(b'id,name\n0,"open\n' + rows))
    pieces = list(split_rows(stream, csv_params=CsvParams(), params=SplitParams(max_payload_bytes=50)))

    assert [(p.position, p.reason_code) for p in pieces] == [(2, "unclosed_quote"), *((n, None) for n in range(3, 103))]


def test_a_row_over_the_limit_is_refused_and_its_neighbors_are_not() -> None:
    stream = Stream.of(io.BytesIO(b"id,name\n1,a\n2," + b"x" * 3_000_000 + b"\n3,c\n"))
    pieces = list(split_rows(stream, csv_params=CsvParams(), params=SplitParams(max_payload_bytes=1_000_000)))

    assert [(p.position, p.reason_code) for p in pieces] == [(2, None), (3, "too_long"), (4, None)]


def test_a_large_file_is_read_as_a_small_one_is() -> None:
    rows = [(n, f'Zoé "{n}"\n of {n}') for n in range(100_000)]
    content = "id,note\r\n" + "".join('{},"{}"\r\n'.format(n, note.replace('"', '""')) for n, note in rows)

    assert [(n, row) for n, row, _ in found(content.encode())] == [
        (2 + 2 * n, {"id": str(n), "note": note}) for n, note in rows
    ]
