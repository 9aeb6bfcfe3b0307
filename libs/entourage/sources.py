"""Read landing files: which are new, and by what format or mapping each is read.

in: a path ▶ out: `Delivery`: the files that are new, and their pieces (payloads and refusals), each with its line.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from entourage import config
from entourage.errors import UsageError, nearest
from entourage.ingest.detect import FORMATS
from entourage.ingest.mapping import Mapping, parse
from entourage.ingest.unpacking import SplitParams
from entourage.messages import read_messages
from entourage.pieces import COMPRESSED, Reading, read_pieces
from entourage.rows import local_frame
from entourage.session import FileStatus, FileSystem

TABULAR = (".csv", ".tsv", ".parquet")
SOCIAL = ("posts", "accounts", "edges")  # kinds of mappings that ingest_posts takes


@dataclass(frozen=True)
class Delivery:
    """What one run reads.

    Attributes:
        files: one row a new file: source, path, size (bytes), modified_at, and `file`, as the pieces call it; None
            where the pieces are messages, which tell themselves what offsets they take up.
        pieces: see `pieces.PIECES`; `given` is the format or mapping that is known beforehand, a marker says that a
            file was opened.
        mappings: those in use, by name.
    """

    files: DataFrame | None
    pieces: DataFrame
    mappings: dict[str, Mapping]


@dataclass(frozen=True)
class Sources:
    """Landing files, by Hadoop's file systems."""

    spark: SparkSession

    def mapped(self, path: str, *, source: str, folder: Path) -> list[tuple[Mapping, str]]:
        """Return what a path holds, as mapping and path: all of one source, or each folder in it by its name.

        Raises:
            UsageError: no source is given and the path has no folders in it, one that is named as no mapping, or files
                beside them.
        """
        if source:
            return [(self.mapping(source, folder=folder), path)]
        files = FileSystem(self.spark)
        root = files.qualified(path) if path else ""
        found = [status.path for status in (files.list_files(path) if path else [])]
        below = [name.removeprefix(f"{root}/") for name in found if name.startswith(f"{root}/")]
        names = sorted({name.split("/")[0] for name in below if "/" in name})
        beside = [name for name in below if "/" not in name]
        if names and beside:
            raise UsageError(
                f"ingest_records: {len(beside)} files lie beside the folders of '{path}', such as {beside[0]}; put "
                "each into the folder of its source, or name it with --source and --input"
            )
        if not names:
            raise UsageError(
                f"ingest_records: no source for '{path}'; name its mapping with --source, or give a folder in which "
                "each folder is named as a mapping of conf/sources/"
            )
        return [(self.mapping(name, folder=folder), f"{root}/{name}") for name in names]

    def new_files(self, path: str, *, seen: DataFrame, source: str, again: bool = False) -> list[FileStatus]:
        """List the files under a file, folder or glob that were not read as they are now.

        Args:
            path: file, folder (all depths) or glob.
            seen: bronze.files; rows of this source with state done are left out where path, size and time are equal.
            source: what the counts call it.
            again: leave none out.

        Raises:
            UsageError: no file is there.
        """
        found = FileSystem(self.spark).list_files(path) if path else []
        if not found:
            raise UsageError(f"ingest: nothing found at '{path}'; expected a file, a folder or a glob (--input)")
        return self.unread(found, seen=seen, source=source, again=again)

    def unread(self, found: list[FileStatus], *, seen: DataFrame, source: str, again: bool) -> list[FileStatus]:
        """Return those of some files that were not read as they are now; see `new_files`."""
        if again:
            return found
        is_done = (F.col("state") == "done") & (F.col("source") == source)
        done = {
            (row["path"], row["size"], row["modified_ms"])
            for row in seen.where(is_done)
            .select("path", "size", F.unix_millis("modified_at").alias("modified_ms"))
            .collect()
        }
        return [status for status in found if (status.path, status.size, status.modified_ms) not in done]

    def mapping(self, name: str, *, folder: Path, asked: str = "--source") -> Mapping:
        """Read conf/sources/NAME.yaml, or the file at a path that ends in .yaml.

        Args:
            name: of the mapping, or a path.
            folder: of the configuration.
            asked: what asks for it, for the error.

        Raises:
            UsageError: no such file (with the nearest name), or mistakes in it.
        """
        if name.endswith((".yaml", ".yml")):
            text = FileSystem(self.spark).read_text(name)
            if text is None:
                raise UsageError(f"{asked}: no file '{name}'; expected a mapping (see docs/ingest.md)")
            return parse(text, name=PurePosixPath(name).stem)
        known = sorted(path.stem for path in (folder / "sources").glob("*.yaml"))
        if known and name not in known:
            raise UsageError(
                f"{asked}: '{name}' is unknown{nearest(name, known)}; mappings: {', '.join(known)}, or a path"
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
        asked = f"--format, which takes a mapping or one of {', '.join(FORMATS)}"
        mappings = {form: self.mapping(form, folder=folder, asked=asked)} if form and not is_wire else {}
        readings = []
        for status in files:
            name = self._mapping_name(status, form, folder, mappings)
            given = _reading(status, "posts", mappings[name]) if name else Reading(status, "posts", "", "json")
            readings.append(dataclasses.replace(given, given=form) if is_wire and not name else given)
        _check_social(mappings.values())
        return self._delivery(readings, mappings.values(), max_payload_bytes)

    def messages(self, batch: DataFrame, *, form: str, folder: Path, max_payload_bytes: int) -> Delivery:
        """Read posts from messages of Kafka: JSON of any format, or rows of the mapping that `form` names.

        Args:
            batch: `topic`, `partition`, `offset`, `timestamp`, `value`.
            form: see `posts`.
            folder: of the configuration.
            max_payload_bytes: a longer line of a message is refused.

        Raises:
            UsageError: the form is neither a format nor a mapping.
        """
        asked = f"--format, which takes a mapping or one of {', '.join(FORMATS)}"
        mappings = {form: self.mapping(form, folder=folder, asked=asked)} if form and form not in FORMATS else {}
        _check_social(mappings.values())
        params = SplitParams(max_payload_bytes=max_payload_bytes)
        return Delivery(None, read_messages(batch, source="posts", given=form, params=params), mappings)

    def records(self, given: list[tuple[Mapping, list[FileStatus]]], *, max_payload_bytes: int) -> Delivery:
        """Read the files of business sources, as their mappings say."""
        readings = [_reading(status, mapping.name, mapping) for mapping, files in given for status in files]
        return self._delivery(readings, [mapping for mapping, _ in given], max_payload_bytes)

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

    def _mapping_name(self, status: FileStatus, form: str, folder: Path, mappings: dict[str, Mapping]) -> str:
        """Return the mapping that a file is read by; empty for JSON that speaks for itself."""
        if form and form not in FORMATS:
            return form
        if not status.path.lower().endswith(
            (*TABULAR, *(f"{end}{packed}" for end in TABULAR for packed in COMPRESSED))
        ):
            return ""
        name = PurePosixPath(status.path).parent.name
        if name not in mappings:
            asked = f"{status.path}: a table is read by the mapping that --format or its folder names"
            mappings[name] = self.mapping(name, folder=folder, asked=asked)
        return name

    def _delivery(self, readings: list[Reading], mappings: Iterable[Mapping], max_payload_bytes: int) -> Delivery:
        pieces = read_pieces(self.spark, readings, params=SplitParams(max_payload_bytes=max_payload_bytes))
        return Delivery(self._files(readings), pieces, {mapping.name: mapping for mapping in mappings})

    def _files(self, readings: list[Reading]) -> DataFrame:
        rows = [(r.source, r.status.path, r.status.size, r.status.modified_ms) for r in readings]
        frame = local_frame(self.spark, rows, "source string, path string, size bigint, modified_ms bigint")
        timed = frame.withColumn("modified_at", F.timestamp_millis("modified_ms")).drop("modified_ms")
        return timed.withColumn("file", F.col("path"))


def _check_social(mappings: Iterable[Mapping]) -> None:
    records = [mapping.name for mapping in mappings if mapping.kind not in SOCIAL]
    if records:
        raise UsageError(f"ingest_posts: {', '.join(records)} holds no posts; use ingest_records --source NAME")


def _reading(status: FileStatus, source: str, mapping: Mapping) -> Reading:
    """Return how a file is read that a mapping describes: as it says, or by the file's suffixes."""
    suffixes = {suffix.lstrip(".") for suffix in PurePosixPath(status.path.lower()).suffixes}
    found = "parquet" if "parquet" in suffixes else "csv" if suffixes & {"csv", "tsv", "txt"} else "json"
    kind = {"jsonl": "json"}.get(mapping.format, mapping.format) or found
    return Reading(status, source, mapping.name, kind, mapping.csv)
