"""Files are listed as Hadoop lists them, without asking the JVM of each."""

from __future__ import annotations

import os
from pathlib import Path

from entourage import session


def test_a_local_folder_is_listed_at_all_depths_without_what_is_hidden_or_no_file(tmp_path: Path) -> None:
    names = ["a.json", "b [1]/c:d.json", ".hidden/x.json", "_x/x.json", "b [1]/_y.json", "été.json"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("12345")
        os.utime(tmp_path / name, ns=(0, 1_780_000_000_123_999_999))
    (tmp_path / "nowhere.json").symlink_to(tmp_path / "gone.json")
    os.mkfifo(tmp_path / "pipe.json")
    found = session._local_files(f"file:{tmp_path}")

    assert sorted(found, key=lambda status: status.path) == [
        session.FileStatus(f"file:{tmp_path}/{name}", 5, 1_780_000_000_123)
        for name in ("a.json", "b [1]/c:d.json", "été.json")
    ]


def test_a_file_is_listed_alone_and_a_folder_without_files_has_none(tmp_path: Path) -> None:
    (tmp_path / "_a.json").write_text("1")
    (tmp_path / "empty").mkdir()
    (status,) = session._local_files(f"file:{tmp_path}/_a.json")

    assert (status.path, status.size) == (f"file:{tmp_path}/_a.json", 1)
    assert session._local_files(f"file:{tmp_path}/empty") == []


def test_a_name_that_is_no_text_is_listed_so_that_it_can_be_refused(tmp_path: Path) -> None:
    Path(os.fsdecode(bytes(tmp_path) + b"/\xff.json")).write_text("1")

    assert [status.path for status in session._local_files(f"file:{tmp_path}")] == [f"file:{tmp_path}/?.json"]
