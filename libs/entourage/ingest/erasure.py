"""Take what was deleted or suppressed out of payloads, and close refusals that no longer stand.

in: items, retractions, stored rows of bronze ▶ out: which payloads hold whom, and the rows of bronze to blank or close.

A payload is blanked whole, though it may hold other posts too: they stay in silver, and half a payload would be neither
what was delivered nor replayable. Digest, file and position stay.
"""

from __future__ import annotations

import datetime as dt

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.ingest import posts, reasons

# What takes a payload away: a deletion, and a place taken back, since the payload has it.
ENDING = (*posts.ENDING, "scrub_geo")


def is_left_out() -> Column:
    """Tell whether an item or row is left out because its person wants so."""
    return F.coalesce(F.col("reason_code").isin(*reasons.SUPPRESSED), F.lit(False))


def holdings(items: DataFrame, *, retractions: DataFrame) -> DataFrame:
    """Return whom each payload holds, and whether it must not be kept.

    Args:
        items: `formats.items`.
        retractions: all of silver.tombstones, this batch's among them, as `posts.resolved`.

    Returns:
        Grain: one payload (event_id); `object_ids`: its posts, acts and accounts, sorted; `is_blank`: something of it
        is deleted or left out, before or now.
    """
    ids = F.array(
        "post.post_id", "post.account_id", "account.account_id", "act.edge_id", "act.src_account_id"
    )  # fmt: skip
    held = items.groupBy("event_id").agg(
        F.array_sort(F.array_compact(F.array_distinct(F.flatten(F.collect_list(ids))))).alias("object_ids"),
        F.bool_or(is_left_out() | F.col("is_withheld")).alias("is_left_out"),
    )
    gone = _holding(held.select("event_id", "object_ids"), retractions, key=["event_id"])
    joined = held.alias("h").join(gone.alias("g"), on=F.col("h.event_id") == F.col("g.event_id"), how="left")
    is_blank = F.col("h.is_left_out") | F.col("g.event_id").isNotNull()
    return joined.select("h.event_id", "h.object_ids", is_blank.alias("is_blank"))


def holdings_of_rows(rows: DataFrame) -> DataFrame:
    """Return `holdings` of business payloads: deletions of networks do not concern them, so `object_ids` is NULL."""
    held = rows.groupBy("event_id").agg(F.bool_or(is_left_out()).alias("is_blank"))
    return held.withColumn("object_ids", F.lit(None).cast("array<string>"))


def without(kept: DataFrame, held: DataFrame) -> DataFrame:
    """Blank the payloads of a frame that must not be kept.

    Args:
        kept: `event_id`, `payload`.
        held: `holdings`.

    Returns:
        As many rows, and `object_ids` and `is_blank` beside them; a payload that nothing could read holds NULL.
    """
    joined = kept.alias("k").join(held.alias("h"), on=F.col("k.event_id") == F.col("h.event_id"), how="left")
    is_blank = F.coalesce("h.is_blank", F.lit(False))
    return joined.select(
        *(f"k.{name}" for name in kept.columns if name != "payload"),
        F.when(is_blank, F.lit("")).otherwise(F.col("k.payload")).alias("payload"),
        F.when(~is_blank, F.col("h.object_ids")).alias("object_ids"),
        is_blank.alias("is_blank"),
    )


def blanked_events(stored: DataFrame, *, retractions: DataFrame) -> DataFrame:
    """Return the stored payloads that hold something that is deleted, blanked; only their ids are read.

    Args:
        stored: bronze.events.
        retractions: those that this run brings.
    """
    key = ["event_id", "received_date"]
    gone = _holding(stored.select(*key, "object_ids"), retractions, key=key)
    is_same = (F.col("e.event_id") == F.col("g.event_id")) & (F.col("e.received_date") == F.col("g.received_date"))
    rows = stored.alias("e").join(gone.alias("g"), on=is_same, how="left_semi")
    return rows.withColumns({"payload": F.lit(""), "object_ids": F.lit(None).cast("array<string>")})


def blanked_refusals(stored: DataFrame, *, retractions: DataFrame, at: dt.datetime) -> DataFrame:
    """Return the stored refusals that hold something that is deleted, blanked and closed (see `blanked_events`)."""
    key = ["quarantine_id"]
    gone = _holding(stored.select(*key, "object_ids"), retractions, key=key)
    is_same = F.col("q.quarantine_id") == F.col("g.quarantine_id")
    rows = stored.alias("q").join(gone.alias("g"), on=is_same, how="left_semi")
    return rows.withColumns(
        {
            "payload": F.lit(""),
            "object_ids": F.lit(None).cast("array<string>"),
            "closed_at": F.coalesce("closed_at", F.lit(at)),
        }
    )


def closed_refusals(stored: DataFrame, *, payloads: DataFrame, refused: DataFrame, at: dt.datetime) -> DataFrame:
    """Return the open refusals that were read again without being refused again, closed.

    Args:
        stored: bronze.quarantine.
        payloads: all that this run read: `source`, `file`, `position`.
        refused: this run's refusals, by `quarantine_id`.
        at: clock of the run.

    Returns:
        Grain: one refusal. One without payload concerns its file: it was read again if anything of the file was.
    """
    still = stored.where(F.col("closed_at").isNull())
    place = F.when(F.col("payload") == "", F.lit(0)).otherwise(F.col("position")).alias("place")
    places = still.select("quarantine_id", "source", "file", place)
    read = payloads.select("source", "file", F.explode(F.array(F.lit(0).cast("bigint"), "position")).alias("place"))
    # The open refusals are few, and stand on the right, so that they go to the payloads, not these to them.
    is_read = [F.col(f"p.{name}") == F.col(f"q.{name}") for name in ("source", "file", "place")]
    again = read.alias("p").join(places.alias("q"), on=is_read[0] & is_read[1] & is_read[2], how="inner")
    again = again.select("quarantine_id").distinct()
    passed = again.alias("q").join(
        refused.select("quarantine_id").alias("r"),
        on=F.col("q.quarantine_id") == F.col("r.quarantine_id"),
        how="left_anti",
    )
    is_same = F.col("s.quarantine_id") == F.col("q.quarantine_id")
    return still.alias("s").join(passed.alias("q"), on=is_same, how="left_semi").withColumn("closed_at", F.lit(at))


def _holding(rows: DataFrame, retractions: DataFrame, *, key: list[str]) -> DataFrame:
    """Return the keys of the rows that hold something that a retraction takes away."""
    ended = retractions.where(F.col("kind").isin(*ENDING)).select(F.col("object_id").alias("id")).distinct()
    held = rows.select(*key, F.explode("object_ids").alias("id"))
    return (
        held.alias("h")
        .join(ended.alias("e"), on=F.col("h.id") == F.col("e.id"), how="left_semi")
        .select(*key)
        .distinct()
    )
