"""Say what of the payloads is kept: the delivered ones, and what was refused of them.

in: payloads, items, `erasure.holdings` ▶ out: rows of bronze.events and bronze.quarantine.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import reduce

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from entourage.ingest import canonical, erasure, reasons

Keep = Callable[[str, DataFrame], DataFrame]
_DELIVERED = ("event_id", "payload", "source", "format", "file", "position")
_META = {*canonical.META, "received_at", "reason_code", "reason", "is_withheld"}


def events(payloads: DataFrame, *, held: DataFrame, barren: DataFrame, keep: Keep, at: dt.datetime) -> DataFrame:
    """Return the payloads that hold something, one row each distinct one, where it was seen first.

    Args:
        payloads: `detect.opened`.
        held: `erasure.holdings`.
        barren: `event_id` of those that hold nothing to keep.
        keep: stages a frame.
        at: clock of the run.
    """
    good = payloads.where(F.col("reason_code").isNull())
    counts = good.groupBy("event_id").agg(F.count(F.lit(1)).alias("n"))
    marked = counts.where(F.col("n") > 1).select("event_id", F.lit(False).alias("is_barren"))
    marked = marked.unionByName(barren.select("event_id", F.lit(True).alias("is_barren")))
    # Payloads are large, and most are single: staged, Spark knows how few these are, and shuffles no payload for them.
    special = keep("special", marked.groupBy("event_id").agg(F.bool_or("is_barren").alias("is_barren")))
    is_same = F.col("p.event_id") == F.col("s.event_id")
    single = good.alias("p").join(special.alias("s"), on=is_same, how="left_anti")
    several = good.alias("p").join(special.where(~F.col("is_barren")).alias("s"), on=is_same, how="left_semi")
    first = F.row_number().over(Window.partitionBy("event_id").orderBy("file", "position", "source"))
    one = several.withColumn("place", first).where(F.col("place") == 1).drop("place")
    return erasure.without(single.unionByName(one), held).select(
        "event_id",
        "source",
        "format",
        "file",
        "position",
        "payload",
        "object_ids",
        F.lit(at).alias("received_at"),
        F.lit(at.date()).alias("received_date"),
    )


def quarantine(
    payloads: DataFrame, found: list[DataFrame], *, held: DataFrame, at: dt.datetime, code: str
) -> DataFrame:
    """Return what was refused, payloads and items, one row each distinct refusal.

    Args:
        payloads: `detect.opened`.
        found: frames of items, with `reason_code`, `reason` and `canonical.META`.
        held: `erasure.holdings`.
        at: clock of the run.
        code: version of Entourage.
    """
    of_payloads = payloads.where(F.col("reason_code").isNotNull()).withColumn("item", F.lit(""))
    refused = reduce(DataFrame.unionByName, (_refusals(items) for items in found))
    is_same = [F.col(f"i.{name}") == F.col(f"p.{name}") for name in ("event_id", "file", "position")]
    of_items = (
        refused.alias("i")
        .join(payloads.alias("p"), on=is_same[0] & is_same[1] & is_same[2], how="inner")
        .select(*(f"p.{name}" for name in _DELIVERED), "i.reason_code", "i.reason", "i.item")
    )
    both = of_payloads.select(of_items.columns).unionByName(of_items)
    # A file that could not be read has no payload: its path stands for it.
    what = F.when(F.col("payload") == "", F.col("file")).otherwise(F.sha2("payload", 256))
    named = {
        "quarantine_id": F.sha2(F.concat_ws("\n", "source", what, "reason_code", "item"), 256),
        "payload_sha256": F.sha2("payload", 256),
    }
    one = F.row_number().over(Window.partitionBy("quarantine_id").orderBy("file", "position"))
    return (
        erasure.without(both.withColumns(named), held)
        .withColumn("one", one)
        .where(F.col("one") == 1)
        .select(
            "quarantine_id",
            "source",
            "format",
            "file",
            "position",
            "reason_code",
            "reason",
            F.substring("payload", 1, reasons.KEPT_BYTES).alias("payload"),
            "object_ids",
            "payload_sha256",
            F.lit(code).alias("code_version"),
            F.lit(at).alias("received_at"),
            F.when(F.col("is_blank"), F.lit(at)).alias("closed_at"),
        )
    )


def _refusals(items: DataFrame) -> DataFrame:
    """Return the refused items: what names each, where it came from, and why."""
    body = F.to_json(F.struct(*(name for name in items.columns if name not in _META)))
    refused = items.where(F.col("reason_code").isNotNull() & ~erasure.is_left_out())
    return refused.select("event_id", F.sha2(body, 256).alias("item"), "reason_code", "reason", "file", "position")
