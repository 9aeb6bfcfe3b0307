from __future__ import annotations

from pathlib import Path

from entourage import catalogue

ROOT = Path(__file__).resolve().parents[2]


def test_the_readme_lists_the_declared_tables() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert catalogue.in_readme(readme) == readme, "run make fix"


def test_the_data_dictionary_is_current() -> None:
    assert (ROOT / "docs" / "tables.md").read_text(encoding="utf-8") == catalogue.dictionary(), "run make fix"
