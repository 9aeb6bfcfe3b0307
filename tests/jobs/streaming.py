"""What tests of streams share: jobs run in this process, statuses of X, and what a lake says beyond clocks and places.

in: a Spark session, a lake ▶ out: its tables.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

from delta.tables import DeltaTable
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import MapType

from entourage import cli, config, runs, schemas
from entourage.merging import CLOCKS
from entourage.models import Models
from entourage.sources import Sources
from entourage.tables import Tables

DAY = dt.date(2026, 6, 1)
PLACES = frozenset({"file", "position"})


def status(id_: int, *, when: str = "Fri Sep 07 16:35:24 +0000 2012", text: str = "") -> str:
    """Return a status of X, one line."""
    user = {"id_str": "7", "screen_name": "ada"}
    return json.dumps({"id": id_, "id_str": str(id_), "created_at": when, "text": text or f"t{id_}", "user": user})


def deletion(id_: int) -> str:
    """Return X's notice that a status is deleted."""
    return json.dumps({"delete": {"status": {"id": id_, "id_str": str(id_), "user_id_str": "7"}}})


def run(spark: SparkSession, lake: str, job: str, **ingest: object) -> Tables:
    """Run a job on a lake with parameters of the section `ingest`; return the lake's tables."""
    given = {
        f"ingest.{key}": json.dumps(str(value) if isinstance(value, Path) else value) for key, value in ingest.items()
    }
    tables = Tables(spark, lake, "run")
    context = cli.Context(
        tables, Sources(spark), Models(spark, f"{lake}/_models"), config.load("local", given), lambda _: None
    )
    runs.load(job)(context, DAY)
    return tables


def texts(tables: Tables) -> dict[str, str | None]:
    """Return the current text of each post, by its id without the network."""
    posts = tables.read("silver.posts").where("is_current").select("post_id", "text").collect()
    return {row["post_id"].removeprefix("x:"): row["text"] for row in posts}


def digest(spark: SparkSession, lake: Path, *, aside: frozenset[str] = frozenset()) -> dict[str, tuple[int, int]]:
    """Return, per table but ops, its rows and an order-free hash of all but clocks and the columns set aside."""
    found = {}
    for name in schemas.TABLES:
        path = str(lake / name.replace(".", "/"))
        if name.startswith("ops.") or not DeltaTable.isDeltaTable(spark, path):
            continue
        rows = spark.read.format("delta").load(path)
        columns = [
            F.array_sort(F.map_entries(field.name)) if isinstance(field.dataType, MapType) else F.col(field.name)
            for field in rows.schema.fields
            if field.name not in CLOCKS | aside
        ]
        hashed = F.sum(F.xxhash64(*columns).cast("decimal(38,0)"))
        row = rows.agg(F.count(F.lit(1)), hashed).first()
        assert row is not None
        found[name] = (row[0], int(row[1] or 0))
    return found
