"""Name why something is refused: a short stable code, and one sentence for a person.

in: what was found ▶ out: (reason_code, reason). The codes are listed in docs/ingest.md; a new one is added there too.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

KEPT_BYTES = 65_536  # of a refused payload, in bronze.quarantine
# Codes of what is left out because its person wants so: it is counted, and written nowhere, not to quarantine either.
SUPPRESSED = ("noindex", "private", "suppressed")

Reason = tuple[str, str]

SENTENCES = {
    "bad_json": "This is not valid JSON (cut short, or with what JSON does not allow); deliver it again whole.",
    "unknown_format": (
        "None of the known formats has these keys: {}; name the format with --format, or describe the file in "
        "conf/sources/ and use ingest_records."
    ),
    "suppressed": "The person or account asked to be left out.",
    "no_items": "This is a valid {} payload without posts, accounts or acts in it (such as counts, ids or a notice).",
    "bad_shape": "The payload is built so that its format's reader gave up ({}); nothing of it was read.",
    "missing_id": "The item has no id, so it could never be told from others or deleted.",
    "missing_author": "The post has no author.",
    "bad_time": "The time is missing, cannot be read, or lies outside the years 1990 to 2099.",
    "bad_edge": "The edge lacks its source or its destination.",
    "bad_value": "A value is outside what the column allows: {}.",
    "bad_key": "The key is empty.",
    "ragged_row": "The row has {} fields where the header names {}.",
    "bad_characters": "The row holds bytes that are not {}; deliver the file in it, or change encoding in the mapping.",
}


def sentence(code: str, *found: Column) -> Column:
    """Return a code's sentence, its gaps filled from columns."""
    parts = SENTENCES[code].split("{}")
    pieces = [F.lit(parts[0])]
    for value, part in zip(found, parts[1:], strict=True):
        pieces += [F.coalesce(value.cast("string"), F.lit("nothing")), F.lit(part)]
    return F.concat(*pieces)


def suppressed() -> Reason:
    """Say that a person is left out."""
    return "suppressed", SENTENCES["suppressed"]


def unknown_compression(name: str) -> Reason:
    """Say that a file's container is not read."""
    return (
        "unknown_compression",
        f"The file is {name}, which is not read here; deliver it plain, or as .gz, .bz2 or .xz.",
    )


def not_text() -> Reason:
    """Say that a file is binary."""
    return "not_text", "The file is binary and of no known kind; deliver JSON lines, JSON, CSV or Parquet."


def unreadable() -> Reason:
    """Say that a file could not be opened."""
    return (
        "unreadable",
        "The file could not be opened or read (permission, or it vanished); it is tried again in the next run.",
    )


def too_large(size: int, limit: int) -> Reason:
    """Say that a file that cannot be split is too large to be read in one piece."""
    return "too_large", f"The file has {size} bytes, more than the {limit} that one task reads; deliver it in parts."


def corrupt_file(kind: str) -> Reason:
    """Say that compressed data are damaged."""
    return "corrupt_file", f"The {kind} data are damaged here; what came before was read; deliver the file again."


def damaged_table(kind: str) -> Reason:
    """Say that a table in a binary format is damaged."""
    return "corrupt_file", f"The {kind} file is damaged, and nothing of it was read; deliver the file again."


def truncated_file(kind: str) -> Reason:
    """Say that compressed data end early."""
    return "truncated_file", f"The {kind} data end early; what is there was read; deliver the file again whole."


def expansion(limit: int) -> Reason:
    """Say that a file grows suspiciously."""
    return "expansion", f"The file grows more than {limit} times when decompressed; what came before was read."


def only_nul(count: object) -> Reason:
    """Say that a line holds NULs alone."""
    return "only_nul", f"The line is nothing but {count} bytes of NULs and blanks, as a crash leaves behind."


def unclosed_quote() -> Reason:
    """Say that a quote swallows the lines behind it."""
    return "unclosed_quote", "A quote that opens on this line is not closed where the row should end."


def repeated_header() -> Reason:
    """Say that a row repeats the header."""
    return "repeated_header", "The row repeats the header; files were joined without cutting it."


def too_long(limit: int) -> Reason:
    """Say that a payload is over the limit."""
    return "too_long", f"The payload is over the limit of {limit} bytes (ingest.max_payload_bytes)."


def bad_encoding(byte: int, offset: int) -> Reason:
    """Say that a line is not UTF-8."""
    return "bad_encoding", (
        f"The line is not UTF-8 (byte 0x{byte:02X} at offset {offset}); it is kept here as read in Latin-1; "
        "deliver it in UTF-8."
    )
