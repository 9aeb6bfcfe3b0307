"""Read files into pieces: payloads and refusals, each with its file and line.

in: a `Reading` a file: how it is read ▶ out: one frame of `PIECES`. No file stops a job, whatever state it is in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from entourage.ingest import reasons
from entourage.ingest.csv_rows import CsvParams, split_rows
from entourage.ingest.payloads import BLANKS, split
from entourage.ingest.unpacking import Piece, SplitParams
from entourage.rows import local_frame
from entourage.session import FileStatus

PIECES = (
    "source string, given string, file string, modified_at timestamp, position bigint, payload string, "
    "reason_code string, reason string, is_marker boolean"
)
# Up to here a file is read in one piece by a Python worker, which copes with every fault; a larger plain one is split
# by Spark.
WHOLE_BYTES = 64 * 1024 * 1024
# CSV and compressed files cannot be split; two copies of one lie in memory while it is read.
MAX_WHOLE_BYTES = 256 * 1024 * 1024
COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".lz4", ".zip", ".tar", ".tgz", ".7z", ".snappy", ".deflate")
# What Spark says of a Parquet file that it cannot read.
DAMAGE = ("error while reading file", "Could not read footer", "is not a Parquet file", "infer schema")
BATCH_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Reading:
    """One file, and how it is read.

    Attributes:
        status: where it lies, and how large it is.
        source: what the run's counts call it.
        given: its format or mapping; empty: each payload says it itself.
        kind: json, csv or parquet.
        csv: how a delimited file is written.
    """

    status: FileStatus
    source: str
    given: str
    kind: str
    csv: CsvParams = field(default_factory=CsvParams)

    def split(self, content: bytes, params: SplitParams) -> Iterator[Piece]:
        """Split the file's content into pieces, damaged or not."""
        if self.kind == "csv":
            return split_rows(content, csv_params=self.csv, params=params)
        return split(content, params=params)

    @property
    def is_packed(self) -> bool:
        """Tell whether it is compressed, by its name."""
        return self.status.path.lower().endswith(COMPRESSED)


def read_pieces(spark: SparkSession, readings: list[Reading], *, params: SplitParams) -> DataFrame:
    """Read each file as suits it: whole in a worker, by Spark's own readers, or not at all.

    Args:
        spark: the session.
        readings: the files; at least one.
        params: limits of what one file may cost.

    Returns:
        `PIECES`: one row a payload or refusal, and a marker for each file that was opened.
    """
    frames: list[DataFrame] = []
    whole: list[Reading] = []
    markers: list[Reading] = []
    refused: list[Reading] = []
    for reading in readings:
        size = reading.status.size
        if reading.kind == "parquet":
            rows = _parquet(spark, reading)
            frames += [] if rows is None else [rows]
            (refused if rows is None else markers).append(reading)
        elif reading.kind == "json" and not reading.is_packed and size > WHOLE_BYTES:
            frames.append(_lines(spark, reading, params))
            markers.append(reading)
        else:
            (refused if size > MAX_WHOLE_BYTES else whole).append(reading)
    if whole:
        frames.append(_whole(spark, whole, params))
    if markers or refused:
        frames.append(_said(spark, markers, refused))
    return reduce(DataFrame.unionByName, frames)


def _parquet(spark: SparkSession, reading: Reading) -> DataFrame | None:
    """Read one Parquet file by Spark; None where it is damaged."""
    try:
        rows = spark.read.parquet(literal(reading.status.path))
        names = [f"`{name.replace('`', '``')}`" for name in rows.columns]
        payload = F.to_json(F.struct(*names), {"ignoreNullFields": "false"})
        numbered = rows.select(payload.alias("payload")).withColumn("position", F.monotonically_increasing_id() + 1)
        # Damaged pages show only when they are read, and would stop the job then.
        numbered.write.format("noop").mode("overwrite").save()
    except Exception as error:  # py4j's own, or pyspark's
        if any(sign in str(error) for sign in DAMAGE):
            return None
        raise
    return _pieces(numbered, reading)


def _lines(spark: SparkSession, reading: Reading, params: SplitParams) -> DataFrame:
    """Read one large plain file line by line, in parallel, with line numbers."""
    text = spark.read.option("lineSep", "\n").text(literal(reading.status.path))
    raw = F.col("value").cast("binary")
    decoded = text.select("*", "_metadata", F.decode(raw, "UTF-8").alias("decoded"))
    is_bad = F.encode(F.col("decoded"), "UTF-8") != raw
    shown = F.when(is_bad, F.decode(raw, "ISO-8859-1")).otherwise(F.col("decoded"))
    lines = decoded.select(
        F.btrim(shown, F.lit(BLANKS.decode())).alias("payload"),
        F.contains("decoded", F.lit("\x00")).alias("has_nul"),
        F.octet_length("value").alias("bytes"),
        is_bad.alias("is_bad"),
        F.col("_metadata.file_block_start").alias("block"),
        F.monotonically_increasing_id().alias("id"),
    )
    blocks = lines.groupBy("block").agg(F.min("id").alias("first_id"), F.count(F.lit(1)).alias("line_count"))
    before = F.expr("sum(line_count) over (order by block rows between unbounded preceding and 1 preceding)")
    offsets = blocks.select("block", "first_id", F.coalesce(before, F.lit(0)).alias("before"))
    numbered = lines.alias("l").join(
        F.broadcast(offsets).alias("o"), on=F.col("l.block") == F.col("o.block"), how="inner"
    )
    is_long = F.octet_length("payload") > params.max_payload_bytes
    is_empty = F.col("payload") == ""
    code, sentence = reasons.only_nul("%d")
    reason = (
        F.when(is_empty, F.struct(F.lit(code).alias("code"), F.format_string(sentence, "bytes").alias("reason")))
        .when(is_long, _reason(reasons.too_long(params.max_payload_bytes)))
        .when(F.col("is_bad"), _reason(("bad_encoding", "The line is not UTF-8; deliver it in UTF-8.")))
    )
    return _pieces(
        numbered.where(~is_empty | F.col("has_nul")).select(
            (F.col("before") + F.col("id") - F.col("first_id") + 1).alias("position"),
            "payload",
            reason.getItem("code").alias("reason_code"),
            reason.getItem("reason").alias("reason"),
        ),
        reading,
    )


