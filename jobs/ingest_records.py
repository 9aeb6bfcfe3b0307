"""Bring business records in: files described by a mapping ▶ bronze.events, quarantine and their tables of silver."""

from __future__ import annotations

import datetime as dt

from pyspark.sql import functions as F

from entourage import __version__
from entourage.cli import Context, main
from entourage.ingest import detect, formats, records, steps
from entourage.landing import Landing


def run(context: Context, as_of: dt.date) -> None:
    """Read the new files of one source, turn rows into our columns, merge them, and mark the files done last."""
    tables, settings = context.tables, context.config.section("ingest")
    mapping = context.sources.mapping(settings["source"], folder=context.config.folder)
    ours = steps.Run(read=tables.read, source=mapping.name, at=dt.datetime.now(dt.UTC), code=__version__)
    seen = tables.read("bronze.files").where(F.col("source") == mapping.name)
    files = context.sources.new_files(settings["records_input"], seen=seen)
    context.say(f"  {mapping.name}: {len(files):,} new files of {mapping.kind}")
    if not files:
        return
    delivery = context.sources.records(files, mapping=mapping, max_payload_bytes=settings["max_payload_bytes"])
    scratch = tables.workspace("ingest_records")
    payloads = detect.opened(scratch.keep("payloads", detect.payloads(delivery.pieces)), files=delivery.files)
    if mapping.kind in records.TABLES:
        rows = scratch.keep("rows", records.rows(payloads, mapping=mapping, received_at=ours.at))
        merges, tally = steps.business(payloads, rows, run=ours, kind=mapping.kind), steps.tally_rows(payloads, rows)
    else:
        rows = scratch.keep("rows", formats.items(payloads, present=[mapping.name], mappings=delivery.mappings))
        merges, tally = steps.social(payloads, rows, run=ours), steps.tally(payloads, rows)
    states = steps.file_states(delivery.files, payloads)
    Landing(tables, mapping.name, context.say).carry_out(merges, tally=tally, files=states)
    scratch.clear()


if __name__ == "__main__":
    main(run)
