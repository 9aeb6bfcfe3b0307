"""Run a real PostgreSQL for a while: one server on loopback, in a folder and on a port of its own.

in: Debian's package postgresql ▶ out: `Postgres`, a server that stops with its owner.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

LOOPBACK = "127.0.0.1"
ABSENT = "PostgreSQL 15 or later is not installed, and tests need it. Debian: apt-get install postgresql"
OWNER, PASSWORD = "owner", "owner-secret"


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        port: int = taken.getsockname()[1]
        return port


@dataclass(frozen=True)
class Postgres:
    """One server with one database; its folder goes when it stops.

    The server refuses to run as root: as root it runs as the user that Debian's package made, so that its folder lies
    where that user gets at it, and not in pytest's.
    """

    database: str = "shop"
    ready_within_s: float = 60
    port: int = field(default_factory=_free_port)
    root: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="entourage-postgres-")))
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Return the address of the database, as a mapping names it."""
        return f"jdbc:postgresql://{LOOPBACK}:{self.port}/{self.database}"

    def __enter__(self) -> Postgres:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop; after an error, print the end of the server's log."""
        if error is not None:
            print(self.log(), file=sys.stderr)
        self.stop()

    def start(self) -> None:
        """Make the files of a server, start it, wait until it answers, and make the database.

        Raises:
            RuntimeError: it is not installed, died, or did not answer in time.
        """
        initdb = program("initdb")
        (self.root / "password").write_text(PASSWORD)
        if os.getuid() == 0:
            for path in (self.root, self.root / "password"):
                shutil.chown(path, "postgres")
        made = [initdb, "-D", str(self.root / "data"), "-U", OWNER, f"--pwfile={self.root / 'password'}"]
        self._checked([*made, "--auth=scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync"])
        self._launch()
        deadline = time.monotonic() + self.ready_within_s
        while subprocess.run(self._psql("postgres"), input=b"SELECT 1", capture_output=True, check=False).returncode:
            if self.processes[0].poll() is not None or time.monotonic() > deadline:
                tail = self.log()
                self.stop()
                raise RuntimeError(f"postgres: it died, or did not answer within {self.ready_within_s:.0f} s\n{tail}")
            time.sleep(0.1)
        self.run(f"CREATE DATABASE {self.database}", database="postgres")

    def stop(self) -> None:
        """End the server that this object started, and delete its folder."""
        for process in self.processes:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes.clear()
        shutil.rmtree(self.root, ignore_errors=True)

    def run(self, sql: str, *, database: str = "") -> str:
        """Carry out statements as the owner of all; return what they print, without decoration."""
        command = self._psql(database or self.database)
        done = subprocess.run(command, input=sql.encode(), capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(f"postgres: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode().strip()

    def log(self, *, lines: int = 30) -> str:
        """Return the last lines of the server's log."""
        path = self.root / "server.log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.is_file() else ""

    def _launch(self) -> None:
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
            "fsync": "off",
            "shared_buffers": "64MB",
            "max_connections": "40",
            "timezone": "Europe/Paris",  # not what a test could pass by with
        }
        command = [program("postgres"), "-D", str(self.root / "data")]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self.root / "server.log").open("ab") as log:
            server = subprocess.Popen(
                [*_tied(), *command],
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(server)

    def _psql(self, database: str) -> list[str]:
        address = f"postgresql://{OWNER}:{PASSWORD}@{LOOPBACK}:{self.port}/{database}"
        return [program("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", address]

    def _checked(self, command: list[str]) -> None:
        done = subprocess.run([*_tied(), *command], cwd=self.root, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"postgres: {command[0]}: {done.stdout}{done.stderr}")


def program(name: str) -> str:
    """Return the path of one of PostgreSQL's programs, of the newest version that is installed."""
    versions = [path for path in Path("/usr/lib/postgresql").glob("*") if (path / "bin" / name).is_file()]
    newest = max(versions, key=lambda path: float(path.name), default=None)
    found = str(newest / "bin" / name) if newest else shutil.which(name)
    if found is None:
        raise RuntimeError(ABSENT)
    return found


def _tied() -> list[str]:
    """Return what makes a command end (SIGINT: at once, yet in order) when its owner is gone, and as whom it runs."""
    if sys.platform != "linux":
        return []
    as_whom = ["--reuid=postgres", "--regid=postgres", "--init-groups"] if os.getuid() == 0 else []
    return ["setpriv", *as_whom, "--pdeathsig=INT"]
