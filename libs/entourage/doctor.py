"""Look at this machine: can Entourage run here, and if not, what to do.

in: the environment ▶ out: `Finding` rows, each failure with its remedy. Starts no Spark session.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from entourage import jars
from entourage.config import Config

PACKAGES = {"pyspark": "3.5.9", "delta-spark": "3.3.2", "spark-nlp": "5.5.3", "graphframes-py": "0.12.3"}
MEMORY_FLOOR_GIB = 6


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what was found, and the remedy where it is wrong."""

    subject: str
    is_good: bool
    found: str
    remedy: str = ""


def examine(config: Config) -> list[Finding]:
    """Return what was found, in the order in which a person would repair it."""
    return [
        _python(),
        _java(),
        *(_package(name, version) for name, version in PACKAGES.items()),
        _jars(),
        _memory(config),
        _worker_python(),
        _hadoop(config),
    ]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("Python", sys.version_info[:2] == (3, 11), version, "use Python 3.11 (3.12 is untested)")


def _java() -> Finding:
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    remedy = "install a Java 17 runtime (Debian: apt-get install openjdk-17-jre-headless) or set JAVA_HOME"
    if not java or not Path(java).exists():
        return Finding("Java", False, "not found", remedy)
    printed = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "([^"]+)"', printed)
    found = version.group(1) if version else "unreadable version"
    return Finding("Java", found.startswith("17"), found, remedy)


def _package(name: str, expected: str) -> Finding:
    try:
        found = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        found = "not installed"
    return Finding(name, found == expected, found, f"make setup installs {name} {expected}")


def _jars() -> Finding:
    absent = jars.missing()
    found = f"{len(jars.paths()) - len(absent)} of {len(jars.paths())} in {jars.jar_folder()}"
    return Finding("jars", not absent, found, f"missing or damaged: {', '.join(absent)}; run make setup")


def _memory(config: Config) -> Finding:
    total_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    found = f"{total_gib:.0f} GiB in all, {config['spark.driver_memory']} for Spark's driver"
    remedy = f"at least {MEMORY_FLOOR_GIB} GiB are needed; on less try --set spark.driver_memory=2g and fewer people"
    return Finding("memory", total_gib >= MEMORY_FLOOR_GIB, found, remedy)


def _worker_python() -> Finding:
    named = os.environ.get("PYSPARK_PYTHON")
    is_good = not named or Path(named).exists() or not Path(named).is_absolute()
    return Finding("PYSPARK_PYTHON", is_good, named or "not set: this Python", "unset it, or name a Python that exists")


def _hadoop(config: Config) -> Finding:
    folder = os.environ.get("HADOOP_CONF_DIR")
    is_needed = config["spark.master"] == "yarn"
    is_there = bool(folder) and (Path(folder or "") / "yarn-site.xml").is_file()
    remedy = "set HADOOP_CONF_DIR to the folder that holds core-site.xml and yarn-site.xml (docs/yarn.md)"
    found = folder or ("not set" if is_needed else "not set, and not needed with --env local")
    return Finding("HADOOP_CONF_DIR", is_there or not is_needed, found, remedy)