def _whole(spark: SparkSession, readings: list[Reading], params: SplitParams) -> DataFrame:
    """Read files in one piece each; Python, since only it can salvage damaged files (400 MB a second a core)."""
    by_path = {reading.status.path: reading for reading in readings}
    reader = spark.read.format("binaryFile").option("recursiveFileLookup", True)
    reader = reader.option("ignoreCorruptFiles", True).option("ignoreMissingFiles", True)
    contents = reader.load([literal(path) for path in by_path]).select("path", "modificationTime", "content")

    def split_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for path, modified_at, content in zip(*batch.columns, strict=True):
                reading = by_path[path.as_py()]
                yield from _batches(reading, modified_at, reading.split(content.as_buffer().to_pybytes(), params))

    return contents.mapInArrow(split_batches, PIECES)


def _batches(reading: Reading, modified_at: pa.Scalar, pieces: Iterator[Piece]) -> Iterator[pa.RecordBatch]:
    held: list[Piece] = []
    held_bytes = 0
    for piece in pieces:
        held.append(piece)
        held_bytes += len(piece.payload)
        if held_bytes > BATCH_BYTES or len(held) >= 10_000:
            yield _batch(reading, modified_at, held, is_marker=False)
            held, held_bytes = [], 0
    if held:
        yield _batch(reading, modified_at, held, is_marker=False)
    yield _batch(reading, modified_at, [Piece(0, "")], is_marker=True)


def _batch(reading: Reading, modified_at: pa.Scalar, pieces: list[Piece], *, is_marker: bool) -> pa.RecordBatch:
    count = len(pieces)
    columns = {
        "source": pa.array([reading.source] * count, pa.string()),
        "given": pa.array([reading.given or None] * count, pa.string()),
        "file": pa.array([reading.status.path] * count, pa.string()),
        "modified_at": pa.array([modified_at.as_py()] * count, modified_at.type),
        "position": pa.array([piece.position for piece in pieces], pa.int64()),
        "payload": pa.array([piece.payload for piece in pieces], pa.string()),
        "reason_code": pa.array([piece.reason_code for piece in pieces], pa.string()),
        "reason": pa.array([piece.reason for piece in pieces], pa.string()),
        "is_marker": pa.array([is_marker] * count, pa.bool_()),
    }
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def _said(spark: SparkSession, markers: list[Reading], refused: list[Reading]) -> DataFrame:
    """Say of files that they were opened, or why they are not read at all."""
    opened = [(r, None, None, True) for r in markers]
    rows = [
        (r.source, r.given or None, r.status.path, r.status.modified_ms, *said)
        for r, *said in [*opened, *((r, *_refusal(r), False) for r in refused)]
    ]
    frame = local_frame(
        spark,
        rows,
        "source string, given string, file string, modified_ms bigint, reason_code string, reason string, "
        "is_marker boolean",
    )
    return frame.select(
        "source",
        "given",
        "file",
        F.timestamp_millis("modified_ms").alias("modified_at"),
        F.lit(0).cast("bigint").alias("position"),
        F.lit("").alias("payload"),
        "reason_code",
        "reason",
        "is_marker",
    )


def _refusal(reading: Reading) -> reasons.Reason:
    if reading.kind == "parquet":
        return reasons.damaged_table("Parquet")
    return reasons.too_large(reading.status.size, MAX_WHOLE_BYTES)


def _pieces(rows: DataFrame, reading: Reading) -> DataFrame:
    missing = {"reason_code": F.lit(None).cast("string"), "reason": F.lit(None).cast("string")}
    return rows.select(
        F.lit(reading.source).alias("source"),
        F.lit(reading.given or None).cast("string").alias("given"),
        F.lit(reading.status.path).alias("file"),
        F.timestamp_millis(F.lit(reading.status.modified_ms)).alias("modified_at"),
        "position",
        "payload",
        *(F.col(name) if name in rows.columns else value.alias(name) for name, value in missing.items()),
        F.lit(False).alias("is_marker"),
    )


def _reason(reason: reasons.Reason) -> Column:
    return F.struct(F.lit(reason[0]).alias("code"), F.lit(reason[1]).alias("reason"))


def literal(path: str) -> str:
    """Return a path whose glob characters mean themselves."""
    return "".join(f"\\{character}" if character in "*?[]{}\\" else character for character in path)
