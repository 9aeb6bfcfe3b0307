"""Mails and mailboxes are split into messages, however garbled they are."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from entourage.ingest import mails
from entourage.ingest.mails import split
from entourage.ingest.opening import How, pieces
from entourage.ingest.unpacking import SplitParams, Stream

PARAMS = SplitParams()
WHOLE = b"""\
Message-ID: <2@example.org>\r
From: =?utf-8?q?Ad=C3=A9?= <ada@example.org>\r
To: Service <service@example.com>, bob@example.com\r
Cc: "Doe, Cy" <cy@example.com>\r
Date: Mon, 1 Jun 2026 12:00:00 +0200\r
Subject: =?iso-8859-1?Q?caf=E9?=\r
 froid\r
In-Reply-To: <1@example.com>\r
References: <0@example.com>\r
 <1@example.com>\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
Content-Type: multipart/alternative; boundary=c\r
\r
--c\r
Content-Type: text/html; charset=utf-8\r
\r
<p>HTML</p>\r
--c\r
Content-Type: text/plain; charset=windows-1252\r
Content-Transfer-Encoding: quoted-printable\r
\r
Le caf=E9 est froid.\r
--c--\r
--b\r
Content-Type: application/pdf\r
Content-Disposition: attachment; filename="facture.pdf"\r
Content-Transfer-Encoding: base64\r
\r
AAECAw==\r
--b--\r
"""


def found(content: bytes, params: SplitParams = PARAMS) -> list[tuple[int, Any]]:
    rows = split(Stream.of(io.BytesIO(content)), params=params)
    return [(p.position, p.reason_code or json.loads(p.payload)) for p in rows]


def test_a_message_is_an_object_of_what_is_in_it() -> None:
    assert found(WHOLE) == [
        (
            1,
            {
                "message_id": "2@example.org",
                "from": "ada@example.org",
                "from_name": "Adé",
                "to": "service@example.com,bob@example.com",
                "cc": "cy@example.com",
                "date": "2026-06-01T10:00:00+00:00",
                "subject": "café froid",
                "in_reply_to": "1@example.com",
                "references": "0@example.com 1@example.com",
                "text": "Le café est froid.",
                "attachments": [{"name": "facture.pdf", "type": "application/pdf", "bytes": 4}],
            },
        )
    ]


def test_the_messages_of_a_mailbox_are_numbered_and_quoted_froms_are_undone() -> None:
    box = b"From a Mon Jun  1\nSubject: 1\n\n>From here\nFrom here no blank line\n\nFrom b Mon\nSubject: 2\n\nx\n"

    assert [(n, row["subject"], row["text"]) for n, row in found(box)] == [
        (1, "1", "From here\nFrom here no blank line"),
        (2, "2", "x"),
    ]


@pytest.mark.parametrize(
    ("head", "body", "text"),
    [
        ("Content-Type: text/plain; charset=klingon", b"caf\xe9", "café"),
        ("Content-Type: text/plain; charset=us-ascii", "café".encode(), "café"),
        ("Content-Type: text/plain\nContent-Transfer-Encoding: base64", b"!!!", ""),
        ("Content-Type: text/html", b"<style>p {}</style><p>a</p><p>b &amp; c<br>d</p>", "a\nb & c\nd"),
        ("Content-Type: multipart/mixed; boundary=x", b"no part", "no part"),
        ("Content-Type: image/png", b"\x89PNG", None),
        ("X: y", b"a\x00b", "ab"),
    ],
)
def test_a_broken_charset_or_encoding_costs_what_it_garbles(head: str, body: bytes, text: str | None) -> None:
    ((_, row),) = found(b"Subject: s\n" + head.encode() + b"\n\n" + body)

    assert (row["subject"], row["text"]) == ("s", text)


@pytest.mark.parametrize(
    "header", ["From: <<>>@", "To: \xff\xfe", "Date: never", "Subject: =?x?q?=FF?=", "Message-ID: <", "From: a@b@c, ;:"]
)
def test_a_broken_header_costs_itself(header: str) -> None:
    ((_, row),) = found(header.encode("latin-1") + b"\nX-Kept: 1\n\nbody")

    assert row["text"] == "body"


def test_what_is_no_message_is_refused_and_nothing_is_none() -> None:
    assert found(b"just words\nand more") == [(1, "bad_mail")]
    assert found(b"") == []


def test_a_message_over_the_limit_is_refused_and_its_neighbor_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mails, "MAX_MESSAGE_BYTES", 1000)
    box = b"From a\nSubject: 1\n\n" + b"x\n" * 5000 + b"\nFrom b\nSubject: 2\n\ny\n"

    assert [(n, row if isinstance(row, str) else row["subject"]) for n, row in found(box)] == [
        (1, "too_long"),
        (2, "2"),
    ]
    assert found(WHOLE, SplitParams(max_payload_bytes=50)) == [(1, "too_long")]


def test_a_file_is_a_mail_by_its_suffix_packed_or_not() -> None:
    stream = Stream.of(io.BytesIO(b"Subject: 1\n\nx"))
    (piece,) = pieces(stream, name="1.EML", size=13, how=How(is_mapped=True), params=SplitParams())

    assert json.loads(piece.payload)["subject"] == "1"


@pytest.mark.parametrize("size", [1, 2, 7, 19])
def test_chunks_may_end_anywhere(size: int) -> None:
    box = b"From a\r\nSubject: 1\r\n\r\nx\r\n\r\nFrom b\r\nSubject: 2\r\n\r\ny\r\n"
    chunks = [box[start : start + size] for start in range(0, len(box), size)]
    rows = [json.loads(piece.payload) for piece in split(Stream(chunks), params=PARAMS)]

    assert [(row["subject"], row["text"]) for row in rows] == [("1", "x"), ("2", "y")]
