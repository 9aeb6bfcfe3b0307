"""Bring business records in: files and databases, as mappings say ▶ bronze.events, quarantine, tables of silver."""

from __future__ import annotations

import datetime as dt

from entourage.cli import Context, main
from entourage.ingest import records
from entourage.landing import Landing


def run(context: Context, as_of: dt.date) -> None:
    """Read the new files of one source, or of each folder that is named as one, and merge their rows."""
    tables, settings, sources = context.tables, context.config.section("ingest"), context.sources
    given = sources.mapped(settings["records_input"], source=settings["source"], folder=context.config.folder)
    seen, again = tables.read("bronze.files"), settings["again"]
    scratch = tables.workspace("ingest_records")
    landing, limit = Landing(tables, scratch, context.say), settings["max_payload_bytes"]
    first, path = given[0]
    if first.jdbc and not path:
        read = sources.database(first, seen=seen, workspace=scratch, again=again, max_payload_bytes=limit)
        (landing.business if first.kind in records.TABLES else landing.social)(read)
        scratch.clear()
        return
    new = [(mapping, sources.new_files(path, seen=seen, source=mapping.name, again=again)) for mapping, path in given]
    for mapping, files in new:
        context.say(f"  {mapping.name}: {len(files):,} new files of {mapping.kind}")
    found = [(mapping, files) for mapping, files in new if files]
    business = [(mapping, files) for mapping, files in found if mapping.kind in records.TABLES]
    if business:
        landing.business(sources.records(business, max_payload_bytes=limit))
    for mapping, files in found:
        if mapping.kind not in records.TABLES:
            landing.social(sources.records([(mapping, files)], max_payload_bytes=limit))
    scratch.clear()


if __name__ == "__main__":
    main(run)
