"""Score who is listened to: silver.edges, gold.crosswalk ▶ gold.influence of one day."""

from __future__ import annotations

import datetime as dt

from entourage.cli import Context, main
from entourage.influence import InfluenceParams, score_influence


def run(context: Context, as_of: dt.date) -> None:
    """Rank accounts and persons, and replace the day's scores."""
    settings = context.config.section("influence")
    params = InfluenceParams(
        verbs=tuple(settings["verbs"]),
        damping=settings["damping"],
        max_iterations=settings["max_iterations"],
        tolerance=settings["tolerance"],
        exact_paths=settings["exact_paths"],
    )
    workspace = context.tables.workspace("score_influence")
    edges, crosswalk = context.tables.read("silver.edges"), context.tables.read("gold.crosswalk")
    influence = score_influence(edges, crosswalk, as_of=as_of, params=params, workspace=workspace)
    rows = context.tables.replace("gold.influence", influence, where=f"as_of = DATE '{as_of}'")
    workspace.clear()
    context.say(f"gold.influence: {rows:,} accounts and persons scored for {as_of}")


if __name__ == "__main__":
    main(run)
