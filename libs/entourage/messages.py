"""Read messages of Kafka into pieces: payloads and refusals, each with its topic, partition and offset.

in: a batch of messages ▶ out: one frame of `contents.PIECES`; `ranges`: the offsets that it took up. A message is read
as a small file would be: it may hold several documents, be compressed, or be broken.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import suppress

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from entourage.contents import PIECES
from entourage.ingest import opening
from entourage.ingest.opening import How
from entourage.ingest.unpacking import Piece, SplitParams, Stream
from entourage.rows import local_frame

BATCH_BYTES = 8 * 1024 * 1024


def read_messages(batch: DataFrame, *, source: str, given: str, params: SplitParams) -> DataFrame:
    """Split each message into pieces; Python, since it is the reader of files (see `opening.pieces`).

    Args:
        batch: `topic`, `partition`, `offset`, `timestamp`, and `value` (NULL in a tombstone of Kafka's own).
        source: what the run's counts call it.
        given: format or mapping; empty: each payload says it itself.
        params: limits of what one message may cost.

    Returns:
        `PIECES`: `file` is kafka://TOPIC/PARTITION, `position` the offset, `modified_at` the time of the message; a
        message without content is a marker.
    """
    place = F.concat(F.lit("kafka://"), "topic", F.lit("/"), F.col("partition").cast("string"))
    messages = batch.select(place.alias("file"), "timestamp", "offset", "value")

    def split_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for given_batch in batches:
            for rows, pieces in _split(given_batch, params):
                yield _batch(given_batch.take(pa.array(rows, pa.int32())), pieces, source=source, given=given)

    return messages.mapInArrow(split_batches, PIECES)


def ranges(staged: DataFrame) -> DataFrame:
    """Return the offsets that staged pieces of messages took up; an action: it collects a row a partition.

    Args:
        staged: `source`, `file`, `position`, `payload`, `modified_at`.

    Returns:
        Grain: one partition of a topic. `source`, `file`, `path` (file and the first and last offset), `size` (bytes of
        the payloads), `modified_at` (of the newest message).
    """
    seen = staged.groupBy("source", "file").agg(
        F.concat_ws("-", F.min("position").cast("string"), F.max("position").cast("string")).alias("offsets"),
        F.sum(F.octet_length("payload")).alias("size"),
        F.max("modified_at").alias("modified_at"),
    )
    rows = [
        (r["source"], r["file"], f"{r['file']}/{r['offsets']}", r["size"], r["modified_at"]) for r in seen.collect()
    ]
    schema = "source string, file string, path string, size bigint, modified_at timestamp"
    return local_frame(staged.sparkSession, rows, schema)


def _split(batch: pa.RecordBatch, params: SplitParams) -> Iterator[tuple[list[int], list[Piece]]]:
    """Yield the pieces of a batch's messages, each with its message's row, in parts of some megabytes."""
    rows: list[int] = []
    pieces: list[Piece] = []
    held_bytes = 0
    for row, value in enumerate(batch.column("value").to_pylist()):
        for piece in pieces_of(value or b"", params) or [Piece(0, "")]:
            rows.append(row)
            pieces.append(piece)
            held_bytes += len(piece.payload)
        if held_bytes > BATCH_BYTES:
            yield rows, pieces
            rows, pieces, held_bytes = [], [], 0
    if rows:
        yield rows, pieces


def pieces_of(content: bytes, params: SplitParams) -> list[Piece]:
    """Split one message; what is plainly one document is taken as it is, at a tenth of the cost."""
    is_one = content[:1] == b"{" and content[-1:] == b"}" and len(content) <= params.max_payload_bytes
    if is_one and b"}{" not in content and b"\n" not in content and b"\x00" not in content:
        with suppress(UnicodeDecodeError):
            return [Piece(0, content.decode("utf-8"))]
    stream = Stream.of(io.BytesIO(content))
    return list(opening.pieces(stream, name="", size=len(content), how=How(), params=params))


def _batch(given_batch: pa.RecordBatch, pieces: list[Piece], *, source: str, given: str) -> pa.RecordBatch:
    count = len(pieces)
    columns = {
        "source": pa.array([source] * count, pa.string()),
        "given": pa.array([given or None] * count, pa.string()),
        "file": given_batch.column("file"),
        "modified_at": given_batch.column("timestamp"),
        "position": given_batch.column("offset"),
        "payload": pa.array([piece.payload for piece in pieces], pa.string()),
        "reason_code": pa.array([piece.reason_code for piece in pieces], pa.string()),
        "reason": pa.array([piece.reason for piece in pieces], pa.string()),
        "is_marker": pa.array([not piece.payload and piece.reason_code is None for piece in pieces], pa.bool_()),
    }
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
