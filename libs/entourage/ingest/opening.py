"""Open a landing file whatever it is: unpack it, walk through its archives, split each file in it as suits it.

in: one file as a stream, its name, how it is read ▶ out: `Piece`, one a payload or refusal. Plain Python: it runs in
Spark's workers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from entourage.ingest import containers, mails, payloads, reasons, xml_entries, ytd
from entourage.ingest.containers import MAX_DEPTH, Member
from entourage.ingest.csv_rows import CsvParams, split_rows
from entourage.ingest.unpacking import (
    HEAD_BYTES,
    Budget,
    Piece,
    SplitParams,
    Stream,
    compression,
    expanded,
    unreadable,
    wide_encoding,
)

PACKED = (".gz", ".bz2", ".xz", ".zst", ".tgz", ".tbz2", ".txz", ".tzst", ".tar", ".zip")
TABLES = {".csv", ".tsv", ".txt"}
MAILS = {".eml", ".mbox"}


@dataclass(frozen=True)
class How:
    """How the files of one delivery are read.

    Attributes:
        kind: json, csv or eml; empty: each file's name and beginning say it.
        is_mapped: a mapping names the columns.
        csv: how delimited files are written.
        owner: whose archive of X the files of one are, if known.
    """

    kind: str = ""
    is_mapped: bool = False
    csv: CsvParams = field(default_factory=CsvParams)
    owner: str | None = None


@dataclass(frozen=True)
class _Walk:
    how: How
    params: SplitParams
    budget: Budget


def pieces(stream: Stream, *, name: str, size: int, how: How, params: SplitParams) -> Iterator[Piece]:
    """Split one landing file into payloads and refusals.

    Args:
        stream: its bytes.
        name: its name, whose suffixes tell tables and mails.
        size: bytes.
        how: how it is read.
        params: limits of what it may cost.

    Returns:
        Pieces in the order of the file; those of a file in an archive have its name in `member`.
    """
    walk = _Walk(how, params, Budget(size, params))
    yield from _file(Member(name, stream), walk, depth=0)


def kind_of(name: str, how: How) -> str:
    """Return csv, eml or json by how files are read, else by the suffixes of a name."""
    suffixes = [suffix for suffix in PurePosixPath(name.lower()).suffixes if suffix not in PACKED]
    if how.kind or not suffixes:
        return how.kind or "json"
    # A mapping asks for a table: part.csv.2026-06-01 is one, and so is a .txt.
    is_table = bool(TABLES & set(suffixes)) if how.is_mapped else suffixes[-1] in TABLES - {".txt"}
    return "eml" if suffixes[-1] in MAILS else "csv" if is_table else "json"


def _file(member: Member, walk: _Walk, *, depth: int) -> Iterator[Piece]:
    """Split one file, in an archive or not; what is found wrong on the way comes last."""
    stream, faults = member.stream, member.faults
    last = 0
    if stream is not None:
        if kind := compression(stream.peek(HEAD_BYTES)):
            stream = Stream(expanded(stream, kind, budget=walk.budget, params=walk.params, faults=faults))
        head = stream.peek(HEAD_BYTES)
        container = containers.container(head)
        if container and depth == MAX_DEPTH:
            yield Piece(0, "", *reasons.nested_archive(MAX_DEPTH))
        elif container:
            yield from _members(stream, container, walk, depth=depth)
        elif refused := unreadable(head) or _packed_twice(head):
            yield Piece(0, "", *refused)
        else:
            for piece in _split(stream, member, walk):
                last = piece.position + 1
                yield piece
    yield from (Piece(last, "", *fault) for fault in faults)


def _packed_twice(head: bytes) -> reasons.Reason | None:
    found = compression(head)
    return reasons.unknown_compression(f"{found} inside what is decompressed already") if found else None


def _members(stream: Stream, container: str, walk: _Walk, *, depth: int) -> Iterator[Piece]:
    for member in containers.members(stream, container, budget=walk.budget, params=walk.params):
        for piece in _file(member, walk, depth=depth + 1):
            inner = f"{member.name}!/{piece.member}" if piece.member else member.name
            yield piece._replace(member=inner)


def _split(stream: Stream, member: Member, walk: _Walk) -> Iterator[Piece]:
    how, params = walk.how, walk.params
    kind = kind_of(member.name, how)
    if kind == "eml":
        return mails.split(stream, params=params)
    if kind == "csv" and not how.is_mapped:
        return iter([Piece(0, "", *reasons.no_mapping())])
    if kind == "csv":
        return split_rows(stream, csv_params=how.csv, params=params)
    head = stream.peek(HEAD_BYTES)
    beginning = head.decode(wide_encoding(head) or "utf-8", errors="replace").lstrip("\ufeff\x00 \t\r\n")
    if beginning.startswith("<"):
        return xml_entries.split(stream, params=params)
    if beginning.startswith(ytd.OPENING):
        return ytd.split(stream, owner=member.owner or how.owner, params=params)
    return payloads.split(stream, params=params)
