"""Read landing files: all that touches files outside the lake.

in: a path ▶ out: `Delivery`: the files that are new, and their pieces (payloads and refusals), each with its line.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path, PurePosixPath

import pyarrow as pa
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from entourage import config
from entourage.errors import UsageError, nearest
from entourage.ingest import reasons
from entourage.ingest.csv_rows import CsvParams, split_rows
from entourage.ingest.detect import FORMATS
from entourage.ingest.mapping import Mapping, parse
from entourage.ingest.payloads import split
from entourage.ingest.unpacking import Piece, SplitParams
from entourage.session import FileStatus, FileSystem

PIECES = (
    "source string, given string, file string, modified_at timestamp, position bigint, payload string, "
    "reason_code string, reason string, is_marker boolean"
)
# Up to here a file is read in one piece by a Python worker, which copes with every fault; a larger plain one is split
# by Spark.
WHOLE_BYTES = 64 * 1024 * 1024
# Compressed files cannot be split; two copies of one lie in memory while it is read.
MAX_COMPRESSED_BYTES = 256 * 1024 * 1024
COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".lz4", ".zip", ".tar", ".tgz", ".7z", ".snappy", ".deflate")
TABULAR = (".csv", ".tsv", ".parquet")
SOCIAL = ("posts", "accounts", "edges")  # kinds of mappings that ingest_posts takes
BATCH_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Delivery:
    """What one run reads.

    Attributes:
        files: one row a new file: source, path, size (bytes), modified_at.
        pieces: see `PIECES`; `given` is the format or mapping that is known beforehand, a marker says that a file was
            opened.
        mappings: those in use, by name.
    """

    files: DataFrame
    pieces: DataFrame
    mappings: dict[str, Mapping]


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


@dataclass(frozen=True)
class Sources:
    """Landing files, by Hadoop's file systems."""

    spark: SparkSession

    def mapped(self, path: str, *, source: str, folder: Path) -> list[tuple[Mapping, str]]:
        """Return what a path holds, as mapping and path: all of one source, or each folder in it by its name.

        Raises:
            UsageError: no source is given and the path has no folders in it, or one that is named as no mapping.
        """
        if source:
            return [(self.mapping(source, folder=folder), path)]
        files = FileSystem(self.spark)
        root = files.qualified(path) if path else ""
        below = [status.path.removeprefix(f"{root}/") for status in (files.list_files(path) if path else [])]
        names = sorted({name.split("/")[0] for name in below if "/" in name and "://" not in name})
        if not names:
            raise UsageError(
                f"ingest_records: no source for '{path}'; name its mapping with --source, or give a folder in which "
                "each folder is named as a mapping of conf/sources/"
            )
        return [(self.mapping(name, folder=folder), f"{root}/{name}") for name in names]

    def new_files(self, path: str, *, seen: DataFrame, source: str) -> list[FileStatus]:
        """List the files under a file, folder or glob that were not read as they are now.

        Args:
            path: file, folder (all depths) or glob.
            seen: bronze.files; rows of this source with state done are left out where path, size and time are equal.
            source: what the counts call it.

        Raises:
            UsageError: no file is there.
        """
        found = FileSystem(self.spark).list_files(path) if path else []
        if not found:
            raise UsageError(f"ingest: nothing found at '{path}'; expected a file, a folder or a glob (--input)")
        is_done = (F.col("state") == "done") & (F.col("source") == source)
        done = {
            (row["path"], row["size"], row["modified_ms"])
            for row in seen.where(is_done)
            .select("path", "size", F.unix_millis("modified_at").alias("modified_ms"))
            .collect()
        }
        return [status for status in found if (status.path, status.size, status.modified_ms) not in done]

    def mapping(self, name: str, *, folder: Path) -> Mapping:
        """Read conf/sources/NAME.yaml, or the file at a path that ends in .yaml.

        Raises:
            UsageError: no such file (with the nearest name), or mistakes in it.
        """
        if name.endswith((".yaml", ".yml")):
            text = FileSystem(self.spark).read_text(name)
            if text is None:
                raise UsageError(f"--source: no file '{name}'; expected a mapping (see docs/ingest.md)")
            return parse(text, name=PurePosixPath(name).stem)
        known = sorted(path.stem for path in (folder / "sources").glob("*.yaml"))
        if known and name not in known:
            raise UsageError(
                f"--source: '{name}' is unknown{nearest(name, known)}; mappings: {', '.join(known)}, or a path"
            )
        return parse(config.read_text(folder, f"sources/{name}.yaml"), name=name)

    def posts(self, files: list[FileStatus], *, form: str, folder: Path, max_payload_bytes: int) -> Delivery:
        """Read posts: JSON of any format; CSV and Parquet by a mapping that `form` or the folder's name gives.

        Args:
            files: see `new_files`.
            form: a wire format, a mapping's name or path, or empty.
            folder: of the configuration.
            max_payload_bytes: a longer line is refused.

        Raises:
            UsageError: the form is neither a format nor a mapping.
        """
        is_wire = form in FORMATS
        mappings = {form: self.mapping(form, folder=folder)} if form and not is_wire else {}
        readings = []
        for status in files:
            name = self._mapping_name(status, form, folder, mappings)
            given = _reading(status, "posts", mappings[name]) if name else Reading(status, "posts", "", "json")
            readings.append(dataclasses.replace(given, given=form) if is_wire and not name else given)
        records = [mapping.name for mapping in mappings.values() if mapping.kind not in SOCIAL]
        if records:
            raise UsageError(f"ingest_posts: {', '.join(records)} holds no posts; use ingest_records --source NAME")
        return self._delivery(readings, mappings.values(), max_payload_bytes)

    def records(self, given: list[tuple[Mapping, list[FileStatus]]], *, max_payload_bytes: int) -> Delivery:
        """Read the files of business sources, as their mappings say."""
        readings = [_reading(status, mapping.name, mapping) for mapping, files in given for status in files]
        return self._delivery(readings, [mapping for mapping, _ in given], max_payload_bytes)

    def _mapping_name(self, status: FileStatus, form: str, folder: Path, mappings: dict[str, Mapping]) -> str:
        """Return the mapping that a file is read by; empty for JSON that speaks for itself."""
        if form and form not in FORMATS:
            return form
        if not status.path.lower().endswith((*TABULAR, *(f"{end}.gz" for end in TABULAR))):
            return ""
        name = PurePosixPath(status.path).parent.name
        if name not in mappings:
            mappings[name] = self.mapping(name, folder=folder)
        return name

    def _delivery(self, readings: list[Reading], mappings: Iterable[Mapping], max_payload_bytes: int) -> Delivery:
        """Choose how each file is read: whole in a worker, by Spark's own readers, or not at all."""
        params = SplitParams(max_payload_bytes=max_payload_bytes)
        frames: list[DataFrame] = []
        whole: list[Reading] = []
        markers: list[Reading] = []
        refused: list[Reading] = []
        for reading in readings:
            size = reading.status.size
            if reading.kind == "parquet":
                rows = self._parquet(reading)
                frames += [] if rows is None else [rows]
                (refused if rows is None else markers).append(reading)
            elif reading.kind == "json" and not reading.is_packed and size > WHOLE_BYTES:
                frames.append(self._lines(reading, params))
                markers.append(reading)
            else:
                (refused if size > MAX_COMPRESSED_BYTES else whole).append(reading)
        if whole:
            frames.append(self._whole(whole, params))
        if markers or refused:
            frames.append(self._said(markers, refused))
        by_name = {mapping.name: mapping for mapping in mappings}
        return Delivery(self._files(readings), reduce(DataFrame.unionByName, frames), by_name)

    def _files(self, readings: list[Reading]) -> DataFrame:
        rows = [(r.source, r.status.path, r.status.size, r.status.modified_ms) for r in readings]
        frame = self.spark.createDataFrame(rows, "source string, path string, size bigint, modified_ms bigint")
        return frame.withColumn("modified_at", F.timestamp_millis("modified_ms")).drop("modified_ms")

    def _parquet(self, reading: Reading) -> DataFrame | None:
        try:
            rows = self.spark.read.parquet(_literal(reading.status.path))
        except PySparkException:
            return None
        payload = F.to_json(F.struct(*(F.col(f"`{name}`") for name in rows.columns)), {"ignoreNullFields": "false"})
        numbered = rows.select(payload.alias("payload")).withColumn("position", F.monotonically_increasing_id() + 1)
        return _pieces(numbered, reading)

    def read_labels(self, path: str) -> DataFrame:
        """Read a labelled file: CSV with a header, Parquet or JSON lines; all columns of a CSV are strings.

        Raises:
            UsageError: no such file, or another kind of file.
        """
        if not FileSystem(self.spark).list_files(path):
            raise UsageError(f"'{path}': no such file; expected a labelled CSV, Parquet or JSON-lines file")
        suffix = PurePosixPath(path).suffix
        if suffix == ".parquet":
            return self.spark.read.parquet(path)
        if suffix in {".jsonl", ".json"}:
            return self.spark.read.json(path)
        if suffix in {".csv", ".tsv"}:
            delimiter = "\t" if suffix == ".tsv" else ","
            return self.spark.read.csv(path, header=True, sep=delimiter, multiLine=True, escape='"')
        raise UsageError(f"'{path}': found suffix '{suffix}'; expected .csv, .tsv, .parquet, .json or .jsonl")

    def _whole(self, readings: list[Reading], params: SplitParams) -> DataFrame:
        """Read files in one piece each; Python, since only it can salvage damaged files (400 MB a second a core)."""
        by_path = {reading.status.path: reading for reading in readings}
        reader = self.spark.read.format("binaryFile").option("recursiveFileLookup", True)
        reader = reader.option("ignoreCorruptFiles", True).option("ignoreMissingFiles", True)
        contents = reader.load([_literal(path) for path in by_path]).select("path", "modificationTime", "content")

        def split_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                for path, modified_at, content in zip(*batch.columns, strict=True):
                    reading = by_path[path.as_py()]
                    yield from _batches(reading, modified_at, reading.split(content.as_buffer().to_pybytes(), params))

        return contents.mapInArrow(split_batches, PIECES)

    def _lines(self, reading: Reading, params: SplitParams) -> DataFrame:
        """Read one large plain file line by line, in parallel, with line numbers."""
        text = self.spark.read.option("lineSep", "\n").text(_literal(reading.status.path))
        decoded = text.select("*", "_metadata", F.decode(F.col("value").cast("binary"), "UTF-8").alias("decoded"))
        lines = decoded.select(
            F.trim(F.translate("decoded", "\ufeff\x00\r\t", "    ")).alias("payload"),
            (F.encode(F.col("decoded"), "UTF-8") != F.col("value").cast("binary")).alias("is_bad"),
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
        reason = F.when(is_long, _reason(reasons.too_long(params.max_payload_bytes))).when(
            F.col("is_bad"), _reason(("bad_encoding", "The line is not UTF-8; deliver it in UTF-8."))
        )
        return _pieces(
            numbered.where(F.col("payload") != "").select(
                (F.col("before") + F.col("id") - F.col("first_id") + 1).alias("position"),
                "payload",
                reason.getItem("code").alias("reason_code"),
                reason.getItem("reason").alias("reason"),
            ),
            reading,
        )

    def _said(self, markers: list[Reading], refused: list[Reading]) -> DataFrame:
        """Say of files that they were opened, or why they are not read at all."""
        opened = [(r, None, None, True) for r in markers]
        rows = [
            (r.source, r.given or None, r.status.path, r.status.modified_ms, *said)
            for r, *said in [*opened, *((r, *_refusal(r), False) for r in refused)]
        ]
        frame = self.spark.createDataFrame(
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


def _reading(status: FileStatus, source: str, mapping: Mapping) -> Reading:
    """Return how a file is read that a mapping describes: as it says, or by the file's suffixes."""
    suffixes = {suffix.lstrip(".") for suffix in PurePosixPath(status.path.lower()).suffixes}
    found = "parquet" if "parquet" in suffixes else "csv" if suffixes & {"csv", "tsv", "txt"} else "json"
    kind = {"jsonl": "json"}.get(mapping.format, mapping.format) or found
    return Reading(status, source, mapping.name, kind, mapping.csv)


def _refusal(reading: Reading) -> reasons.Reason:
    if reading.kind == "parquet":
        return reasons.corrupt_file("Parquet")
    return reasons.too_large(reading.status.size, MAX_COMPRESSED_BYTES)


def _reason(reason: reasons.Reason) -> Column:
    return F.struct(F.lit(reason[0]).alias("code"), F.lit(reason[1]).alias("reason"))


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


def _literal(path: str) -> str:
    """Return a path whose glob characters mean themselves."""
    return "".join(f"\\{character}" if character in "*?[]{}\\" else character for character in path)


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
