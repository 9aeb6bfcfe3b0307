"""Carry person ids from run to run: a person keeps the id while most of its sources stay together.

in: this run's clusters and the crosswalk so far ▶ out: the new crosswalk, redirects of retired ids, and events.
Everything is a function of the clusters, the crosswalk so far and `as_of`: the log and the redirects are written first,
the crosswalk last, so that a run killed in between finds the same differences again.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from entourage.schemas import Workspace


@dataclass(frozen=True)
class Carried:
    """What a run makes of the ids.

    Attributes:
        crosswalk: gold.crosswalk, whole.
        redirects: rows to add to gold.id_redirects.
        events: rows to add to gold.merge_log.
    """

    crosswalk: DataFrame
    redirects: DataFrame
    events: DataFrame


def start_of(as_of: dt.date) -> Column:
    """Return the first instant of a day, UTC."""
    return F.lit(dt.datetime.combine(as_of, dt.time(), dt.UTC))


def assign_ids(members: DataFrame, *, current: DataFrame, as_of: dt.date) -> DataFrame:
    """Give each cluster the id of the person it continues, or a new one.

    A cluster continues the person with whom it shares most sources, if that person shares most with it; of equals the
    smaller id. In a second round what is left over is matched the same way.

    Args:
        members: one row a source: source_id, cluster_id.
        current: rows of gold.crosswalk without an end: source_id, person_id.
        as_of: the day; part of a new id.

    Returns:
        One row a cluster: cluster_id, person_id, is_new.
    """
    joined = members.alias("m").join(current.alias("c"), on=F.col("m.source_id") == F.col("c.source_id"), how="inner")
    overlaps = joined.groupBy("m.cluster_id", "c.person_id").agg(F.count(F.lit(1)).alias("shared"))
    first = _mutual_best(overlaps)
    left_over = (
        overlaps.alias("o")
        .join(first.alias("f"), on=F.col("o.cluster_id") == F.col("f.cluster_id"), how="left_anti")
        .join(first.alias("p"), on=F.col("o.person_id") == F.col("p.person_id"), how="left_anti")
    )
    carried = first.unionByName(_mutual_best(left_over))
    smallest = members.groupBy("cluster_id").agg(F.min("source_id").alias("smallest_id"))
    with_former = smallest.alias("s").join(
        current.alias("c"), on=F.col("s.smallest_id") == F.col("c.source_id"), how="left"
    )
    minted = F.concat(F.lit("p"), F.substring(F.sha2(_minting("s.smallest_id", "c.person_id", as_of), 256), 1, 20))
    named = with_former.select("s.cluster_id", minted.alias("minted_id"))
    found = named.alias("n").join(carried.alias("k"), on=F.col("n.cluster_id") == F.col("k.cluster_id"), how="left")
    person_id = F.coalesce("k.person_id", "n.minted_id").alias("person_id")
    return found.select("n.cluster_id", person_id, F.col("k.person_id").isNull().alias("is_new"))


def _minting(smallest: str, former: str, as_of: dt.date) -> Column:
    """Return what a new id is a hash of; with the former person, a split on its first day mints another."""
    return F.concat_ws("|", F.col(smallest), F.lit(as_of.isoformat()), F.coalesce(former, F.lit("")))


def _mutual_best(overlaps: DataFrame) -> DataFrame:
    by_cluster = Window.partitionBy("cluster_id").orderBy(F.desc("shared"), F.asc("person_id"))
    by_person = Window.partitionBy("person_id").orderBy(F.desc("shared"), F.asc("cluster_id"))
    ranked = overlaps.withColumn("a", F.row_number().over(by_cluster)).withColumn("b", F.row_number().over(by_person))
    return ranked.where((F.col("a") == 1) & (F.col("b") == 1)).select("cluster_id", "person_id")


def carry_over(links: DataFrame, *, crosswalk: DataFrame, as_of: dt.date, workspace: Workspace) -> Carried:
    """Assign ids and write the crosswalk on, materialized.

    A solver: each step's lineage holds the former one twice, so each is written to `workspace` and read back.

    Args:
        links: as `carry`.
        crosswalk: gold.crosswalk so far.
        as_of: the day.
        workspace: scratch tables.

    Returns:
        See `Carried`.
    """
    known = workspace.keep("known", crosswalk)
    current = known.where(F.col("valid_to").isNull())
    assigned = workspace.keep(
        "assigned", assign_ids(links.select("source_id", "cluster_id"), current=current, as_of=as_of)
    )
    carried = carry(links, assigned=assigned, crosswalk=known, as_of=as_of)
    return Carried(
        crosswalk=workspace.keep("crosswalk", carried.crosswalk),
        redirects=workspace.keep("redirects", carried.redirects),
        events=workspace.keep("events", carried.events),
    )


def carry(links: DataFrame, *, assigned: DataFrame, crosswalk: DataFrame, as_of: dt.date) -> Carried:
    """Write the crosswalk on: close what ended, open what is new, leave what stayed.

    Args:
        links: one row a source: source_id, source_kind, cluster_id, how, basis, match_probability.
        assigned: from `assign_ids`.
        crosswalk: gold.crosswalk so far.
        as_of: the day from which changes hold; rows opened on it or later are overwritten.

    Returns:
        See `Carried`. A source whose person and basis stay keeps its valid_from.
    """
    named = links.alias("l").join(assigned.alias("a"), on=F.col("l.cluster_id") == F.col("a.cluster_id"), how="inner")
    wanted = named.select(
        "l.source_id", "l.source_kind", "a.person_id", "l.how", "l.basis", "l.match_probability", "a.is_new"
    )
    current = crosswalk.where(F.col("valid_to").isNull())
    closed = crosswalk.where(F.col("valid_to").isNotNull() & (F.col("valid_from") < start_of(as_of)))
    moves = wanted.alias("w").join(current.alias("c"), on=F.col("w.source_id") == F.col("c.source_id"), how="full")
    stays = F.coalesce(
        (F.col("w.person_id") == F.col("c.person_id")) & (F.col("w.basis") == F.col("c.basis")), F.lit(False)
    )
    opened = moves.where(F.col("w.source_id").isNotNull()).select(
        "w.source_id", "w.source_kind", "w.person_id", "w.how", "w.basis", "w.match_probability",
        F.when(stays, F.col("c.valid_from")).otherwise(start_of(as_of)).alias("valid_from"),
        F.lit(None).cast("timestamp").alias("valid_to"),
    )  # fmt: skip
    # A row opened today and changed today never held at any day's end: it leaves no history.
    is_ended = F.col("c.source_id").isNotNull() & ~stays & (F.col("c.valid_from") < start_of(as_of))
    ended = moves.where(is_ended).select("c.*").withColumn("valid_to", start_of(as_of))
    rows = opened.unionByName(ended).unionByName(closed)
    return Carried(rows, _redirects(wanted, current, as_of), _events(wanted, current, as_of))


def follow(redirects: DataFrame, *, added: DataFrame) -> DataFrame:
    """Let redirects to an id that is retired now point to the heir.

    Args:
        redirects: gold.id_redirects so far.
        added: this run's redirects.

    Returns:
        Rows to merge into gold.id_redirects: those added, and earlier ones whose aim moved on.
    """
    joined = redirects.alias("r").join(
        added.alias("a"), on=F.col("r.person_id") == F.col("a.retired_person_id"), how="inner"
    )
    return joined.select("r.retired_person_id", "a.person_id", "r.retired_at").unionByName(added)


def _moves(wanted: DataFrame, current: DataFrame) -> DataFrame:
    """Count the sources that went from one person to another."""
    joined = wanted.alias("w").join(current.alias("c"), on=F.col("w.source_id") == F.col("c.source_id"), how="inner")
    moved = joined.where(F.col("w.person_id") != F.col("c.person_id"))
    return moved.groupBy(F.col("c.person_id").alias("former_id"), F.col("w.person_id").alias("person_id")).agg(
        F.count(F.lit(1)).alias("moved")
    )


def _retired(wanted: DataFrame, current: DataFrame) -> DataFrame:
    former = current.select(F.col("person_id").alias("former_id")).distinct()
    return former.alias("f").join(
        wanted.select("person_id").distinct().alias("w"),
        on=F.col("f.former_id") == F.col("w.person_id"),
        how="left_anti",
    )


def _redirects(wanted: DataFrame, current: DataFrame, as_of: dt.date) -> DataFrame:
    largest = Window.partitionBy("former_id").orderBy(F.desc("moved"), F.asc("person_id"))
    heirs = _moves(wanted, current).withColumn("position", F.row_number().over(largest)).where(F.col("position") == 1)
    retired = _retired(wanted, current)
    joined = retired.alias("r").join(heirs.alias("h"), on=F.col("r.former_id") == F.col("h.former_id"), how="inner")
    return joined.select(
        F.col("r.former_id").alias("retired_person_id"), F.col("h.person_id"), start_of(as_of).alias("retired_at")
    )


def _events(wanted: DataFrame, current: DataFrame, as_of: dt.date) -> DataFrame:
    moves, retired = _moves(wanted, current), _retired(wanted, current)
    moved = moves.alias("m").join(retired.alias("r"), on=F.col("m.former_id") == F.col("r.former_id"), how="left")
    kind = F.when(F.col("r.former_id").isNotNull(), "merge").otherwise("split")
    # merge: the heir remains, the retired one is the other; split: the former remains, the new one is the other.
    is_merge = kind == "merge"
    merged_or_split = moved.select(
        kind.alias("kind"),
        F.when(is_merge, F.col("m.person_id")).otherwise(F.col("m.former_id")).alias("person_id"),
        F.when(is_merge, F.col("m.former_id")).otherwise(F.col("m.person_id")).alias("other_person_id"),
    )
    split_off = moves.select(F.col("person_id").alias("arrived_id")).distinct()
    new = wanted.where("is_new").select("person_id").distinct().alias("w")
    created = new.join(split_off.alias("s"), on=F.col("w.person_id") == F.col("s.arrived_id"), how="left_anti")
    left = moves.select("former_id").distinct().alias("m")
    gone = retired.alias("r").join(left, on=F.col("r.former_id") == F.col("m.former_id"), how="left_anti")
    nobody = F.lit(None).cast("string").alias("other_person_id")
    events = merged_or_split.unionByName(
        created.select(F.lit("create").alias("kind"), "person_id", nobody)
    ).unionByName(gone.select(F.lit("retire").alias("kind"), F.col("former_id").alias("person_id"), nobody))
    digest = F.sha2(
        F.concat_ws("|", "kind", "person_id", F.coalesce("other_person_id", F.lit("-")), F.lit(as_of.isoformat())), 256
    )
    return events.select(digest.alias("event_id"), "kind", "person_id", "other_person_id", start_of(as_of).alias("at"))
