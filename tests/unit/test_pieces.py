from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from entourage import contents, pieces
from entourage.ingest.opening import How
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


def test_a_file_that_a_worker_cannot_open_itself_comes_to_it_whole(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b[1]*?{c} %20"):
        (tmp_path / f"{name}.json.gz").write_bytes(gzip.compress(b'{"a": 1}\n{"a": 2}'))
    statuses = FileSystem(spark).list_files(str(tmp_path))
    readings = [pieces.Reading(status, "posts", "x_v1") for status in statuses]

    def read(params: SplitParams) -> list[tuple[object, ...]]:
        return sorted((tuple(row) for row in pieces.read_pieces(spark, readings, params=params).collect()), key=str)

    opened = read(SplitParams())
    monkeypatch.setattr(contents, "is_local", lambda _: False)
    monkeypatch.setattr(pieces, "is_local", lambda _: False)

    assert len(opened) == 2 * 3
    assert read(SplitParams()) == opened
    assert [row[6] for row in read(SplitParams(max_held_bytes=1))] == ["too_large"] * 2


def test_large_files_are_read_by_tasks_of_their_own(spark: SparkSession, tmp_path: Path) -> None:
    files = []
    for number in range(4):
        (tmp_path / f"{number}.json").write_text(f'{{"a": {number}}}')
        files.append(contents.File(f"file:{tmp_path}/{number}.json", 500 << 20, 0, 0))
    (found,) = contents.read(spark, files, styles=[("posts", "", How())], params=SplitParams())
    by_task = found.where("NOT is_marker").groupBy(F.spark_partition_id().alias("task")).count()

    assert sorted(row["count"] for row in by_task.collect()) == [1, 1, 1, 1]
