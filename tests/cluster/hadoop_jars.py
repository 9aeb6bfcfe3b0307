"""Fetch the locked jars of Hadoop into the cache folder, each checked by its SHA-256.

in: conf/hadoop.lock.toml ▶ out: a folder of jars. For tests and for trying YARN on one machine; Entourage itself
never needs them. `python -m tests.cluster.hadoop_jars --lock` resolves ROOTS anew and writes the lock.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pyspark

from entourage.jars import cache_folder

LOCK = Path(__file__).resolve().parents[2] / "conf" / "hadoop.lock.toml"
# A mirror of Maven's central repository; Ivy knows the repository itself.
MIRROR = os.environ.get("ENTOURAGE_MAVEN")
VERSION = "3.3.6"
ROOTS = (
    "hadoop-common",
    "hadoop-hdfs",
    "hadoop-hdfs-client",
    "hadoop-yarn-client",
    "hadoop-yarn-server-nodemanager",
    "hadoop-yarn-server-resourcemanager",
    "hadoop-yarn-server-timelineservice",  # the ResourceManager dies without its classes
)
LOCK_HEADER = f"""\
# Hadoop {VERSION} (HDFS and YARN) for tests/cluster and for trying YARN on one machine; no job needs it.
# Written by `python -m tests.cluster.hadoop_jars --lock`; fetched and checked by tests/cluster/hadoop_jars.py.

[maven]
"""


def java() -> str:
    """Return the java to run: of JAVA_HOME, else of PATH."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    if not found:
        raise FileNotFoundError("java: found neither in JAVA_HOME/bin nor on PATH; install Java 17")
    return found


def jar_folder() -> Path:
    """Return the folder of Hadoop's jars."""
    return cache_folder() / "hadoop"


def locked() -> dict[str, str]:
    """Read the lock: group:artifact:version to SHA-256."""
    entries: dict[str, str] = tomllib.loads(LOCK.read_text(encoding="utf-8"))["maven"]
    return entries


def missing() -> list[str]:
    """Return the locked coordinates whose jar is absent or of another digest."""
    return [name for name, sha256 in locked().items() if _digest(jar_folder() / _file_name(name)) != sha256]


def install() -> list[str]:
    """Fetch what is missing; return the coordinates fetched.

    Raises:
        RuntimeError: a jar could not be fetched, or is not what the lock says.
    """
    wanted = missing()
    if not wanted:
        return []
    jar_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_folder()) as scratch:
        got = _retrieve(wanted, Path(scratch), transitive=False)
        expected = {_file_name(name): (name, locked()[name]) for name in wanted}
        refused = [name for file, (name, sha256) in expected.items() if _digest(got / file) != sha256]
        if refused:
            raise RuntimeError(f"hadoop jars: {', '.join(refused)}: absent, or digest differs from {LOCK}")
        for file in expected:
            (got / file).replace(jar_folder() / file)
    return wanted


def write_lock() -> int:
    """Resolve ROOTS with all they depend on; write the lock; return the number of jars."""
    with tempfile.TemporaryDirectory() as scratch:
        roots = [f"org.apache.hadoop:{artifact}:{VERSION}" for artifact in ROOTS]
        got = _retrieve(roots, Path(scratch), transitive=True)
        rows = sorted(
            f'"{":".join(path.relative_to(got).parts[:3])}" = "{_digest(path)}"\n' for path in got.glob("*/*/*/*.jar")
        )
    LOCK.write_text(LOCK_HEADER + "".join(rows), encoding="utf-8")
    return len(rows)


def _retrieve(coordinates: Iterable[str], scratch: Path, *, transitive: bool) -> Path:
    """Run the Ivy that pyspark carries.

    Known coordinates need no POM, which saves half the requests. Native libraries (jars with a classifier) are left
    out: Hadoop falls back to plain Java.
    """
    mapping = "default-&gt;master,runtime" if transitive else "default-&gt;*"
    dependencies = "".join(
        "<dependency org={} name={} rev={} ".format(*map(quoteattr, name.split(":"))) + f'conf="{mapping}"/>'
        for name in coordinates
    )
    (scratch / "ivy.xml").write_text(
        '<ivy-module version="2.0"><info organisation="entourage" module="hadoop"/>'
        '<configurations><conf name="default"/></configurations>'
        f'<dependencies>{dependencies}<exclude org="org.apache.hbase"/></dependencies></ivy-module>'
    )
    root = f"root={quoteattr(MIRROR)}" if MIRROR else ""
    (scratch / "settings.xml").write_text(
        '<ivysettings><settings defaultResolver="maven"/><resolvers><ibiblio name="maven" m2compatible="true" '
        f'usepoms="{str(transitive).lower()}" {root}/></resolvers></ivysettings>'
    )
    layout = "[organisation]/[artifact]/[revision]/[artifact]" if transitive else "[artifact]-[revision]"
    ivy = next((Path(pyspark.__file__).parent / "jars").glob("ivy-*.jar"))
    command = [java(), "-jar", str(ivy), "-settings", "settings.xml", "-ivy", "ivy.xml", "-cache", "ivy"]
    command += ["-types", "jar", "bundle", "-retrieve", f"got/{layout}(-[classifier]).[ext]"]
    done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"hadoop jars: Ivy could not fetch them:\n{(done.stdout + done.stderr)[-3000:]}")
    for native in (path for path in (scratch / "got").rglob("*.jar") if _is_native(path)):
        native.unlink()
    return scratch / "got"


def _is_native(path: Path) -> bool:
    return path.stem.endswith(("x86_64", "aarch_64"))


def _file_name(name: str) -> str:
    _, artifact, version = name.split(":")
    return f"{artifact}-{version}.jar"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--lock", action="store_true", help="resolve all dependencies anew and write the lock")
    if options.parse_args().lock:
        print(f"{LOCK.name}: {write_lock()} jars")
    else:
        print(f"hadoop jars: {len(install())} fetched, {len(locked())} in {jar_folder()}")
