"""Keep the tables: old rows deleted, small files joined, unread files removed ▶ every table that exists."""

from __future__ import annotations

import datetime as dt

from entourage import schemas
from entourage.cli import Context, main
from entourage.upkeep import Upkeep, UpkeepParams


def run(context: Context, as_of: dt.date) -> None:
    """Keep table after table, and delete what dead runs left behind; say what was done, or would be."""
    settings = context.config.section("maintain")
    upkeep = Upkeep(context.tables, UpkeepParams(as_of, **{**settings, "steps": tuple(settings["steps"])}))
    if settings["dry_run"]:
        context.say("  dry run: this is what a run would do; nothing is changed")
    for name in filter(context.tables.exists, schemas.TABLES):
        context.say(f"  {upkeep.keep(name)}")
    files, size = upkeep.leftovers()
    context.say(f"  leftovers of dead runs: {files:,} files, {size / 1e6:,.1f} MB")


if __name__ == "__main__":
    main(run)
