"""What a worker makes of the files of its task; those that only Spark can open are tested with the pieces."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa

from entourage import contents
from entourage.ingest.opening import How
from entourage.ingest.unpacking import SplitParams

STYLES = [("posts", "", How()), ("crm", "crm", How(is_mapped=True))]


def read(*files: contents.File) -> list[pa.RecordBatch]:
    tasks = pa.record_batch([pa.array([json.dumps(files)]), pa.array([None], pa.binary())], names=["files", "content"])
    return list(contents._split_batches([tasks], styles=STYLES, params=SplitParams()))


def rows(*files: contents.File) -> list[tuple[object, ...]]:
    names = ("source", "given", "file", "position", "payload", "reason_code", "is_marker")
    return [tuple(row[name] for name in names) for batch in read(*files) for row in batch.to_pylist()]


def test_small_files_share_a_batch_and_each_has_a_marker(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a":1}')
    (tmp_path / "b.csv").write_text("id\n7\n")
    paths = [f"file:{tmp_path}/{name}" for name in ("a.json", "b.csv")]
    files = [contents.File(path, 5, 1_780_000_000_123, number) for number, path in enumerate(paths)]

    assert len(read(*files)) == 1
    assert rows(*files) == [
        ("posts", None, paths[0], 1, '{"a":1}', None, False),
        ("posts", None, paths[0], 0, "", None, True),
        ("crm", "crm", paths[1], 2, '{"id": "7"}', None, False),
        ("crm", "crm", paths[1], 0, "", None, True),
    ]
    assert read(*files)[0].column("modified_at")[0].as_py().isoformat() == "2026-05-28T20:26:40.123000+00:00"


def test_a_file_that_is_gone_is_a_folder_or_has_a_name_that_is_none_leaves_nothing(tmp_path: Path) -> None:
    for path in (f"{tmp_path}/gone.json", str(tmp_path), f"{tmp_path}/nul\x00.json"):
        assert rows(contents.File(f"file:{path}", 5, 0, 0)) == []


def test_a_file_that_fails_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = "file:/proc/self/mem"  # opens, and every read of its beginning is an error of input and output

    assert rows(contents.File(path, 5, 0, 0)) == [
        ("posts", None, path, 0, "", "unreadable", False),
        ("posts", None, path, 0, "", None, True),
    ]
