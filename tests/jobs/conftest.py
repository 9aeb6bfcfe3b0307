"""A small made-up world and a lake made of it by the real command, once per test run."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import LIGHT

AS_OF = "2026-06-15"
MODELS = Path(tempfile.mkdtemp(prefix="entourage-models-"))
atexit.register(shutil.rmtree, MODELS, ignore_errors=True)
PEOPLE = 300
READ = "people,graph,posts,consent"  # the layers that jobs read
# A line of progress that every run says, whatever it finds done: seconds since the start, and a job that begins or ends.
SAID = re.compile(r" *\d+\.\d s  [▶✓]")


@dataclass(frozen=True)
class Finished:
    """A command that ended."""

    code: int
    out: str
    err: str


def entourage(*arguments: str, timeout: int = 900) -> Finished:
    """Run the command as a user would, with settings for small data."""
    command = [str(Path(sys.executable).parent / "entourage"), *light(), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False, env=environment())
    return Finished(done.returncode, done.stdout, done.stderr)


def light() -> list[str]:
    """Return the options that make runs on small data quick; the model is trained once for all lakes."""
    settings = {**LIGHT, "lake.models": str(MODELS), "influence.max_iterations": "10"}
    return [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]


def environment() -> dict[str, str]:
    """Return the environment without what a running session of the tests put into it."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("PYSPARK_", "SPARK_"))}


@dataclass(frozen=True)
class Lake:
    """A lake that `run all` filled, and the second of that run at which it said each of its lines."""

    folder: Path
    said_at: list[float]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a world of 300 people over 3 days."""
    folder = tmp_path_factory.mktemp("world") / "world"
    done = entourage("simulate", "--people", str(PEOPLE), "--days", "3", "--layers", READ, "--to", str(folder))
    assert done.code == 0, done.err
    return folder


@pytest.fixture(scope="session")
def filled(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Return a lake made of the world by `run all`, undisturbed."""
    folder = tmp_path_factory.mktemp("lake") / "lake"
    done = run_all(world, folder)
    assert done.code == 0, done.err
    return Lake(folder, [float(line.split(" s ")[0]) for line in done.err.splitlines() if SAID.match(line)])


def run_all(world: Path, lake: Path) -> Finished:
    """Run the main job on a world."""
    return entourage("--lake", str(lake), "--as-of", AS_OF, "run", "all", *run_all_arguments(world, lake))


def run_all_arguments(world: Path, lake: Path) -> list[str]:
    """Return the options of `run all` on a world."""
    return ["--input", f"{world}/landing", "--truth", f"{world}/truth", "--to", f"{lake.parent}/report.html"]
