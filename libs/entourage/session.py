"""Build the one Spark session, and reach Hadoop's file systems through it.

in: `Config` ▶ out: a `SparkSession` with Delta, Spark NLP and GraphFrames, `FileSystem`, and `Connection`.
The only module with py4j calls.
Under spark-submit the submitted master, jars and memory win, since the JVM runs already.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from py4j.java_gateway import JavaClass, java_import  # type: ignore[import-untyped]
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


HIDDEN = ("_", ".")


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


def pool(spark: SparkSession, threads: int) -> ThreadPoolExecutor:
    """Return threads in which Columns mean what they mean in the session.

    Spark knows the active session by the thread: in any other, Columns are built by its defaults, without ANSI mode.
    """
    jvm: Any = spark._jvm
    return ThreadPoolExecutor(threads, initializer=lambda: jvm.SparkSession.setActiveSession(spark._jsparkSession))


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

    def usage(self, path: str) -> tuple[int, int]:
        """Return how many files lie under a path, hidden ones too, and their bytes; of an absent path none."""
        system, hadoop_path = self._open(path)
        if not system.exists(hadoop_path):
            return 0, 0
        summary = system.getContentSummary(hadoop_path)
        return summary.getFileCount(), summary.getLength()

    def list_files(self, path: str) -> list[FileStatus]:
        """List the files under a file, a folder (all depths) or a glob, by path; hidden ones are left out."""
        system, hadoop_path = self._open(path)
        roots = (
            [system.makeQualified(hadoop_path)]
            if system.exists(hadoop_path)
            else [s.getPath() for s in system.globStatus(hadoop_path) or [] if s.getPath().getName()[:1] not in "_."]
        )
        found: list[FileStatus] = []
        for root in roots:
            name = root.toString()
            found += _local_files(name) if name.startswith("file:") else _remote_files(system, root, name)
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


def _local_files(root: str) -> list[FileStatus]:
    """List files of a local disk from here: each call of the JVM is a round trip, which took 4 ms a file in all."""
    top = root.removeprefix("file:")
    below = [(folder, name) for folder, folders, names in _walk(top) for name in names]
    found = []
    for folder, name in below or [os.path.split(top)]:
        path = Path(folder, name)
        try:
            status = path.stat()
        except OSError:  # gone by now, or a link that leads nowhere
            continue
        if stat.S_ISREG(status.st_mode):  # a pipe would be waited for for ever
            shown = f"file:{path}".encode("utf-8", "replace").decode()
            found.append(FileStatus(shown, status.st_size, status.st_mtime_ns // 1_000_000))
    return found


def _walk(top: str) -> Iterator[tuple[str, list[str], list[str]]]:
    for folder, folders, names in os.walk(top, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(HIDDEN)]
        yield folder, folders, [name for name in names if not name.startswith(HIDDEN)]


def _remote_files(system: Any, root: Any, name: str) -> list[FileStatus]:
    found = []
    entries = system.listFiles(root, True)
    while entries.hasNext():
        status = entries.next()
        path = status.getPath().toString()
        if not any(part.startswith(HIDDEN) for part in path[len(name) :].split("/")):
            found.append(FileStatus(path, status.getLen(), status.getModificationTime()))
    return found


@dataclass(frozen=True)
class Connection:
    """A connection of our own to PostgreSQL: it holds a transaction open, and asks small questions."""

    java: Any

    @classmethod
    def to(cls, spark: SparkSession, url: str, properties: Mapping[str, str]) -> Connection:
        """Connect, outside a transaction's automatic end.

        Raises:
            UsageError: Spark runs without the driver.
        """
        jvm: Any = spark._jvm
        given = jvm.java.util.Properties()
        for name, value in properties.items():
            given.setProperty(name, value)
        driver = jvm.org.postgresql.Driver
        if not isinstance(driver, JavaClass):
            raise UsageError("jdbc: Spark has no driver of PostgreSQL on its class path; run make setup")
        made = cls(driver().connect(url, given))
        made.java.setAutoCommit(False)
        return made

    def execute(self, sql: str) -> None:
        """Carry out statements."""
        statement = self.java.createStatement()
        statement.execute(sql)
        statement.close()

    def row(self, sql: str) -> list[str | None]:
        """Return the first row that a query gives, as texts."""
        statement = self.java.createStatement()
        found = statement.executeQuery(sql)
        found.next()
        values = [found.getString(place) for place in range(1, found.getMetaData().getColumnCount() + 1)]
        statement.close()
        return values

    def close(self) -> None:
        """Give the connection up, and with it its transaction."""
        self.java.close()


def database_error(error: Exception) -> tuple[str, str] | None:
    """Return SQLSTATE and message where PostgreSQL or its driver is the cause of an error, also in a task."""
    cause = getattr(error, "java_exception", None) or getattr(error, "_origin", None)
    while cause is not None:
        if cause.getClass().getName() == "org.postgresql.util.PSQLException":
            return str(cause.getSQLState() or ""), str(cause.getMessage())
        cause = cause.getCause()
    return None
