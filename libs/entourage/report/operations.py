"""Tell which checks held, how long jobs took, and the headline.

in: rows of `figures.aggregates`, collected ▶ out: a `Section`, a `Grid` and tiles.
"""

from __future__ import annotations

from typing import Any

from entourage.report import words
from entourage.report.blocks import Block, Frames, Grid, Rows, Section, present, total

GREAT_EXPECTATIONS = "Great Expectations: "


def quality(frames: Frames) -> Section:
    """Tell which checks held."""
    checks = sorted(frames["checks"], key=lambda row: (row["table_name"], row["check"]))
    if not checks:
        return Section("quality", "Quality gates", "No check has run yet.")
    failed = [row for row in checks if not row["is_passed"]]
    verdict = (
        f"All {words.count(len(checks))} checks passed."
        if not failed
        else (f"{words.count(len(failed))} of {words.count(len(checks))} checks failed.")
    )
    sentence = f"{verdict} A table that fails a check is not written: its last good version stays."
    suite = [row for row in checks if row["check"].startswith(GREAT_EXPECTATIONS)]
    blocks: list[Block] = [
        Grid("Checks that failed", ("Check", "Broken by", "Rows"), [_check(row) for row in failed]),
        Grid(
            "Great Expectations on the gold tables",
            ("Expectation", "Rows", "Held"),
            [_expectation(row) for row in suite],
        ),
        _contracts([row for row in checks if row not in suite]),
    ]
    return Section("quality", "Quality gates", sentence, present(blocks))


def run_times(frames: Frames) -> Grid:
    """Return how long each job's newest run took, in the order they ended."""
    runs = sorted(frames["runs"], key=lambda row: (row["finished_at"], row["job"]))
    rows = [(words.plain(row["job"]), words.seconds(row["seconds"])) for row in runs]
    return Grid("How long the newest run of each job took", ("Job", "Time"), rows)


def tiles(frames: Frames) -> list[tuple[str, str, str]]:
    """Return the page's headline: number, what it counts, and a word on it."""
    read = total(frames["signals"])
    kept = total(row for row in frames["signals"] if row["is_useful"])
    linked = total(row for row in frames["links"] if row["source_kind"] == "account")
    records, persons = total(frames["records"]), total(frames["persons"])
    failed = sum(not row["is_passed"] for row in frames["checks"])
    found = [
        (total(frames["posts"]), "posts", f"on {len({row['network'] for row in frames['posts']})} networks"),
        (kept, "posts kept", f"{words.ratio(kept / read)} of those read" if read else ""),
        (persons, "persons", f"behind {words.count(records)} records"),
        (linked, "accounts linked", "each with a legal basis"),
        (len(frames["checks"]) - failed, "checks passed", f"{failed} failed" if failed else "none failed"),
    ]
    return [(words.count(number), label, note) for number, label, note in found if number]


def _check(row: dict[str, Any]) -> tuple[str, ...]:
    return (f"{row['table_name']}: {row['check']}", words.count(row["failed_count"]), words.count(row["row_count"]))


def _expectation(row: dict[str, Any]) -> tuple[str, ...]:
    sentence = row["check"].removeprefix(GREAT_EXPECTATIONS)
    return (f"{row['table_name']}: {sentence}", words.count(row["row_count"]), "✓ yes" if row["is_passed"] else "✗ no")


def _contracts(checks: Rows) -> Grid:
    tables: dict[str, Rows] = {}
    for row in checks:
        tables.setdefault(row["table_name"], []).append(row)
    rows = [
        (
            name,
            f"{sum(row['is_passed'] for row in found)} of {len(found)}",
            words.count(max(row["row_count"] for row in found)),
        )
        for name, found in tables.items()
    ]
    return Grid("The tables' contracts", ("Table", "Checks held", "Rows"), rows, note="Rows: of the newest write.")
