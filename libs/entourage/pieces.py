"""Read files into pieces: payloads and refusals, each with its file and line.

in: a `Reading` a file: how it is read ▶ out: one frame of `contents.PIECES`. No file stops a job, whatever state it is
in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from entourage.contents import File, is_local, literal, read
from entourage.ingest import reasons
from entourage.ingest.opening import PACKED, How, kind_of
from entourage.ingest.payloads import BLANKS
from entourage.ingest.unpacking import SplitParams
from entourage.rows import local_frame
from entourage.session import FileStatus

# A larger plain file of JSON lines is split by Spark; up to here a Python worker reads it, which copes with all faults.
SPLIT_BYTES = 64 * 1024 * 1024
WHOLE = (".xml", ".rss", ".atom", ".js")  # what is not lines, besides mails and tables
# What Spark says of a Parquet file that it cannot read.
DAMAGE = ("error while reading file", "Could not read footer", "is not a Parquet file", "infer schema")


@dataclass(frozen=True)
class Reading:
    """One file, and how it is read.

    Attributes:
        status: where it lies, and how large it is.
        source: what the run's counts call it.
        given: its format or mapping; empty: each payload says it itself.
        kind: parquet, or of `How`.
        how: all that a worker needs to know.
    """

    status: FileStatus
    source: str
    given: str = ""
    kind: str = ""
    how: How = field(default_factory=How)

    @property
    def is_splittable(self) -> bool:
        """Tell whether a line of it can be read without those before, by its name."""
        name = self.status.path.lower()
        return kind_of(name, self.how) == "json" and not name.endswith((*PACKED, *WHOLE))


def read_pieces(spark: SparkSession, readings: list[Reading], *, params: SplitParams) -> DataFrame:
    """Read each file as suits it: as a stream in a worker, by Spark's own readers, or not at all.

    Args:
        spark: the session.
        readings: the files; of none there are no pieces.
        params: limits of what one file may cost.

    Returns:
        `contents.PIECES`: one row a payload or refusal, and a marker for each file that was opened.
    """
    frames: list[DataFrame] = []
    streams: list[Reading] = []
    markers: list[Reading] = []
    refused: list[tuple[Reading, reasons.Reason]] = []
    for reading in readings:
        size, is_here = reading.status.size, is_local(reading.status.path)
        limit = params.max_file_bytes if is_here else params.max_held_bytes
        if reading.kind == "parquet":
            rows = _parquet(spark, reading)
            frames += [] if rows is None else [rows]
            refused += [(reading, reasons.damaged_table("Parquet"))] if rows is None else []
            markers += [] if rows is None else [reading]
        elif reading.is_splittable and size > SPLIT_BYTES:
            frames.append(_lines(spark, reading, params))
            markers.append(reading)
        elif size > limit:
            refused.append((reading, reasons.too_large(size, limit)))
        else:
            streams.append(reading)
    styles = list(dict.fromkeys((reading.source, reading.given, reading.how) for reading in streams))
    numbers = {style: number for number, style in enumerate(styles)}
    files = [
        File(r.status.path, r.status.size, r.status.modified_ms, numbers[r.source, r.given, r.how]) for r in streams
    ]
    frames += read(spark, files, styles=styles, params=params)
    if markers or refused or not frames:
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


def _said(spark: SparkSession, markers: list[Reading], refused: list[tuple[Reading, reasons.Reason]]) -> DataFrame:
    """Say of files that they were opened, or why they are not read at all."""
    opened = [(r, None, None, True) for r in markers]
    rows = [
        (r.source, r.given or None, r.status.path, r.status.modified_ms, *said)
        for r, *said in [*opened, *((r, *reason, False) for r, reason in refused)]
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
