"""Find which records and accounts are one person: silver.source_records ▶ match_pairs, clusters, gold.crosswalk."""

from __future__ import annotations

import datetime as dt

from entourage.cli import Context, main
from entourage.identity import crosswalk, resolve


def run(context: Context, as_of: dt.date) -> None:
    """Resolve the records of every system, and the accounts that may be linked, into persons."""
    tables = context.tables
    workspace = tables.workspace("resolve_identities")
    found = resolve.resolve(
        tables.read("silver.source_records"),
        accounts=tables.read("silver.accounts"),
        consent_events=tables.read("silver.consent_events"),
        as_of=as_of,
        params=resolve.params_from(context.config.section("identity")),
        workspace=workspace,
        say=context.say,
    )
    tables.replace("silver.match_pairs", found.pairs)
    tables.replace("silver.clusters", found.clusters)
    tables.replace("gold.review_queue", found.reviews)
    known = tables.read("gold.crosswalk")
    carried = crosswalk.carry_over(found.links, crosswalk=known, as_of=as_of, workspace=workspace)
    # The crosswalk last: a run killed before it finds the same redirects and events again.
    tables.merge("gold.id_redirects", crosswalk.follow(tables.read("gold.id_redirects"), added=carried.redirects))
    tables.merge("gold.merge_log", carried.events, update=False)
    tables.replace("gold.crosswalk", carried.crosswalk)
    workspace.clear()


if __name__ == "__main__":
    main(run)
