"""Read landing files, and tables of databases: what is new, and by what format or mapping each is read.

in: a path or a mapping ▶ out: `Delivery`: the files that are new, and their pieces (payloads and refusals), each with
its line.
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
from entourage.databases import Reader
from entourage.errors import UsageError, nearest
from entourage.ingest.adapters import ADAPTERS
from entourage.ingest.containers import owner_in
from entourage.ingest.mapping import Mapping, parse
from entourage.ingest.opening import PACKED, How
from entourage.ingest.unpacking import SplitParams
from entourage.messages import read_messages
from entourage.pieces import Reading, read_pieces
from entourage.rows import local_frame
from entourage.schemas import Workspace
from entourage.session import FileStatus, FileSystem

TABULAR = (".csv", ".tsv", ".parquet")
# What a copy to HDFS, and many programs, call a file that they still write.
UNFINISHED = ("._COPYING_", ".tmp")
STATE = "source string, path string, size bigint, modified_ms bigint"
POSTS = "posts"  # the folder of a delivery that ingest_posts reads


@dataclass(frozen=True)
class Delivery:
    """What one run reads.

    Attributes:
        files: one row a new file: source, path, size (bytes), modified_at, and `file`, as the pieces call it; None
            where the pieces are messages, which tell themselves what offsets they take up.
        pieces: see `contents.PIECES`; `given` is the format or mapping that is known beforehand, a marker says that a
            file was opened.
        mappings: those in use, by name.
    """

    files: DataFrame | None
    pieces: DataFrame
    mappings: dict[str, Mapping]


# Mappings, each with the files that it describes.
Given = list[tuple[Mapping, list[FileStatus]]]


@dataclass(frozen=True)
class Sources:
    """Landing files, by Hadoop's file systems."""

    spark: SparkSession

    def mapped(self, path: str, *, source: str, folder: Path) -> Given:
        """Return what a path holds, as mappings and their files: all of one source, or by the folders' names.

        A file is of the mapping that the nearest folder around it is named as. A folder `posts` is left to
        ingest_posts.

        Raises:
            UsageError: no source is given and the path has no folders in it, files in one that is named as no mapping,
                or files beside them.
        """
        files = FileSystem(self.spark)
        found = files.list_files(path) if path else []
        if source:
            mapping = self.mapping(source, folder=folder)
            return [(mapping, [] if mapping.jdbc and not path else _whole(found, path))]
        root = files.qualified(path) if path else ""
        whole = _whole(found, path) if found else []
        below = {status.path.removeprefix(f"{root}/"): status for status in whole if status.path.startswith(f"{root}/")}
        beside = [name for name in below if "/" not in name]
        if len(below) > len(beside) and beside:
            raise UsageError(
                f"ingest_records: {len(beside)} files lie beside the folders of '{path}', such as {beside[0]}; put "
                "each into the folder of its source, or name it with --source and --input"
            )
        if not set(below) - set(beside):
            raise UsageError(
                f"ingest_records: no source for '{path}'; name its mapping with --source, or give a folder in which "
                "each folder is named as a mapping of conf/sources/"
            )
        by_name = _by_folder(below, known=known_mappings(folder))
        return [(self.mapping(name, folder=folder), by_name[name]) for name in sorted(by_name)]

    def new_records(self, given: Given, *, seen: DataFrame, again: bool = False) -> Given:
        """Return of each source the files that were not read as they are now (see `new_files`); all if again."""
        delivered = [(mapping.name, status) for mapping, files in given for status in files]
        done = set() if again else self._done(delivered, seen)
        return [
            (mapping, [one for one in files if (mapping.name, *_state(one)) not in done]) for mapping, files in given
        ]

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
        return self.unread(_whole(FileSystem(self.spark).list_files(path) if path else [], path), seen, source, again)

    def unread(self, found: list[FileStatus], seen: DataFrame, source: str, again: bool) -> list[FileStatus]:
        """Return those of some files that were not read as they are now; see `new_files`."""
        done = set() if again else self._done([(source, status) for status in found], seen)
        return [status for status in found if (source, *_state(status)) not in done]

    def _done(self, given: list[tuple[str, FileStatus]], seen: DataFrame) -> set[tuple[str, str, int, int]]:
        """Return the states of files, with their source, that are done already."""
        there = local_frame(self.spark, [(source, *_state(status)) for source, status in given], STATE)
        modified_ms = F.unix_millis("modified_at").alias("modified_ms")
        known = seen.where(F.col("state") == "done").select("source", "path", "size", modified_ms)
        # What was ever read grows for years: only those of it that are still there come to the driver.
        is_same = [F.col(f"k.{name}") == F.col(f"t.{name}") for name in there.columns]
        both = known.alias("k").join(F.broadcast(there).alias("t"), on=reduce(and_, is_same), how="left_semi")
        return {(row["source"], row["path"], row["size"], row["modified_ms"]) for row in both.collect()}

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
        known = known_mappings(folder)
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
        _check_social(mappings.values())
        return self._delivery(readings, mappings.values(), params)

    def messages(self, batch: DataFrame, *, form: str, folder: Path, params: SplitParams) -> Delivery:
        """Read posts from messages of Kafka: JSON of any format, or rows of the mapping that `form` names.

        Args:
            batch: `topic`, `partition`, `offset`, `timestamp`, `value`.
            form: see `posts`.
            folder: of the configuration.
            params: limits of what one message may cost.

        Raises:
            UsageError: the form is neither a format nor a mapping.
        """
        asked = f"--format, which takes a mapping or one of {', '.join(ADAPTERS)}"
        mappings = {form: self.mapping(form, folder=folder, asked=asked)} if form and form not in ADAPTERS else {}
        _check_social(mappings.values())
        return Delivery(None, read_messages(batch, source="posts", given=form, params=params), mappings)

    def records(self, given: Given, *, params: SplitParams) -> Delivery:
        """Read the files of business sources, as their mappings say."""
        readings = [_reading(status, mapping.name, mapping) for mapping, files in given for status in files]
        return self._delivery(readings, [mapping for mapping, _ in given], params)

    def database(
        self, mapping: Mapping, *, seen: DataFrame, workspace: Workspace, again: bool, params: SplitParams
    ) -> Delivery:
        """Read the table of a database that a mapping describes, or what has changed in it since the last read.

        Args:
            mapping: one with a `jdbc` section.
            seen: bronze.files, which holds the watermark of the last read.
            workspace: where the rows are staged.
            again: read all of it.
            params: limits of what a row may cost.

        Raises:
            UsageError: the database refuses.
            RetryError: it cannot be reached.
        """
        assert mapping.jdbc is not None  # the caller chose it for that
        prefix = f"{mapping.jdbc.path}#{mapping.jdbc.incremental}="
        is_read = (F.col("source") == mapping.name) & F.col("path").startswith(prefix)
        last = None if again else seen.where(is_read).agg(F.max_by("path", "modified_at")).collect()[0][0]
        reader = Reader(self.spark, mapping.name, mapping.jdbc, params.max_payload_bytes)
        read = reader.read(last and last.removeprefix(prefix), workspace=workspace)
        size = read.pieces.agg(F.sum(F.octet_length("payload"))).collect()[0][0]
        files = self._seen([(mapping.name, read.path, size, read.read_ms)])
        return Delivery(files, read.pieces, {mapping.name: mapping})

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
        return self._seen([(r.source, r.status.path, r.status.size, r.status.modified_ms) for r in readings])

    def _seen(self, rows: list[tuple[str, str, int, int]]) -> DataFrame:
        frame = local_frame(self.spark, rows, "source string, path string, size bigint, modified_ms bigint")
        timed = frame.withColumn("modified_at", F.timestamp_millis("modified_ms")).drop("modified_ms")
        return timed.withColumn("file", F.col("path"))


