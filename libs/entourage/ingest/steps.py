"""Say what goes where: from payloads and items to frames of bronze and silver tables, in the order of their commits.

in: staged payloads and items ▶ out: `Step`, one a table. Every step is a merge that a second run finds done already;
the files are marked done last, so a run that was killed is repeated from the files, and changes only what it had not
reached.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from entourage.ingest import accounts, canonical, graph, posts, reasons, records

Read = Callable[[str], DataFrame]
Keep = Callable[[str, DataFrame], DataFrame]
# Reasons that concern a whole file of which nothing could be read.
FILE_REASONS = ("unknown_compression", "not_text", "too_large", "unreadable", "corrupt_file")


@dataclass(frozen=True)
class Run:
    """What all steps of one run share.

    Attributes:
        read: reads a table as it is now; called again before each step.
        keep: stages a frame in the job's scratch space (`tables.ScratchSpace.keep`).
        at: clock of the run.
        code: version of Entourage.
    """

    read: Read
    keep: Keep
    at: dt.datetime
    code: str


@dataclass(frozen=True)
class Step:
    """One merge.

    Attributes:
        table: where to.
        frame: all columns of the table; `source` may stand beside them, to count by it.
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
    """Yield the merges of posts, accounts and acts, all of one source.

    Args:
        payloads: `detect.opened`, staged.
        items: `formats.items`, staged.
        run: what all steps share.
    """
    yield Step("bronze.events", events(payloads, barren=_barren(items), run=run), "payload", update=False)
    yield Step("bronze.quarantine", quarantine(payloads, [items], run=run), "refusal", update=False)
    yield Step("silver.tombstones", graph.tombstones(items, received_at=run.at), "retraction", update=False)
    stored = run.read("silver.posts")
    ids = run.keep("version_ids", posts.version_ids(items, stored=stored))
    retractions = run.keep("retractions", posts.resolved(run.read("silver.tombstones"), version_ids=ids))
    retracted = run.keep("retracted", posts.retracted(items, retractions=retractions, version_ids=ids))
    versions = posts.post_versions(
        items, stored=stored, retractions=retractions, retracted=retracted, received_at=run.at
    )
    yield Step("silver.posts", versions, "post", moved_by=("retraction",))
    stored = run.read("silver.accounts")
    history = run.keep("account_history", accounts.account_history(items, stored=stored))
    yield Step("silver.accounts", history, "account", void=accounts.void_keys(history, stored=stored))
    acts = graph.edges(
        items, stored=run.read("silver.edges"), retractions=retractions, retracted=retracted, received_at=run.at
    )
    yield Step("silver.edges", acts, "act", moved_by=("retraction", "post"), newer=graph.rank("s.") > graph.rank("t."))
    counters = graph.metric_snapshots(items)
    yield Step("silver.metric_snapshots", counters, "counter", newer=F.col("s.value") > F.col("t.value"))


def business(payloads: DataFrame, rows: Mapping[str, DataFrame], *, run: Run) -> Iterator[Step]:
    """Yield the merges of source records and consent events, of any number of sources.

    Args:
        payloads: `detect.opened`, staged.
        rows: `records.rows` by their kind (persons, consents), staged.
        run: what all steps share.
    """
    yield Step("bronze.events", events(payloads, run=run), "payload", update=False)
    yield Step("bronze.quarantine", quarantine(payloads, list(rows.values()), run=run), "refusal", update=False)
    if "persons" in rows:
        newer = records.recency("s.") > records.recency("t.")
        yield Step(records.TABLES["persons"], records.newest(rows["persons"]), "person", newer=newer)
    if "consents" in rows:
        yield Step(records.TABLES["consents"], records.distinct_events(rows["consents"]), "consent", update=False)


def tally(payloads: DataFrame, items: DataFrame) -> DataFrame:
    """Count what came in and what of it was refused.

    Returns:
        Grain: one source. For each kind (payload, refusal, post, account, act, retraction, counter) `of_KIND`, a struct
        of `items` and `refused`.
    """
    is_good = F.col("reason_code").isNull()
    post, act, account, retraction = (F.col(kind) for kind in ("post", "act", "account", "retraction"))
    acts = F.when(is_good & post.isNotNull(), F.size(graph.acts_of_post())).otherwise(0)
    of_posts = F.when(is_good & post.isNotNull(), _size(graph.counters_of_post())).otherwise(0)
    of_accounts = F.when(is_good & account.isNotNull(), _size(account["counters"])).otherwise(0)
    counted = items.groupBy("source").agg(
        _pair("post", F.count_if(post.isNotNull()), F.count_if(post.isNotNull() & ~is_good)),
        _pair("account", F.count_if(account.isNotNull()), F.lit(0)),
        _pair("act", F.count_if(act.isNotNull()) + F.sum(acts), F.count_if(act.isNotNull() & ~is_good)),
        _pair("retraction", F.count_if(retraction.isNotNull()), F.lit(0)),
        _pair("counter", F.sum(of_posts + of_accounts), F.lit(0)),
        F.count_if(~is_good).alias("bad_items"),
    )
    barren = _barren(items).groupBy("source").agg(F.count(F.lit(1)).alias("barren"))
    return _with_payloads(_beside(counted, barren, ["barren"]), payloads)


