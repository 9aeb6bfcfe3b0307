"""Read landing files as streams in Spark's workers, each in bounded memory, whatever state it is in.

in: files, and how each is read ▶ out: frames of `PIECES`: payloads and refusals, each with its file and line.

A worker opens what lies on a local disk itself. HDFS and object stores it cannot open: their files come to it whole.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from entourage.ingest import opening, reasons
from entourage.ingest.opening import How
from entourage.ingest.unpacking import Piece, SplitParams, Stream
from entourage.rows import local_frame

PIECES = (
    "source string, given string, file string, modified_at timestamp, position bigint, payload string, "
    "reason_code string, reason string, is_marker boolean"
)
BATCH_BYTES, BATCH_ROWS = 8 * 1024 * 1024, 10_000
# What one task opens of small files, one after the other; of a file so many bytes count for its opening.
TASK_BYTES, TASK_FILES, OPENING_BYTES = 128 * 1024 * 1024, 2_000, 65_536

Style = tuple[str, str, How]  # source, format or mapping, how it is read


class File(NamedTuple):
    """One file, as a task is told of it.

    Attributes:
        path: with its scheme.
        size: bytes.
        modified_ms: milliseconds since 1970.
        style: number of its style.
    """

    path: str
    size: int
    modified_ms: int
    style: int


def is_local(path: str) -> bool:
    """Tell whether a worker can open a file itself."""
    return path.startswith("file:")


def literal(path: str) -> str:
    """Return a path whose glob characters mean themselves."""
    return "".join(f"\\{character}" if character in "*?[]{}\\" else character for character in path)


def read(spark: SparkSession, files: list[File], *, styles: list[Style], params: SplitParams) -> list[DataFrame]:
    """Read files as streams; Python, since only it can salvage damaged ones (400 MB a second a core).

    Args:
        spark: the session.
        files: any number of them.
        styles: few, so that what a task is sent does not grow with the files.
        params: limits of what one file may cost.

    Returns:
        Frames of `PIECES`: one row a payload or refusal, and a marker for each file that could be opened.
    """
    local = [file for file in files if is_local(file.path)]
    remote = [file for file in files if not is_local(file.path)]
    frames = [_tasks(spark, local)] if local else []
    frames += [_held(spark, remote)] if remote else []
    split = partial(_split_batches, styles=styles, params=params)
    return [frame.mapInArrow(split, PIECES) for frame in frames]


def _tasks(spark: SparkSession, files: list[File]) -> DataFrame:
    """Return one row a task: the files that it opens itself, as JSON; each task has about as many bytes."""
    total = sum(file.size for file in files)
    wanted = max(spark.sparkContext.defaultParallelism, total // TASK_BYTES, len(files) // TASK_FILES)
    tasks: list[list[File]] = [[] for _ in range(min(wanted, len(files)))]
    loads = [(0, number) for number in range(len(tasks))]
    for file in sorted(files, key=lambda file: -file.size):  # the largest first, each to the task with the least
        load, number = loads[0]
        tasks[number].append(file)
        heapq.heapreplace(loads, (load + file.size + OPENING_BYTES, number))
    known = local_frame(spark, list(enumerate(map(json.dumps, tasks))), "id bigint, files string")
    # A range is split evenly, one row a task, where `repartition` deals rows out at random: two tasks' to one.
    numbers = spark.range(0, len(tasks), 1, len(tasks))
    is_same = F.col("n.id") == F.col("k.id")
    joined = numbers.alias("n").join(F.broadcast(known).alias("k"), on=is_same, how="inner")
    return joined.select("k.files", F.lit(None).cast("binary").alias("content"))


def _held(spark: SparkSession, files: list[File]) -> DataFrame:
    """Return one row a file, with its content."""
    reader = spark.read.format("binaryFile").option("recursiveFileLookup", True)
    reader = reader.option("ignoreCorruptFiles", True).option("ignoreMissingFiles", True)
    contents = reader.load([literal(file.path) for file in files]).select("path", "content")
    known = local_frame(spark, [(file.path, json.dumps([file])) for file in files], "path string, files string")
    is_same = F.col("c.path") == F.col("k.path")
    return (
        contents.alias("c").join(F.broadcast(known).alias("k"), on=is_same, how="inner").select("k.files", "c.content")
    )


class Row(NamedTuple):
    """One piece, or the marker of a file that was opened, and where it is from."""

    file: File
    piece: Piece
    is_marker: bool


def _split_batches(
    batches: Iterable[pa.RecordBatch], *, styles: list[Style], params: SplitParams
) -> Iterator[pa.RecordBatch]:
    """Split the files of batches of (files, content) into batches of `PIECES`; small files share one."""
    held: list[Row] = []
    held_bytes = 0
    for row in _rows(batches, styles, params):
        held.append(row)
        held_bytes += len(row.piece.payload)
        if held_bytes > BATCH_BYTES or len(held) >= BATCH_ROWS:
            yield _batch(held, styles)
            held, held_bytes = [], 0
    if held:
        yield _batch(held, styles)


def _rows(batches: Iterable[pa.RecordBatch], styles: list[Style], params: SplitParams) -> Iterator[Row]:
    for batch in batches:
        for files, content in zip(*batch.columns, strict=True):
            for file in (File(*values) for values in json.loads(files.as_py())):
                opened = _opened(file, content)
                if opened is not None:  # else the marker that is missing tells it
                    with opened:
                        yield from _of_file(opened, file, styles[file.style][2], params)


def _opened(file: File, content: pa.BinaryScalar) -> IO[bytes] | None:
    """Return a file's bytes; None where it cannot be opened."""
    if content.is_valid:
        return pa.BufferReader(content.as_buffer())  # type: ignore[no-any-return]
    try:
        return Path(file.path.removeprefix("file:")).open("rb")
    except (OSError, ValueError):
        return None


def _of_file(opened: IO[bytes], file: File, how: How, params: SplitParams) -> Iterator[Row]:
    name = file.path.rsplit("/", 1)[-1]
    try:
        for piece in opening.pieces(Stream.of(opened), name=name, size=file.size, how=how, params=params):
            yield Row(file, piece, False)
    except OSError:  # of the disk, or of a share that went away
        yield Row(file, Piece(0, "", *reasons.unreadable()), False)
    yield Row(file, Piece(0, ""), True)


def _batch(rows: list[Row], styles: list[Style]) -> pa.RecordBatch:
    files, pieces = [row.file for row in rows], [row.piece for row in rows]
    times = [file.modified_ms * 1000 for file in files]
    names = [
        f"{file.path}!/{piece.member}" if piece.member else file.path for file, piece in zip(files, pieces, strict=True)
    ]
    columns = {
        "source": pa.array([styles[file.style][0] for file in files], pa.string()),
        "given": pa.array([styles[file.style][1] or None for file in files], pa.string()),
        "file": pa.array(names, pa.string()),
        "modified_at": pa.array(times, pa.int64()).cast(pa.timestamp("us", "UTC")),
        "position": pa.array([piece.position for piece in pieces], pa.int64()),
        "payload": pa.array([piece.payload for piece in pieces], pa.string()),
        "reason_code": pa.array([piece.reason_code for piece in pieces], pa.string()),
        "reason": pa.array([piece.reason for piece in pieces], pa.string()),
        "is_marker": pa.array([row.is_marker for row in rows], pa.bool_()),
    }
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
