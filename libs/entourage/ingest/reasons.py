"""Name why something is refused: a short stable code, and one sentence for a person.

in: what was found ▶ out: (reason_code, reason). The codes are listed in docs/ingest.md; a new one is added there too.
"""

from __future__ import annotations

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
    "too_deep": (
        "Objects and arrays nest more than {} deep (ingest.max_depth), as no network's do; nothing of it was read."
    ),
    "noindex": "The account asks not to be indexed: its post is left out.",
    "private": "This is a private part of an archive or a private message: it is left out.",
    "suppressed": "The person or account asked to be left out.",
    "no_items": "This is a valid {} payload without posts, accounts or acts in it (such as counts, ids or a notice).",
    "bad_shape": "The payload is built so that its format's reader gave up ({}); nothing of it was read.",
    "missing_id": "The item has no id, so it could never be told from others or deleted.",
    "missing_author": "The post has no author.",
    "bad_time": "The time is missing, cannot be read, or lies outside the years 1990 to 2099.",
    "bad_edge": "The edge lacks its source or its destination.",
    "bad_value": "A value is outside what the column allows: {}.",
    "bad_key": "The key is empty.",
    "missing_value": "A value that the record needs is missing or cannot be read: {}.",
    "ragged_row": "The row has {} fields where the header names {}.",
    "bad_characters": "The row holds bytes that are not {}; deliver the file in it, or change encoding in the mapping.",
}


def named(code: str, *found: object) -> Reason:
    """Return a code with its sentence, its gaps filled."""
    return code, SENTENCES[code].format(*found)


def unknown_compression(name: str) -> Reason:
    """Say that a file's container is not read."""
    return (
        "unknown_compression",
        f"The file is {name}, which is not read here; deliver it plain, or as .gz, .bz2, .xz, .zst, .tar or .zip.",
    )


def not_text() -> Reason:
    """Say that a file is binary."""
    return "not_text", "The file is binary and of no known kind; deliver text (docs/ingest.md) or Parquet."


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


def too_many_members(limit: int) -> Reason:
    """Say that an archive holds too many files."""
    return "expansion", f"The archive holds more than {limit} files (ingest.max_members); at most the first were read."


def nested_archive(limit: int) -> Reason:
    """Say that archives are packed into archives."""
    return "nested_archive", f"More than {limit} archives are packed into one another; unpack the outer ones first."


def bad_member_name() -> Reason:
    """Say that a member's name is a trick."""
    return "bad_member", "The name leads out of the archive's folder or holds control characters; it was not read."


def encrypted() -> Reason:
    """Say that a member needs a password."""
    return "encrypted", "The file in the archive is encrypted; deliver it without a password."


def no_directory(kind: str) -> Reason:
    """Say that an archive lacks the directory at its end."""
    return "corrupt_file", f"The {kind} has no readable directory at its end (cut short?); deliver the file again."


def no_mapping() -> Reason:
    """Say that a table in an archive of posts says nothing of its columns."""
    return "no_mapping", "A table is read by a mapping, which an archive does not name; name it with --format."


def bad_xml(found: object) -> Reason:
    """Say that XML is damaged, or more than a feed."""
    return "bad_xml", f"The XML cannot be read from here on ({found}); the entries before were read."


def bad_mail(found: object) -> Reason:
    """Say that a message cannot be taken apart."""
    return "bad_mail", f"The message could not be taken apart ({found})."


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
