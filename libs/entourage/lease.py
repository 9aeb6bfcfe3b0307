"""Hold the one right to write to a lake, so that two runs never write to it at once.

in: a lake's folder ▶ out: its file `_lease`, there for as long as the run goes on. An edge: it writes that file.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession

from entourage.errors import LockError
from entourage.session import FileSystem


@contextmanager
def lease(spark: SparkSession, lake: str, *, seconds: int) -> Iterator[Callable[[], None]]:
    """Hold the one right to write to a lake, renewed by a heartbeat until the block ends.

    A run that was killed leaves its lease behind: on the same machine the next run sees that its process is gone and
    takes over at once, elsewhere it takes over when the lease has run out.

    Args:
        spark: the session, through which the lake's file system is reached.
        lake: folder of the lake.
        seconds: how long the lease lasts without a heartbeat.

    Yields:
        What raises LockError once another run has taken the lake over, as this one was suspended for longer than the
        lease lasts; to be called before every write.

    Raises:
        LockError: another run holds it, or has taken it over.
    """
    files, path, owner = FileSystem(spark), f"{lake}/_lease", uuid.uuid4().hex
    _acquire(files, path, owner, seconds)
    stopped = threading.Event()

    def check() -> None:
        held = files.read_text(path)
        if held and f'"{owner}"' not in held:
            raise LockError(f"{path}: another run took this lake over while this one was suspended; run it again")

    def beat() -> None:
        while not stopped.wait(seconds / 4):
            try:
                check()
                files.write_text(path, _lease_text(owner, seconds), overwrite=True)
            except LockError:
                return
            except Exception as error:  # a file system that fails once may not the next time
                logging.getLogger(__name__).warning("%s: not renewed: %s", path, error)

    heart = threading.Thread(target=beat, daemon=True)
    heart.start()
    try:
        yield check
    finally:
        stopped.set()
        heart.join()
        check()
        files.delete(path)


def _lease_text(owner: str, seconds: int) -> str:
    expires_at = time.time() + seconds
    return json.dumps({"owner": owner, "host": socket.gethostname(), "pid": os.getpid(), "expires_at": expires_at})


def _acquire(files: FileSystem, path: str, owner: str, seconds: int) -> None:
    if files.write_text(path, _lease_text(owner, seconds), overwrite=False):
        return
    found = files.read_text(path)
    holder = _holder(found, files, path, seconds)
    if holder:
        raise LockError(f"{path}: another run holds this lake ({holder}); wait for it, or name another --lake")
    # Of several that find a dead lease, one wins the rename; another may rename the winner's, and gives it back.
    stale = f"{path}.{owner}.stale"
    files.rename(path, stale)
    if files.read_text(stale) not in (None, found):
        files.rename(stale, path)
        raise LockError(f"{path}: another run has just taken this lake; wait for it, or name another --lake")
    files.delete(stale)
    if not files.write_text(path, _lease_text(owner, seconds), overwrite=False):
        raise LockError(f"{path}: another run has just taken this lake; wait for it, or name another --lake")


def _holder(found: str | None, files: FileSystem, path: str, seconds: int) -> str | None:
    try:
        held = json.loads(found or "")
    except ValueError:  # killed while it wrote its lease: only the file's age counts
        ages = [time.time() - status.modified_ms / 1000 for status in files.list_files(path)]
        return "its lease cannot be read yet" if ages and ages[0] < seconds else None
    is_here = held["host"] == socket.gethostname()
    is_gone = is_here and not _is_alive(held["pid"])
    left = held["expires_at"] - time.time()
    if is_gone or left <= 0:
        return None
    return f"process {held['pid']} on {held['host']}, for {left:.0f} s more unless it goes on"


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
