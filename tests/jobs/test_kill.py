"""Kill the driver at moments of `run all`; a plain re-run must give the tables of an undisturbed run."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from .conftest import AS_OF, SAID, Lake, environment, light, run_all, run_all_arguments
from .streaming import digest

# Two moments, as parts of an undisturbed run: in the first run, and in the second, which finds some work done.
FEW = (0.15, 0.35)
# Other moments each time, but the same in all processes of one run of the tests; KILL_SEED repeats a run.
SEED = os.environ.get("KILL_SEED") or os.environ.get("PYTEST_XDIST_TESTRUNUID")
_DRAWN = random.Random(SEED)
MANY = [(_DRAWN.uniform(0.05, 0.95), _DRAWN.uniform(0.05, 0.5)) for _ in range(5)]


def _kill_at(moment: float, world: Path, filled: Lake, lake: Path) -> None:
    """Start `run all`, and kill its whole process group at a moment.

    The run's own progress is the clock, as its speed depends on what else the machine does: the kill comes after the
    line that the undisturbed run had said last by then, and as late after it, in proportion.
    """
    second = moment * filled.said_at[-1]
    before = [said for said in filled.said_at if said <= second]
    last = max(before, default=0.0)
    started = time.monotonic()
    command = [str(Path(sys.executable).parent / "entourage"), "--lake", str(lake), "--as-of", AS_OF]
    command += [*light(), "run", "all", *run_all_arguments(world, lake)]
    with subprocess.Popen(
        command, start_new_session=True, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        said = (line for line in running.stderr if SAID.match(line))
        for _ in before:
            next(said, None)
        pace = min(1.0, (time.monotonic() - started) / last) if last else 1.0
        time.sleep((second - last) * pace)
        assert running.poll() is None, f"the run had ended before the kill at {moment:.2f}"
        os.killpg(running.pid, signal.SIGKILL)


def _check(spark: SparkSession, world: Path, filled: Lake, lake: Path, moments: tuple[float, float]) -> None:
    for moment in moments:
        _kill_at(moment, world, filled, lake)
    again = run_all(world, lake)

    assert again.code == 0, again.err
    assert digest(spark, lake) == digest(spark, filled.folder), f"killed at {moments} of the run; KILL_SEED={SEED}"


def test_a_run_killed_twice_and_repeated_gives_the_tables_of_an_undisturbed_one(
    spark: SparkSession, world: Path, filled: Lake, tmp_path: Path
) -> None:
    _check(spark, world, filled, tmp_path / "lake", FEW)


@pytest.mark.slow
@pytest.mark.parametrize("moments", MANY, ids=lambda moments: "-".join(f"{moment:.3f}" for moment in moments))
def test_a_run_killed_at_any_moments_and_repeated_gives_the_same_tables(
    spark: SparkSession, world: Path, filled: Lake, tmp_path: Path, moments: tuple[float, float]
) -> None:
    _check(spark, world, filled, tmp_path / "lake", moments)


@pytest.mark.slow
def test_a_second_run_changes_nothing(spark: SparkSession, world: Path, filled: Lake) -> None:
    before = digest(spark, filled.folder)

    again = run_all(world, filled.folder)

    assert again.code == 0, again.err
    assert digest(spark, filled.folder) == before
