"""Walk through an archive: each file in it, as a stream.

in: a tar or a zip as a stream ▶ out: `Member`, one a file in it: its name, its bytes, what is wrong with it. Plain
Python: it runs in Spark's workers.

Nothing is ever written under a member's name; a name that would lead out of its folder is refused all the same, since
somebody who packs one wants something. Folders, links, devices and hidden files are left out.
"""

from __future__ import annotations

import lzma
import re
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from entourage.ingest import reasons
from entourage.ingest.unpacking import CHUNK_BYTES, STEP_BYTES, Budget, SplitParams, Stream

MAX_DEPTH = 2  # archives in one another
MAX_HEADER_BYTES = 1 << 20  # of a name, or of what else stands before a member of a tar
SPOOL_BYTES = 64 << 20  # of an archive inside an archive that is held in memory; a larger one goes to a scratch file
ENTRY_BYTES = 256  # of the directory of a zip, which a member with a long name takes
TAR_MAGIC, TAR_MAGIC_AT = b"ustar", 257
ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
# An archive that X gives to a person has these beside its data; elsewhere in it are pictures, and a page to see them.
X_ACCOUNT, X_CONTENTS = "account.js", "manifest.js"


@dataclass
class Member:
    """One file of an archive.

    Attributes:
        name: its name there.
        stream: its bytes, to be read before the next member is asked for; None: it is refused.
        faults: why it is refused, or what is found wrong while it is read.
        owner: of an archive of X: whose it is.
    """

    name: str
    stream: Stream | None = None
    faults: list[reasons.Reason] = field(default_factory=list)
    owner: str | None = None


def container(head: bytes) -> str | None:
    """Return tar or zip by the first bytes of a file."""
    if head.startswith(ZIP_MAGIC):
        return "zip"
    return "tar" if head[TAR_MAGIC_AT:].startswith(TAR_MAGIC) or _is_old_tar(head) else None


def _is_old_tar(head: bytes) -> bool:
    """Tell whether it begins as a tar of before 1988 does: without magic, but its sum is right."""
    try:
        tarfile.TarInfo.frombuf(head[:512], "utf-8", "replace")
    except tarfile.HeaderError:
        return False
    return True


def members(stream: Stream, kind: str, *, budget: Budget, params: SplitParams) -> Iterator[Member]:
    """Yield the files in an archive, in its order; a last member without name says what is wrong with the archive."""
    found = _of_tar(stream, budget) if kind == "tar" else _of_zip(stream, budget, params)
    for member in found:
        if not budget.takes_member():
            yield Member("", faults=[reasons.too_many_members(params.max_members)])
            return
        yield member


class _Header(tarfile.TarInfo):
    """A header whose extensions are small: tarfile would read a name of gigabytes into memory."""

    def _proc_member(self, archive: tarfile.TarFile) -> Any:
        is_extension = self.type in b"xgXLK"
        if is_extension and self.size > MAX_HEADER_BYTES:
            raise tarfile.ReadError("a header is too long")
        return super()._proc_member(archive)  # type: ignore[misc]


class _Ending:
    """A stream that remembers how it ended: a tar that is whole ends with NULs."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._last = b""

    def read(self, size: int) -> bytes:
        found = self._stream.read(size)
        self._last = found[-512:] or self._last
        return found

    def is_whole(self) -> bool:
        while self.read(CHUNK_BYTES):
            pass
        return not self._last.strip(b"\x00")


def _of_tar(stream: Stream, budget: Budget) -> Iterator[Member]:
    source = _Ending(stream)
    try:
        # Stream mode: no seeking. Errors of headers are raised only here, where the caller sees them in order.
        with tarfile.open(fileobj=source, mode="r|", tarinfo=_Header, errorlevel=2) as archive:  # type: ignore[call-overload]
            while (info := archive.next()) is not None:
                archive.members = []  # tarfile would keep them all
                if info.isfile() and not _is_hidden(info.name):
                    yield _opened(info.name, archive.extractfile(info))
        if not source.is_whole():
            yield Member("", faults=[reasons.truncated_file("tar")])
    except tarfile.ReadError as error:
        is_cut = "unexpected end" in str(error)
        yield Member("", faults=[reasons.truncated_file("tar") if is_cut else reasons.corrupt_file("tar")])
    except (tarfile.TarError, ValueError, OverflowError, EOFError):
        yield Member("", faults=[reasons.corrupt_file("tar")])


def _opened(name: str, file: IO[bytes] | None) -> Member:
    if file is None or _is_trick(name):
        return Member(_shown(name), faults=[reasons.bad_member_name()])
    member = Member(_shown(name))
    member.stream = Stream(_chunks(file, "tar", member.faults))
    return member


def _chunks(file: IO[bytes], kind: str, faults: list[reasons.Reason]) -> Iterator[bytes]:
    """Yield a member's bytes; a fault ends them, and is noted."""
    try:
        while chunk := file.read(STEP_BYTES):  # what is asked for at once is lost where the data end within it
            yield chunk
    except (tarfile.ReadError, EOFError):
        faults.append(reasons.truncated_file(kind))
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, ValueError):
        faults.append(reasons.corrupt_file(kind))


