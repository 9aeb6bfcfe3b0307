"""Read small Delta tables on HDFS without Spark, so that a test sees what another engine would see.

in: a table's folder ▶ out: its rows.
"""

from __future__ import annotations

import io
import json
from typing import Any
from urllib.parse import unquote

import pyarrow.parquet as pq

from tests.cluster.hadoop import HadoopCluster


def rows(cluster: HadoopCluster, table: str) -> list[dict[str, Any]]:
    """Return the rows of a table's newest version; partition columns come as text."""
    live: dict[str, dict[str, str]] = {}
    for name in cluster.names(f"{table}/_delta_log"):
        if name.endswith(".json"):
            for line in cluster.read(f"{table}/_delta_log/{name}").decode().splitlines():
                action = json.loads(line)
                if "remove" in action:
                    live.pop(action["remove"]["path"], None)
                if "add" in action:
                    live[action["add"]["path"]] = action["add"]["partitionValues"]
    found = []
    for path, partition in live.items():
        file = pq.ParquetFile(io.BytesIO(cluster.read(f"{table}/{unquote(path)}")))
        found += [row | partition for row in file.read().to_pylist()]
    return found
