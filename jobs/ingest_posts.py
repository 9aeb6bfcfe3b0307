"""Bring posts in: landing files of any wire format ▶ bronze.events, quarantine and the social tables of silver."""

from __future__ import annotations

import datetime as dt

from entourage.cli import Context, main
from entourage.ingest.unpacking import SplitParams
from entourage.landing import Landing


def run(context: Context, as_of: dt.date) -> None:
    """Read the files that are new, split them into items, merge the items, and mark the files done last."""
    tables, settings = context.tables, context.config.section("ingest")
    seen, again = tables.read("bronze.files"), settings["again"]
    files = context.sources.new_files(settings["posts_input"], seen=seen, source="posts", again=again)
    context.say(f"  {len(files):,} new files")
    if not files:
        return
    scratch = tables.workspace("ingest_posts")
    delivery = context.sources.posts(
        files,
        form=settings["format"],
        folder=context.config.folder,
        params=SplitParams.of(settings),
    )
    Landing(tables, scratch, context.say, settings["max_depth"]).social(delivery)
    scratch.clear()


if __name__ == "__main__":
    main(run)
