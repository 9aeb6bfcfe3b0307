"""Rows a second a core of ingest_posts next to plain Spark and DuckDB: the same JSON lines, in one run.

Run: ``.venv/bin/python benchmarks/ingest.py [POSTS]``. The peers copy to Parquet with a schema given (Spark) or
inferred (DuckDB). `reading` is the part of ours that does the same and more: it digests, splits and types each item.
`job` is the whole of ingest_posts into a lake that is new. Seconds are wall seconds of a warm turn, on all cores.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count as counted
from pathlib import Path

import duckdb

from entourage import config, session
from entourage.ingest import detect, formats
from entourage.ingest.unpacking import SplitParams
from entourage.landing import Landing
from entourage.session import FileSystem
from entourage.sources import Delivery, Sources
from entourage.tables import Tables

CORES = os.cpu_count() or 1

PEER_SCHEMA = (
    "id_str string, created_at string, text string, lang string, user struct<id_str string, screen_name string>"
)


def main(count: int) -> None:
    settings = config.load("local", {})
    with tempfile.TemporaryDirectory() as folder:
        landing = Path(folder) / "landing"
        size = write_posts(landing, count)
        spark = session.build(settings, app_name="benchmark-ingest")
        files = FileSystem(spark).list_files(str(landing))

        lakes = counted()

        def delivery() -> Delivery:
            return Sources(spark).posts(files, form="", folder=settings.folder, params=SplitParams())

        def job() -> None:
            tables = Tables(spark, f"{folder}/lake-{next(lakes)}", run_id="benchmark")
            Landing(tables, tables.workspace("benchmark"), lambda _: None).social(delivery())

        def reading() -> None:
            detect.payloads(delivery().pieces).write.mode("overwrite").parquet(f"{folder}/payloads")
            payloads = spark.read.parquet(f"{folder}/payloads").where("NOT is_marker")
            items = formats.items(payloads, present=["x_v1"], mappings={})
            items.write.mode("overwrite").parquet(f"{folder}/items")

        def plain_spark() -> None:
            spark.read.schema(PEER_SCHEMA).json(str(landing)).write.mode("overwrite").parquet(f"{folder}/spark")

        def plain_duckdb() -> None:
            duckdb.sql(f"SET threads = {CORES}")
            duckdb.sql(f"COPY (SELECT * FROM read_json_auto('{landing}/*.json')) TO '{folder}/duckdb.parquet'")

        seconds = {run.__name__: measured(run) for run in (job, reading, plain_spark, plain_duckdb)}
        print(f"{count:,} posts, {size / 1e6:,.0f} MB, {CORES} cores")
        for name, wall in seconds.items():
            print(f"{name:<13}{wall:7.1f} s {count / wall / CORES:9,.0f} posts/s a core", end="")
            print(f" {wall / seconds['reading']:7.2f} of reading {wall / seconds['job']:7.2f} of the job")
        spark.stop()


def measured(run: Callable[[], None]) -> float:
    """Return the wall seconds of a second, warm turn."""
    run()
    started = time.monotonic()
    run()
    return time.monotonic() - started


def write_posts(folder: Path, count: int) -> int:
    """Write made-up v1.1 statuses in four files; return the bytes."""
    folder.mkdir(parents=True)
    for part in range(4):
        with (folder / f"part-{part}.json").open("w", encoding="utf-8") as file:
            for number in range(part, count, 4):
                file.write(json.dumps(_status(number)) + "\n")
    return sum(path.stat().st_size for path in folder.iterdir())


def _status(number: int) -> dict[str, object]:
    text = f"Made-up post {number} about tea & bread, for measuring only. " * 3
    user = {"id": number % 5000, "id_str": str(number % 5000), "screen_name": f"u{number % 5000}", "name": "A Name"}
    padding = {f"field_{n}": "x" * 40 for n in range(20)}
    return {
        "created_at": "Mon Jun 01 10:00:00 +0000 2026",
        "id": 10**18 + number,
        "id_str": str(10**18 + number),
        "text": text,
        "lang": "en",
        "favorite_count": number % 7,
        "entities": {"hashtags": [{"text": "tea"}], "urls": [], "user_mentions": []},
        "user": {**user, **padding, "followers_count": number % 100},
    }


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
