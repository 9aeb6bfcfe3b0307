"""Split a delimited file into rows, however ragged it is.

in: one file, as a stream ▶ out: `Piece`, one a row: its payload is a JSON object keyed by the header. Plain Python: it
runs in Spark's workers. The JSON object, not the bare line, is what bronze keeps: a line without its header says
nothing.
"""

from __future__ import annotations

import csv
import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from entourage.ingest import reasons
from entourage.ingest.unpacking import Piece, SplitParams, Stream, texts

LOST = "\ufffd"  # what a byte that the encoding does not know becomes


@dataclass(frozen=True)
class CsvParams:
    """How a delimited file is written.

    Attributes:
        delimiter: one character between fields.
        encoding: of the file; a UTF-16 byte-order mark wins.
        quote: one character around fields that hold delimiters.
        header: names of the columns; empty: the first row has them.
    """

    delimiter: str = ","
    encoding: str = "utf-8"
    quote: str = '"'
    header: tuple[str, ...] = ()


def split_rows(stream: Stream, *, csv_params: CsvParams, params: SplitParams) -> Iterator[Piece]:
    """Split one delimited file into rows and refusals; the header is none of them.

    Returns:
        Pieces in the order of the file, at the line where the row begins. A quote that is never closed costs its own
        line, not the rest of the file.
    """
    lines = _Lines(texts(stream, encoding=csv_params.encoding), params.max_payload_bytes)
    header = list(csv_params.header)
    for position, row, raw in _rows(lines, header, csv_params):
        if not header:
            header.extend(_unique(row))
        elif len(raw) > params.max_payload_bytes:
            yield Piece(position, raw[: reasons.KEPT_BYTES], *reasons.too_long(params.max_payload_bytes))
        elif row and row[0].strip() == header[0] and _unique(row[: len(header)]) == header:
            yield Piece(position, raw, *reasons.repeated_header())
        elif refusal := _refusal(row, header, raw, csv_params):
            yield Piece(position, raw, *refusal)
        else:
            yield Piece(position, json.dumps(dict(zip(header, row, strict=False)), ensure_ascii=False))


class _Lines:
    """Lines of a stream, of which those of one row are held, since a quote that is never closed gives them back."""

    def __init__(self, chunks: Iterator[str], limit: int) -> None:
        self._chunks = chunks
        self._limit = limit
        self._ready: deque[str] = deque()
        self._rest: list[str] = []
        self._is_ended = False
        self.position = 0  # lines before the row
        self.row: list[str] = []

    def is_over(self) -> bool:
        """Tell whether all lines were yielded."""
        return self._is_ended and not self._ready

    def __iter__(self) -> Iterator[str]:
        """Yield lines with their ends; a row over the limit ends what is yielded, as the end of the file does."""
        size = 0
        while (not self.row or size <= self._limit) and (line := self._take()) is not None:
            size = size + len(line) if self.row else len(line)
            self.row.append(line)
            yield f"{line}\n"

    def end_row(self) -> None:
        """Let go of the lines of a row."""
        self.position += len(self.row)
        self.row = []

    def give_back(self) -> None:
        """Let go of the first line of a row only; those behind it come again."""
        self._ready.extendleft(reversed(self.row[1:]))
        self.row = self.row[:1]
        self.end_row()

    def _take(self) -> str | None:
        while not self._ready:
            chunk = next(self._chunks, None)
            if chunk is None:
                last, self._rest = "".join(self._rest), []
                self._is_ended = not last
                return last or None
            *lines, rest = chunk.split("\n")
            if lines:
                lines[0] = "".join([*self._rest, lines[0]])
                self._rest = []
                self._ready.extend(lines)
            if sum(map(len, self._rest)) <= self._limit:  # of a line over the limit only its head is held
                self._rest.append(rest)
        return self._ready.popleft()


def _rows(lines: _Lines, header: list[str], params: CsvParams) -> Iterator[tuple[int, list[str], str]]:
    """Yield (line, fields, raw text); begin anew after a ragged row over several lines: its quote was never closed."""
    csv.field_size_limit(1 << 30)
    while not lines.is_over():
        reader = csv.reader(iter(lines), delimiter=params.delimiter, quotechar=params.quote)
        for row in reader:
            raw = "\n".join(lines.row)
            first = lines.position + 1
            is_unclosed = raw.count(params.quote) % 2 == 1
            is_ragged = bool(header) and (len(row) != len(header) or is_unclosed)
            # Only a quote that is still open at the end of the file, or of what a row may have, keeps a line's end.
            is_open = bool(header and row) and row[-1].endswith("\n")
            if is_open or (is_ragged and len(lines.row) > 1):
                yield first, [], lines.row[0]
                lines.give_back()
                break
            lines.end_row()
            if row:
                yield first, row, raw


def _refusal(row: list[str], header: list[str], raw: str, params: CsvParams) -> reasons.Reason | None:
    if not row:
        return reasons.unclosed_quote()
    is_ragged = len(row) < len(header) or any(row[len(header) :])
    if is_ragged:
        return "ragged_row", reasons.SENTENCES["ragged_row"].format(len(row), len(header))
    if LOST in raw:
        return "bad_characters", reasons.SENTENCES["bad_characters"].format(params.encoding)
    return None


def _unique(names: list[str]) -> list[str]:
    """Return the header's names, trimmed, with numbers on the empty and repeated ones."""
    seen: dict[str, int] = {}
    unique = []
    for index, name in enumerate((name.strip() for name in names), start=1):
        base = name or f"column_{index}"
        seen[base] = seen.get(base, 0) + 1
        unique.append(base if seen[base] == 1 else f"{base}_{seen[base]}")
    return unique
