"""Bring posts in: landing files of any wire format ▶ bronze.events, quarantine and the social tables of silver."""

from __future__ import annotations

import datetime as dt

from pyspark.sql import functions as F

from entourage import __version__
from entourage.cli import Context, main
from entourage.ingest import detect, formats, steps
from entourage.landing import Landing


def run(context: Context, as_of: dt.date) -> None:
    """Read the files that are new, split them into items, merge the items, and mark the files done last."""
    tables, settings = context.tables, context.config.section("ingest")
    ours = steps.Run(read=tables.read, source="posts", at=dt.datetime.now(dt.UTC), code=__version__)
    seen = tables.read("bronze.files").where(F.col("source") == "posts")
    files = context.sources.new_files(settings["posts_input"], seen=seen)
    context.say(f"  {len(files):,} new files")
    if not files:
        return
    limit = settings["max_payload_bytes"]
    delivery = context.sources.posts(
        files, form=settings["format"], folder=context.config.folder, max_payload_bytes=limit
    )
    scratch = tables.workspace("ingest_posts")
    payloads = detect.opened(scratch.keep("payloads", detect.payloads(delivery.pieces)), files=delivery.files)
    present = sorted(row[0] for row in payloads.where("reason_code IS NULL").select("format").distinct().collect())
    items = scratch.keep("items", formats.items(payloads, present=present, mappings=delivery.mappings))
    merges, tally = steps.social(payloads, items, run=ours), steps.tally(payloads, items)
    Landing(tables, "posts", context.say).carry_out(
        merges, tally=tally, files=steps.file_states(delivery.files, payloads)
    )
    scratch.clear()


if __name__ == "__main__":
    main(run)
