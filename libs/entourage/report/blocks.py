"""Name what a section of the page is made of.

in: words and numbers already worded ▶ out: frozen blocks that the template lays out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from entourage.report import words

Rows = list[dict[str, Any]]
Frames = dict[str, Rows]


@dataclass(frozen=True)
class Grid:
    """A table: the first column is text, the others are numbers."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    note: str = ""
    kind: str = "grid"


@dataclass(frozen=True)
class Bar:
    """One bar: its words, its number in words, its length from 0 to 1, and a mark on it."""

    label: str
    value: str
    length: float
    mark: float | None = None


@dataclass(frozen=True)
class Bars:
    """A list of bars, longest first or in a given order."""

    title: str
    rows: list[Bar]
    note: str = ""
    color: str = "accent"
    kind: str = "bars"


@dataclass(frozen=True)
class Chart:
    """A drawing, with the same numbers as a table."""

    name: str
    title: str
    spec: dict[str, Any]
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    legend: Sequence[tuple[str, str]] = ()
    note: str = ""
    kind: str = "chart"


@dataclass(frozen=True)
class Score:
    """One figure against the truth, with what it means in a sentence."""

    label: str
    value: str
    length: float
    sentence: str
    between: str = ""


@dataclass(frozen=True)
class Scores:
    """Figures that answer one question."""

    title: str
    rows: list[Score]
    note: str = ""
    kind: str = "scores"


Block = Grid | Bars | Chart | Scores


@dataclass(frozen=True)
class Section:
    """One section: a heading, a sentence, blocks."""

    name: str
    title: str
    sentence: str
    blocks: list[Block] = field(default_factory=list)


def bars(
    counts: dict[str, int],
    *,
    title: str,
    word: Callable[[str], str],
    of: int | None = None,
    limit: int = 12,
    note: str = "",
    color: str = "accent",
) -> Bars:
    """Return bars of counts, largest first, ties by name.

    Args:
        counts: number by code.
        title: heading.
        word: code in words.
        of: what a share is taken of; the sum of the counts when not given.
        limit: bars shown; the rest becomes one bar.
        note: sentence under the bars.
        color: accent, kept or dropped.
    """
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = [(word(code), number) for code, number in ordered[:limit]]
    if len(ordered) > limit:
        shown.append((f"{len(ordered) - limit} others", sum(number for _, number in ordered[limit:])))
    whole = sum(counts.values()) if of is None else of
    longest = max((number for _, number in shown), default=0) or 1
    rows = [
        Bar(label, f"{words.count(number)} · {words.ratio(number / whole if whole else None)}", number / longest)
        for label, number in shown
    ]
    return Bars(title, rows, note=note, color=color)


def pivot(
    counts: Mapping[tuple[Any, str], int], rows: Mapping[Any, str], columns: Sequence[str], *, corner: str
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the header and rows of a table of counts by (row, column); rows and columns in the order given."""
    table = [(label, *(words.count(counts.get((key, name), 0)) for name in columns)) for key, label in rows.items()]
    return (corner, *(name[:1].upper() + name[1:] for name in columns)), table


def present(blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks that have something to show."""
    return [block for block in blocks if block.rows]


def total(rows: Iterable[dict[str, Any]]) -> int:
    """Return the sum of the rows' counts."""
    return sum(row["count"] for row in rows)


def sums(rows: Iterable[dict[str, Any]], column: str) -> dict[Any, int]:
    """Return the sum of the rows' counts by the values of a column."""
    found: Counter[Any] = Counter()
    for row in rows:
        found[row[column]] += row["count"]
    return dict(found)
