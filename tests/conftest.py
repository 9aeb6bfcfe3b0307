"""One lazy Spark session for the whole test run, with the real jars."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from pyspark.sql import SparkSession

from entourage import config, session

# pandas-on-Spark (which we never use) does not import under pandas 3, yet pyspark.testing asks for it.
_pandasutils = ModuleType("pyspark.testing.pandasutils")
_pandasutils.assertPandasOnSparkEqual = None  # type: ignore[attr-defined]
sys.modules["pyspark.testing.pandasutils"] = _pandasutils
sys.modules["pyspark.pandas"] = None  # type: ignore[assignment]

# Rows are few and plans many: compiling a plan, or a method of the JVM, costs more than it saves. Results are the same.
LIGHT = {
    "spark.driver_memory": "2g",
    "spark.shuffle_partitions": "2",
    "spark.java_options": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m -XX:+UseSerialGC",
    "spark.settings": "[spark.sql.codegen.wholeStage=false, spark.sql.adaptive.enabled=false]",
}


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests in one process; all that share the made-up world and its lake too, the long ones apart."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    # The longest groups first.
    items.sort(key=lambda item: not _shares_world(item))


def _group(item: pytest.Item) -> str:
    if not _shares_world(item):
        return item.path.name
    return "world-slow" if item.get_closest_marker("slow") else "world"


def _shares_world(item: pytest.Item) -> bool:
    return item.path.parent.name == "jobs" and "world" in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """Return a local session: two cores, two shuffle partitions, UTC, scratch warehouse."""
    scratch = tmp_path_factory.mktemp("spark")
    settings = config.load("local", LIGHT)
    SparkSession.builder.config("spark.sql.warehouse.dir", str(scratch / "warehouse"))
    running = session.build(settings, app_name="entourage-tests")
    running.sparkContext.setCheckpointDir(str(scratch / "checkpoints"))
    yield running
    running.stop()


@pytest.fixture
def lake(tmp_path: Path) -> str:
    """Return an empty folder for a lake."""
    return str(tmp_path / "lake")