def _of_zip(stream: Stream, budget: Budget, params: SplitParams) -> Iterator[Member]:
    with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as held:
        # Its directory stands at its end.
        for chunk in () if stream.file else stream:
            held.write(chunk)
        file = stream.file or held
        if _directory_bytes(file) > params.max_members * ENTRY_BYTES:
            yield Member("", faults=[reasons.too_many_members(params.max_members)])
            return
        try:
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError, struct.error):
            yield Member("", faults=[reasons.no_directory("zip")])
            return
        infos = [info for info in archive.infolist() if not info.is_dir() and not _is_hidden(info.filename)]
        account = next((info for info in infos if _split_name(info)[1] == X_ACCOUNT), None)
        owner = _owner(archive, account) if account else None
        for info in infos:
            if owner is None or account is None or _is_of_x(info, account):
                yield _of_zip_member(archive, info, owner, budget, params)


def _is_of_x(info: zipfile.ZipInfo, account: zipfile.ZipInfo) -> bool:
    """Tell whether a member is a script of data: beside the account's."""
    (folder, name), (of_data, _) = _split_name(info), _split_name(account)
    return folder == of_data and name.endswith(".js") and name != X_CONTENTS


def _split_name(info: zipfile.ZipInfo) -> tuple[str, str]:
    folder, _, name = info.filename.rpartition("/")
    return folder, name


def _directory_bytes(file: IO[bytes]) -> int:
    """Return what the directory of a zip says that it takes: zipfile holds all of it in memory, twelvefold."""
    try:
        end = zipfile._EndRecData(file)  # type: ignore[attr-defined] # finds that of large archives too
    except (OSError, ValueError, struct.error, zipfile.BadZipFile):
        return 0  # then zipfile fails as well
    return int(end[zipfile._ECD_SIZE]) if end else 0  # type: ignore[attr-defined]


def _of_zip_member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, owner: str | None, budget: Budget, params: SplitParams
) -> Member:
    member = Member(_shown(info.filename), owner=owner)
    if _is_trick(info.filename):
        member.faults.append(reasons.bad_member_name())
    elif info.flag_bits & 1:
        member.faults.append(reasons.encrypted())
    else:
        try:
            file = archive.open(info)
        except NotImplementedError:
            member.faults.append(reasons.unknown_compression("packed by a method"))
        except (zipfile.BadZipFile, OSError, EOFError, ValueError, struct.error):
            member.faults.append(reasons.corrupt_file("zip"))
        else:
            chunks = _chunks(file, "zip", member.faults)
            member.stream = Stream(_metered(chunks, budget, params, member.faults))
    return member


def _metered(
    chunks: Iterator[bytes], budget: Budget, params: SplitParams, faults: list[reasons.Reason]
) -> Iterator[bytes]:
    for chunk in chunks:
        if not budget.takes(len(chunk)):
            faults.append(reasons.expansion(params.max_expansion))
            return
        yield chunk


def _owner(archive: zipfile.ZipFile, account: zipfile.ZipInfo) -> str | None:
    """Return whose archive of X it is; None: nobody's, or not readable."""
    try:
        with archive.open(account) as file:
            return owner_in(file.read(MAX_HEADER_BYTES).decode("utf-8", errors="replace"))
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError, ValueError, RuntimeError, zlib.error):
        return None


def owner_in(account_js: str) -> str | None:
    """Return whose archive of X it is, by the text of its account.js."""
    found = re.search(r'"accountId"\s*:\s*"([0-9]+)"', account_js)
    return found[1] if found else None


def _is_hidden(name: str) -> bool:
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return any(part.startswith((".", "_")) for part in parts)


def _is_trick(name: str) -> bool:
    """Tell whether a name leads out of its folder, is absolute, or holds what no name holds."""
    parts = name.replace("\\", "/").split("/")
    return name[:1] in ("/", "\\") or ".." in parts or parts[0][1:2] == ":" or bool(CONTROLS.search(name))


def _shown(name: str) -> str:
    plain = CONTROLS.sub("?", name).encode("utf-8", "replace").decode("utf-8")
    return plain if len(plain) <= 1024 else f"{plain[:1024]}…"
