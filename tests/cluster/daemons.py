"""Start and end daemons that tests run for real, each in a process of its own.

in: a command and a log ▶ out: a process that ends with its owner.
"""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from tests.cluster.maven_jars import java

LOOPBACK = "127.0.0.1"
# Linux ends the daemon (SIGTERM) when its owner is gone, however that ended: prctl's PR_SET_PDEATHSIG survives exec.
TIED = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15); os.execv(sys.argv[1], sys.argv[1:])"


def java_home() -> Path:
    """Return the folder that JAVA_HOME must name."""
    return Path(java()).resolve().parents[1]


def launch(command: Sequence[str], *, log: Path, folder: Path) -> subprocess.Popen[bytes]:
    """Start a daemon in a folder; what it says goes to the end of its log."""
    tied = [sys.executable, "-c", TIED] if sys.platform == "linux" else []
    with log.open("ab") as said:
        return subprocess.Popen(
            [*tied, *command],
            cwd=folder,
            env={**os.environ, "JAVA_HOME": str(java_home())},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches the owner only, which stops them in order
        )


def end(processes: Sequence[subprocess.Popen[bytes]], *, within_s: float) -> None:
    """End daemons gently, and after a while by force."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + within_s
    for process in processes:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def tail(path: Path, *, lines: int) -> str:
    """Return the last lines of a log, under its name."""
    return f"==> {path}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


def unused_ports(count: int) -> list[int]:
    """Return ports that were free a moment ago, all different.

    They lie below the range that the system itself hands out (from 32768 on Linux): else one daemon's outgoing
    connection takes another's port before that one has started.
    """
    with ExitStack() as held:
        found: list[int] = []
        for candidate in random.sample(range(15_000, 30_000), k=500):
            each = held.enter_context(socket.socket())
            with suppress(OSError):
                each.bind((LOOPBACK, candidate))
                found.append(candidate)
            if len(found) == count:
                return found
    raise RuntimeError("daemons: of 500 ports between 15000 and 29999 hardly one is free")
