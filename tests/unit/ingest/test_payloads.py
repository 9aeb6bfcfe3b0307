"""Files are split into payloads, however broken they are."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import time

import pytest
import zstandard

from entourage.ingest.opening import How, pieces
from entourage.ingest.unpacking import Piece, SplitParams, Stream

PARAMS = SplitParams()
BOM = b"\xef\xbb\xbf"


def split(content: bytes, params: SplitParams = PARAMS) -> list[Piece]:
    stream = Stream.of(io.BytesIO(content))
    return list(pieces(stream, name="posts.json", size=len(content), how=How(), params=params))


def found(content: bytes, params: SplitParams = PARAMS) -> list[tuple[int, str, str | None]]:
    return [(piece.position, piece.payload, piece.reason_code) for piece in split(content, params)]


@pytest.mark.parametrize("content", [b"", BOM, b"\n\n", BOM + b"\r\n", b"   \t\n"])
def test_a_file_without_anything_has_no_payload(content: bytes) -> None:
    assert found(content) == []


def test_one_line_is_one_payload_at_its_line_whatever_the_line_end() -> None:
    assert found(BOM + b'\r\n{"a":1}\r\n\n{"b":2}') == [(2, '{"a":1}', None), (4, '{"b":2}', None)]


def test_a_document_over_many_lines_is_one_payload_at_its_first_line() -> None:
    content = b'{"a":0}\n{\n "b": [\n  {"c": 1}\n ]\n}\n{"d":1}\n'

    assert found(content) == [
        (1, '{"a":0}', None),
        (2, '{\n "b": [\n  {"c": 1}\n ]\n}', None),
        (7, '{"d":1}', None),
    ]


def test_a_document_whose_first_line_looks_complete_is_still_read_whole() -> None:
    assert found(b'{"a": {"b":1}\n}\n{"c":1}') == [(1, '{"a": {"b":1}\n}', None), (3, '{"c":1}', None)]


def test_documents_on_one_line_are_payloads_of_that_line() -> None:
    assert found(b'{"a":1}{"b":"}{"} {"c":3}\n{"d":1}') == [
        (1, '{"a":1}', None),
        (1, '{"b":"}{"}', None),
        (1, '{"c":3}', None),
        (2, '{"d":1}', None),
    ]


def test_braces_in_a_text_do_not_split_it() -> None:
    assert found(b'{"text":"has }{ in it"}\n{"z":1}') == [(1, '{"text":"has }{ in it"}', None), (2, '{"z":1}', None)]


def test_the_whole_elements_of_an_array_that_is_cut_short_are_kept() -> None:
    assert found(b'[{"a":1},{"a":2},{"a":') == [(1, '{"a":1}', None), (1, '{"a":2}', None), (1, '{"a":', None)]
    assert found(b'[\n {"a":1},\n {"a":2},\n {"a":') == [(2, '{"a":1}', None), (3, '{"a":2}', None), (4, '{"a":', None)]


def test_a_line_that_is_cut_short_costs_itself_only() -> None:
    content = b'{"a":1,\n{"b":2}\n{"c": {"d":\n{"e":5}\n'

    assert found(content) == [
        (1, '{"a":1,', None),
        (2, '{"b":2}', None),
        (3, '{"c": {"d":', None),
        (4, '{"e":5}', None),
    ]


def test_lines_that_open_nothing_are_one_payload_that_its_reader_refuses() -> None:
    assert found(b'some\nwords\n{"a":1}\n7') == [(1, "some\nwords", None), (3, '{"a":1}', None), (4, "7", None)]


@pytest.mark.parametrize("opening", [b"[" * 5000, b'{"a":' * 5000, b"[" * 5000 + b"]" * 5000])
def test_deep_nesting_is_one_payload_that_its_reader_refuses(opening: bytes) -> None:
    assert [code for _, _, code in found(opening + b'\n{"a":1}')] == [None, None]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_encodings_are_read(encoding: str) -> None:
    content = '{"a":"été 🎉"}\n{"b":1}\n'.encode(encoding)

    assert found(content) == [(1, '{"a":"été 🎉"}', None), (2, '{"b":1}', None)]


def test_a_line_in_latin_1_is_refused_and_its_neighbors_are_not() -> None:
    refused, kept = split('{"a":"é"}'.encode("latin-1") + b'\n{"b":1}\n')

    assert [(p.position, p.payload, p.reason_code) for p in (refused, kept)] == [
        (1, '{"a":"é"}', "bad_encoding"),
        (2, '{"b":1}', None),
    ]
    assert "byte 0xE9 at offset 6" in (refused.reason or "")


def test_nuls_around_a_payload_are_dropped_and_a_line_of_nuls_is_refused() -> None:
    assert found(b'{"a":1}\x00\x00\n\x00\x00\x00\n{"b":1}') == [
        (1, '{"a":1}', None),
        (2, "", "only_nul"),
        (3, '{"b":1}', None),
    ]


def test_a_line_over_the_limit_is_refused_and_its_neighbors_are_not() -> None:
    content = b'{"a":1}\n{"a":"' + b"x" * 100 + b'"}\n{"b":1}'

    assert [(n, code) for n, _, code in found(content, SplitParams(max_payload_bytes=50))] == [
        (1, None),
        (2, "too_long"),
        (3, None),
    ]


def test_a_line_of_25_mb_is_read() -> None:
    content = b'{"a":1}\n{"a":"' + b"x" * 25_000_000 + b'"}\n{"b":1}'

    assert [(n, len(payload), code) for n, payload, code in found(content)] == [
        (1, 7, None),
        (2, 25_000_008, None),
        (3, 7, None),
    ]


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress, zstandard.compress])
def test_compressed_files_are_known_by_their_bytes_and_may_have_many_members(compress) -> None:
    assert found(compress(b'{"a":1}\n') + compress(b'{"b":2}\n')) == [(1, '{"a":1}', None), (2, '{"b":2}', None)]


def test_a_truncated_gzip_gives_what_it_holds_and_says_so() -> None:
    lines = b"".join(b'{"a":%d}\n' % n for n in range(5000))
    rows = found(gzip.compress(lines)[:-4000])

    assert len(rows) > 1000
    assert all(code is None for _, _, code in rows[:-1])
    assert rows[-1][2] == "truncated_file"


def test_damaged_gzip_gives_what_comes_before_the_damage() -> None:
    lines = b"".join(b'{"a":%d}\n' % (n * 7919) for n in range(50_000))
    content = bytearray(gzip.compress(lines))
    content[len(content) // 2 : len(content) // 2 + 50] = b"\xff" * 50
    rows = found(bytes(content))

    assert len(rows) > 100
    assert rows[-1][2] == "corrupt_file"


def test_a_bomb_stops_at_the_limit_of_expansion() -> None:
    content = gzip.compress(b'{"a":1}\n' * 2_000_000)

    assert found(content, SplitParams(max_expansion=2))[-1][2] == "expansion"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\x28\xb5\x2f\xfd" + b"\xff" * 100, "corrupt_file"),
        (b"PK\x03\x04 rest", "corrupt_file"),
        (b"Rar! rest", "unknown_compression"),
        (b"PAR1 rest", "unknown_compression"),
        (bytes(range(32)) * 100, "not_text"),
    ],
)
def test_files_of_other_kinds_are_refused_whole(content: bytes, code: str) -> None:
    assert found(content) == [(0, "", code)]


def test_a_file_of_very_many_lines_that_are_no_json_is_read_in_no_time() -> None:
    started = time.process_time()
    rows = found(b"x\n" * 400_000)

    assert sum(len(payload) for _, payload, _ in rows) == 800_000 - len(rows)
    assert time.process_time() - started < 10  # where each line looks at all that are held, minutes
