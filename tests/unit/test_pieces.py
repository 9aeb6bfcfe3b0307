from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from entourage import pieces
from entourage.ingest.unpacking import SplitParams
from entourage.session import FileSystem

LINES = [
    b'\xef\xbb\xbf{"a": 1}',
    b' \t{"tab\there": "mark \xef\xbb\xbf kept"}\r',
    b"",
    b" \r",
    b"\x00\x00 \x00",
    b'\x00{"nul": "around"}\x00',
    b'{"latin": "caf\xe9"}',
    b'{"long": "' + b"x" * 300_000 + b'"}',
    b'{"torn' + b"\x00" * 150_000 + b'": 1}',
    b'{"last": 1}',
]


def test_a_large_plain_file_is_split_as_a_small_one(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "posts.json").write_bytes(b"\n".join(LINES))
    readings = [pieces.Reading(s, "posts") for s in FileSystem(spark).list_files(str(tmp_path))]

    def read() -> list[tuple[object, ...]]:
        found = pieces.read_pieces(spark, readings, params=SplitParams(max_payload_bytes=200_000)).where(
            "NOT is_marker"
        )
        rows = found.orderBy("position").collect()
        return [(r["position"], r["payload"][:60], r["reason_code"], (r["reason"] or "")[:60]) for r in rows]

    whole = read()
    monkeypatch.setattr(pieces, "SPLIT_BYTES", 0)

    assert [row[2] for row in whole] == [None, None, "only_nul", None, "bad_encoding", "too_long", None, None]
    assert [row[:3] for row in read()] == [row[:3] for row in whole]
    assert read()[2] == whole[2]
