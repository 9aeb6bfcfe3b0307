"""The report of a lake that `run all` filled."""

from __future__ import annotations

import re
from pathlib import Path

from .conftest import AS_OF, Lake, entourage


def visible(html: str) -> str:
    """Return what stands in the page apart from scripts and style."""
    return re.sub(r"<(script|style)\b.*?</\1>", "", html, flags=re.DOTALL)


def report(lake: Path, to: Path, *more: str) -> str:
    done = entourage("--lake", str(lake), "--as-of", AS_OF, "report", "--to", str(to), *more)
    assert done.code == 0, done.err
    return to.read_text(encoding="utf-8")


def test_run_all_leaves_a_page_with_every_section(filled: Lake) -> None:
    page = visible((filled.folder.parent / "report.html").read_text(encoding="utf-8"))

    for title in ("next to the truth", "What came in", "What was kept", "People found", "Who matters", "Quality gates"):
        assert title in page
    for score in ("Share kept", "Precision", "Recall", "Pairs: F1", "B-cubed: F1", "Rank correlation"):
        assert score in page
    assert "checks passed" in page
    assert "Great Expectations" in page


def test_a_page_holds_no_name_or_text_unless_revealed(filled: Lake, tmp_path: Path) -> None:
    done = entourage("--lake", str(filled.folder), "--json", "show", "silver.accounts", "--limit", "500", "--reveal")
    handles = set(re.findall(r'"handle": "([^"]{6,})"', done.out))
    assert handles

    masked = visible(report(filled.folder, tmp_path / "masked.html"))
    assert {handle for handle in handles if handle in masked} == set()
    assert "masked" in masked


def test_an_empty_lake_gives_a_page_of_friendly_sentences(tmp_path: Path) -> None:
    page = visible(report(tmp_path / "lake", tmp_path / "report.html"))

    assert "Nothing has come in yet" in page
    assert "No person has been found yet" in page
