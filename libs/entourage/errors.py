"""Name what can go wrong, each with the exit code that a scheduler acts on.

A message says where: what is wrong; what was found; what was expected; what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class EntourageError(Exception):
    """Any error that a user can act on; the message is the whole story."""

    exit_code = 1


class UsageError(EntourageError):
    """A wrong option, path, key or file: nothing was written."""

    exit_code = 2


class GateError(EntourageError):
    """A quality gate refused a table: its last good version is in place."""

    exit_code = 3


class RetryError(EntourageError):
    """Something passing (a write conflict, a lost node): worth another try."""

    exit_code = 4


class LockError(EntourageError):
    """Another run holds the lock of this lake."""

    exit_code = 5


def nearest(word: str, valid: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the nearest valid word, or nothing."""
    close = difflib.get_close_matches(word, list(valid), n=1, cutoff=0.5)
    return f"; did you mean '{close[0]}'?" if close else ""
