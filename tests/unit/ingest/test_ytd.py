"""Scripts of X's personal archive are split into their elements."""

from __future__ import annotations

import io
import json

import pytest

from entourage.ingest.unpacking import SplitParams, Stream
from entourage.ingest.ytd import split

PARAMS = SplitParams()


def found(script: bytes, *, owner: str | None = None, params: SplitParams = PARAMS) -> list[object]:
    pieces = split(Stream.of(io.BytesIO(script)), owner=owner, params=params)
    return [(p.position, p.reason_code or json.loads(p.payload)) for p in pieces]


def test_an_element_is_a_payload_that_names_its_list_and_owner() -> None:
    script = 'window.YTD.tweet.part12 = [\n{"tweet": {"full_text": "[é],"}}, {"tweet": {}}\n]'.encode()

    assert found(script, owner="7") == [
        (1, {"ytd": "tweet", "owner": "7", "item": {"tweet": {"full_text": "[é],"}}}),
        (2, {"ytd": "tweet", "owner": "7", "item": {"tweet": {}}}),
    ]


@pytest.mark.parametrize("script", [b"window.YTD.like.part0 = []", b"\xef\xbb\xbfwindow.YTD.like.part0=[ ]\n"])
def test_an_empty_list_has_no_payload(script: bytes) -> None:
    assert found(script) == []


def test_a_list_that_is_cut_short_gives_what_is_whole() -> None:
    assert found(b'window.YTD.like.part0 = [ {"like": 1}, {"like": ') == [
        (1, {"ytd": "like", "owner": None, "item": {"like": 1}}),
        (2, "bad_json"),
    ]
    assert found(b'window.YTD.like.part0 = [ {"like": 1}') == [
        (1, {"ytd": "like", "owner": None, "item": {"like": 1}}),
        (2, "bad_json"),
    ]


def test_a_script_that_assigns_no_list_and_an_element_over_the_limit_are_refused() -> None:
    assert found(b"window.YTD.like = function () {}") == [(1, "bad_json")]
    long = b'window.YTD.like.part0 = [ {"like": "%s"} ]' % (b"x" * 3_000_000)
    assert found(long, params=SplitParams(max_payload_bytes=1000)) == [(1, "too_long")]


def test_a_list_longer_than_what_is_held_is_read_to_its_end() -> None:
    script = b"window.YTD.like.part0 = [%s]" % b",".join(b'{"like": "%d%s"}' % (n, b"x" * 900) for n in range(5000))
    rows = found(script)

    assert [row[0] for row in rows] == list(range(1, 5001))  # type: ignore[index]
    assert all(isinstance(row[1], dict) for row in rows)  # type: ignore[index]
