"""How does the cost of each job grow with the world?

    .venv/bin/python benchmarks/growth.py [--people 2500] [--factors 1,2,4,8] [--days 14]
        [--folder DIR] [--only-simulate]

Simulates worlds of growing size, runs `entourage run all` on each in a fresh lake and a fresh process, reads each
job's seconds from ops.runs, and fits seconds ~ people^exponent. Fixed costs (starting Spark, compiling, small tables)
pull the exponent of all sizes down, so that of the last doubling is shown too; either above 1.15 is flagged.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

LIMIT = 1.15
ENTOURAGE = str(Path(sys.executable).parent / "entourage")


def entourage(*arguments: str) -> str:
    done = subprocess.run([ENTOURAGE, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"entourage {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr[-4000:]}")
    return done.stdout


def seconds_by_job(people: int, days: int, folder: Path, *, is_simulated_only: bool) -> dict[str, float]:
    world, lake = folder / f"world-{people}", folder / f"lake-{people}"
    started = time.perf_counter()
    entourage("simulate", "--people", str(people), "--days", str(days), "--to", str(world))
    simulated = time.perf_counter() - started
    if is_simulated_only:
        written = sum(path.stat().st_size for path in world.rglob("*") if path.is_file())
        shutil.rmtree(world)
        print(f"{people:,} people: {written / 1e6:,.0f} MB written", file=sys.stderr, flush=True)
        return {"simulate": simulated}
    started = time.perf_counter()
    entourage("--lake", str(lake), "run", "all", "--input", f"{world}/landing", "--to", f"{lake}/report.html")
    whole = time.perf_counter() - started
    runs = json.loads(entourage("--lake", str(lake), "--json", "show", "ops.runs", "--limit", "1000"))
    jobs: dict[str, float] = {"simulate": simulated}
    for run in sorted(runs, key=lambda run: run["started_at"]):
        jobs[run["job"]] = jobs.get(run["job"], 0.0) + run["seconds"]
    for folder_done in (world, lake):
        shutil.rmtree(folder_done)
    return {**jobs, "run all (process)": whole}


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    x, y = [math.log(size) for size in sizes], [math.log(max(value, 0.001)) for value in seconds]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    return sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / sum((a - mean_x) ** 2 for a in x)


def report(sizes: list[int], measured: list[dict[str, float]]) -> bool:
    print(f"{'seconds':<24}" + "".join(f"{size:>10,}" for size in sizes) + f"{'exponent':>10}{'last':>8}")
    is_within = True
    for job in measured[0]:
        seconds = [jobs[job] for jobs in measured]
        overall, last = exponent(sizes, seconds), exponent(sizes[-2:], seconds[-2:])
        is_flagged = max(overall, last) > LIMIT
        is_within &= not is_flagged
        cells = "".join(f"{value:>10.1f}" for value in seconds)
        print(f"{job:<24}{cells}{overall:>10.2f}{last:>8.2f}{f'  above {LIMIT}' if is_flagged else ''}")
    return is_within


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=2_500)
    parser.add_argument("--factors", default="1,2,4,8")
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--only-simulate", action="store_true", help="make the worlds, run no job on them")
    parser.add_argument("--folder", type=Path, help="where worlds and lakes are made; a temporary folder by default")
    options = parser.parse_args()
    sizes = [options.people * int(factor) for factor in options.factors.split(",")]
    if len(sizes) < 2:
        parser.error("--factors: at least two sizes are needed to fit a growth")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        measured = []
        for size in sizes:
            measured.append(seconds_by_job(size, options.days, Path(folder), is_simulated_only=options.only_simulate))
            print(f"{size:,} people: {sum(measured[-1].values()):.0f} s in all", file=sys.stderr, flush=True)
    sys.exit(0 if report(sizes, measured) else 1)


if __name__ == "__main__":
    main()