def _check_social(mappings: Iterable[Mapping]) -> None:
    records = [mapping.name for mapping in mappings if not mapping.is_social]
    if records:
        raise UsageError(f"ingest_posts: {', '.join(records)} holds no posts; use ingest_records --source NAME")


def _reading(status: FileStatus, source: str, mapping: Mapping) -> Reading:
    """Return how a file is read that a mapping describes: as it says, or by the file's suffixes."""
    suffixes = PurePosixPath(status.path.lower()).suffixes
    kind = {"jsonl": "json"}.get(mapping.format, mapping.format) or ("parquet" if ".parquet" in suffixes else "")
    how = How(kind="" if kind == "parquet" else kind, is_mapped=True, csv=mapping.csv)
    return Reading(status, source, mapping.name, kind, how)


def known_mappings(folder: Path) -> list[str]:
    """Return the names of the mappings of a configuration."""
    return sorted(path.stem for path in (folder / "sources").glob("*.yaml"))


def _by_folder(below: dict[str, FileStatus], *, known: list[str]) -> dict[str, list[FileStatus]]:
    """Return files by the mapping that the nearest folder around each is named as; paths are below the input.

    Raises:
        UsageError: some are in no folder that is named as one.
    """
    found: dict[str, list[FileStatus]] = {}
    lost: dict[str, str] = {}
    for path, status in below.items():
        folders = path.split("/")[:-1]
        if folders[0] == POSTS:
            continue
        name = next((folder for folder in reversed(folders) if folder in known), None)
        if name is None:
            lost["/".join(folders)] = folders[-1]
        else:
            found.setdefault(name, []).append(status)
    if lost:
        told = "; ".join(f"folder '{path}' is unknown{nearest(name, known)}" for path, name in lost.items())
        raise UsageError(f"ingest_records: {told}; mappings: {', '.join(known)}, or name one with --source")
    return found


def _whole(found: list[FileStatus], path: str) -> list[FileStatus]:
    """Return the files that are not being written.

    Raises:
        UsageError: there is none, finished or not.
    """
    if not found:
        raise UsageError(f"ingest: nothing found at '{path}'; expected a file, a folder or a glob (--input)")
    return [status for status in found if not status.path.endswith(UNFINISHED)]


def _state(status: FileStatus) -> tuple[str, int, int]:
    return status.path, status.size, status.modified_ms
