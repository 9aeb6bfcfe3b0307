"""Read landing files: all that touches files outside the lake.

in: a path ▶ out: `Delivery`: the files that are new, and their pieces (payloads and refusals), each with its line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
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
    "file string, modified_at timestamp, position bigint, payload string, reason_code string, reason string, "
    "is_marker boolean"
)
# Up to here a file is read in one piece by a Python worker, which copes with every fault; a larger plain one is split
# by Spark.
WHOLE_BYTES = 64 * 1024 * 1024
# Compressed files cannot be split; two copies of one lie in memory while it is read.
MAX_COMPRESSED_BYTES = 256 * 1024 * 1024
COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".lz4", ".zip", ".tar", ".tgz", ".7z", ".snappy", ".deflate")
TABULAR = (".csv", ".tsv", ".parquet")
BATCH_BYTES = 8 * 1024 * 1024
Splitter = Callable[[bytes], Iterator[Piece]]


@dataclass(frozen=True)
class Delivery:
    """What one run reads.

    Attributes:
        files: one row a new file: source, path, size (bytes), modified_at.
        pieces: see `PIECES`, and `given`: the format or mapping that is known beforehand; a marker says that a file
        was opened.
        mappings: those in use, by name.
    """

    files: DataFrame
    pieces: DataFrame
    mappings: dict[str, Mapping]


@dataclass(frozen=True)
class Sources:
    """Landing files, by Hadoop's file systems."""

    spark: SparkSession

    def folders(self, path: str) -> list[str]:
        """List the folders in a folder, by name; an absent folder has none."""
        files = FileSystem(self.spark)
        if not files.exists(path):
            return []
        root = path.rstrip("/")
        below = [status.path.split(f"{root}/", 1)[-1] for status in files.list_files(path)]
        return [f"{root}/{name}" for name in sorted({part.split("/")[0] for part in below if "/" in part})]

    def new_files(self, path: str, *, seen: DataFrame) -> list[FileStatus]:
        """List the files under a file, folder or glob that were not read as they are now.

        Args:
            path: file, folder (all depths) or glob.
            seen: bronze.files of this source; rows with state done are left out where path, size and time are equal.

        Raises:
            UsageError: no file is there.
        """
        found = FileSystem(self.spark).list_files(path) if path else []
        if not found:
            raise UsageError(f"ingest: nothing found at '{path}'; expected a file, a folder or a glob (--input)")
        done = {
            (row["path"], row["size"], row["modified_ms"])
            for row in seen.where(F.col("state") == "done")
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
        params, is_wire = SplitParams(max_payload_bytes=max_payload_bytes), form in FORMATS
        mappings = {form: self.mapping(form, folder=folder)} if form and not is_wire else {}
        by_name: dict[str, list[FileStatus]] = {}
        for status in files:
            by_name.setdefault(self._mapping_name(status, form, folder, mappings), []).append(status)
        frames = [
            self._given(
                self._json(group, params) if not name else self._mapped(group, mappings[name], params),
                name or (form if is_wire else ""),
            )
            for name, group in by_name.items()
        ]
        return Delivery(self._files(files, "posts"), _union(frames), {m.name: m for m in mappings.values()})

    def records(self, files: list[FileStatus], *, mapping: Mapping, max_payload_bytes: int) -> Delivery:
        """Read the files of one business source, as its mapping says."""
        params = SplitParams(max_payload_bytes=max_payload_bytes)
        pieces = self._given(self._mapped(files, mapping, params), mapping.name)
        return Delivery(self._files(files, mapping.name), pieces, {mapping.name: mapping})

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

    def _given(self, pieces: DataFrame, name: str) -> DataFrame:
        return pieces.withColumn("given", F.lit(PurePosixPath(name).stem if name else None).cast("string"))

    def _mapped(self, files: list[FileStatus], mapping: Mapping, params: SplitParams) -> DataFrame:
        forms: dict[str, list[FileStatus]] = {}
        for status in files:
            suffixes = [suffix.lstrip(".") for suffix in PurePosixPath(status.path.lower()).suffixes]
            found = "parquet" if "parquet" in suffixes else "csv" if {"csv", "tsv", "txt"} & set(suffixes) else "jsonl"
            forms.setdefault(mapping.format or found, []).append(status)
        frames = [self._refused([])]
        if tabular := forms.get("csv"):
            frames.append(self._csv(tabular, mapping.csv, params))
        if lines := forms.get("jsonl"):
            frames.append(self._json(lines, params))
        return _union([*frames, self._parquet(forms.get("parquet", []))])

    def _csv(self, files: list[FileStatus], csv_params: CsvParams, params: SplitParams) -> DataFrame:
        def split_one(content: bytes) -> Iterator[Piece]:
            return split_rows(content, csv_params=csv_params, params=params)

        whole = [status for status in files if status.size <= MAX_COMPRESSED_BYTES]
        refused = [status for status in files if status.size > MAX_COMPRESSED_BYTES]
        return self._whole(whole, split_one).unionByName(self._refused(refused))

    def _parquet(self, files: list[FileStatus]) -> DataFrame:
        frames, refused = [self._refused([])], []
        for status in files:
            try:
                rows = self.spark.read.parquet(_literal(status.path))
                payload = F.to_json(
                    F.struct(*(F.col(f"`{name}`") for name in rows.columns)), {"ignoreNullFields": "false"}
                )
                frames += [_pieces(rows.select(payload.alias("payload")), status), self._markers([status])]
            except PySparkException:
                refused.append(status)
        frames.append(self._refused(refused, *reasons.corrupt_file("Parquet")))
        return _union(frames)

    def _files(self, files: list[FileStatus], source: str) -> DataFrame:
        rows = [(source, status.path, status.size, status.modified_ms) for status in files]
        frame = self.spark.createDataFrame(rows, "source string, path string, size bigint, modified_ms bigint")
        return frame.withColumn("modified_at", F.timestamp_millis("modified_ms")).drop("modified_ms")

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

    def _json(self, files: list[FileStatus], params: SplitParams) -> DataFrame:
        """Read JSON files of any shape and state into pieces; nothing that is in them can stop it."""
        is_packed = {status.path: status.path.lower().endswith(COMPRESSED) for status in files}
        whole = [s for s in files if s.size <= (MAX_COMPRESSED_BYTES if is_packed[s.path] else WHOLE_BYTES)]
        large = [s for s in files if s.size > WHOLE_BYTES and not is_packed[s.path]]
        refused = [s for s in files if s.size > MAX_COMPRESSED_BYTES and is_packed[s.path]]
        lines = [self._lines(status, params) for status in large]
        return _union(
            [
                self._whole(whole, lambda content: split(content, params=params)),
                *lines,
                self._markers(large),
                self._refused(refused),
            ]
        )

    def _whole(self, files: list[FileStatus], split_one: Splitter) -> DataFrame:
        """Read files in one piece each; Python, since only it can salvage damaged files (400 MB a second a core)."""
        if not files:
            return self._refused([])
        reader = self.spark.read.format("binaryFile").option("recursiveFileLookup", True)
        reader = reader.option("ignoreCorruptFiles", True).option("ignoreMissingFiles", True)
        contents = reader.load([_literal(status.path) for status in files]).select(
            "path", "modificationTime", "content"
        )

        def split_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                for path, modified_at, content in zip(*batch.columns, strict=True):
                    yield from _batches(path.as_py(), modified_at, split_one(content.as_buffer().to_pybytes()))

        return contents.mapInArrow(split_batches, PIECES)

    def _lines(self, status: FileStatus, params: SplitParams) -> DataFrame:
        """Read one large plain file line by line, in parallel, with line numbers."""
        text = self.spark.read.option("lineSep", "\n").text(_literal(status.path))
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
            status,
        )

    def _markers(self, files: list[FileStatus]) -> DataFrame:
        return self._refused(files).withColumns(
            {"is_marker": F.lit(True), "reason_code": F.lit(None), "reason": F.lit(None)}
        )

    def _refused(self, files: list[FileStatus], code: str = "", reason: str = "") -> DataFrame:
        rows = [(s.path, s.modified_ms, 0, "", *_refusal(s, code, reason), False) for s in files]
        frame = self.spark.createDataFrame(rows, PIECES.replace("modified_at timestamp", "modified_at bigint"))
        return frame.withColumn("modified_at", F.timestamp_millis("modified_at"))


