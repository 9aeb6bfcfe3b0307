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

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.ingest import accounts, bronze, erasure, graph, landed, posts, records
from entourage.schemas import RECORDS

Read = Callable[[str], DataFrame]
Keep = Callable[[str, DataFrame], DataFrame]
# Reasons that concern a whole file of which nothing could be read.
FILE_REASONS = ("unknown_compression", "not_text", "too_large", "unreadable", "corrupt_file")

_NAMED = ("source", "event_id", "reason_code")  # what is asked of rows of any kind


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
        is_counted: False: what it does to the table is no fate of an item.
        is_each: each row is one distinct item, so that rows and items can be held to each other.
        is_dated: rows keep the day that they are stored under, so that only these days are read.
    """

    table: str
    frame: DataFrame
    counted: str
    moved_by: tuple[str, ...] = ()
    update: bool = True
    newer: Column | None = None
    void: DataFrame | None = None
    is_counted: bool = True
    is_each: bool = False
    is_dated: bool = False


def social(payloads: DataFrame, items: DataFrame, *, run: Run) -> Iterator[Step]:
    """Yield the merges of posts, accounts and acts, all of one source.

    Args:
        payloads: `detect.opened`, staged.
        items: `formats.items`, staged.
        run: what all steps share.
    """
    everything, items = items, items.where(~erasure.is_left_out())
    # Deletions first: what they delete is never written, to bronze neither.
    yield Step(
        "silver.tombstones", graph.tombstones(items, received_at=run.at), "retraction", update=False, is_each=True
    )
    stored = run.read("silver.posts")
    ids = run.keep("version_ids", posts.version_ids(items, stored=stored))
    retractions = run.keep("retractions", posts.resolved(run.read("silver.tombstones"), version_ids=ids))
    retracted = run.keep("retracted", posts.retracted(items, retractions=retractions, version_ids=ids))
    held = run.keep("holdings", erasure.holdings(everything, retractions=retractions))
    refused = run.keep("refused", bronze.quarantine(payloads, [everything], held=held, at=run.at, code=run.code))
    yield from _bronze(payloads, [everything], refused, held=held, run=run)
    is_new = F.col("a.object_id") == F.col("i.id")
    # Staged, Spark knows how few they are: of none it reads no stored row.
    new = run.keep("new_retractions", retractions.alias("a").join(retracted.alias("i"), on=is_new, how="left_semi"))
    yield from _blanked(new, run=run)
    stored = run.read("silver.posts")
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
    yield Step("silver.metric_snapshots", counters, "counter", newer=F.col("s.value") > F.col("t.value"), is_each=True)
    yield _closed(payloads, refused, run=run)


def business(payloads: DataFrame, rows: Mapping[str, DataFrame], *, run: Run) -> Iterator[Step]:
    """Yield the merges of business records, of any number of sources: one a kind.

    Args:
        payloads: `detect.opened`, staged.
        rows: `records.rows` by their kind (persons, orders, ...), staged.
        run: what all steps share.
    """
    held = run.keep("holdings", erasure.holdings_of_rows(_named(rows)))
    found = list(rows.values())
    refused = run.keep("refused", bronze.quarantine(payloads, found, held=held, at=run.at, code=run.code))
    yield from _bronze(payloads, found, refused, held=held, run=run)
    for kind, made in rows.items():
        kept, newer = records.kept(made, kind=kind), records.newer(kind)
        yield Step(RECORDS[kind], kept, kind, update=newer is not None, newer=newer, is_each=True)
    yield _closed(payloads, refused, run=run)


def _bronze(
    payloads: DataFrame, found: list[DataFrame], refused: DataFrame, *, held: DataFrame, run: Run
) -> Iterator[Step]:
    """Yield the merges of payloads and of refusals; one that came back is opened again."""
    barren = _barren(reduce(DataFrame.unionByName, (frame.select(*_NAMED) for frame in found)))
    yield Step(
        "bronze.events",
        bronze.events(payloads, held=held, barren=barren, keep=run.keep, at=run.at),
        "payload",
        update=False,
        is_each=True,
    )
    is_back = F.col("t.closed_at").isNotNull() & F.col("s.closed_at").isNull()
    yield Step("bronze.quarantine", refused, "refusal", newer=is_back, is_each=True)


def _closed(payloads: DataFrame, refused: DataFrame, *, run: Run) -> Step:
    """Return the merge that closes what was read again and not refused: the last one.

    What is open is all that a replay knows of its work: closed any earlier, a kill would lose what it was to write.
    """
    stored = run.read("bronze.quarantine")
    closed = erasure.closed_refusals(stored, payloads=payloads, refused=refused, at=run.at)
    return Step("bronze.quarantine", closed, "payload", is_counted=False)


def _blanked(new: DataFrame, *, run: Run) -> Iterator[Step]:
    """Yield the merges that take what this run deletes out of the payloads that are stored."""
    name = "bronze.events"
    events_ = erasure.blanked_events(run.read(name), retractions=new)
    yield Step(name, events_, "retraction", moved_by=("post",), is_counted=False, is_dated=True)
    name = "bronze.quarantine"
    refusals = erasure.blanked_refusals(run.read(name), retractions=new, at=run.at)
    yield Step(name, refusals, "retraction", moved_by=("post",), is_counted=False)


def tally(payloads: DataFrame, items: DataFrame) -> DataFrame:
    """Count what came in and what of it was refused or suppressed.

    Returns:
        Grain: one source. For each kind (payload, refusal, post, account, act, retraction, counter) `of_KIND`, a struct
        of `items`, `refused` and `suppressed`.
    """
    is_good, is_left_out = F.col("reason_code").isNull(), erasure.is_left_out()
    is_bad = ~is_good & ~is_left_out
    post, act, account, retraction = (F.col(kind) for kind in ("post", "act", "account", "retraction"))
    acts = F.when(is_good & post.isNotNull(), F.size(graph.acts_of_post())).otherwise(0)
    of_posts = F.when(is_good & post.isNotNull(), _size(graph.counters_of_post())).otherwise(0)
    of_accounts = F.when(is_good & account.isNotNull(), _size(account["counters"])).otherwise(0)
    counted = items.groupBy("source").agg(
        _fate("post", *(F.count_if(post.isNotNull() & which) for which in (F.lit(True), is_bad, is_left_out))),
        _fate("account", F.count_if(account.isNotNull()), None, F.count_if(account.isNotNull() & is_left_out)),
        _fate(
            "act",
            F.count_if(act.isNotNull()) + F.sum(acts),
            F.count_if(act.isNotNull() & is_bad),
            F.count_if(act.isNotNull() & is_left_out),
        ),
        _fate("retraction", F.count_if(retraction.isNotNull()), None, F.count_if(retraction.isNotNull() & is_left_out)),
        _fate("counter", F.sum(of_posts + of_accounts)),
        F.count_if(is_bad).alias("bad_items"),
    )
    return _with_payloads(counted, _barren(items), payloads)


def tally_rows(payloads: DataFrame, rows: Mapping[str, DataFrame]) -> DataFrame:
    """Count the payloads and rows of business sources (see `tally`): payload, refusal, and each of the kinds."""
    items, left_out = F.count(F.lit(1)).alias("items"), F.count_if(erasure.is_left_out())
    bad = (F.count_if(F.col("reason_code").isNotNull()) - left_out).alias("bad")
    counts = [
        frame.groupBy("source").agg(F.lit(kind).alias("kind"), items, bad, left_out.alias("left_out"))
        for kind, frame in rows.items()
    ]

    def of(kind: str, name: str) -> Column:
        return F.sum(F.when(F.col("kind") == kind, F.col(name)))

    fates = [_fate(kind, *(of(kind, name) for name in ("items", "bad", "left_out"))) for kind in rows]
    summed = reduce(DataFrame.unionByName, counts).groupBy("source").agg(*fates, F.sum("bad").alias("bad_items"))
    return _with_payloads(summed, _barren(_named(rows)), payloads)


def _named(rows: Mapping[str, DataFrame]) -> DataFrame:
    return reduce(DataFrame.unionByName, (frame.select(*_NAMED) for frame in rows.values()))


def _with_payloads(counted: DataFrame, barren: DataFrame, payloads: DataFrame) -> DataFrame:
    is_its = (F.col("p.source") == F.col("b.source")) & (F.col("p.event_id") == F.col("b.event_id"))
    marked = payloads.alias("p").join(barren.alias("b"), on=is_its, how="left").select("p.*", *_BARREN)
    is_good = F.col("reason_code").isNull()
    delivered = marked.groupBy("source").agg(
        F.count(F.lit(1)).alias("all"),
        F.count_if(~is_good).alias("bad"),
        *(F.count_if(is_good & F.col(name)).alias(name) for name in _BARREN),
    )
    kinds = [name for name in counted.columns if name.startswith("of_")]
    return _beside(delivered, counted, [*kinds, "bad_items"]).select(
        "source",
        *kinds,
        _fate("payload", F.col("all"), F.col("bad") + F.col("is_barren"), F.col("is_left_out")),
        _fate("refusal", F.col("bad") + F.coalesce("bad_items", F.lit(0))),
    )


def _beside(left: DataFrame, right: DataFrame, names: list[str]) -> DataFrame:
    joined = left.alias("l").join(right.alias("r"), on=F.col("l.source") == F.col("r.source"), how="left")
    return joined.select("l.*", *(f"r.{name}" for name in names))


def _size(values: Column) -> Column:
    return F.coalesce(F.cardinality(values), F.lit(0))


def _fate(kind: str, items: Column, refused: Column | None = None, suppressed: Column | None = None) -> Column:
    counts = {"items": items, "refused": refused, "suppressed": suppressed}
    return F.struct(
        *(F.lit(0 if n is None else F.coalesce(n, F.lit(0))).cast("bigint").alias(m) for m, n in counts.items())
    ).alias(f"of_{kind}")


def file_states(files: DataFrame, payloads: DataFrame) -> DataFrame:
    """Return one row a file: done, or refused with a sentence.

    Args:
        files: `source`, `path`, `size`, `modified_at`, and `file`: what the payloads call it.
        payloads: `detect.payloads`.
    """
    is_whole = F.col("reason_code").isin(*FILE_REASONS) & (F.col("payload") == "")
    seen = payloads.groupBy("file").agg(
        F.count_if(~is_whole).alias("payload_count"),
        F.collect_set("format").alias("formats"),
        F.min(F.when(is_whole, F.col("reason"))).alias("reason"),
    )
    by_file = landed.by_landing_file(seen)
    joined = files.alias("f").join(by_file.alias("s"), on=F.col("f.file") == F.col("s.file"), how="left")
    payload_count = F.coalesce(F.col("payload_count"), F.lit(0))
    is_refused = F.col("reason").isNotNull() & (payload_count == 0)
    file_id = F.sha2(F.concat_ws("\n", "source", "path", "size", F.unix_millis("modified_at").cast("string")), 256)
    return joined.select(
        file_id.alias("file_id"),
        "source",
        "path",
        F.nullif(F.array_join("formats", ","), F.lit("")).alias("format"),
        "size",
        "modified_at",
        payload_count.alias("payload_count"),
        F.when(is_refused, "refused").otherwise("done").alias("state"),
        F.when(is_refused, F.col("reason")).alias("reason"),
    )


_BARREN = ["is_barren", "is_left_out"]


def _barren(items: DataFrame) -> DataFrame:
    """Return the payloads in which nothing is to be kept: in quarantine or left out, they are not among the events.

    Returns:
        Grain: one payload (source, event_id); `is_barren` where it is refused, else `is_left_out`.
    """
    is_empty = F.coalesce(F.col("reason_code") == "no_items", F.lit(False))
    found = items.groupBy("source", "event_id").agg(
        F.bool_and(is_empty | erasure.is_left_out()).alias("is_nothing"), F.bool_or(is_empty).alias("is_barren")
    )
    nothing = found.where(F.col("is_nothing"))
    return nothing.select("source", "event_id", "is_barren", (~F.col("is_barren")).alias("is_left_out"))
