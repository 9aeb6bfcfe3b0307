"""Keep the posts that marketing can use: silver.posts ▶ silver.post_signals, new and changed posts only."""

from __future__ import annotations

import datetime as dt

from pyspark.sql import functions as F

from entourage import config
from entourage.cli import Context, main
from entourage.understand import corpus, lexicons, relevance
from entourage.understand.signals import SignalParams, score_posts, unscored


def run(context: Context, as_of: dt.date) -> None:
    """Score what this model has not scored, and merge it."""
    lexicon = lexicons.parse({n: config.read_text(context.config.folder, f"lexicons/{n}.yaml") for n in lexicons.FILES})
    version = relevance.version(corpus.read(), lexicon)
    stored = context.models.load(relevance.NAME, version)
    model = relevance.restore(stored.pipelines, stored.manifest)
    settings = context.config.section("understand")
    params = SignalParams(languages=tuple(settings["languages"]), keep_ratio=settings["keep_ratio"])
    workspace = context.tables.workspace("score_posts")
    posts = unscored(context.tables.read("silver.posts"), context.tables.read("silver.post_signals"), version=version)
    signals = score_posts(posts, model=model, version=version, params=params, workspace=workspace)
    written, unchanged, _ = context.tables.merge("silver.post_signals", signals)
    kept = context.tables.read("silver.post_signals").where(F.col("is_useful")).count()
    workspace.clear()
    context.say(
        f"silver.post_signals: {written:,} posts scored, {unchanged:,} as before; {kept:,} posts are kept in all"
    )


if __name__ == "__main__":
    main(run)
