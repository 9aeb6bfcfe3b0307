"""Carry out the merges of an ingest run, and count what became of the items.

in: `ingest.steps.Step`s in their order ▶ out: tables written, `ops.run_counts`. An edge: it writes tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pyspark.sql import DataFrame

from entourage.ingest import accounts
from entourage.ingest.steps import Step
from entourage.tables import Tables


@dataclass(frozen=True)
class Landing:
    """Where the steps of one source go.

    Attributes:
        tables: of the lake.
        source: what the counts call this input.
        say: prints progress.
    """

    tables: Tables
    source: str
    say: Callable[[str], None]

    def carry_out(self, steps: Iterable[Step], *, tally: DataFrame, files: DataFrame) -> None:
        """Merge step by step, in order: each sees what those before it wrote; mark the files done last.

        Args:
            steps: lazily made, one a table.
            tally: one row, see `steps.tally`.
            files: rows of bronze.files.
        """
        row = tally.collect()[0]
        came_in = {name.removeprefix("of_"): tuple(row[name]) for name in tally.columns}
        for step in steps:
            if not any(came_in[kind][0] for kind in (step.counted, *step.moved_by)):
                continue
            written, _ = self.tables.merge(step.table, step.frame, update=step.update, newer=step.newer)
            if step.void is not None:
                self._remove(step.table, step.void)
            items, refused = came_in[step.counted]
            # One item may touch several rows (an edit makes the version before it old): it counts once.
            written = min(written, items - refused)
            self.tables.count(self.source, step.table, items=items, written=written, quarantined=refused)
            self.say(f"  {step.table}: {items:,} items, {written:,} written, {refused:,} refused")
        self.tables.merge("bronze.files", files)

    def _remove(self, table: str, keys: DataFrame) -> None:
        if not keys.isEmpty():
            self.tables.replace(table, accounts.without(self.tables.read(table), keys=keys))
