"""Split a JSON file's bytes into payloads, however broken the file is.

in: the bytes of one file, as a stream ▶ out: `Piece`, one a payload or refusal, with its line. Plain Python: it runs
in Spark's workers.

One line is one payload. A JSON document over many lines is one payload, at its first line; several documents on one
line are several payloads. Whatever cannot be read is a piece too, with a reason, so that nothing disappears.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator

from entourage.ingest import reasons
from entourage.ingest.unpacking import Piece, SplitParams, Stream, decoded

BLANKS = b" \t\r\n\x00\xef\xbb\xbf"
OPENING = "{["
JSON = json.JSONDecoder()


def split(stream: Stream, *, params: SplitParams) -> Iterator[Piece]:
    """Split one JSON file into payloads and refusals.

    Returns:
        Pieces in the order of the file; none for an empty file. A payload has no blanks, NULs or byte-order mark
        around it.
    """
    lines = _Lines(decoded(stream), params.max_payload_bytes)
    while (line := lines.take()) is not None:
        yield from _pieces(line, lines, params)


class _Lines:
    """Lines of a stream of chunks, numbered from 1, of which some can be looked at before they are taken."""

    def __init__(self, chunks: Iterator[bytes], max_bytes: int) -> None:
        self._chunks = chunks
        self._max_bytes = max_bytes
        self._ready: deque[bytes] = deque()
        self._ready_bytes = 0
        self._rest: list[bytes] = []
        self._rest_bytes = 0
        self._is_over = False
        self.position = 0

    def take(self) -> bytes | None:
        """Return the next line without its end, or None at the end."""
        if not self._ready and not self._fill():
            return None
        self.position += 1
        line = self._ready.popleft()
        self._ready_bytes -= len(line)
        return line

    def peek(self, limit: int) -> list[bytes]:
        """Return the lines that follow, up to about `limit` bytes, without taking them."""
        while self._ready_bytes < limit and self._fill():
            pass
        found, total = [], 0
        for line in self._ready:
            if total >= limit:
                break
            found.append(line)
            total += len(line) + 1
        return found

    def next_opens(self) -> bool:
        """Tell whether the next line that is not blank opens a document, or there is none."""
        if not self._ready:
            self._fill()
        for line in self._ready:
            stripped = line.lstrip(BLANKS)
            if stripped:
                return stripped[:1] in (b"{", b"[")
        return True

    def skip(self, count: int) -> None:
        """Take lines that were looked at."""
        for _ in range(count):
            self.take()

    def _fill(self) -> bool:
        while not self._is_over:
            chunk = next(self._chunks, None)
            if chunk is None:
                self._is_over = True
                last = b"".join(self._rest)
                self._rest = []
                self._add([last] if last else [])
                return bool(last)
            *lines, rest = chunk.split(b"\n")
            if lines:
                lines[0] = b"".join([*self._rest, lines[0]])
                self._rest, self._rest_bytes = [], 0
                self._add(lines)
            if self._rest_bytes <= self._max_bytes:  # of a line over the limit only its head is held
                self._rest.append(rest)
                self._rest_bytes += len(rest)
            if lines:
                return True
        return False

    def _add(self, lines: list[bytes]) -> None:
        self._ready.extend(lines)
        self._ready_bytes += sum(map(len, lines))


def _pieces(line: bytes, lines: _Lines, params: SplitParams) -> Iterator[Piece]:
    position = lines.position
    body = line.strip(BLANKS)
    if not body:
        if b"\x00" in line:
            yield Piece(position, "", *reasons.only_nul(len(line)))
        return
    if len(body) > params.max_payload_bytes:
        yield Piece(position, _readable(body[: reasons.KEPT_BYTES]), *reasons.too_long(params.max_payload_bytes))
        return
    is_whole = body[:1] in (b"{", b"[") and body[-1:] in (b"}", b"]") and b"}{" not in body and lines.next_opens()
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        yield Piece(position, _readable(body), *reasons.bad_encoding(body[error.start], error.start))
        return
    yield from [Piece(position, text)] if is_whole else _documents(position, text, lines, params)


def _documents(position: int, text: str, lines: _Lines, params: SplitParams) -> Iterator[Piece]:
    """Yield the documents that begin on a line, over as many lines as they take, and what is none."""
    while text:
        if text[0] not in OPENING:
            yield _fragment(position, text, lines)
            return
        whole, end = _document(text, lines, params)
        if (
            end == 0 and text[0] == "[" and text[1:].lstrip()[:1] == "{"
        ):  # an array cut short: its whole elements are still good
            text = text[1:].lstrip()
            continue
        if end == 0:
            if text != "[" or not lines.peek(1):  # the bracket alone says nothing: its elements follow, line by line
                yield Piece(position, text)
            return
        yield Piece(position, whole[:end])
        lines.skip(whole.count("\n", 0, end))
        line_end = whole.find("\n", end)
        position, text = lines.position, whole[end : line_end if line_end >= 0 else None].strip(" \t\r,")


def _document(text: str, lines: _Lines, params: SplitParams) -> tuple[str, int]:
    """Return the text with as many further lines as the document needs, and its end; 0 where there is no document."""
    window = 0
    while True:
        try:
            whole = "\n".join([text, *(line.decode("utf-8") for line in lines.peek(window))])
            return whole, JSON.raw_decode(whole)[1]
        except json.JSONDecodeError as error:
            is_cut_short = error.pos >= len(whole.rstrip()) - 1 or "Unterminated" in error.msg
            is_all_seen = window > params.max_payload_bytes or (window > 0 and len(whole) < window)
            if not is_cut_short or is_all_seen:
                return text, 0
        except (UnicodeDecodeError, RecursionError):
            return text, 0
        window = window * 32 or 1 << 16


def _fragment(position: int, text: str, lines: _Lines) -> Piece:
    """Join the lines up to the next one that opens a document: one broken document, one refusal."""
    parts, size = [text], len(text)
    while (ahead := lines.peek(1)) and ahead[0].lstrip(BLANKS)[:1] not in (b"{", b"["):
        parts.append(_readable(ahead[0].rstrip(BLANKS)))
        size += len(parts[-1])
        lines.skip(1)
        if size > reasons.KEPT_BYTES:
            break
    return Piece(position, "\n".join(parts))


def _readable(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("latin-1")
