"""Split mails: one message (.eml), or a mailbox of many (mbox).

in: one file, as a stream ▶ out: `Piece`, one a message: a JSON object of what is in it. Plain Python: it runs in
Spark's workers.

Keys: message_id, in_reply_to and references (ids without their brackets, of several with blanks between); from, to and
cc (addresses alone, with commas between); from_name; date (ISO 8601 in UTC where it can be read, else as it stands);
subject; text; attachments (of each name, type and bytes: they are never kept). Broken charsets, encodings and headers
cost what they garble, not the message.

References:
    RFC 5322 (messages), RFC 4155 (mbox); of its variants mboxrd is undone: ``>From`` at a line's beginning was quoted.
"""

from __future__ import annotations

import email
import json
import re
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

from entourage.ingest import reasons, scalars, wire
from entourage.ingest.unpacking import Piece, SplitParams, Stream

MAX_MESSAGE_BYTES = 128 << 20  # with its attachments; a longer one is refused, and its head kept
SEPARATOR = b"From "
QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
SCRIPTS = re.compile(r"<(script|style)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)


def split(stream: Stream, *, params: SplitParams) -> Iterator[Piece]:
    """Split one file into its messages, at their number (from 1); what is no message is refused."""
    is_box = stream.peek(len(SEPARATOR)) == SEPARATOR
    messages = (message for message in _messages(stream, is_box=is_box) if message.strip())
    for position, message in enumerate(messages, start=1):
        yield _piece(position, QUOTED.sub(rb"\1", message) if is_box else message, params)


def _messages(stream: Stream, *, is_box: bool) -> Iterator[bytes]:
    """Yield the bytes of each message; of one over the limit a little more than that."""
    held: list[bytes] = []
    size, is_after_blank = 0, True
    for line in _lines(stream):
        if is_box and is_after_blank and line.startswith(SEPARATOR):
            yield b"".join(held)
            held, size = [], 0
        elif size <= MAX_MESSAGE_BYTES:
            held.append(line)
            size += len(line)
        is_after_blank = not line.strip(b"\r\n")
    yield b"".join(held)


def _lines(stream: Stream) -> Iterator[bytes]:
    """Yield lines with their ends; of one over the limit parts."""
    rest: list[bytes] = []
    size = 0
    for chunk in stream:
        for part in chunk.splitlines(keepends=True):
            rest.append(part)
            size += len(part)
            if part.endswith(b"\n") or size > MAX_MESSAGE_BYTES:
                yield b"".join(rest)
                rest, size = [], 0
    yield b"".join(rest)


def _piece(position: int, message: bytes, params: SplitParams) -> Piece:
    if len(message) > MAX_MESSAGE_BYTES:
        return Piece(position, _head(message), *reasons.too_long(MAX_MESSAGE_BYTES))
    try:
        read = email.message_from_bytes(message, policy=policy.default)
        if not read.keys():
            return Piece(position, _head(message), *reasons.bad_mail("it has no headers"))
        payload = json.dumps(_document(read), ensure_ascii=False)
    except Exception as error:  # whatever a message does to the library, only the message is refused
        return Piece(position, _head(message), *reasons.bad_mail(type(error).__name__))
    if len(payload) > params.max_payload_bytes:
        return Piece(position, payload[: reasons.KEPT_BYTES], *reasons.too_long(params.max_payload_bytes))
    return Piece(position, payload)


def _head(message: bytes) -> str:
    return message[: reasons.KEPT_BYTES].decode("utf-8", errors="replace").replace("\x00", "")


def _document(message: EmailMessage) -> dict[str, Any]:
    parts = [part for part in message.walk() if not part.is_multipart()]
    shown = [part for part in parts if not _is_attachment(part)]
    sender = _pairs(message, "from")[:1] or [("", "")]
    return {
        "message_id": _ids(message, "message-id"),
        "from": sender[0][1] or None,
        "from_name": sender[0][0] or None,
        "to": _addresses(message, "to"),
        "cc": _addresses(message, "cc"),
        "date": _date(message),
        "subject": _header(message, "subject"),
        "in_reply_to": _ids(message, "in-reply-to"),
        "references": _ids(message, "references"),
        "text": _said(shown),
        "attachments": [_attachment(part) for part in parts if _is_attachment(part)],
    }


def _header(message: EmailMessage, name: str) -> str | None:
    """Return a header's text on one line; the library gives up on some, which are read as they stand then."""
    try:
        value = message[name]
    except Exception:  # of a hostile header anything
        value = next((raw for key, raw in message.raw_items() if key.lower() == name), None)
    return None if value is None else wire.text(" ".join(str(value).split())) or None


def _ids(message: EmailMessage, name: str) -> str | None:
    found = _header(message, name)
    return None if found is None else " ".join(id_.strip("<>") for id_ in found.replace("><", "> <").split()) or None


def _pairs(message: EmailMessage, name: str) -> list[tuple[str, str]]:
    """Return (name, address) of a header of addresses."""
    found = _header(message, name)
    return [(who, address) for who, address in getaddresses([found or ""]) if "@" in address]


def _addresses(message: EmailMessage, name: str) -> str | None:
    return ",".join(address for _, address in _pairs(message, name)) or None


def _date(message: EmailMessage) -> str | None:
    found = _header(message, "date")
    try:
        when = scalars.in_utc(parsedate_to_datetime(found or ""))
    except (ValueError, TypeError, OverflowError):
        when = None
    return found if when is None else when.isoformat()


def _is_attachment(part: EmailMessage) -> bool:
    # A message of parts that has none is one text.
    is_text = part.get_content_maintype() in ("text", "multipart")
    return part.get_content_disposition() == "attachment" or not is_text


def _attachment(part: EmailMessage) -> dict[str, Any]:
    try:
        name = part.get_filename()
    except Exception:  # a name in a charset that is none
        name = None
    content = part.get_payload(decode=True)
    return {
        "name": wire.text(name),
        "type": part.get_content_type(),
        "bytes": len(content) if isinstance(content, bytes) else None,
    }


def _said(shown: list[EmailMessage]) -> str | None:
    """Return the plain text of a message, else its HTML without tags; None for neither."""
    for kind in ("text/plain", "text/html", "multipart/"):
        part = next((part for part in shown if part.get_content_type().startswith(kind)), None)
        if part is not None:
            text = _decoded(part).replace("\r\n", "\n")
            plain = wire.without_tags(SCRIPTS.sub("", text)) if kind == "text/html" else text
            return wire.text((plain or "").strip())
    return None


def _decoded(part: EmailMessage) -> str:
    """Return a part's text; of a charset that is none, or that the bytes are not in, UTF-8, else Latin-1."""
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return str(part.get_payload())
    declared = part.get_content_charset() or "utf-8"
    for charset in (declared, "utf-8"):
        try:
            return content.decode(charset)
        except (LookupError, ValueError):
            continue
    return content.decode("latin-1")
