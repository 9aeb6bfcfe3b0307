"""Split a delimited file into rows, however ragged it is.

in: the text of one file ▶ out: `Piece`, one a row: its payload is a JSON object keyed by the header. Plain Python: it
runs in Spark's workers. The JSON object, not the bare line, is what bronze keeps: a line without its header says
nothing.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass

from entourage.ingest import reasons
from entourage.ingest.unpacking import Piece, SplitParams, text_of

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


def split_rows(content: bytes, *, csv_params: CsvParams, params: SplitParams) -> Iterator[Piece]:
    """Split one delimited file into rows and refusals; the header is none of them.

    Returns:
        Pieces in the order of the file, at the line where the row begins. A quote that is never closed costs its own
        line, not the rest of the file.
    """
    text, faults = text_of(content, encoding=csv_params.encoding, params=params)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    header = list(csv_params.header)
    for position, row, raw in _rows(lines, header, csv_params):
        if not header:
            header.extend(_unique(row))
        elif row and row[0].strip() == header[0] and _unique(row[: len(header)]) == header:
            yield Piece(position, raw, *reasons.repeated_header())
        elif refusal := _refusal(row, header, raw, csv_params):
            yield Piece(position, raw, *refusal)
        else:
            yield Piece(position, json.dumps(dict(zip(header, row, strict=False)), ensure_ascii=False))
    yield from (fault._replace(position=len(lines)) for fault in faults)


def _rows(lines: list[str], header: list[str], params: CsvParams) -> Iterator[tuple[int, list[str], str]]:
    """Yield (line, fields, raw text); begin anew after a ragged row over several lines: its quote was never closed."""
    csv.field_size_limit(1 << 30)
    start = 0
    while start < len(lines):
        reader = csv.reader(
            iter(f"{line}\n" for line in lines[start:]), delimiter=params.delimiter, quotechar=params.quote
        )
        taken = 0
        for row in reader:
            first, taken = start + taken, reader.line_num
            raw = "\n".join(lines[first : start + taken])
            is_unclosed = raw.count(params.quote) % 2 == 1
            is_ragged = bool(header) and (len(row) != len(header) or is_unclosed)
            if is_ragged and start + taken - first > 1:
                yield first + 1, [], lines[first]
                start = first + 1
                break
            if row:
                yield first + 1, [field.removesuffix("\n") for field in row], raw
        else:
            return


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
