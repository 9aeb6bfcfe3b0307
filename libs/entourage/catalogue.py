"""Write the catalogue of tables into README.md and docs/tables.md, from their declarations.

in: `schemas.TABLES` ▶ out: Markdown. Run by `make fix`; a test says when it is stale.
"""

from __future__ import annotations

from pathlib import Path

from entourage.config import project_root
from entourage.schemas import TABLES, Table

INTRO = """# Tables

Written by `make fix` from `schemas.py`. How long rows are to be kept is declared, as a property of each table; nothing
enforces it yet. Nothing writes or reads `ops.suppressions` yet.
"""
BEGIN, END = "<!-- tables: begin (make fix writes this) -->", "<!-- tables: end -->"


def overview() -> str:
    """Return a Markdown table with a row a table."""
    rows = [f"| {table.name} | {table.grain} | {', '.join(table.key)} |" for table in TABLES.values()]
    return "\n".join(["| table | one row is | key |", "|---|---|---|", *rows])


def dictionary() -> str:
    """Return the whole data dictionary in Markdown."""
    sections = "".join(_section(table) for table in TABLES.values())
    return f"{INTRO}{sections}"


def in_readme(readme: str) -> str:
    """Return the README with its catalogue made anew."""
    before, rest = readme.split(BEGIN)
    return f"{before}{BEGIN}\n{overview()}\n{END}{rest.split(END)[1]}"


def _section(table: Table) -> str:
    facts = f"One row is {table.grain}. Key: {', '.join(table.key)}. Leads to a person by: {table.subject_key}. "
    facts += f"Purpose: {table.purpose}. To be kept {table.retention_days:,} days."
    rows = [f"| {c.name} | {c.type} | {c.comment} | {c.privacy} |" for c in table.columns]
    head = "| column | type | what it is | privacy |\n|---|---|---|---|"
    return "\n".join([f"\n## {table.name}\n", facts, "", head, *rows]) + "\n"


def write(root: Path) -> None:
    """Write both documents."""
    readme = root / "README.md"
    readme.write_text(in_readme(readme.read_text(encoding="utf-8")), encoding="utf-8")
    (root / "docs" / "tables.md").write_text(dictionary(), encoding="utf-8")


if __name__ == "__main__":
    write(project_root())
