"""Resolve identities: from source records, accounts and consent to clusters, links and doubtful pairs.

in: silver tables ▶ out: `Resolution`, frames ready for their tables. A solver: it counts records and pairs, learns the
model from counted patterns, finds components, and breaks the lineage through `workspace` after each heavy step.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from entourage.identity import (
    account_links,
    blocking,
    clusters,
    comparisons,
    consent,
    model,
    outcome,
    scoring,
    standardize,
)
from entourage.identity.account_links import AccountParams
from entourage.identity.blocking import BlockingParams
from entourage.identity.clusters import ClusterParams
from entourage.identity.model import Model, ScoringParams
from entourage.identity.standardize import StandardizeParams
from entourage.rows import local_frame
from entourage.schemas import Workspace


@dataclass(frozen=True)
class ResolveParams:
    """How identities are resolved, step by step.

    Attributes:
        review_probability: posterior at and above which an unlinked pair goes to clerical review.
    """

    standardize: StandardizeParams
    blocking: BlockingParams
    scoring: ScoringParams
    clusters: ClusterParams
    accounts: AccountParams
    review_probability: float = 0.5


@dataclass(frozen=True)
class Resolution:
    """What one run found.

    Attributes:
        pairs: silver.match_pairs.
        clusters: silver.clusters.
        links: one row a source of a person: source_id, source_kind, cluster_id, how, basis, match_probability.
        reviews: gold.review_queue.
        model: the model that scored the pairs.
    """

    pairs: DataFrame
    clusters: DataFrame
    links: DataFrame
    reviews: DataFrame
    model: Model


def params_from(section: dict[str, object]) -> ResolveParams:
    """Read the `identity` section of the configuration."""
    link, cap = float(str(section["link_probability"])), int(str(section["max_block_size"]))
    holders, region = int(str(section["max_value_holders"])), str(section["default_region"])
    return ResolveParams(
        standardize=StandardizeParams(max_value_holders=holders, default_region=region),
        blocking=BlockingParams(max_block_size=cap, max_pairs_per_record=float(str(section["max_pairs_per_record"]))),
        scoring=ScoringParams(),
        clusters=ClusterParams(link_probability=link, local_edge_count=int(str(section["local_edge_count"]))),
        accounts=AccountParams(link_probability=link, max_block_size=cap),
        review_probability=float(str(section["review_probability"])),
    )


def resolve(
    source_records: DataFrame, *, accounts: DataFrame, consent_events: DataFrame, as_of: dt.date, params: ResolveParams,
    workspace: Workspace, say: Callable[[str], None],
) -> Resolution:  # fmt: skip
    """Find which records and accounts are one person; runs actions.

    Args:
        source_records: silver.source_records.
        accounts: silver.accounts.
        consent_events: silver.consent_events.
        as_of: the day on which consent is judged.
        params: see `ResolveParams`.
        workspace: scratch tables.
        say: told what was found, counts only.

    Returns:
        See `Resolution`. Every record is in exactly one cluster; an account only with a basis and an owner.
    """
    standings = workspace.keep("standings", consent.standing(consent_events, as_of=as_of))
    records = prepare(source_records, standings=standings, params=params, workspace=workspace, say=say)
    scored, learned = score_records(records, params=params, workspace=workspace, say=say)
    linked = clusters.clusters(scored, workspace=workspace, params=params.clusters)
    clustered = workspace.keep("clustered", _with_singles(records, linked))
    proved = workspace.keep("proved", consent.proved_accounts(records, standings=standings))
    owned = match_accounts(
        accounts, records=clustered, standings=standings, proved=proved, params=params, workspace=workspace, say=say
    )
    pairs = workspace.keep("pairs", outcome.pairs(scored, owned=owned, version=learned.version))
    placed = outcome.account_members(
        proved, clustered=clustered, owned=owned, link_probability=params.accounts.link_probability
    )
    account_members = workspace.keep("account_members", placed)
    links = workspace.keep("links", outcome.links(scored, clustered=clustered, account_members=account_members))
    members = links.select(F.col("source_id").alias("record_id"), "cluster_id")
    doubts = outcome.reviews(
        scored,
        owned=owned,
        clustered=clustered,
        review_probability=params.review_probability,
        cut_probability=params.clusters.link_probability,
        account_probability=params.accounts.link_probability,
    )
    return Resolution(pairs, members, links, doubts, learned)


def prepare(
    source_records: DataFrame,
    *,
    standings: DataFrame,
    params: ResolveParams,
    workspace: Workspace,
    say: Callable[[str], None],
) -> DataFrame:
    """Standardize the records, take shared values out, add frequencies; runs actions."""
    standardized = workspace.keep("standardized", standardize.standardize(source_records, params=params.standardize))
    allowed = consent.without_refused(standardized, standings=standings)
    shared = workspace.keep("shared", standardize.shared_values(allowed, params=params.standardize))
    for row in shared.groupBy("kind").agg(F.count(F.lit(1)).alias("n"), F.sum("holder_count").alias("held")).collect():
        say(f"{row['n']:,} {row['kind']} are shared by {row['held']:,} records or belong to a desk: they link nobody")
    own = standardize.without_shared(allowed, shared=shared, params=params.standardize)
    return workspace.keep("records", standardize.with_frequencies(own))


def score_records(
    records: DataFrame, *, params: ResolveParams, workspace: Workspace, say: Callable[[str], None]
) -> tuple[DataFrame, Model]:
    """Block, compare and score the records; runs actions."""
    record_count = records.count()
    candidates = find_pairs(records, record_count=record_count, params=params.blocking, workspace=workspace, say=say)
    compared = workspace.keep("compared", comparisons.compare(candidates, records=records))
    strangers = scoring.random_pairs(records, record_count=record_count, params=params.scoring)
    randoms = scoring.patterns(comparisons.compare(strangers, records=records)).collect()
    counted = scoring.patterns(compared).collect()
    learned = model.learn(
        [row.asDict() for row in counted],
        randoms=[row.asDict() for row in randoms],
        record_count=record_count,
        params=params.scoring,
    )
    pair_count = sum(row["pair_count"] for row in counted)
    say(f"{record_count:,} records, {pair_count:,} pairs compared")
    say(f"model {learned.version} settled after {learned.iteration_count} iterations")
    for note in learned.notes:
        say(f"model: {note}")
    return workspace.keep("scored", scoring.score(compared, model=learned)), learned


def find_pairs(
    records: DataFrame, *, record_count: int, params: BlockingParams, workspace: Workspace, say: Callable[[str], None]
) -> DataFrame:
    """Block the records, and tell what gives way; runs actions (the rules' costs are counted first)."""
    keys = workspace.keep("keys", blocking.record_keys(records))
    sizes = workspace.keep("sizes", blocking.block_sizes(keys))
    rules = blocking.block_report(sizes, params=params).orderBy("rule").collect()
    for row in rules:
        if row["oversized_count"] and row["rule"] not in blocking.WEAK_RULES:
            count, largest = row["oversized_count"], row["largest_block"]
            say(f"blocking rule {row['rule']}: {count:,} blocks too large (up to {largest:,} records) give way")
    counts = {row["rule"]: row["pair_counts"] for row in rules}
    caps, limit = blocking.choose_caps(counts, record_count=record_count, params=params), params.max_block_size
    lowered = [f"{rule} {caps[rule]}" for rule in blocking.WEAK_RULES if caps.get(rule, limit) < limit]
    if lowered:
        say(f"weak blocking rules with smaller blocks, to stay within their pairs: {', '.join(lowered)}")
    return blocking.candidate_pairs(keys, sizes=sizes, caps=caps)


def match_accounts(
    accounts: DataFrame,
    *,
    records: DataFrame,
    standings: DataFrame,
    proved: DataFrame,
    params: ResolveParams,
    workspace: Workspace,
    say: Callable[[str], None],
) -> DataFrame:
    """Score who owns each consented account; runs actions.

    Returns:
        As `account_links.owners`, materialized.
    """
    allowed = workspace.keep("allowed", consent.consented_accounts(accounts, standings=standings, proved=proved))
    account_count = allowed.count()
    if account_count == 0:
        return local_frame(allowed.sparkSession, [], account_links.OWNERS)
    texts = account_links.account_texts(allowed)
    candidates = account_links.account_pairs(texts, records=records, params=params.accounts)
    person_count = records.select("cluster_id").distinct().count()
    evidence = workspace.keep(
        "evidence", account_links.account_evidence(candidates, texts=texts, records=records, person_count=person_count)
    )
    ratio = account_links.owner_ratio(evidence, account_count=account_count, person_count=person_count)
    say(f"{account_count:,} accounts may be matched by consent; about {ratio:.0%} have their owner among the records")
    return workspace.keep("owned", account_links.owners(evidence, ratio=ratio, person_count=person_count))


def _with_singles(records: DataFrame, linked: DataFrame) -> DataFrame:
    joined = records.alias("r").join(linked.alias("c"), on=F.col("r.record_id") == F.col("c.record_id"), how="left")
    return joined.select("r.*", F.coalesce("c.cluster_id", "r.record_id").alias("cluster_id"))
