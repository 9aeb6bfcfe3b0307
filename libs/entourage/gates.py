"""Stop what breaks its contract before it is written; Great Expectations on gold.

in: a staged frame ▶ out: `Check` rows, or GateError with the last good version untouched.
"""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import DataFrame

from entourage import expectations, quality
from entourage.errors import GateError
from entourage.quality import Check
from entourage.schemas import Table


def check(frame: DataFrame, *, table: Table, read: Callable[[str], DataFrame], is_whole: bool) -> list[Check]:
    """Check a staged frame against its contract and references.

    Args:
        frame: what is about to be written, all declared columns.
        table: its declaration.
        read: returns another table by name, for references.
        is_whole: False for a merge or a slice: the rows that stay in the table are then expected along.

    Raises:
        GateError: one sentence a broken rule; nothing was written.
    """
    checks = quality.check_contract(frame, table=table)
    row_count = checks[-1].row_count
    for column in table.columns:
        if column.references:
            checks.append(
                quality.check_reference(
                    frame,
                    table=table,
                    column=column.name,
                    referenced=read(column.references),
                    row_count=row_count,
                )
            )
    raise_failures(checks)
    expected = expectations.check(frame, table=table, read=read, is_whole=is_whole)
    raise_failures(expected)
    return [*expected, *checks]


def raise_failures(checks: list[Check]) -> None:
    """Raise GateError naming every failed check."""
    failed = [c for c in checks if not c.is_passed]
    if failed:
        sentences = "\n  ".join(f"{c.check}: broken by {c.failed_count:,} of {c.row_count:,} rows" for c in failed)
        raise GateError(
            f"{failed[0].table}: quality gate failed; nothing was written, the last good version stays:\n  {sentences}"
        )
