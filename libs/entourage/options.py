"""Hold the global options of one command.

in: what stood on the command line ▶ out: the parameters, and a lake opened with them.
"""

from __future__ import annotations

import datetime as dt
import json
from contextlib import AbstractContextManager
from dataclasses import dataclass

from entourage import config, runs
from entourage.config import Config
from entourage.console import Printer
from entourage.runs import Context


@dataclass(frozen=True)
class Options:
    """The global options of one command."""

    lake: str
    environment: str
    assignments: dict[str, str]
    as_of: dt.date
    printer: Printer

    def config(self, **assigned: object) -> Config:
        """Return the parameters; keyword ``ingest__format`` sets ``ingest.format`` unless None."""
        given = {key.replace("__", "."): json.dumps(value) for key, value in assigned.items() if value is not None}
        return config.load(self.environment, {**self.assignments, **given})

    def opened(self, *, locked: bool = False, **assigned: object) -> AbstractContextManager[Context]:
        """Open the lake; locked where the command writes (see `runs.opened`)."""
        return runs.opened(self.lake, self.config(**assigned), say=self.printer.say, locked=locked)
