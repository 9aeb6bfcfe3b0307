"""Posts a second from a real Kafka into the tables, and how late they are: from handing them over to silver.posts.

Run: ``.venv/bin/python -m benchmarks.stream FOLDER [--rate 5000] [--seconds 180]``, FOLDER of plain JSON lines of X
(v1.1), such as landing/posts/x_v1 of a made-up world. Feeder, broker and stream share the machine. Each status goes out
under an id of its own and with the time of now; those embedded in it stay. Latency is that of each message, in wall
seconds, from the line handed to Kafka's producer to the line that says that its batch is in silver.posts.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from tests.cluster.kafka import KafkaBroker

TOPIC = "posts"
WARM_UP = 5_000  # statuses sent before: the first batch compiles all plans
SAID = re.compile(r"^ *[\d.]+ s +(.*)$")
STATUSES = 10_000  # different ones
QUIET_S = 25.0


@dataclass
class Feed:
    """What was handed over: how many by when."""

    sent: list[int] = field(default_factory=list)
    at: list[float] = field(default_factory=list)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("folder", type=Path)
    options.add_argument("--rate", type=int, default=5_000, help="posts a second")
    options.add_argument("--seconds", type=int, default=180)
    options.add_argument("--trigger", default="1 second", help="interval between batches")
    options.add_argument("--set", action="append", default=[], help="key=value for the stream")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmark-stream-") as folder:
        with KafkaBroker(Path(folder) / "kafka", heap_mb=512) as kafka:
            kafka.create(TOPIC)
            statuses = _statuses(given.folder)
            settings = [f"ingest.stream_trigger={given.trigger}", *given.set]
            feed, said = _measured(kafka, statuses, given.rate, given.seconds, f"{folder}/lake", settings)
        _report(feed, said, _ends(Path(folder) / "lake"))


def _statuses(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in sorted(path for path in folder.iterdir() if path.name[0] not in "._"):
        with path.open("rb") as lines:
            for line in lines:
                status = orjson.loads(line)
                found += [status] if "user" in status else []
                if len(found) == STATUSES:
                    return found
    return found


def _measured(
    kafka: KafkaBroker, statuses: list[dict[str, Any]], rate: int, seconds: int, lake: str, settings: list[str]
) -> tuple[Feed, list[tuple[float, str]]]:
    producer = kafka.producer(TOPIC)
    assert producer.stdin is not None
    numbered = _numbered(statuses)
    feed, said = Feed(), []
    _hand_over(producer, [next(numbered) for _ in range(WARM_UP)], feed)
    command = [str(Path(sys.executable).parent / "entourage"), "--lake", lake]
    command += [part for setting in settings for part in ("--set", setting)]
    command += ["run", "stream_posts", "--input", f"kafka://{kafka.address}/{TOPIC}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as running:
        listener = threading.Thread(target=_listen, args=(running, said), daemon=True)
        listener.start()
        while not any("silver.edges" in line for _, line in said):
            assert running.poll() is None, said
            time.sleep(0.5)
        feed.sent.append(WARM_UP)
        feed.at.append(time.time())
        began, tick = time.time(), 0
        while time.time() < began + seconds:
            tick += 1
            _hand_over(producer, [next(numbered) for _ in range(rate // 20)], feed)
            time.sleep(max(0.0, began + tick / 20 - time.time()))
        producer.stdin.close()
        while time.time() - said[-1][0] < QUIET_S:
            time.sleep(0.5)
        running.send_signal(signal.SIGTERM)
        running.wait(timeout=120)
    return feed, said


def _numbered(statuses: list[dict[str, Any]]) -> Iterator[bytes]:
    number = 0
    while True:
        for status in statuses:
            number += 1
            id_ = 2_000_000_000_000_000_000 + number
            when = time.strftime("%a %b %d %H:%M:%S +0000 %Y", time.gmtime())
            yield orjson.dumps({**status, "id": id_, "id_str": str(id_), "created_at": when})


def _hand_over(producer: subprocess.Popen[bytes], lines: list[bytes], feed: Feed) -> None:
    assert producer.stdin is not None
    producer.stdin.write(b"\n".join(lines) + b"\n")
    producer.stdin.flush()
    feed.sent.append((feed.sent[-1] if feed.sent else 0) + len(lines))
    feed.at.append(time.time())


def _listen(running: subprocess.Popen[str], said: list[tuple[float, str]]) -> None:
    assert running.stderr is not None
    for line in running.stderr:
        match = SAID.match(line)
        if match:
            said.append((time.time(), match[1].strip()))
        else:
            print(line, end="", file=sys.stderr)


def _ends(lake: Path) -> dict[int, int]:
    """Return the offset at which each batch ends, as Spark's checkpoint notes it."""
    found = {}
    for path in lake.glob("_streams/*/checkpoints/*/offsets/[0-9]*"):
        found[int(path.name)] = json.loads(path.read_text().splitlines()[-1])[TOPIC]["0"]
    return found


def _report(feed: Feed, said: list[tuple[float, str]], ends: dict[int, int]) -> None:
    committed: dict[int, float] = {}
    spent: dict[str, list[float]] = {}
    batch = -1
    for (before, _), (at, line) in pairwise(said):
        if line.startswith("batch "):
            batch = int(line.split()[1])
        elif line.startswith("silver.posts"):
            committed[batch] = at
        if batch > 0:
            spent.setdefault(line.split(":")[0].split()[0], []).append(at - before)
    latencies: list[np.ndarray] = []
    for number, at in committed.items():
        if number > 0:
            offsets = np.arange(max(ends[number - 1], WARM_UP), ends[number])
            latencies.append(at - np.asarray(feed.at)[np.searchsorted(feed.sent, offsets, side="right")])
    late = np.concatenate(latencies)
    began = feed.at[feed.sent.index(WARM_UP, 1)]
    print(f"cores {os.cpu_count()}, load {os.getloadavg()[0]:.1f}; {len(committed) - 1} batches")
    print(f"fed {feed.sent[-1] - WARM_UP:,} posts in {feed.at[-1] - began:.0f} s, {late.size:,} of them committed")
    print(f"sustained {late.size / (max(committed.values()) - began):,.0f} posts a second")
    print("latency s: " + ", ".join(f"p{p} {np.percentile(late, p):.1f}" for p in (50, 90, 99, 100)))
    for name, seconds in spent.items():
        print(f"  up to {name:<24} {statistics.mean(seconds):6.2f} s a batch, {sum(seconds):7.1f} s in all")


if __name__ == "__main__":
    main()
