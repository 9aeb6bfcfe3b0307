"""Open a landing file: decompress it, find its encoding, refuse what is none of ours.

in: the bytes of one file ▶ out: chunks of UTF-8, or the whole text, and what was wrong. Plain Python: it runs in
Spark's workers.
"""

from __future__ import annotations

import bz2
import codecs
import lzma
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from entourage.ingest import reasons

CHUNK_BYTES = 1 << 20
# What the first bytes of a file say, and which of Python's decompressors reads it.
MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz"}
# A text may begin with BZh: the block behind it must be one of bzip2's, or the end of an empty file.
BZ2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")
UNREAD_MAGIC = {
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x04\x22\x4d\x18": "lz4",
    b"PK\x03\x04": "zip",
    b"7z\xbc\xaf": "7-zip",
    b"Rar!": "rar",
    b"\x1f\x9d": "compress (.Z)",
    b"PAR1": "Parquet without the suffix .parquet",
    b"Obj\x01": "Avro",
}
WIDE_BOMS = {
    b"\xff\xfe\x00\x00": "utf-32-le",
    b"\x00\x00\xfe\xff": "utf-32-be",
    b"\xff\xfe": "utf-16-le",
    b"\xfe\xff": "utf-16-be",
}


class Piece(NamedTuple):
    """One payload, or one refusal: position is its line (from 1)."""

    position: int
    payload: str
    reason_code: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class SplitParams:
    """Limits of what one file may cost.

    Attributes:
        max_payload_bytes: bytes; a longer line is refused.
        max_expansion: a compressed file may grow at most so many times (a guard against bombs).
    """

    max_payload_bytes: int = 33_554_432
    max_expansion: int = 1000


def text_of(content: bytes, *, encoding: str, params: SplitParams) -> tuple[str, list[Piece]]:
    """Return a whole file as text, and what was wrong with it (for CSV).

    A byte that the encoding does not know becomes U+FFFD, and the row that holds it is refused by its reader.
    """
    refused = unreadable(content)
    if refused:
        return "", [refused]
    faults: list[Piece] = []
    data = b"".join(expanded(content, params, faults))
    wide = _wide_encoding(data[:4096])
    text = data.decode(wide or encoding, errors="replace")
    return text.removeprefix("\ufeff"), faults


def unreadable(content: bytes) -> Piece | None:
    """Return a refusal for a file of a kind that is not read, or that is binary."""
    for magic, name in UNREAD_MAGIC.items():
        if content.startswith(magic):
            return Piece(0, "", *reasons.unknown_compression(name))
    head = content[:4096]
    is_known = _wide_encoding(head) or _compression(content)
    controls = sum(0 < byte < 9 or 13 < byte < 32 for byte in head)
    if not is_known and controls > max(16, len(head) // 20):
        return Piece(0, "", *reasons.not_text())
    return None


def _compression(content: bytes) -> str | None:
    kind = next((kind for magic, kind in MAGIC.items() if content.startswith(magic)), None)
    return None if kind == "bz2" and content[4:10] not in BZ2_BLOCKS else kind


class _Decompressor(Protocol):
    def decompress(self, data: bytes) -> bytes: ...

    @property
    def unused_data(self) -> bytes: ...

    @property
    def eof(self) -> bool: ...


def _decompressor(kind: str) -> _Decompressor:
    if kind == "gzip":
        return zlib.decompressobj(wbits=31)
    return bz2.BZ2Decompressor() if kind == "bz2" else lzma.LZMADecompressor()


def expanded(content: bytes, params: SplitParams, faults: list[Piece]) -> Iterator[bytes]:
    """Yield a file's chunks, decompressed; members that follow one another are one stream."""
    kind = _compression(content)
    view = memoryview(content)
    if kind is None:
        yield from (bytes(view[start : start + CHUNK_BYTES]) for start in range(0, len(content), CHUNK_BYTES))
        return
    step, written, machine = CHUNK_BYTES // 16, 0, _decompressor(kind)
    for start in range(0, len(content), step):
        data = bytes(view[start : start + step])
        while data:
            if machine.eof:
                machine = _decompressor(kind)
            try:
                chunk = machine.decompress(data)
            except (zlib.error, OSError, lzma.LZMAError, EOFError):
                faults.append(Piece(0, "", *reasons.corrupt_file(kind)))
                return
            yield chunk
            written += len(chunk)
            data = machine.unused_data.lstrip(b"\x00") if machine.eof else b""
            if written > params.max_expansion * max(len(content), CHUNK_BYTES):
                faults.append(Piece(0, "", *reasons.expansion(params.max_expansion)))
                return
    if not machine.eof:
        faults.append(Piece(0, "", *reasons.truncated_file(kind)))


def _wide_encoding(head: bytes) -> str | None:
    """Return UTF-16 or UTF-32 by the byte-order mark, or by NULs beside ASCII braces."""
    for bom, encoding in WIDE_BOMS.items():
        if head.startswith(bom):
            return encoding
    if head[:1] in (b"{", b"[", b'"') and head[1:2] == b"\x00" and head[3:4] == b"\x00":
        return "utf-16-le"
    if head[:1] == b"\x00" and head[1:2] in (b"{", b"[", b'"') and head[2:3] == b"\x00":
        return "utf-16-be"
    return None


def decoded(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield chunks as UTF-8 where the file is UTF-16 or UTF-32, as they are otherwise."""
    decoder: codecs.IncrementalDecoder | None = None
    for index, chunk in enumerate(chunks):
        if index == 0 and (encoding := _wide_encoding(chunk[:4096])):
            decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        yield decoder.decode(chunk).encode("utf-8", errors="replace") if decoder else chunk