def _refusal(status: FileStatus, code: str, reason: str) -> tuple[str, str]:
    return (code, reason) if code else reasons.too_large(status.size, MAX_COMPRESSED_BYTES)


def _reason(reason: reasons.Reason) -> Column:
    return F.struct(F.lit(reason[0]).alias("code"), F.lit(reason[1]).alias("reason"))


def _pieces(rows: DataFrame, status: FileStatus) -> DataFrame:
    missing = {"reason_code": F.lit(None).cast("string"), "reason": F.lit(None).cast("string")}
    if "position" not in rows.columns:
        rows = rows.withColumn("position", F.monotonically_increasing_id() + 1)
    return rows.select(
        F.lit(status.path).alias("file"),
        F.timestamp_millis(F.lit(status.modified_ms)).alias("modified_at"),
        "position",
        "payload",
        *(F.col(name) if name in rows.columns else value.alias(name) for name, value in missing.items()),
        F.lit(False).alias("is_marker"),
    )


def _union(frames: list[DataFrame]) -> DataFrame:
    first, *rest = frames
    for frame in rest:
        first = first.unionByName(frame)
    return first


def _literal(path: str) -> str:
    """Return a path whose glob characters mean themselves."""
    return "".join(f"\\{character}" if character in "*?[]{}\\" else character for character in path)


def _batches(path: str, modified_at: pa.Scalar, pieces: Iterator[Piece]) -> Iterator[pa.RecordBatch]:
    held: list[Piece] = []
    held_bytes = 0
    for piece in pieces:
        held.append(piece)
        held_bytes += len(piece.payload)
        if held_bytes > BATCH_BYTES or len(held) >= 10_000:
            yield _batch(path, modified_at, held, is_marker=False)
            held, held_bytes = [], 0
    if held:
        yield _batch(path, modified_at, held, is_marker=False)
    yield _batch(path, modified_at, [Piece(0, "")], is_marker=True)


def _batch(path: str, modified_at: pa.Scalar, pieces: list[Piece], *, is_marker: bool) -> pa.RecordBatch:
    count = len(pieces)
    columns = [
        pa.array([path] * count, pa.string()),
        pa.array([modified_at.as_py()] * count, modified_at.type),
        pa.array([piece.position for piece in pieces], pa.int64()),
        pa.array([piece.payload for piece in pieces], pa.string()),
        pa.array([piece.reason_code for piece in pieces], pa.string()),
        pa.array([piece.reason for piece in pieces], pa.string()),
        pa.array([is_marker] * count, pa.bool_()),
    ]
    names = ["file", "modified_at", "position", "payload", "reason_code", "reason", "is_marker"]
    return pa.RecordBatch.from_arrays(columns, names=names)
