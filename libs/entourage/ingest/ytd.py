"""Split a script of X's personal archive: ``window.YTD.NAME.partN = [ … ]``.

in: one script, as a stream ▶ out: `Piece`, one an element: ``{"ytd": NAME, "owner": ID or null, "item": ELEMENT}``.
Plain Python: it runs in Spark's workers.

A script may have gigabytes in one list; of it one element is held at a time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from entourage.ingest import reasons
from entourage.ingest.unpacking import Piece, SplitParams, Stream, texts

OPENING = "window.YTD."
ASSIGNMENT = re.compile(r"\s*window\.YTD\.([A-Za-z0-9_]+)\.part[0-9]+\s*=\s*\[")
BETWEEN = re.compile(r"[\s,]*")
JSON = json.JSONDecoder()


def split(stream: Stream, *, owner: str | None, params: SplitParams) -> Iterator[Piece]:
    """Split one script into its elements.

    Args:
        stream: the script.
        owner: whose archive it is; None: not known.
        params: limits; a script is given up at an element over `max_payload_bytes`.

    Returns:
        One piece an element, at its number (from 1), and a refusal for what cannot be read, which is the last.
    """
    held = _Held(texts(stream, encoding="utf-8"))
    while not (found := ASSIGNMENT.match(held.text)):
        if len(held.text) > 1000 or not held.grow():
            yield Piece(1, held.text[: reasons.KEPT_BYTES], "bad_json", reasons.SENTENCES["bad_json"])
            return
    name, position = found[1], 0
    held.drop(found.end())
    while True:
        position += 1
        element = _element(held, params.max_payload_bytes)
        if element is None:
            yield from _rest(held, position, params)
            return
        document = {"ytd": name, "owner": owner, "item": element}
        yield Piece(position, json.dumps(document, ensure_ascii=False))


class _Held:
    """The part of a text that is not taken yet."""

    def __init__(self, chunks: Iterator[str]) -> None:
        self._chunks = chunks
        self.text = ""
        self.at = 0

    def grow(self) -> bool:
        """Hold more, at least twice as much: an element is parsed again each time; False at the end."""
        wanted = 2 * (len(self.text) - self.at)
        parts, size = [self.text[self.at :]], 0
        while size <= wanted and (chunk := next(self._chunks, None)) is not None:
            parts.append(chunk)
            size += len(chunk)
        self.text, self.at = "".join(parts), 0
        return size > 0

    def drop(self, end: int) -> None:
        """Let go of what is taken."""
        self.at = end


def _element(held: _Held, limit: int) -> object | None:
    """Take the next element; None where there is none: at the end of the list, or of what can be read."""
    while True:
        held.drop(BETWEEN.match(held.text, held.at).end())  # type: ignore[union-attr]
        if held.text[held.at : held.at + 1] == "]":
            return None
        try:
            element, end = JSON.raw_decode(held.text, held.at)
        except (ValueError, RecursionError):
            if len(held.text) - held.at > limit or not held.grow():
                return None
        else:
            held.drop(end)
            return element if element is not None else {}


def _rest(held: _Held, position: int, params: SplitParams) -> Iterator[Piece]:
    left = held.text[held.at :]
    if left.startswith("]"):
        return
    if len(left) > params.max_payload_bytes:
        yield Piece(position, left[: reasons.KEPT_BYTES], *reasons.too_long(params.max_payload_bytes))
    else:
        yield Piece(position, left, "bad_json", reasons.SENTENCES["bad_json"])
