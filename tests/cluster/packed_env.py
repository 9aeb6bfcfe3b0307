"""Pack the Python packages that Entourage needs on a cluster's nodes.

in: the packages of the running virtual environment ▶ out: env.tar.gz, for `spark-submit --archives env.tar.gz#env`.
The archive is a virtual environment whose bin/python points to the base interpreter of this one: every node needs
the same Python at the same path. pyspark is left out, since Spark ships its own.
"""

from __future__ import annotations

import hashlib
import io
import os
import sys
import tarfile
import tomllib
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from entourage.jars import cache_folder

PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
SHIPPED_BY_SPARK = {"pyspark", "py4j"}
PAGES_ONLY = {"altair", "vl-convert-python"}  # draw the report, on the machine of who reads it
# A node manager without Hadoop's native library starts one chmod a file, about 3 ms: fewer files, faster starts.
DEAD_WEIGHT = ("/tests/", "/include/", "/testing/data/", "/__pycache__/")
DEAD_SUFFIXES = (".pyx", ".pxd", ".pyi", ".h", ".a")


def packages(requirements: Iterable[str]) -> dict[str, metadata.Distribution]:
    """Return the installed distributions that these requirements ask for, with all that those ask for."""
    found: dict[str, metadata.Distribution] = {}
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if applies and name not in found and name not in SHIPPED_BY_SPARK | PAGES_ONLY:
            found[name] = metadata.distribution(name)
            waiting += [Requirement(text) for text in found[name].requires or ()]
    return found


def pack(target: Path) -> Path:
    """Write the archive; return its path."""
    interpreter = Path(os.path.realpath(sys.executable))
    library = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    scratch = target.with_name(f"{target.name}.{os.getpid()}")
    with tarfile.open(scratch, mode="w:gz", compresslevel=1) as archive:
        _add_text(archive, "pyvenv.cfg", f"home = {interpreter.parent}\ninclude-system-site-packages = false\n")
        _add_link(archive, "bin/python", str(interpreter))
        for name, path in _files(packages(_requirements())):
            archive.add(path, f"{library}/{name}", recursive=False)
    scratch.replace(target)
    return target


def cached() -> Path:
    """Return the archive of exactly these packages, packing it if it is not in the cache folder yet."""
    versions = sorted(f"{name}=={package.version}" for name, package in packages(_requirements()).items())
    rules = Path(__file__).read_text(encoding="utf-8")
    identity = "\n".join([os.path.realpath(sys.executable), sys.version, rules, *versions])
    folder = cache_folder() / "env"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"env-{hashlib.sha256(identity.encode()).hexdigest()[:16]}.tar.gz"
    if not target.is_file():
        for outdated in folder.glob("env-*.tar.gz"):
            outdated.unlink()
        pack(target)
    return target


def _requirements() -> list[str]:
    listed: list[str] = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["dependencies"]
    return listed


def _files(distributions: dict[str, metadata.Distribution]) -> Iterator[tuple[str, Path]]:
    for distribution in distributions.values():
        for file in distribution.files or ():
            name, path = file.as_posix(), Path(str(file.locate()))
            is_dead = name.endswith(DEAD_SUFFIXES) or any(part in f"/{name}" for part in DEAD_WEIGHT)
            if not (is_dead or name.startswith("..")) and path.is_file():
                yield name, path


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(text.encode())
    archive.addfile(entry, io.BytesIO(text.encode()))


def _add_link(archive: tarfile.TarFile, name: str, target: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, target, 0o777
    archive.addfile(entry)


if __name__ == "__main__":
    written = pack(Path(sys.argv[1]).resolve())
    print(f"{sys.argv[1]}: {written.stat().st_size / 1e6:.0f} MB")
