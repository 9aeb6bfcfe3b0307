"""Follow posts as they come: a folder of landing files, or a topic of Kafka ▶ the tables of ingest_posts."""

from __future__ import annotations

import datetime as dt

from entourage.cli import Context, main
from entourage.streams import Stream


def run(context: Context, as_of: dt.date) -> None:
    """Take one micro-batch after the other through the code of ingest_posts, each once."""
    Stream(
        context.tables,
        context.sources,
        settings=context.config.section("ingest"),
        folder=context.config.folder,
        as_of=as_of,
        say=context.say,
    ).follow()


if __name__ == "__main__":
    main(run)
