"""What does `make demo` cost from an empty home: seconds of set-up and of the job, and peak memory?

    python3 benchmarks/demo.py [--people 10000] [--days 14] [--keep]

Copies what git knows of this checkout into a temporary folder, and runs `make setup` and `make demo` there with a home
that holds nothing (no pip cache, no jars). Memory is the resident set of the whole process tree, read from /proc four
times a second; pages that processes share count in each. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = os.sysconf("SC_PAGE_SIZE")
CARRIED_OVER = ("PATH", "JAVA_HOME", "LANG", "LC_ALL", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE")


@dataclass(frozen=True)
class Cost:
    """What a command took."""

    seconds: float
    peak_bytes: int


def tree_bytes(root: int) -> int:
    children: dict[int, list[int]] = {}
    resident: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # The name in brackets may hold blanks: the fields are counted from behind it.
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        children.setdefault(int(fields[1]), []).append(int(entry.name))
        resident[int(entry.name)] = int(fields[21]) * PAGE
    total, waiting = 0, [root]
    while waiting:
        process = waiting.pop()
        total += resident.get(process, 0)
        waiting += children.get(process, [])
    return total


def measured(command: list[str], *, folder: Path, environment: dict[str, str]) -> Cost:
    started, peak = time.perf_counter(), 0
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=sys.stderr, stderr=sys.stderr)
    while process.poll() is None:
        peak = max(peak, tree_bytes(process.pid))
        time.sleep(0.25)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return Cost(time.perf_counter() - started, peak)


def copy_checkout(target: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def empty_home(folder: Path) -> dict[str, str]:
    home = folder / "home"
    home.mkdir()
    carried = {name: value for name, value in os.environ.items() if name.upper() in CARRIED_OVER}
    # Where packages come from is not what is measured: a mirror set by environment or pip.conf stays.
    mirror = {name: value for name, value in os.environ.items() if name.startswith("PIP_") and name != "PIP_CACHE_DIR"}
    return {**carried, **mirror, "HOME": str(home), "PIP_CACHE_DIR": str(home / "pip")}


def jobs(checkout: Path, environment: dict[str, str]) -> list[dict[str, object]]:
    entourage = str(checkout / ".venv/bin/entourage")
    command = [entourage, "--lake", "demo/lake", "--json", "show", "ops.runs", "--limit", "1000"]
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=True)
    runs: list[dict[str, object]] = json.loads(done.stdout)
    return sorted(runs, key=lambda run: str(run["started_at"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--keep", action="store_true", help="leave the folder, to look at the report")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="entourage-demo-"))
    checkout = folder / "checkout"
    copy_checkout(checkout)
    environment = empty_home(folder)
    setup = measured(["make", "setup"], folder=checkout, environment=environment)
    again = measured(["make", "setup"], folder=checkout, environment=environment)
    command = ["make", "demo", f"PEOPLE={options.people}", f"DAYS={options.days}"]
    demo = measured(command, folder=checkout, environment=environment)
    runs = jobs(checkout, environment)
    print(f"set-up, empty home     {setup.seconds:7.1f} s   peak {setup.peak_bytes / 2**30:.2f} GiB")
    print(f"set-up, second time    {again.seconds:7.1f} s")
    print(f"make demo              {demo.seconds:7.1f} s   peak {demo.peak_bytes / 2**30:.2f} GiB")
    for run in runs:
        print(f"  {run['job']:<20} {run['seconds']:7.1f} s")
    print(f"  all jobs             {sum(float(str(run['seconds'])) for run in runs):7.1f} s")
    if options.keep:
        print(f"kept: {checkout}")
    else:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
