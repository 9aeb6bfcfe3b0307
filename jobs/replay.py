"""Read again what was refused for one reason: bronze.quarantine, or its files ▶ the tables of an ingest."""

from __future__ import annotations

import datetime as dt

from entourage import refusals
from entourage.cli import Context, main
from entourage.landing import Landing


def run(context: Context, as_of: dt.date) -> None:
    """Bring the open refusals in by the code of a landing file; what succeeds is closed, source by source."""
    scratch = context.tables.workspace("replay")
    settings = context.config.section("ingest")
    landing = Landing(context.tables, scratch, context.say, settings["max_depth"])
    for replay in refusals.replays(context.tables, context.sources, settings, folder=context.config.folder):
        context.say(f"  {replay.source}: {replay.sentence}")
        if replay.is_social:
            landing.social(replay.delivery)
        else:
            landing.business(replay.delivery)
    scratch.clear()


if __name__ == "__main__":
    main(run)
