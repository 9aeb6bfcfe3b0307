"""Build the one Spark session, and reach Hadoop's file systems through it.

in: `Config` ▶ out: a `SparkSession` with Delta, Spark NLP and GraphFrames, and `FileSystem`.
The only module with py4j calls.
Under spark-submit the submitted master, jars and memory win, since the JVM runs already.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Any

from py4j.java_gateway import java_import  # type: ignore[import-untyped]
from pyspark.sql import SparkSession

from entourage import jars
from entourage.config import Config, project_root
from entourage.errors import UsageError

DELTA = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}
# Java 17 on loopback: what Spark's own launcher opens, minus a UI nobody looks at in a batch run.
SEMANTICS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.execution.pythonUDF.arrow.enabled": "true",
    # A worker holds a batch of whole payloads at once, and a page may have a megabyte.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "500",
    "spark.sql.legacy.charVarcharAsString": "true",
    # By default a text that Spark 2 would have parsed stops the job, even inside try_to_timestamp.
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    "spark.ui.enabled": "false",
    "spark.databricks.delta.schema.autoMerge.enabled": "false",
    "spark.databricks.delta.retentionDurationCheck.enabled": "true",
    # The sources of merges are deterministic, and nearly all staged already: no second copy of them.
    "spark.databricks.delta.merge.materializeSource": "none",
    "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
    "spark.kryoserializer.buffer.max": "512m",
}


def build(config: Config, *, app_name: str) -> SparkSession:
    """Return the running session, or start one.

    Raises:
        UsageError: locked jars are missing (remedy: make setup).
    """
    builder = SparkSession.builder.appName(app_name)
    for key, value in (_settings(config) | _launch(config)).items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    # Every F.col() asks the JVM for `functions`: named once, it is not sought in eight packages and 300 jars each time.
    for name in ("org.apache.spark.sql.functions", "org.apache.hadoop.fs.Path"):
        java_import(spark._jvm, name)
    jvm: Any = spark._jvm
    jvm.functions = jvm.functions  # and not asked for again, at a round trip each
    return spark


def is_submitted() -> bool:
    """Tell whether spark-submit started the JVM before this process asked for it."""
    return "PYSPARK_GATEWAY_PORT" in os.environ


def _settings(config: Config) -> dict[str, str]:
    snapshot = str(config["lake.snapshot_partitions"])
    return {
        **DELTA,
        **SEMANTICS,
        "spark.sql.shuffle.partitions": str(config["spark.shuffle_partitions"]),
        "spark.databricks.delta.snapshotPartitions": snapshot,
        "spark.ui.showConsoleProgress": str(sys.stderr.isatty()).lower(),
        **dict(setting.split("=", 1) for setting in config["spark.settings"]),
    }


def _launch(config: Config) -> dict[str, str]:
    if is_submitted():
        return {}
    absent = jars.missing()
    if absent:
        raise UsageError(
            f"session: jars missing or damaged: {', '.join(absent)}; run make setup (or: entourage doctor)"
        )
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    log4j = (config.folder / "log4j2.properties").resolve()
    launch = {
        "spark.master": config["spark.master"],
        "spark.driver.memory": config["spark.driver_memory"],
        "spark.jars": ",".join(str(path) for path in jars.paths(config["spark.graphframes_jar"])),
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile=file:{log4j} {config['spark.java_options']}",
    }
    if config["spark.master"].startswith("local"):
        return {**launch, "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    return {
        **launch,
        "spark.executor.extraJavaOptions": config["spark.java_options"],
        "spark.submit.pyFiles": str(project_root() / "dist" / "entourage.zip"),
    }


@dataclass(frozen=True)
class FileStatus:
    """One file: path, bytes, modification time in milliseconds since 1970 UTC."""

    path: str
    size: int
    modified_ms: int


@dataclass(frozen=True)
class FileSystem:
    """Hadoop's file systems (local disk, HDFS, object stores) by path."""

    spark: SparkSession

    def _open(self, path: str) -> tuple[Any, Any]:
        jvm: Any = self.spark._jvm
        hadoop_path = jvm.Path(path)
        return hadoop_path.getFileSystem(self.spark._jsc.hadoopConfiguration()), hadoop_path

    def qualified(self, path: str) -> str:
        """Return a path as listings have it: absolute, with its scheme, without dots and a slash at the end."""
        system, hadoop_path = self._open(path)
        return str(system.makeQualified(hadoop_path).toString())

    def exists(self, path: str) -> bool:
        """Tell whether a file or folder is there."""
        system, hadoop_path = self._open(path)
        return bool(system.exists(hadoop_path))

    def delete(self, path: str) -> None:
        """Delete a file, or a folder with all in it; absent is fine."""
        system, hadoop_path = self._open(path)
        system.delete(hadoop_path, True)

    def list_files(self, path: str) -> list[FileStatus]:
        """List the files under a file, a folder (all depths) or a glob, by path; hidden ones are left out."""
        system, hadoop_path = self._open(path)
        roots = (
            [system.makeQualified(hadoop_path)]
            if system.exists(hadoop_path)
            else [s.getPath() for s in system.globStatus(hadoop_path) or [] if s.getPath().getName()[:1] not in "_."]
        )
        found = []
        for root in roots:
            entries = system.listFiles(root, True)
            while entries.hasNext():
                status = entries.next()
                relative = status.getPath().toString()[len(root.toString()) :]
                if not any(part.startswith(("_", ".")) for part in relative.split("/")):
                    found.append(FileStatus(status.getPath().toString(), status.getLen(), status.getModificationTime()))
        return sorted(found, key=lambda status: status.path)

    def read_text(self, path: str) -> str | None:
        """Return a small file's UTF-8 text, or None where there is none."""
        system, hadoop_path = self._open(path)
        if not system.exists(hadoop_path):
            return None
        stream = system.open(hadoop_path)
        try:
            return bytes(self.spark._jvm.org.apache.commons.io.IOUtils.toByteArray(stream)).decode("utf-8")  # type: ignore[union-attr]
        finally:
            stream.close()

    def write_text(self, path: str, text: str, *, overwrite: bool) -> bool:
        """Write a small file; without overwrite return False where one exists."""
        system, hadoop_path = self._open(path)
        try:
            stream = system.create(hadoop_path, overwrite)
        except Exception as error:
            if not overwrite and "exist" in str(error).lower():
                return False
            raise
        stream.write(bytearray(text.encode("utf-8")))
        stream.close()
        return True

    def write_private(self, path: str, text: str) -> None:
        """Write a small file that only its owner may read, where there is none; its folder too."""
        system, hadoop_path = self._open(path)
        jvm: Any = self.spark._jvm
        permission = jvm.org.apache.hadoop.fs.permission.FsPermission
        system.mkdirs(hadoop_path.getParent())
        system.setPermission(hadoop_path.getParent(), permission("700"))
        if self.write_text(path, "", overwrite=False):
            system.setPermission(hadoop_path, permission("600"))
            self.write_text(path, text, overwrite=True)
            system.setPermission(hadoop_path, permission("600"))

    def rename(self, source: str, target: str) -> bool:
        """Rename a file or folder; return False where the file system refuses."""
        system, hadoop_path = self._open(source)
        return bool(system.rename(hadoop_path, self._open(target)[1]))
