"""Write the report: all tables ▶ one HTML page, with a scorecard where the truth is known."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import Executor
from pathlib import Path

from entourage import errors, evaluation, export, session
from entourage.cli import Context, main
from entourage.report import FiguresParams, PageParams, aggregates, render


def run(context: Context, as_of: dt.date) -> None:
    """Aggregate the tables, collect the small frames, and write the page."""
    settings = context.config.section("report")
    params = FiguresParams(as_of=as_of, top=settings["top"], is_revealed=settings["reveal"])
    found, path = aggregates(context.tables.read, params=params), Path(settings["path"])
    with session.pool(context.tables.spark, 4) as pool:  # planning small frames leaves cores idle
        frames = pool.map(lambda frame: [row.asDict() for row in frame.collect()], found.values())
        truth = _scorecard(context, settings["truth"], pool) if settings["truth"] else None
    page = PageParams(as_of, target_ratio=context.config["understand.keep_ratio"], is_revealed=params.is_revealed)
    export.write_page(render(dict(zip(found, frames, strict=True)), params=page, truth=truth), path=path)
    context.say(f"  wrote {path}")


def _scorecard(context: Context, folder: str, pool: Executor) -> dict[str, dict[str, object]]:
    def evaluated(subject: str) -> dict[str, dict[str, object]]:
        try:
            truth = context.sources.read_labels(f"{folder}/{subject}.csv")
            return {subject: evaluation.evaluate(subject, truth=truth, read=context.tables.read)}
        except errors.UsageError as error:
            context.say(f"report: no scorecard of {subject}: {error}")
            return {}

    return {name: score for scores in pool.map(evaluated, evaluation.ANSWERED) for name, score in scores.items()}


if __name__ == "__main__":
    main(run)
