"""Find the wire format of each payload, and refuse what is not JSON.

in: pieces (payload, reason_code, reason) ▶ out: payloads with `format`, `event_id`, or a reason.

Formats are told by the object (of an array, its first element), so files may mix them; `adapters` knows how. Plain
Python in workers, since the adapters are: what is valid JSON here is what they can read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from entourage.ingest import canonical, documents, reasons, workers
from entourage.ingest.adapters import ADAPTERS
from entourage.ingest.wire import text

MAX_DEPTH = 100  # of objects and arrays; posts nest up to 15
SHOWN_KEYS = 8  # of an object that no format knows
PAYLOADS = {
    **canonical.META,
    "payload": "string",
    "reason_code": "string",
    "reason": "string",
    "is_marker": "boolean",
}
GIVEN = ("source", "file", "position", "modified_at", "payload", "is_marker")
READ = ("given", "payload", "reason_code", "reason", "is_marker")


class Found(NamedTuple):
    """What is known of a payload without reading its items."""

    event_id: str
    format: str | None
    reason_code: str | None
    reason: str | None


def payloads(pieces: DataFrame, *, max_depth: int = MAX_DEPTH) -> DataFrame:
    """Give each piece its format and digests.

    Args:
        pieces: `source`, `file`, `modified_at`, `position`, `payload`, `reason_code`, `reason`, `is_marker`, and
            `given`: the format or mapping that is known beforehand (NULL: found by the keys).
        max_depth: a document that nests deeper is refused.

    Returns:
        The pieces, markers among them, and `format` (NULL where refused before), `event_id` (SHA-256 of format and
        payload), `reason_code`, `reason`.
    """
    known = pieces.select(*dict.fromkeys((*GIVEN, *READ)))
    return workers.mapped(known, partial(_read, max_depth=max_depth), PAYLOADS)


def opened(payloads: DataFrame, *, files: DataFrame) -> DataFrame:
    """Drop the markers, and add a refusal for each file without one: it could not be opened.

    Args:
        payloads: `payloads`, staged.
        files: `source`, `file`, `modified_at`.
    """
    code, sentence = reasons.unreadable()
    seen = payloads.select("file").distinct()
    lost = files.alias("f").join(seen.alias("p"), on=F.col("f.file") == F.col("p.file"), how="left_anti")
    known = {
        "file": F.col("file"),
        "modified_at": F.col("modified_at"),
        "position": F.lit(0).cast("bigint"),
        "payload": F.lit(""),
        "source": F.col("source"),
        "reason_code": F.lit(code),
        "reason": F.lit(sentence),
    }
    kept = payloads.where(~F.col("is_marker")).drop("is_marker")
    refused = lost.select(*(known.get(name, F.lit(None).cast("string")).alias(name) for name in kept.columns))
    return kept.unionByName(refused)


def _read(batches: Iterable[pa.RecordBatch], *, max_depth: int, types: workers.Types) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        columns = (batch.column(name).to_pylist() for name in READ)
        found = [
            _found(given, payload, (code, reason), is_marker, max_depth)
            for given, payload, code, reason, is_marker in zip(*columns, strict=True)
        ]
        arrays = {name: batch.column(name).cast(types[name]) for name in GIVEN}
        arrays |= {
            name: pa.array([one[place] for one in found], types[name]) for place, name in enumerate(Found._fields)
        }
        yield pa.RecordBatch.from_arrays([arrays[name] for name in types], names=list(types))


def _found(
    given: str | None, payload: str, refused: tuple[str | None, str | None], is_marker: bool, max_depth: int
) -> Found:
    form, said = (None, (None, None)) if is_marker else found(payload, given=given, max_depth=max_depth)
    code, reason = said if refused[0] is None else refused
    return Found(event_id(form, payload), form, code, reason)


def found(
    payload: str, *, given: str | None = None, max_depth: int = MAX_DEPTH
) -> tuple[str | None, reasons.Reason | tuple[None, None]]:
    """Return the format of a payload (None: no JSON, or none is known), and the code and sentence where it is refused.

    Args:
        payload: a text.
        given: the format or mapping that is known beforehand.
        max_depth: of objects and arrays in each other.
    """
    try:
        document = documents.loads(payload)
        if documents.is_deeper(document, payload, max_depth):
            return None, reasons.named("too_deep", max_depth)
        if not isinstance(document, dict | list):
            return None, reasons.named("bad_json")
        return _recognized(document) if given is None else (given, (None, None))
    except RecursionError:  # deeper than Python goes, whatever the limit says
        return None, reasons.named("too_deep", max_depth)
    except ValueError:
        return None, reasons.named("bad_json")


def _recognized(document: dict[str, Any] | list[Any]) -> tuple[str | None, reasons.Reason | tuple[None, None]]:
    """Return the first format that recognizes an object, or an array's first element."""
    first = (document[0] if document else None) if isinstance(document, list) else document
    root = first if isinstance(first, dict) else {}
    form = next((name for name, adapter in ADAPTERS.items() if adapter.recognizes(root)), None)
    if form is None:
        shown = (text(name) or "" for name in list(root)[:SHOWN_KEYS])
        return None, reasons.named("unknown_format", ", ".join(shown))
    return form, (None, None)


def event_id(form: str | None, payload: str) -> str:
    """Return the digest by which a payload is known again: SHA-256 of its format, where it has one, and itself."""
    return sha256((payload if form is None else f"{form}\n{payload}").encode("utf-8", "replace")).hexdigest()
