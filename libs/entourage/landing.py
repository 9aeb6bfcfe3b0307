"""Carry out an ingest run: stage a delivery, merge what it holds table by table, count what became of the items.

in: `sources.Delivery` ▶ out: tables written, `ops.run_counts`. An edge: it writes tables.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame

from entourage import __version__
from entourage.errors import GateError
from entourage.ingest import detect, formats, records, steps
from entourage.ingest.steps import Step
from entourage.keys import suppressions
from entourage.messages import ranges
from entourage.sources import Delivery
from entourage.tables import Merged, ScratchSpace, Tables

# Of the items of each source that came in, by their kind: how many, and how many of them were refused and suppressed.
Fate = tuple[int, int, int]
Tally = dict[str, dict[str, Fate]]


@dataclass(frozen=True)
class Landing:
    """Where deliveries go.

    Attributes:
        tables: of the lake.
        scratch: the job's scratch space.
        say: prints progress.
        max_depth: a document that nests deeper is refused.
    """

    tables: Tables
    scratch: ScratchSpace
    say: Callable[[str], None]
    max_depth: int = detect.MAX_DEPTH

    def social(self, delivery: Delivery) -> None:
        """Bring posts, accounts and acts in; all files are of one source."""
        payloads, files = self._payloads(delivery)
        good = payloads.where("reason_code IS NULL")
        present = sorted(row[0] for row in good.select("format").distinct().collect())
        found = formats.items(payloads, present=present, mappings=delivery.mappings, left_out=suppressions(self.tables))
        items = self.scratch.keep("items", found)
        merges = steps.social(payloads, items, run=self._run())
        self._carry_out(merges, tally=steps.tally(payloads, items), files=files, payloads=payloads)

    def business(self, delivery: Delivery) -> None:
        """Bring business records in, of any number of sources."""
        (payloads, files), run = self._payloads(delivery), self._run()
        made = records.rows(
            payloads,
            mappings=delivery.mappings.values(),
            received_at=run.at,
            left_out=suppressions(self.tables),
        )
        rows = {kind: self.scratch.keep(kind, frame) for kind, frame in made.items()}
        merges = steps.business(payloads, rows, run=run)
        self._carry_out(merges, tally=steps.tally_rows(payloads, rows), files=files, payloads=payloads)

    def _payloads(self, delivery: Delivery) -> tuple[DataFrame, DataFrame]:
        """Stage the payloads; return them and what they came from, a row a file or range of offsets."""
        staged = self.scratch.keep("payloads", detect.payloads(delivery.pieces, max_depth=self.max_depth))
        files = ranges(staged) if delivery.files is None else delivery.files
        return detect.opened(staged, files=files), files

    def _run(self) -> steps.Run:
        now = dt.datetime.now(dt.UTC)
        return steps.Run(read=self.tables.read, keep=self.scratch.keep, at=now, code=__version__)

    def _carry_out(self, merges: Iterable[Step], *, tally: DataFrame, files: DataFrame, payloads: DataFrame) -> None:
        """Merge step by step, in order: each sees what those before it wrote; mark the files done last."""
        kinds = [name for name in tally.columns if name.startswith("of_")]
        came_in: Tally = {
            row["source"]: {kind.removeprefix("of_"): tuple(row[kind] or (0, 0, 0)) for kind in kinds}
            for row in tally.collect()
        }
        for step in merges:
            asked = (step.counted, *step.moved_by)
            if any(of_kind[kind][0] for of_kind in came_in.values() for kind in asked):
                self._merge(step, {source: of_kind[step.counted] for source, of_kind in came_in.items()})
        self.tables.merge("bronze.files", steps.file_states(files, payloads))

    def _merge(self, step: Step, came_in: Mapping[str, Fate]) -> None:
        """Carry one step out and count it.

        Raises:
            GateError: items are not conserved; nothing is closed or marked done after that.
        """
        by = "source" if "source" in step.frame.columns else None
        merged = self.tables.merge(
            step.table, step.frame, update=step.update, newer=step.newer, by=by, is_dated=step.is_dated
        )
        if step.void is not None:
            self.tables.delete(step.table, step.void)
        if not step.is_counted:
            return
        for source, (items, refused, suppressed) in came_in.items():
            if items or len(came_in) == 1:
                written = merged.by.get(source, 0) if by else merged.written
                # One item may touch several rows (an edit makes the version before it old): it counts once.
                written = written if step.is_each else min(written, items - refused - suppressed)
                self.tables.count(
                    source, step.table, items=items, written=written, quarantined=refused, suppressed=suppressed
                )
                left_out = f", {suppressed:,} left out" if suppressed else ""
                self.say(
                    f"  {step.table}: {source}: {items:,} items, {written:,} written, {refused:,} refused{left_out}"
                )
        if problems := unconserved(step, came_in, merged):
            raise GateError(
                "ingest: items are not conserved; the files are not marked done, so the next run reads them again:\n  "
                + "\n  ".join(problems)
            )


def unconserved(step: Step, came_in: Mapping[str, Fate], merged: Merged) -> list[str]:
    """Return a sentence for each way in which a merge did not do what the items that came in ask for.

    The items are counted where they are made, the rows where they are merged. Where each row is one distinct item
    (`Step.is_each`), an item that is neither refused nor left out makes a row, or shares one: so there are no more rows
    than such items, and none only if there are no such items. Of posts, accounts and edges, whose merges also hold
    stored rows that the items touch, only the counts of the items themselves can be held to each other.
    """
    good = {source: items - refused - suppressed for source, (items, refused, suppressed) in came_in.items()}
    problems = [
        f"{step.table}: {source}: {came_in[source][0]:,} items came in, and {-count:,} more than that were refused or "
        "left out"
        for source, count in good.items()
        if count < 0
    ]
    rows, expected = merged.written + merged.unchanged, sum(good.values())
    if step.is_each and (rows > expected or (rows == 0 and expected > 0)):
        problems.append(f"{step.table}: {expected:,} items should have made as many rows or fewer; found {rows:,}")
    return problems
