"""A world as the command writes it: whole, and the same bytes in every run."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from .conftest import entourage

SMALL = ("--people", "60", "--days", "1", "--history-months", "3")


def _written(folder: Path) -> dict[str, list[str]]:
    """Return the digests of each folder's files, in the order of their numbers: names hold a random part."""
    found: dict[str, list[str]] = {}
    for file in sorted(folder.rglob("part-*")):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        found.setdefault(str(file.parent.relative_to(folder)), []).append(digest)
    return found


@pytest.mark.slow
def test_two_runs_write_the_same_bytes_on_other_partitions_and_cores(tmp_path: Path) -> None:
    for folder, partitions, cores in (("a", 1, 1), ("b", 7, 2)):
        settings = ("--set", f"spark.shuffle_partitions={partitions}", "--set", f"spark.master=local[{cores}]")
        done = entourage(*settings, "simulate", *SMALL, "--to", str(tmp_path / folder))
        assert done.code == 0, done.err

    first, second = _written(tmp_path / "a"), _written(tmp_path / "b")
    assert len(first) > 60
    assert {name for name in first.keys() | second.keys() if first.get(name) != second.get(name)} == set()
