"""What do small files cost, and what does joining or sorting them bring?

    .venv/bin/python benchmarks/maintain.py [--people 3000] [--days 14] [--appends 64]
        [--lake LAKE] [--folder DIR]

Ingests a made-up world (or takes a lake that is there), and writes its silver.posts and silver.edges again in many
small appends: with `autoCompact`, with `optimizeWrite`, and by Delta's defaults. Then it asks the last of them the
questions that jobs and people ask, as it is, after `maintain` has joined its files, and after Z-ordering by the key:
files and megabytes, and the median of three of the seconds for a scan, for the rows of one key, for those of one
account, and for a merge of 1,000 rows that are known.
"""

from __future__ import annotations

import argparse
import datetime as dt
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from delta.tables import DeltaTable
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from entourage import config, schemas, session
from entourage.tables import Tables
from entourage.upkeep import Upkeep, UpkeepParams

ENTOURAGE = str(Path(sys.executable).parent / "entourage")
# Table: its account, its key without the parts that all rows share, and what orders its appends.
ASKED = {
    "silver.posts": ("account_id", "post_id", "created_at"),
    "silver.edges": ("src_account_id", "edge_id", "edge_id"),
}
# Delta's property that is set, if any; the questions are asked of the last.
VARIANTS = ("autoCompact", "optimizeWrite", "")


def entourage(*arguments: str) -> None:
    done = subprocess.run([ENTOURAGE, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"entourage {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr[-4000:]}")


def ingested(folder: Path, people: int, days: int) -> Path:
    world, lake = folder / "world", folder / "lake"
    size = ("--people", str(people), "--days", str(days))
    entourage("simulate", *size, "--layers", "people,graph,posts", "--to", str(world))
    entourage("--lake", str(lake), "run", "ingest_posts", "--input", f"{world}/landing/posts")
    return lake


def appended(tables: Tables, name: str, rows: DataFrame, *, appends: int, variant: str) -> float:
    """Write rows in so many appends, in the order in which they would come in; return the seconds."""
    tables._create(schemas.table(name))
    if variant:
        pair = f"'delta.autoOptimize.{variant}' = 'true'"
        tables.spark.sql(f"ALTER TABLE delta.`{tables.path(name)}` SET TBLPROPERTIES ({pair})")
    started = time.perf_counter()
    for number in range(1, appends + 1):
        part = rows.where(F.col("part") == number).drop("part")
        part.write.format("delta").mode("append").save(tables.path(name))
    return time.perf_counter() - started


def seconds(ask: Callable[[], object]) -> float:
    taken = []
    for _ in range(4):
        started = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken[1:])  # the first compiles


def asked(tables: Tables, name: str, sample: DataFrame) -> list[float]:
    account, key, _ = ASKED[name]
    one = sample.where(F.col(account).isNotNull()).first()
    assert one is not None

    def read(condition: Column) -> Callable[[], None]:
        # A table read before its files change would go on reading the old ones: each question reads anew.
        return lambda: tables.read(name).where(condition).write.format("noop").mode("overwrite").save()

    return [
        seconds(read(F.lit(True))),
        seconds(read(F.col(key) == one[key])),
        seconds(read(F.col(account) == one[account])),
        seconds(lambda: tables.merge(name, sample)),
    ]


def line(what: str, tables: Tables, name: str, took: float, answers: list[float], base: list[float]) -> None:
    files, size = tables.size(name)
    cells = "".join(f"{answer:>9.2f} ({first / answer:4.1f}×)" for answer, first in zip(answers, base, strict=True))
    print(f"  {what:<26}{files:>7,} files{size / 1e6:>9.1f} MB  in {took:6.1f} s {cells}", flush=True)


def measure(spark: SparkSession, lake: Path, folder: Path, name: str, appends: int) -> None:
    account, key, order = ASKED[name]
    source = Tables(spark, str(lake), "bench").read(name)
    slices = F.ntile(appends).over(Window.orderBy(order))
    kept = str(folder / f"{name}.parquet")
    source.withColumn("part", slices).write.parquet(kept)
    rows = spark.read.parquet(kept)
    print(f"{name}: {rows.count():,} rows in {appends} appends", flush=True)
    for variant in VARIANTS:
        tables = Tables(spark, str(folder / (variant or "plain")), "bench")
        took = appended(tables, name, rows, appends=appends, variant=variant)
        print(f"  written, {variant or 'defaults':<16}{tables.size(name)[0]:>8,} files{'':>12}  in {took:6.1f} s")
    sample = rows.drop("part").orderBy(F.xxhash64(key)).limit(1000).cache()
    asked(tables, name, sample)  # else what comes later would gain by a warmer JVM alone
    base = asked(tables, name, sample)
    print(f"  {'seconds (gain)':<63}" + "".join(f"{what:>17}" for what in ("scan", "one key", "one account", "merge")))
    line("as appended", tables, name, 0.0, base, base)
    params = UpkeepParams(dt.date(2099, 1, 1), steps=("compact",), min_files=2)
    done = Upkeep(tables, params).keep(name)
    line("joined by maintain", tables, name, done.seconds, asked(tables, name, sample), base)
    started = time.perf_counter()
    target = DeltaTable.forPath(spark, tables.path(name))
    target.optimize().executeZOrderBy(key)
    took = time.perf_counter() - started
    line(f"Z-ordered by {key}", tables, name, took, asked(tables, name, sample), base)
    try:
        target.optimize().executeZOrderBy(account)
    except Exception as error:  # by design: a personal column that is no key has no statistics
        print(f"  Z-ordered by {account}: refused: {str(error).splitlines()[0][:150]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=3_000)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--appends", type=int, default=64)
    parser.add_argument("--lake", type=Path, help="a lake that is there, in place of a world")
    parser.add_argument("--folder", type=Path, help="where the lakes are made; a temporary folder by default")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=options.folder, prefix="maintain-"))
    lake = options.lake or ingested(folder, options.people, options.days)
    spark = session.build(config.load("local", {}), app_name="benchmark")
    for name in ASKED:
        measure(spark, lake, folder, name, options.appends)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
