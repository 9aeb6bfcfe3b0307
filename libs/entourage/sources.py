"""Read landing files: which are new, and by what format or mapping each is read.

in: a path ▶ out: `Delivery`: the files that are new, and their pieces (payloads and refusals), each with its line.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import and_
from pathlib import Path, PurePosixPath

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from entourage import config
from entourage.errors import UsageError, nearest
from entourage.ingest.adapters import ADAPTERS
from entourage.ingest.containers import owner_in
from entourage.ingest.mapping import Mapping, parse
from entourage.ingest.opening import PACKED, How
from entourage.ingest.unpacking import SplitParams
from entourage.pieces import Reading, read_pieces
from entourage.rows import local_frame
from entourage.session import FileStatus, FileSystem

TABULAR = (".csv", ".tsv", ".parquet")
# What a copy to HDFS, and many programs, call a file that they still write.
UNFINISHED = ("._COPYING_", ".tmp")
FOUND = "path string, size bigint, modified_ms bigint"
SOCIAL = ("posts", "accounts", "edges")  # kinds of mappings that ingest_posts takes


@dataclass(frozen=True)
class Delivery:
    """What one run reads.

    Attributes:
        files: one row a new file: source, path, size (bytes), modified_at.
        pieces: see `streams.PIECES`; `given` is the format or mapping that is known beforehand, a marker says that a
            file was opened.
        mappings: those in use, by name.
    """

    files: DataFrame
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
        whole = [status for status in found if not status.path.endswith(UNFINISHED)]
        if again or not whole:
            return whole
        is_done = (F.col("state") == "done") & (F.col("source") == source)
        known = seen.where(is_done).select("path", "size", F.unix_millis("modified_at").alias("modified_ms"))
        there = local_frame(self.spark, [(s.path, s.size, s.modified_ms) for s in whole], FOUND)
        # What was ever read grows for years: only those of it that are still there come to the driver.
        is_same = [F.col(f"k.{name}") == F.col(f"t.{name}") for name in there.columns]
        both = known.alias("k").join(F.broadcast(there).alias("t"), on=reduce(and_, is_same), how="left_semi")
        done = {tuple(row) for row in both.collect()}
        return [status for status in whole if (status.path, status.size, status.modified_ms) not in done]

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

    def posts(self, files: list[FileStatus], *, form: str, folder: Path, params: SplitParams) -> Delivery:
        """Read posts: JSON of any format; CSV and Parquet by a mapping that `form` or the folder's name gives.

        Args:
            files: see `new_files`.
            form: a wire format, a mapping's name or path, or empty.
            folder: of the configuration.
            params: limits of what one file may cost.

        Raises:
            UsageError: the form is neither a format nor a mapping.
        """
        is_wire = form in ADAPTERS
        asked = f"--format, which takes a mapping or one of {', '.join(ADAPTERS)}"
        mappings = {form: self.mapping(form, folder=folder, asked=asked)} if form and not is_wire else {}
        readings = []
        owners = self._owners(files)
        for status in files:
            name = self._mapping_name(status, form, folder, mappings)
            how = How(owner=owners.get(status.path.rpartition("/")[0]))
            unmapped = Reading(status, "posts", given=form if is_wire else "", how=how)
            readings.append(_reading(status, "posts", mappings[name]) if name else unmapped)
        records = [mapping.name for mapping in mappings.values() if mapping.kind not in SOCIAL]
        if records:
            raise UsageError(f"ingest_posts: {', '.join(records)} holds no posts; use ingest_records --source NAME")
        return self._delivery(readings, mappings.values(), params)

    def records(self, given: list[tuple[Mapping, list[FileStatus]]], *, params: SplitParams) -> Delivery:
        """Read the files of business sources, as their mappings say."""
        readings = [_reading(status, mapping.name, mapping) for mapping, files in given for status in files]
        return self._delivery(readings, [mapping for mapping, _ in given], params)

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
        if form and form not in ADAPTERS:
            return form
        if not status.path.lower().endswith((*TABULAR, *(f"{end}{packed}" for end in TABULAR for packed in PACKED))):
            return ""
        name = PurePosixPath(status.path).parent.name
        if name not in mappings:
            asked = f"{status.path}: a table is read by the mapping that --format or its folder names"
            mappings[name] = self.mapping(name, folder=folder, asked=asked)
        return name

    def _owners(self, files: list[FileStatus]) -> dict[str, str | None]:
        """Return whose archive of X each folder with scripts is: its account.js says it, read or not before."""
        system = FileSystem(self.spark)
        folders = {status.path.rpartition("/")[0] for status in files if status.path.endswith(".js")}
        texts = {folder: system.read_text(f"{folder}/account.js") for folder in folders}
        return {folder: owner_in(text) for folder, text in texts.items() if text}

    def _delivery(self, readings: list[Reading], mappings: Iterable[Mapping], params: SplitParams) -> Delivery:
        pieces = read_pieces(self.spark, readings, params=params)
        return Delivery(self._files(readings), pieces, {mapping.name: mapping for mapping in mappings})

    def _files(self, readings: list[Reading]) -> DataFrame:
        rows = [(r.source, r.status.path, r.status.size, r.status.modified_ms) for r in readings]
        frame = local_frame(self.spark, rows, "source string, path string, size bigint, modified_ms bigint")
        return frame.withColumn("modified_at", F.timestamp_millis("modified_ms")).drop("modified_ms")


def _reading(status: FileStatus, source: str, mapping: Mapping) -> Reading:
    """Return how a file is read that a mapping describes: as it says, or by the file's suffixes."""
    suffixes = PurePosixPath(status.path.lower()).suffixes
    kind = {"jsonl": "json"}.get(mapping.format, mapping.format) or ("parquet" if ".parquet" in suffixes else "")
    how = How(kind="" if kind == "parquet" else kind, is_mapped=True, csv=mapping.csv)
    return Reading(status, source, mapping.name, kind, how)
