"""Open a stream of bytes: look at its beginning, decompress it, decode it, refuse what is none of ours.

in: the bytes of one file, chunk by chunk ▶ out: chunks that are plain, or text, and what was wrong. Plain Python: it
runs in Spark's workers. Nothing here holds more than a few chunks, however large the file is or says that it is.
"""

from __future__ import annotations

import bz2
import codecs
import io
import lzma
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from functools import partial
from typing import IO, Any, NamedTuple, Protocol

import zstandard

from entourage.ingest import reasons

CHUNK_BYTES = 1 << 20
HEAD_BYTES = 4096  # of a file, by which its kind is told
# What the first bytes of a file say, and which decompressor reads it.
MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
# A text may begin with BZh: the block behind it must be one of bzip2's, or the end of an empty file.
BZ2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")
# Reddit's dumps look back 2 GB: of a file that really does, a worker holds as much; it is never taken beforehand.
MAX_ZSTD_WINDOW = 1 << 31
# What is decompressed at once: of damaged data so much before the damage is lost; and of a bomb of zstd, whose output
# has no limit but 32,768 times its input, so much becomes 128 MB.
STEP_BYTES = 4096
UNREAD_MAGIC = {
    b"\x04\x22\x4d\x18": "lz4",
    b"7z\xbc\xaf": "7-zip",
    b"Rar!": "rar",
    b"\x1f\x9d": "compress (.Z)",
    b"PAR1": "Parquet, but not a landing file with the suffix .parquet",
    b"Obj\x01": "Avro",
}
WIDE_BOMS = {
    b"\xff\xfe\x00\x00": "utf-32-le",
    b"\x00\x00\xfe\xff": "utf-32-be",
    b"\xff\xfe": "utf-16-le",
    b"\xfe\xff": "utf-16-be",
}


class Piece(NamedTuple):
    """One payload, or one refusal.

    Attributes:
        position: its line (from 1), or its number in a feed, a mailbox or an archive of X; 0: the whole file.
        payload: the text.
        reason_code: why it is refused, if it is.
        reason: the same as a sentence.
        member: which file in an archive it is of; empty: the landing file itself.
    """

    position: int
    payload: str
    reason_code: str | None = None
    reason: str | None = None
    member: str = ""


@dataclass(frozen=True)
class SplitParams:
    """Limits of what one file may cost.

    Attributes:
        max_payload_bytes: bytes; a longer line is refused.
        max_expansion: all that comes out of a compressed file or archive may be at most so many times its size.
        max_members: of one archive, those in archives inside it included.
        max_file_bytes: bytes; a larger file that cannot be split is refused.
        max_held_bytes: bytes; the same of a file that is not on a local disk, since its task holds it whole.
    """

    max_payload_bytes: int = 33_554_432
    max_expansion: int = 1000
    max_members: int = 100_000
    max_file_bytes: int = 68_719_476_736
    max_held_bytes: int = 268_435_456

    @classmethod
    def of(cls, settings: dict[str, Any]) -> SplitParams:
        """Take the limits out of the section `ingest` of the configuration."""
        return cls(**{field.name: settings[field.name] for field in fields(cls)})


class Budget:
    """What may still come out of one landing file, whatever is packed into what."""

    def __init__(self, size: int, params: SplitParams) -> None:
        self._bytes = params.max_expansion * max(size, HEAD_BYTES)
        self._members = params.max_members

    def takes(self, size: int) -> bool:
        """Take bytes; False: there are no more."""
        self._bytes -= size
        return self._bytes >= 0

    def takes_member(self) -> bool:
        """Take a member; False: there are no more."""
        self._members -= 1
        return self._members >= 0


class Stream:
    """Bytes that are read once, and whose beginning can be looked at before.

    Attributes:
        file: where they come from, as something that can be read from any place; None: nothing of the kind.
    """

    def __init__(self, chunks: Iterable[bytes], file: IO[bytes] | None = None) -> None:
        self.file = file
        self._chunks = iter(chunks)
        self._held = b""
        self._at = 0

    @classmethod
    def of(cls, file: IO[bytes]) -> Stream:
        """Read an open file."""
        return cls(iter(partial(file.read, CHUNK_BYTES), b""), file)

    def peek(self, size: int) -> bytes:
        """Return the bytes that come next, `size` of them or what is left, without taking them."""
        while len(self._held) - self._at < size and (chunk := next(self._chunks, None)) is not None:
            self._held, self._at = self._held[self._at :] + chunk, 0
        return self._held[self._at : self._at + size]

    def read(self, size: int = CHUNK_BYTES) -> bytes:
        """Take so many bytes; fewer are the last."""
        found = self.peek(size)
        self._at += len(found)
        return found

    def __iter__(self) -> Iterator[bytes]:
        """Take the rest, in chunks of about `CHUNK_BYTES`."""
        held, self._held, self._at = self._held[self._at :], b"", 0
        yield from [held] if held else []
        yield from self._chunks


