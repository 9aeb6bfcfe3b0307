"""Keep the lake's secret keys: today the one of the hashes of ops.suppressions.

in: a lake ▶ out: its key, from the environment or from `_keys/`. An edge: it writes that file.

Losing the key loses the suppressions: their hashes then match nobody. So a lake with suppressions and without the key
stops, loudly.
"""

from __future__ import annotations

import os
import secrets

from entourage.errors import UsageError
from entourage.ingest.suppressions import Suppressions
from entourage.session import FileSystem
from entourage.tables import Tables

VARIABLE = "ENTOURAGE_SUPPRESSION_KEY"
BYTES = 32


def suppression_key(tables: Tables, *, create: bool = False) -> bytes:
    """Return the key that suppressed identifiers are hashed with.

    Args:
        tables: of the lake, in whose folder `_keys/suppression` lies; the variable ENTOURAGE_SUPPRESSION_KEY wins.
        create: make one where there is none, if nothing was hashed yet; for its owner's eyes only.

    Raises:
        UsageError: there is none, or it is no key.
    """
    files, path = FileSystem(tables.spark), f"{tables.lake}/_keys/suppression"
    text = os.environ.get(VARIABLE) or files.read_text(path)
    if text is None and create and tables.read("ops.suppressions").isEmpty():
        files.write_private(path, secrets.token_hex(BYTES))
        text = files.read_text(path)
    if text is None:
        raise UsageError(
            f"{path}: the key of ops.suppressions is gone, and its hashes match nobody without it; put the file back, "
            f"or set {VARIABLE}"
        )
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) < BYTES:
        raise UsageError(f"{path} or {VARIABLE}: no key; expected at least {2 * BYTES} hexadecimal digits")
    return key


def suppressions(tables: Tables) -> Suppressions:
    """Return whom the lake leaves out; all of them are held in memory (100 bytes each)."""
    rows = tables.read("ops.suppressions").select("identifier_kind", "identifier_hash").collect()
    if not rows:
        return Suppressions()
    return Suppressions(suppression_key(tables), frozenset((row[0], row[1]) for row in rows))
