"""Bring business records in: files and databases, as mappings say ▶ bronze.events, quarantine, tables of silver."""

from __future__ import annotations

import datetime as dt

from entourage.cli import Context, main
from entourage.ingest.unpacking import SplitParams
from entourage.landing import Landing


def run(context: Context, as_of: dt.date) -> None:
    """Read the new files of one source, or of each folder that is named as one, and merge their rows."""
    tables, settings, sources = context.tables, context.config.section("ingest"), context.sources
    given = sources.mapped(settings["records_input"], source=settings["source"], folder=context.config.folder)
    seen, again = tables.read("bronze.files"), settings["again"]
    scratch = tables.workspace("ingest_records")
    landing, params = Landing(tables, scratch, context.say, settings["max_depth"]), SplitParams.of(settings)
    first, there = given[0]
    if first.jdbc and not there:
        read = sources.database(first, seen=seen, workspace=scratch, again=again, params=params)
        (landing.social if first.is_social else landing.business)(read)
        given = []
    new = sources.new_records(given, seen=seen, again=again)
    for mapping, files in new:
        context.say(f"  {mapping.name}: {len(files):,} new files of {', '.join(mapping.kinds)}")
    found = [(mapping, files) for mapping, files in new if files]
    business = [(mapping, files) for mapping, files in found if not mapping.is_social]
    if business:
        landing.business(sources.records(business, params=params))
    for mapping, files in found:
        if mapping.is_social:
            landing.social(sources.records([(mapping, files)], params=params))
    scratch.clear()


if __name__ == "__main__":
    main(run)
