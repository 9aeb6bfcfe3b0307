"""Show what was refused, and bring it back: `entourage quarantine` and the replay.

in: bronze.quarantine ▶ out: counts with examples; deliveries of what is open, as a landing file is delivered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from entourage import export, schemas
from entourage.errors import UsageError, nearest
from entourage.ingest.adapters import ADAPTERS
from entourage.ingest.unpacking import SplitParams
from entourage.session import FileStatus, FileSystem
from entourage.sources import Delivery, Sources
from entourage.tables import Tables

TABLE = "bronze.quarantine"
# Codes of readers, whose payload is not what an adapter reads, or only its head: the file has it.
UNREAD = ("bad_encoding", "bad_characters", "too_long")
SHOWN = 160  # characters of a payload that is revealed


@dataclass(frozen=True)
class Replay:
    """What of one source is brought back.

    Attributes:
        source: posts, or the name of a mapping.
        is_social: posts, accounts and acts; else business records.
        delivery: payloads out of quarantine, and files that are read again.
        sentence: how many, and what cannot be.
    """

    source: str
    is_social: bool
    delivery: Delivery
    sentence: str


def summary(tables: Tables, *, reason: str, source: str, examples: int, reveal: bool) -> list[dict[str, Any]]:
    """Return what is open: one row a source, reason and format, the newest first.

    Args:
        tables: of the lake.
        reason: only this reason_code; empty: all.
        source: only this source; empty: all.
        examples: how many of each to show, those that were refused last.
        reveal: show the head of their payloads instead of masking them.

    Raises:
        UsageError: nothing was ever refused for that reason, or of that source.
    """
    stored = tables.read(TABLE)
    _require_known(stored, "reason_code", reason, "--reason")
    _require_known(stored, "source", source, "--source")
    still = _open(stored, reason=reason, source=source)
    kind = ["source", "reason_code", "format"]
    newest = Window.partitionBy(*kind).orderBy(F.desc("received_at"), "file", "position", "quarantine_id")
    last = still.withColumn("place", F.row_number().over(newest)).where(F.col("place") <= max(examples, 1))
    head = last.withColumn("payload", F.nullif(F.substring("payload", 1, SHOWN), F.lit("")))
    shown = head if reveal else export.masked(head, table=schemas.table(TABLE))
    given = F.struct("place", "reason", "file", "position", "payload")
    grouped = still.groupBy(*kind).agg(
        F.count(F.lit(1)).alias("refused"),
        F.min("received_at").alias("first_seen_at"),
        F.max("received_at").alias("last_seen_at"),
    )
    examples_ = shown.groupBy(*kind).agg(F.array_sort(F.collect_list(given)).alias("examples"))
    on = [F.col(f"g.{name}").eqNullSafe(F.col(f"e.{name}")) for name in kind]
    both = grouped.alias("g").join(examples_.alias("e"), on=on[0] & on[1] & on[2], how="inner")
    rows = both.select("g.*", "e.examples").orderBy(F.desc("last_seen_at"), F.desc("refused"), *kind).collect()
    return [_said(row.asDict(recursive=True), examples) for row in rows]


def replays(tables: Tables, sources: Sources, settings: dict[str, Any], *, folder: Path) -> Iterator[Replay]:
    """Yield what is open for a reason, source by source, as deliveries.

    A whole payload comes out of the table. One that was cut, and what a reader refused before an adapter saw it, are
    read from their file again, if it is still there.

    Args:
        tables: of the lake.
        sources: reads files and mappings.
        settings: section `ingest`: `replay_reason`, `source`, `format`, limits.
        folder: of the configuration.

    Raises:
        UsageError: no reason, or one for which nothing was ever refused; no such source or mapping.
    """
    reason, asked = settings["replay_reason"], settings["source"]
    stored = tables.read(TABLE)
    if not reason:
        raise UsageError("replay: no reason given; name one with --reason (see: entourage quarantine)")
    _require_known(stored, "reason_code", reason, "--reason")
    source = _named(asked)
    _require_known(stored, "source", source, "--source")
    still = _open(stored, reason=reason, source=source).withColumn("is_whole", _is_whole())
    for name in sorted(row[0] for row in still.select("source").distinct().collect()):
        of_source = still.where(F.col("source") == name)
        yield _replay(tables, sources, settings, name=name, still=of_source, asked=asked or name, folder=folder)


def _replay(
    tables: Tables, sources: Sources, settings: dict[str, Any], *, name: str, still: DataFrame, asked: str,
    folder: Path,
) -> Replay:  # fmt: skip
    listing, params = FileSystem(tables.spark), SplitParams.of(settings)
    lost = {row["file"]: row["count"] for row in still.where(~F.col("is_whole")).groupBy("file").count().collect()}
    there = {path: _landing_file(path, listing) for path in sorted(lost)}
    found = list({status.path: status for status in there.values() if status}.values())
    read = {path for path, status in there.items() if status}
    whole = still.where(F.col("is_whole") & ~F.col("file").isin(*read))
    if name == "posts":
        given = sources.posts(found, form=settings["format"], folder=folder, params=params)
        forms = [row[0] for row in whole.select("format").distinct().collect()]
        described = {form for form in forms if form is not None and form not in (*ADAPTERS, *given.mappings)}
        mappings = given.mappings | {form: sources.mapping(form, folder=folder) for form in described}
        form = F.coalesce(F.lit(_named(settings["format"]) or None), F.col("format"))
        is_social = True
    else:
        mapping = sources.mapping(asked, folder=folder)
        given = sources.records([(mapping, found)], params=params)
        mappings, form, is_social = given.mappings, F.lit(mapping.name), mapping.is_social
    pieces = _pieces(whole, tables.read("bronze.files"), given=form).unionByName(given.pieces)
    gone = sum(count for path, count in lost.items() if path not in read)
    sentence = f"{whole.count():,} payloads out of quarantine, {len(found):,} files read again" + (
        f"; {gone:,} refusals stay: their payload is not kept whole, and their file is gone (deliver it again)"
        if gone
        else ""
    )
    return Replay(name, is_social, Delivery(given.files, pieces, mappings), sentence)


def _landing_file(path: str, listing: FileSystem) -> FileStatus | None:
    """Return the file that a refusal lay in, if it is still there: its own, or the archive (``PATH!/MEMBER``)."""
    if path.startswith(("kafka:", "jdbc:")):
        return None
    parts = path.split("!/")
    beginnings = ["!/".join(parts[:count]) for count in range(len(parts), 0, -1)]
    return next((status for name in beginnings for status in listing.list_files(name) if status.path == name), None)


def _open(stored: DataFrame, *, reason: str, source: str) -> DataFrame:
    still = stored.where(F.col("closed_at").isNull())
    still = still.where(F.col("reason_code") == reason) if reason else still
    return still.where(F.col("source") == source) if source else still


def _is_whole() -> Column:
    """Tell whether the table holds what an adapter reads, uncut."""
    is_uncut = (F.col("payload") != "") & (F.sha2("payload", 256) == F.col("payload_sha256"))
    is_document = F.col("format").isNotNull() | (F.col("reason_code") == "unknown_format")
    return F.coalesce(is_uncut & is_document & ~F.col("reason_code").isin(*UNREAD), F.lit(False))


def _pieces(whole: DataFrame, files: DataFrame, *, given: Column) -> DataFrame:
    """Return refused payloads as their file delivered them (`pieces.PIECES`), once each.

    A payload is as old as the version of its file that was read last before it was refused.
    """
    one = whole.groupBy("source", "file", "position", "payload", "format").agg(
        F.max("received_at").alias("received_at")
    )
    ages = files.select("source", "path", "modified_at")
    is_its = (F.col("q.source") == F.col("f.source")) & (F.col("q.file") == F.col("f.path"))
    joined = one.alias("q").join(
        ages.alias("f"), on=is_its & (F.col("modified_at") <= F.col("received_at")), how="left"
    )
    known = joined.groupBy("q.source", "q.file", "q.position", "q.payload", "q.format").agg(
        F.coalesce(F.max("f.modified_at"), F.max("q.received_at")).alias("modified_at")
    )
    return known.select(
        "source",
        given.alias("given"),
        "file",
        "modified_at",
        "position",
        "payload",
        F.lit(None).cast("string").alias("reason_code"),
        F.lit(None).cast("string").alias("reason"),
        F.lit(False).alias("is_marker"),
    )


def _require_known(stored: DataFrame, column: str, value: str, option: str) -> None:
    if not value:
        return
    known = sorted(row[0] for row in stored.select(column).distinct().collect())
    if value not in known:
        raise UsageError(
            f"{option}: nothing was ever refused with {column} '{value}'{nearest(value, known)}; "
            f"found: {', '.join(known) or 'nothing'}"
        )


def _named(mapping: str) -> str:
    """Return the name of a mapping that is given by name or path."""
    return Path(mapping).stem if mapping.endswith((".yaml", ".yml")) else mapping


def _said(row: dict[str, Any], examples: int) -> dict[str, Any]:
    """Return a row with the sentence of its last refusal, and as many examples as asked."""
    given = row.pop("examples")
    shown = [{name: example[name] for name in ("file", "position", "payload")} for example in given[:examples]]
    return {**row, "reason": given[0]["reason"], "examples": shown}