def unreadable(head: bytes) -> reasons.Reason | None:
    """Return a refusal for a file of a kind that is not read, or that is binary."""
    for magic, name in UNREAD_MAGIC.items():
        if head.startswith(magic):
            return reasons.unknown_compression(name)
    controls = sum(0 < byte < 9 or 13 < byte < 32 for byte in head)
    is_binary = controls > max(16, len(head) // 20) and not wide_encoding(head)
    return reasons.not_text() if is_binary else None


def compression(head: bytes) -> str | None:
    """Return what a file is compressed with, by its first bytes."""
    kind = next((kind for magic, kind in MAGIC.items() if head.startswith(magic)), None)
    if head[1:4] == b"\x2a\x4d\x18" and head[0] >> 4 == 5:  # a frame of zstd that readers skip comes first
        return "zstd"
    return None if kind == "bz2" and head[4:10] not in BZ2_BLOCKS else kind


class _Decompressor(Protocol):
    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...

    @property
    def unused_data(self) -> bytes: ...

    @property
    def eof(self) -> bool: ...


def expanded(
    chunks: Iterable[bytes], kind: str, *, budget: Budget, params: SplitParams, faults: list[reasons.Reason]
) -> Iterator[bytes]:
    """Yield chunks decompressed; members that follow one another are one stream. Faults end it, and are noted."""
    found = _expanded_zstd(chunks) if kind == "zstd" else _expanded(chunks, kind)
    try:
        for chunk in found:
            if not budget.takes(len(chunk)):
                faults.append(reasons.expansion(params.max_expansion))
                return
            yield chunk
    except _CutShortError:
        faults.append(reasons.truncated_file(kind))
    except (zlib.error, OSError, lzma.LZMAError, zstandard.ZstdError, EOFError):
        faults.append(reasons.corrupt_file(kind))


class _CutShortError(Exception):
    """Compressed data end before their end."""


def _decompressor(kind: str) -> _Decompressor:
    if kind == "gzip":
        return zlib.decompressobj(wbits=31)
    return bz2.BZ2Decompressor() if kind == "bz2" else lzma.LZMADecompressor()


def _steps(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        yield from (chunk[start : start + STEP_BYTES] for start in range(0, len(chunk), STEP_BYTES))


def _expanded(chunks: Iterable[bytes], kind: str) -> Iterator[bytes]:
    machine = _decompressor(kind)
    for step in _steps(chunks):
        data, has_more = step, False
        while data or has_more:
            if machine.eof:
                data = data.lstrip(b"\x00")
                if not data:
                    break
                machine = _decompressor(kind)
            found = machine.decompress(data, CHUNK_BYTES)
            # What is not taken yet stays with zlib's caller, and inside the others.
            data = machine.unused_data if machine.eof else getattr(machine, "unconsumed_tail", b"")
            has_more = len(found) == CHUNK_BYTES and not machine.eof
            if found:
                yield found
    if not machine.eof:
        raise _CutShortError


def _expanded_zstd(chunks: Iterable[bytes]) -> Iterator[bytes]:
    machine = None
    for step in _steps(chunks):
        data = step
        while data:
            if machine is None:
                machine = zstandard.ZstdDecompressor(max_window_size=MAX_ZSTD_WINDOW).decompressobj()
            if found := machine.decompress(data):
                yield found
            data = machine.unused_data if machine.eof else b""
            machine = None if machine.eof else machine
    if machine is not None:
        raise _CutShortError


def wide_encoding(head: bytes) -> str | None:
    """Return UTF-16 or UTF-32 by the byte-order mark, or by NULs beside ASCII braces."""
    for bom, encoding in WIDE_BOMS.items():
        if head.startswith(bom):
            return encoding
    if head[:1] in (b"{", b"[", b'"', b"<") and head[1:2] == b"\x00" and head[3:4] == b"\x00":
        return "utf-16-le"
    if head[:1] == b"\x00" and head[1:2] in (b"{", b"[", b'"', b"<") and head[2:3] == b"\x00":
        return "utf-16-be"
    return None


def decoded(stream: Stream) -> Iterator[bytes]:
    """Yield chunks as UTF-8 where the file is UTF-16 or UTF-32, as they are otherwise."""
    encoding = wide_encoding(stream.peek(HEAD_BYTES))
    if encoding is None:
        yield from stream
        return
    for text in _texts(stream, encoding):
        yield text.encode("utf-8", errors="replace")


def texts(stream: Stream, *, encoding: str) -> Iterator[str]:
    """Yield a file as text without its byte-order mark, line ends as LF.

    A byte that the encoding does not know becomes U+FFFD.

    Args:
        stream: the file.
        encoding: what it is said to be in; UTF-16 and UTF-32 are found by themselves.
    """
    wide = wide_encoding(stream.peek(HEAD_BYTES))
    is_first = True
    for text in _texts(stream, wide or encoding):
        yield text.removeprefix("\ufeff") if is_first else text
        is_first = is_first and not text


def _texts(stream: Stream, encoding: str) -> Iterator[str]:
    inner = codecs.getincrementaldecoder(encoding)(errors="replace")
    decoder = io.IncrementalNewlineDecoder(inner, translate=True)
    for chunk in stream:
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)
