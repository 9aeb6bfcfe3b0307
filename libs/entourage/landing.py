"""Carry out an ingest run: stage a delivery, merge what it holds table by table, count what became of the items.

in: `sources.Delivery` ▶ out: tables written, `ops.run_counts`. An edge: it writes tables.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pyspark.sql import DataFrame

from entourage import __version__
from entourage.ingest import detect, formats, records, steps
from entourage.ingest.steps import Step
from entourage.messages import ranges
from entourage.sources import Delivery
from entourage.tables import ScratchSpace, Tables

# Of the items of each source that came in, by their kind: how many, and how many of them were refused.
Tally = dict[str, dict[str, tuple[int, int]]]


@dataclass(frozen=True)
class Landing:
    """Where deliveries go.

    Attributes:
        tables: of the lake.
        scratch: the job's scratch space.
        say: prints progress.
    """

    tables: Tables
    scratch: ScratchSpace
    say: Callable[[str], None]

    def social(self, delivery: Delivery) -> None:
        """Bring posts, accounts and acts in; all files are of one source."""
        payloads, files = self._payloads(delivery)
        good = payloads.where("reason_code IS NULL")
        present = sorted(row[0] for row in good.select("format").distinct().collect())
        found = formats.items(payloads, present=present, mappings=delivery.mappings)
        items = self.scratch.keep("items", found)
        merges = steps.social(payloads, items, run=self._run())
        self._carry_out(merges, tally=steps.tally(payloads, items), files=files, payloads=payloads)

    def business(self, delivery: Delivery) -> None:
        """Bring source records and consent events in, of any number of sources."""
        (payloads, files), run = self._payloads(delivery), self._run()
        made = records.rows(payloads, mappings=delivery.mappings.values(), received_at=run.at)
        rows = {kind: self.scratch.keep(kind, frame) for kind, frame in made.items()}
        merges = steps.business(payloads, rows, run=run)
        self._carry_out(merges, tally=steps.tally_rows(payloads, rows), files=files, payloads=payloads)

    def _payloads(self, delivery: Delivery) -> tuple[DataFrame, DataFrame]:
        """Stage the payloads; return them and what they came from, a row a file or range of offsets."""
        staged = self.scratch.keep("payloads", detect.payloads(delivery.pieces))
        files = ranges(staged) if delivery.files is None else delivery.files
        return detect.opened(staged, files=files), files

    def _run(self) -> steps.Run:
        now = dt.datetime.now(dt.UTC)
        return steps.Run(read=self.tables.read, keep=self.scratch.keep, at=now, code=__version__)

    def _carry_out(self, merges: Iterable[Step], *, tally: DataFrame, files: DataFrame, payloads: DataFrame) -> None:
        """Merge step by step, in order: each sees what those before it wrote; mark the files done last."""
        kinds = [name for name in tally.columns if name.startswith("of_")]
        came_in: Tally = {
            row["source"]: {kind.removeprefix("of_"): tuple(row[kind] or (0, 0)) for kind in kinds}
            for row in tally.collect()
        }
        for step in merges:
            asked = (step.counted, *step.moved_by)
            if any(of_kind[kind][0] for of_kind in came_in.values() for kind in asked):
                self._merge(step, came_in)
        self.tables.merge("bronze.files", steps.file_states(files, payloads))

    def _merge(self, step: Step, came_in: Tally) -> None:
        by = "source" if "source" in step.frame.columns else None
        merged = self.tables.merge(step.table, step.frame, update=step.update, newer=step.newer, by=by)
        if step.void is not None:
            self.tables.delete(step.table, step.void)
        for source, of_kind in came_in.items():
            items, refused = of_kind[step.counted]
            if items or len(came_in) == 1:
                # One item may touch several rows (an edit makes the version before it old): it counts once.
                written = min(merged.by.get(source, 0) if by else merged.written, items - refused)
                self.tables.count(source, step.table, items=items, written=written, quarantined=refused)
                self.say(f"  {step.table}: {source}: {items:,} items, {written:,} written, {refused:,} refused")
