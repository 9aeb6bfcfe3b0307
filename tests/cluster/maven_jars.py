"""Fetch the locked jars of a server that tests run for real into the cache folder, each checked by its SHA-256.

in: a lock under conf/ ▶ out: a folder of jars. For tests and for trying things on one machine; Entourage itself never
needs them. A `JarSet` with `--lock` on its command line resolves its roots anew and writes the lock.
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
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pyspark

from entourage.jars import cache_folder

CONF = Path(__file__).resolve().parents[2] / "conf"
# A mirror of Maven's central repository; Ivy knows the repository itself.
MIRROR = os.environ.get("ENTOURAGE_MAVEN")


def java() -> str:
    """Return the java to run: of JAVA_HOME, else of PATH."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    if not found:
        raise FileNotFoundError("java: found neither in JAVA_HOME/bin nor on PATH; install Java 17")
    return found


@dataclass(frozen=True)
class JarSet:
    """The jars of one server.

    Attributes:
        name: of the lock (conf/NAME.lock.toml), of the folder in the cache, and of the module that declares it
            (NAME_jars).
        title: what it is, for the lock's first line.
        roots: coordinates (group:artifact:version) that the lock is resolved from.
        excluded: a group that is left out.
    """

    name: str
    title: str
    roots: tuple[str, ...]
    excluded: str = ""

    @property
    def folder(self) -> Path:
        """Return the folder of the jars."""
        return cache_folder() / self.name

    @property
    def lock(self) -> Path:
        """Return the lock: coordinates and digests."""
        return CONF / f"{self.name}.lock.toml"

    def locked(self) -> dict[str, str]:
        """Read the lock: group:artifact:version to SHA-256."""
        entries: dict[str, str] = tomllib.loads(self.lock.read_text(encoding="utf-8"))["maven"]
        return entries

    def missing(self) -> list[str]:
        """Return the locked coordinates whose jar is absent or of another digest."""
        return [name for name, sha256 in self.locked().items() if _digest(self.folder / _file_name(name)) != sha256]

    def install(self) -> list[str]:
        """Fetch what is missing; return the coordinates fetched.

        Raises:
            RuntimeError: a jar could not be fetched, or is not what the lock says.
        """
        wanted = self.missing()
        if not wanted:
            return []
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache_folder()) as scratch:
            got = self._retrieve(wanted, Path(scratch), transitive=False)
            expected = {_file_name(name): (name, self.locked()[name]) for name in wanted}
            refused = [name for file, (name, sha256) in expected.items() if _digest(got / file) != sha256]
            if refused:
                raise RuntimeError(
                    f"{self.name} jars: {', '.join(refused)}: absent, or digest differs from {self.lock}"
                )
            for file in expected:
                (got / file).replace(self.folder / file)
        return wanted

    def write_lock(self) -> int:
        """Resolve the roots with all they depend on; write the lock; return the number of jars."""
        with tempfile.TemporaryDirectory() as scratch:
            got = self._retrieve(self.roots, Path(scratch), transitive=True)
            rows = sorted(
                f'"{":".join(path.relative_to(got).parts[:3])}" = "{_digest(path)}"\n'
                for path in got.glob("*/*/*/*.jar")
            )
        module = f"tests.cluster.{self.name}_jars"
        header = (
            f"# {self.title} for tests/cluster and for trying it on one machine; no job needs it.\n"
            f"# Written by `python -m {module} --lock`; fetched and checked by {module.replace('.', '/')}.py.\n\n[maven]\n"
        )
        self.lock.write_text(header + "".join(rows), encoding="utf-8")
        return len(rows)

    def main(self) -> None:
        """Fetch the jars, or with `--lock` write the lock anew."""
        options = argparse.ArgumentParser(description=self.title)
        options.add_argument("--lock", action="store_true", help="resolve all dependencies anew and write the lock")
        if options.parse_args().lock:
            print(f"{self.lock.name}: {self.write_lock()} jars")
        else:
            print(f"{self.name} jars: {len(self.install())} fetched, {len(self.locked())} in {self.folder}")

    def _retrieve(self, coordinates: Iterable[str], scratch: Path, *, transitive: bool) -> Path:
        """Run the Ivy that pyspark carries.

        Known coordinates need no POM, which saves half the requests. Native libraries (jars with a classifier) are left
        out: Hadoop falls back to plain Java.
        """
        self._write_ivy(coordinates, scratch, transitive=transitive)
        layout = "[organisation]/[artifact]/[revision]/[artifact]" if transitive else "[artifact]-[revision]"
        ivy = next((Path(pyspark.__file__).parent / "jars").glob("ivy-*.jar"))
        command = [java(), "-jar", str(ivy), "-settings", "settings.xml", "-ivy", "ivy.xml", "-cache", "ivy"]
        command += ["-types", "jar", "bundle", "-retrieve", f"got/{layout}(-[classifier]).[ext]"]
        done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{self.name} jars: Ivy could not fetch them:\n{(done.stdout + done.stderr)[-3000:]}")
        for native in (path for path in (scratch / "got").rglob("*.jar") if _is_native(path)):
            native.unlink()
        return scratch / "got"

    def _write_ivy(self, coordinates: Iterable[str], scratch: Path, *, transitive: bool) -> None:
        mapping = "default-&gt;master,runtime" if transitive else "default-&gt;*"
        dependencies = "".join(
            "<dependency org={} name={} rev={} ".format(*map(quoteattr, name.split(":"))) + f'conf="{mapping}"/>'
            for name in coordinates
        )
        excluded = f"<exclude org={quoteattr(self.excluded)}/>" if self.excluded else ""
        (scratch / "ivy.xml").write_text(
            f'<ivy-module version="2.0"><info organisation="entourage" module="{self.name}"/>'
            '<configurations><conf name="default"/></configurations>'
            f"<dependencies>{dependencies}{excluded}</dependencies></ivy-module>"
        )
        root = f"root={quoteattr(MIRROR)}" if MIRROR else ""
        (scratch / "settings.xml").write_text(
            '<ivysettings><settings defaultResolver="maven"/><resolvers><ibiblio name="maven" m2compatible="true" '
            f'usepoms="{str(transitive).lower()}" {root}/></resolvers></ivysettings>'
        )


def _is_native(path: Path) -> bool:
    return path.stem.endswith(("x86_64", "aarch_64"))


def _file_name(name: str) -> str:
    _, artifact, version = name.split(":")
    return f"{artifact}-{version}.jar"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
