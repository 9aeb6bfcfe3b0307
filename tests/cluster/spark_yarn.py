"""Submit Python jobs to a YARN and say how they ended.

in: a `HadoopCluster`, a script, its arguments ▶ out: `Submission`. The command is the one of docs/yarn.md.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.hadoop import HadoopCluster

SPARK_ARCHIVE = "/entourage/spark-jars.zip"
PACKED_ENV = "/entourage/env.tar.gz"
SMALL = {  # the least that runs a job: one executor, heaps of 1 GB
    "spark.yarn.maxAppAttempts": "1",  # a refused gate is refused again: the scheduler decides on another try
    "spark.executor.instances": "1",
    "spark.executor.memory": "1g",
    "spark.driver.memory": "1g",
    "spark.sql.shuffle.partitions": "2",
}
APPLICATION = re.compile(r"application_\d+_\d+")


@dataclass(frozen=True)
class Submission:
    """One spark-submit that has ended."""

    exit_code: int
    application_id: str
    final_status: str
    seconds: float
    stdout: str
    stderr: str

    def explained(self, cluster: HadoopCluster) -> str:
        """Return what a reader needs to find the fault."""
        said = f"{self.application_id}: exit code {self.exit_code}, YARN says {self.final_status}"
        return f"{said}\n{self.stdout}\n{self.stderr[-4000:]}\n{cluster.tail()}"


def upload_spark(cluster: HadoopCluster) -> None:
    """Put Spark's own jars on HDFS as one uncompressed zip, else every submit sends 340 MB."""
    jars = Path(cluster.spark_environment["SPARK_HOME"]) / "jars"
    local = cluster.root / "data" / "spark-jars.zip"
    with zipfile.ZipFile(local, "w", compression=zipfile.ZIP_STORED) as archive:
        for jar in sorted(jars.glob("*.jar")):
            archive.write(jar, jar.name)
    cluster.put(local, SPARK_ARCHIVE)
    local.unlink()


def submit(
    cluster: HadoopCluster,
    script: Path,
    arguments: Sequence[str] = (),
    *,
    deploy_mode: str,
    jars: Sequence[Path] = (),
    py_files: Sequence[Path] = (),
    timeout_s: float = 1200,
) -> Submission:
    """Run one script on YARN and wait for its end."""
    command = [f"{cluster.spark_environment['SPARK_HOME']}/bin/spark-submit", "--master", "yarn"]
    command += ["--deploy-mode", deploy_mode]
    command += ["--archives", f"{cluster.hdfs_uri}{PACKED_ENV}#env"] if deploy_mode == "cluster" else []
    command += ["--jars", ",".join(map(str, jars))] if jars else []
    command += ["--py-files", ",".join(map(str, py_files))] if py_files else []
    settings = _settings(cluster, deploy_mode)
    command += [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
    began = time.monotonic()
    done = subprocess.run(
        [*command, str(script), *arguments],
        cwd=cluster.root,
        env={**_clean_environment(), **cluster.spark_environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
    )
    seconds = time.monotonic() - began
    found = APPLICATION.search(done.stderr)
    status = _final_status(cluster, found[0]) if found else "not submitted"
    return Submission(done.returncode, found[0] if found else "", status, seconds, done.stdout, done.stderr)


def _final_status(cluster: HadoopCluster, application: str, *, patience_s: float = 60) -> str:
    """Return what YARN says at the end; a client that ended is a little ahead of the ResourceManager."""
    until = time.monotonic() + patience_s
    while (status := str(cluster.application(application)["finalStatus"])) == "UNDEFINED" and time.monotonic() < until:
        time.sleep(0.5)
    return status


def _settings(cluster: HadoopCluster, deploy_mode: str) -> dict[str, str]:
    is_packed = deploy_mode == "cluster"
    python = "./env/bin/python" if is_packed else sys.executable
    where = {"spark.yarn.archive": cluster.hdfs_uri + SPARK_ARCHIVE, "spark.pyspark.python": python}
    for name in ("JAVA_HOME", "SPARK_LOCAL_IP"):
        value = cluster.spark_environment[name]
        where |= {f"spark.yarn.appMasterEnv.{name}": value, f"spark.executorEnv.{name}": value}
    return SMALL | where | ({"spark.yarn.appMasterEnv.PYSPARK_PYTHON": python} if is_packed else {})


def _clean_environment() -> dict[str, str]:
    """Return this environment without what another Spark in the same process (pytest's fixture) left in it."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYSPARK_", "SPARK_", "PYTHON"))}
