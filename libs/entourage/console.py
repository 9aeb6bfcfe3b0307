"""Print for a person on standard error, and results on standard output.

in: sentences and rows ▶ out: a terminal, or JSON alone on standard output with --json.
"""

from __future__ import annotations

import datetime as dt
import decimal
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

_ERR = Console(stderr=True, highlight=False)
_OUT = Console(highlight=False)


@dataclass(frozen=True)
class Printer:
    """Prints progress with the seconds since the start, and results."""

    as_json: bool
    started: float = field(default_factory=time.monotonic)

    def say(self, sentence: str) -> None:
        """Print one line of progress."""
        _ERR.print(Text(f"{time.monotonic() - self.started:7.1f} s  {sentence}"), soft_wrap=True)

    def fail(self, sentence: str) -> None:
        """Print an error."""
        _ERR.print(Text(f"error: {sentence}", style="red"), soft_wrap=True)

    def result(self, rows: Sequence[dict[str, Any]], *, title: str = "") -> None:
        """Print rows: a table for a person, a JSON array with --json."""
        if self.as_json:
            print(json.dumps(list(rows), default=_plain, ensure_ascii=False))
            return
        if not rows:
            _OUT.print(f"{title}: no rows" if title else "no rows")
            return
        table = RichTable(title=title or None, title_justify="left", header_style="bold")
        for name in rows[0]:
            is_number = all(isinstance(row[name], (int, float)) or row[name] is None for row in rows)
            table.add_column(name, justify="right" if is_number else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text(_shown(value)) for value in row.values()))
        _OUT.print(table)

    def paragraphs(self, paragraphs: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Print headings, each with its lines below, indented and folded at the terminal's width."""
        for heading, lines in paragraphs:
            _OUT.print()
            _OUT.print(Text(heading, style="bold"))
            for line in lines:
                indent = 2 + len(line) - len(line.lstrip())
                _OUT.print(Padding(Text(line.strip(), overflow="fold"), (0, 0, 0, indent), expand=False))

    def facts(self, facts: dict[str, Any]) -> None:
        """Print one object: a line a key for a person, a JSON object with --json."""
        if self.as_json:
            print(json.dumps(facts, default=_plain, ensure_ascii=False))
            return
        for key, value in _flat(facts):
            _OUT.print(Text(f"{key:<36} {_shown(value)}"), soft_wrap=True)


def _flat(facts: dict[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in facts.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, (dict, list)):
        return json.dumps(value, default=_plain, ensure_ascii=False)
    return str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    if hasattr(value, "asDict"):
        return value.asDict(recursive=True)
    return str(value)
