"""A message of Kafka is read as a file of the same bytes would be, however it is written."""

from __future__ import annotations

import gzip
import io

import pytest

from entourage.ingest.opening import How, pieces
from entourage.ingest.unpacking import SplitParams, Stream
from entourage.messages import pieces_of

PARAMS = SplitParams(max_payload_bytes=64)
CONTENTS = {
    "one document": b'{"a": 1}',
    "blanks around it": b' \n{"a": 1}\r\n',
    "two on a line": b'{"a": 1}{"b": 2}',
    "two lines": b'{"a": 1}\n{"b": 2}',
    "an array": b'[{"a": 1}, {"b": 2}]',
    "compressed": gzip.compress(b'{"a": 1}\n{"b": 2}'),
    "wide": '{"a": "é"}'.encode("utf-16"),
    "not UTF-8": b'{"a": "\xe9"}',
    "NULs": b'\x00{"a": 1}\x00',
    "a NUL within": b'{"a": "\x00"}',
    "cut short": b'{"a": 1',
    "too long": b'{"a": "' + b"y" * 64 + b'"}',
    "braces that are no document": b"{}}{{}",
    "empty": b"",
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
def test_a_message_is_read_as_a_file_of_the_same_bytes(content: bytes) -> None:
    found = [(piece.payload, piece.reason_code, piece.reason) for piece in pieces_of(content, PARAMS)]

    file = pieces(Stream.of(io.BytesIO(content)), name="posts.json", size=len(content), how=How(), params=PARAMS)
    assert found == [(piece.payload, piece.reason_code, piece.reason) for piece in file]
