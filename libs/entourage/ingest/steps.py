"""Say what goes where: from payloads and items to frames of bronze and silver tables, in the order of their commits.

in: staged payloads and items ▶ out: `Step`, one a table. Every step is a merge that a second run finds done already;
the files
are marked done last, so a run that was killed is repeated from the files, and changes only what it had not reached.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from entourage.ingest import accounts, graph, posts, reasons, records

Read = Callable[[str], DataFrame]
# Reasons that concern a whole file of which nothing could be read.
FILE_REASONS = ("unknown_compression", "not_text", "too_large", "unreadable", "corrupt_file")


@dataclass(frozen=True)
class Run:
    """What all steps of one run share.

    Attributes:
        read: reads a table as it is now; called again before each step.
        source: what the runs and counts call this input.
        at: clock of the run.
        code: version of Entourage.
    """

    read: Read
    source: str
    at: dt.datetime
    code: str


@dataclass(frozen=True)
class Step:
    """One merge.

    Attributes:
        table: where to.
        frame: all columns of the table.
        counted: name in `tally` of what came in.
        moved_by: other kinds that change the table; without any of all these the step has nothing to do.
        update: False: rows of known keys stay.
        newer: over `t` and `s`: update only where true.
        void: keys whose rows go.
    """

    table: str
    frame: DataFrame
    counted: str
    moved_by: tuple[str, ...] = ()
    update: bool = True
    newer: Column | None = None
    void: DataFrame | None = None


def social(payloads: DataFrame, items: DataFrame, *, run: Run) -> Iterator[Step]:
    """Yield the merges of posts, accounts and acts.

    Args:
        payloads: `detect.opened`, staged.
        items: `formats.items`, staged.
        run: what all steps share.
    """
    yield Step("bronze.events", events(payloads, items, run=run), "payload", update=False)
    yield Step("bronze.quarantine", quarantine(payloads, items, run=run), "refusal", update=False)
    yield Step("silver.tombstones", graph.tombstones(items, received_at=run.at), "retraction", update=False)
    gone = run.read("silver.tombstones")
    versions = posts.post_versions(items, stored=run.read("silver.posts"), retractions=gone, received_at=run.at)
    yield Step("silver.posts", versions, "post", moved_by=("retraction",))
    stored = run.read("silver.accounts")
    history = accounts.account_history(items, stored=stored)
    yield Step("silver.accounts", history, "account", void=accounts.void_keys(history, stored=stored))
    acts = graph.edges(items, stored=run.read("silver.edges"), retractions=gone, received_at=run.at)
    yield Step("silver.edges", acts, "act", moved_by=("retraction",), newer=graph.rank("s.") > graph.rank("t."))
    counters = graph.metric_snapshots(items)
    yield Step("silver.metric_snapshots", counters, "counter", newer=F.col("s.value") > F.col("t.value"))


def business(payloads: DataFrame, rows: DataFrame, *, run: Run, kind: str) -> Iterator[Step]:
    """Yield the merges of source records or consent events.

    Args:
        payloads: `detect.opened`, staged.
        rows: `records.rows`, staged.
        run: what all steps share.
        kind: persons or consents.
    """
    yield Step("bronze.events", events(payloads, rows, run=run), "payload", update=False)
    yield Step("bronze.quarantine", quarantine(payloads, rows, run=run), "refusal", update=False)
    table = records.TABLES[kind]
    if kind == "persons":
        yield Step(table, records.newest(rows), "row", newer=records.recency("s.") > records.recency("t."))
    else:
        yield Step(table, records.distinct_events(rows), "row", update=False)


def tally(payloads: DataFrame, items: DataFrame) -> DataFrame:
    """Count what came in and what of it was refused.

    Returns:
        One row: for each kind (payload, refusal, post, account, act, retraction, counter) `items` and `refused`.
    """
    is_good = F.col("reason_code").isNull()
    post, act, account, retraction = (F.col(kind) for kind in ("post", "act", "account", "retraction"))
    acts = F.when(is_good & post.isNotNull(), F.size(graph.acts_of_post())).otherwise(0)
    of_posts = F.when(is_good & post.isNotNull(), _size(graph.counters_of_post())).otherwise(0)
    of_accounts = F.when(is_good & account.isNotNull(), _size(account["counters"])).otherwise(0)
    counted = items.agg(
        _pair("post", F.count_if(post.isNotNull()), F.count_if(post.isNotNull() & ~is_good)),
        _pair("account", F.count_if(account.isNotNull()), F.lit(0)),
        _pair("act", F.count_if(act.isNotNull()) + F.sum(acts), F.count_if(act.isNotNull() & ~is_good)),
        _pair("retraction", F.count_if(retraction.isNotNull()), F.lit(0)),
        _pair("counter", F.sum(of_posts + of_accounts), F.lit(0)),
        F.count_if(~is_good).alias("bad_items"),
    )
    barren = _barren(items).agg(F.count(F.lit(1)).alias("barren"))
    return _with_payloads(counted.crossJoin(barren), payloads)


def tally_rows(payloads: DataFrame, rows: DataFrame) -> DataFrame:
    """Count the payloads and rows of a business source (see `tally`): kinds payload, refusal, row."""
    bad = F.count_if(F.col("reason_code").isNotNull())
    counted = rows.agg(_pair("row", F.count(F.lit(1)), bad), bad.alias("bad_items"), F.lit(0).alias("barren"))
    return _with_payloads(counted, payloads)


def _with_payloads(counted: DataFrame, payloads: DataFrame) -> DataFrame:
    bad = F.count_if(F.col("reason_code").isNotNull())
    delivered = payloads.agg(F.count(F.lit(1)).alias("all"), bad.alias("bad"))
    return counted.crossJoin(delivered).select(
        *(name for name in counted.columns if name not in {"bad_items", "barren"}),
        _pair("payload", F.col("all"), F.col("bad") + F.col("barren")),
        _pair("refusal", F.col("bad") + F.col("bad_items"), F.lit(0)),
    )


def _size(values: Column) -> Column:
    return F.coalesce(F.cardinality(values), F.lit(0))


def _pair(kind: str, items: Column, refused: Column) -> Column:
    counts = (items, refused)
    named = (F.coalesce(n.cast("bigint"), F.lit(0)).alias(m) for n, m in zip(counts, ("items", "refused"), strict=True))
    return F.struct(*named).alias(f"of_{kind}")


def events(payloads: DataFrame, items: DataFrame, *, run: Run) -> DataFrame:
    """Return the payloads that hold something, one row each distinct one, where it was seen first."""
    barren = _barren(items)
    kept = payloads.where(F.col("reason_code").isNull()).alias("p")
    kept = kept.join(F.broadcast(barren).alias("b"), on=F.col("p.event_id") == F.col("b.event_id"), how="left_anti")
    repeated = kept.groupBy("event_id").agg(
        F.min(F.struct("file", "position")).alias("first"), F.count(F.lit(1)).alias("n")
    )
    repeated = repeated.where(F.col("n") > 1)
    one = (
        kept.alias("p")
        .join(repeated.alias("r"), on=F.col("p.event_id") == F.col("r.event_id"), how="left")
        .where(F.col("r.n").isNull() | (F.struct("p.file", "p.position") == F.col("r.first")))
    )
    return one.select(
        "p.event_id",
        F.lit(run.source).alias("source"),
        "p.format",
        "p.file",
        "p.position",
        "p.payload",
        F.lit(run.at).alias("received_at"),
        F.lit(run.at.date()).alias("received_date"),
    )


def quarantine(payloads: DataFrame, items: DataFrame, *, run: Run) -> DataFrame:
    """Return what was refused, payloads and items, one row each distinct refusal."""
    of_payloads = payloads.where(F.col("reason_code").isNotNull()).withColumn("item", F.lit(""))
    refused = items.where(F.col("reason_code").isNotNull())
    body = F.to_json(F.struct(*(name for name in items.columns if name not in _META)))
    of_items = (
        refused.select("event_id", F.sha2(body, 256).alias("item"), "reason_code", "reason", "file", "position")
        .alias("i")
        .join(
            payloads.select("event_id", "file", "position", "payload", "payload_sha256", "format").alias("p"),
            on=(F.col("i.event_id") == F.col("p.event_id"))
            & (F.col("i.file") == F.col("p.file"))
            & (F.col("i.position") == F.col("p.position")),
            how="inner",
        )
        .select(
            "p.payload", "p.payload_sha256", "p.format", "p.file", "p.position", "i.reason_code", "i.reason", "i.item"
        )
    )
    both = of_payloads.select(of_items.columns).unionByName(of_items)
    # A file that could not be read has no payload: its path stands for it.
    what = F.when(F.col("payload") == "", F.col("file")).otherwise(F.col("payload_sha256"))
    keyed = both.withColumn(
        "quarantine_id", F.sha2(F.concat_ws("\n", F.lit(run.source), what, "reason_code", "item"), 256)
    )
    one = F.row_number().over(Window.partitionBy("quarantine_id").orderBy("file", "position"))
    return (
        keyed.withColumn("one", one)
        .where(F.col("one") == 1)
        .select(
            "quarantine_id",
            F.lit(run.source).alias("source"),
            "format",
            "file",
            "position",
            "reason_code",
            "reason",
            F.substring("payload", 1, reasons.KEPT_BYTES).alias("payload"),
            "payload_sha256",
            F.lit(run.code).alias("code_version"),
            F.lit(run.at).alias("received_at"),
        )
    )


_META = {"event_id", "format", "file", "position", "modified_at", "received_at", "reason_code", "reason"}


def file_states(files: DataFrame, payloads: DataFrame) -> DataFrame:
    """Return one row a file: done, or refused with a sentence.

    Args:
        files: `source`, `path`, `size`, `modified_at`.
        payloads: `detect.payloads`.
    """
    is_whole = F.col("reason_code").isin(*FILE_REASONS) & (F.col("payload") == "")
    seen = payloads.groupBy("file").agg(
        F.count_if(~is_whole).alias("payload_count"),
        F.array_join(F.array_sort(F.collect_set("format")), ",").alias("format"),
        F.min(F.when(is_whole, F.col("reason"))).alias("reason"),
    )
    joined = files.alias("f").join(seen.alias("s"), on=F.col("f.path") == F.col("s.file"), how="left")
    payload_count = F.coalesce(F.col("payload_count"), F.lit(0))
    is_refused = F.col("reason").isNotNull() & (payload_count == 0)
    file_id = F.sha2(F.concat_ws("\n", "source", "path", "size", F.unix_millis("modified_at").cast("string")), 256)
    return joined.select(
        file_id.alias("file_id"),
        "source",
        "path",
        F.nullif(F.col("format"), F.lit("")).alias("format"),
        "size",
        "modified_at",
        payload_count.alias("payload_count"),
        F.when(is_refused, "refused").otherwise("done").alias("state"),
        F.when(is_refused, F.col("reason")).alias("reason"),
    )


def _barren(items: DataFrame) -> DataFrame:
    """Return the payloads in which nothing was found: they are in quarantine, not among the events."""
    is_empty = F.coalesce(F.col("reason_code") == "no_items", F.lit(False))
    found = items.groupBy("event_id").agg(F.bool_and(is_empty).alias("is_barren"))
    return found.where(F.col("is_barren")).select("event_id")