def tally_rows(payloads: DataFrame, rows: Mapping[str, DataFrame]) -> DataFrame:
    """Count the payloads and rows of business sources (see `tally`): kinds payload, refusal, person, consent."""
    bad = F.count_if(F.col("reason_code").isNotNull())
    counts = [
        frame.groupBy("source").agg(
            *(
                _pair(name, *((F.count(F.lit(1)), bad) if kind == f"{name}s" else (F.lit(0), F.lit(0))))
                for name in ("person", "consent")
            ),
            bad.alias("bad_items"),
        )
        for kind, frame in rows.items()
    ]
    return _with_payloads(reduce(DataFrame.unionByName, counts).withColumn("barren", F.lit(0)), payloads)


def _with_payloads(counted: DataFrame, payloads: DataFrame) -> DataFrame:
    bad = F.count_if(F.col("reason_code").isNotNull())
    delivered = payloads.groupBy("source").agg(F.count(F.lit(1)).alias("all"), bad.alias("bad"))
    kinds = [name for name in counted.columns if name.startswith("of_")]
    return _beside(delivered, counted, [*kinds, "bad_items", "barren"]).select(
        "source",
        *kinds,
        _pair("payload", F.col("all"), F.col("bad") + F.coalesce("barren", F.lit(0))),
        _pair("refusal", F.col("bad") + F.coalesce("bad_items", F.lit(0)), F.lit(0)),
    )


def _beside(left: DataFrame, right: DataFrame, names: list[str]) -> DataFrame:
    joined = left.alias("l").join(right.alias("r"), on=F.col("l.source") == F.col("r.source"), how="left")
    return joined.select("l.*", *(f"r.{name}" for name in names))


def _size(values: Column) -> Column:
    return F.coalesce(F.cardinality(values), F.lit(0))


def _pair(kind: str, items: Column, refused: Column) -> Column:
    counts = (items, refused)
    named = (F.coalesce(n.cast("bigint"), F.lit(0)).alias(m) for n, m in zip(counts, ("items", "refused"), strict=True))
    return F.struct(*named).alias(f"of_{kind}")


def events(payloads: DataFrame, *, run: Run, barren: DataFrame | None = None) -> DataFrame:
    """Return the payloads that hold something, one row each distinct one, where it was seen first.

    Args:
        payloads: `detect.opened`.
        run: what all steps share.
        barren: `event_id` of those that hold nothing.
    """
    good = payloads.where(F.col("reason_code").isNull())
    counts = good.groupBy("event_id").agg(F.count(F.lit(1)).alias("n"))
    marked = counts.where(F.col("n") > 1).select("event_id", F.lit(False).alias("is_barren"))
    if barren is not None:
        marked = marked.unionByName(barren.select("event_id", F.lit(True).alias("is_barren")))
    # Payloads are large, and most are single: staged, Spark knows how few these are, and shuffles no payload for them.
    special = run.keep("special", marked.groupBy("event_id").agg(F.bool_or("is_barren").alias("is_barren")))
    is_same = F.col("p.event_id") == F.col("s.event_id")
    single = good.alias("p").join(special.alias("s"), on=is_same, how="left_anti")
    several = good.alias("p").join(special.where(~F.col("is_barren")).alias("s"), on=is_same, how="left_semi")
    first = F.row_number().over(Window.partitionBy("event_id").orderBy("file", "position", "source"))
    one = several.withColumn("place", first).where(F.col("place") == 1).drop("place")
    return single.unionByName(one).select(
        "event_id",
        "source",
        "format",
        "file",
        "position",
        "payload",
        F.lit(run.at).alias("received_at"),
        F.lit(run.at.date()).alias("received_date"),
    )


def quarantine(payloads: DataFrame, found: list[DataFrame], *, run: Run) -> DataFrame:
    """Return what was refused, payloads and items, one row each distinct refusal.

    Args:
        payloads: `detect.opened`.
        found: frames of items, with `reason_code`, `reason` and `canonical.META`.
        run: what all steps share.
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
    keyed = both.withColumn("quarantine_id", F.sha2(F.concat_ws("\n", "source", what, "reason_code", "item"), 256))
    one = F.row_number().over(Window.partitionBy("quarantine_id").orderBy("file", "position"))
    return (
        keyed.withColumn("one", one)
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
            F.sha2("payload", 256).alias("payload_sha256"),
            F.lit(run.code).alias("code_version"),
            F.lit(run.at).alias("received_at"),
        )
    )


_DELIVERED = ("payload", "source", "format", "file", "position")


def _refusals(items: DataFrame) -> DataFrame:
    """Return the refused items: what names each, where it came from, and why."""
    body = F.to_json(F.struct(*(name for name in items.columns if name not in _META)))
    refused = items.where(F.col("reason_code").isNotNull())
    return refused.select("event_id", F.sha2(body, 256).alias("item"), "reason_code", "reason", "file", "position")


_META = {*canonical.META, "received_at", "reason_code", "reason"}


def file_states(files: DataFrame, payloads: DataFrame) -> DataFrame:
    """Return one row a file: done, or refused with a sentence.

    Args:
        files: `source`, `path`, `size`, `modified_at`, and `file`: what the payloads call it.
        payloads: `detect.payloads`.
    """
    is_whole = F.col("reason_code").isin(*FILE_REASONS) & (F.col("payload") == "")
    seen = payloads.groupBy("file").agg(
        F.count_if(~is_whole).alias("payload_count"),
        F.array_join(F.array_sort(F.collect_set("format")), ",").alias("format"),
        F.min(F.when(is_whole, F.col("reason"))).alias("reason"),
    )
    joined = files.alias("f").join(seen.alias("s"), on=F.col("f.file") == F.col("s.file"), how="left")
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
    found = items.groupBy("source", "event_id").agg(F.bool_and(is_empty).alias("is_barren"))
    return found.where(F.col("is_barren")).select("source", "event_id")
