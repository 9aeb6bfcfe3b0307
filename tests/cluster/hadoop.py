"""Run a real Hadoop for a while: NameNode, DataNode, ResourceManager and NodeManager as four plain JVMs on loopback.

in: the jars of conf/hadoop.lock.toml ▶ out: `HadoopCluster`, an HDFS and a YARN that stop with their owner.
`python -m tests.cluster.hadoop` starts one for trying things by hand, and stops it at Ctrl-C.
"""

from __future__ import annotations

import getpass
import json
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import pyspark

from tests.cluster.daemons import LOOPBACK, end, java_home, launch, tail
from tests.cluster.hadoop_conf import Ports, free_ports, write_configuration
from tests.cluster.hadoop_jars import JARS
from tests.cluster.maven_jars import java

MAIN_CLASSES = {
    "namenode": ("org.apache.hadoop.hdfs.server.namenode.NameNode", 256),
    "datanode": ("org.apache.hadoop.hdfs.server.datanode.DataNode", 192),
    "resourcemanager": ("org.apache.hadoop.yarn.server.resourcemanager.ResourceManager", 320),
    "nodemanager": ("org.apache.hadoop.yarn.server.nodemanager.NodeManager", 256),
}
OPENED_PACKAGES = ("java.lang", "java.util", "java.util.concurrent", "java.net", "java.nio", "java.io")
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback, whatever http_proxy says


@dataclass(frozen=True)
class HadoopCluster:
    """One HDFS and one YARN under `root`; logs stay in root/logs after `stop`."""

    root: Path
    node_memory_mb: int = 6144
    ready_within_s: float = 120
    ports: Ports = field(default_factory=free_ports)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def conf_dir(self) -> Path:
        """Return what HADOOP_CONF_DIR must name."""
        return self.root / "conf"

    @property
    def hdfs_uri(self) -> str:
        """Return the file system's address, without a slash at its end."""
        return f"hdfs://{LOOPBACK}:{self.ports.namenode}"

    @property
    def spark_environment(self) -> dict[str, str]:
        """Return the variables that spark-submit needs."""
        return {
            "HADOOP_CONF_DIR": str(self.conf_dir),
            "JAVA_HOME": str(java_home()),
            "SPARK_HOME": str(Path(pyspark.__file__).parent),
            "SPARK_LOCAL_IP": LOOPBACK,
        }

    def __enter__(self) -> HadoopCluster:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop; after an error, print the tail of every log."""
        self.stop()
        if error is not None:
            print(self.tail(), file=sys.stderr)

    def start(self) -> None:
        """Format, start all four, and wait until a DataNode and a NodeManager serve.

        Raises:
            RuntimeError: a daemon died or was not ready in time; the message ends with the logs' tails.
        """
        JARS.install()
        write_configuration(self.root, ports=self.ports, node_memory_mb=self.node_memory_mb)
        (self.root / "logs").mkdir()
        try:
            self._launch("resourcemanager")
            self._launch("nodemanager")
            self._format()
            self._launch("namenode")
            self._launch("datanode")
            self._wait_until_ready()
            for folder, mode in (("/tmp", "1777"), (f"/user/{getpass.getuser()}", "755")):
                self._webhdfs("PUT", folder, f"op=MKDIRS&permission={mode}")
        except BaseException as error:
            self.stop()
            raise RuntimeError(f"hadoop: {error}\n{self.tail()}") from error

    def stop(self) -> None:
        """End the daemons that this object started, gently and then by force; keep only the logs."""
        leaving = self.processes.get("nodemanager")
        if leaving:  # the first to go: it ends its containers within 2 s, and then only waits to delete old logs
            end([leaving], within_s=4)
        end(list(self.processes.values()), within_s=10)
        self.processes.clear()
        shutil.rmtree(self.root / "data", ignore_errors=True)

    def put(self, local: Path, path: str) -> str:
        """Copy one local file to HDFS, over what is there; return its full address."""
        answer = self._webhdfs("PUT", path, "op=CREATE&overwrite=true&noredirect=true")
        with local.open("rb") as content:
            request = urllib.request.Request(answer["Location"], data=content, method="PUT")
            request.add_header("Content-Length", str(local.stat().st_size))
            request.add_header("Content-Type", "application/octet-stream")
            OPENER.open(request, timeout=300).close()
        return self.hdfs_uri + path

    def read(self, path: str) -> bytes:
        """Return the content of one file of HDFS."""
        answer = self._webhdfs("GET", path, "op=OPEN&noredirect=true")
        with OPENER.open(answer["Location"], timeout=60) as content:
            return cast(bytes, content.read())

    def names(self, path: str) -> list[str]:
        """Return the names in one folder of HDFS, sorted."""
        statuses = self._webhdfs("GET", path, "op=LISTSTATUS")["FileStatuses"]["FileStatus"]
        return sorted(status["pathSuffix"] for status in statuses)

    def application(self, application_id: str) -> dict[str, Any]:
        """Return what the ResourceManager knows of one application: finalStatus, diagnostics, elapsedTime (ms), …"""
        return cast(dict[str, Any], self._manager(f"apps/{application_id}")["app"])

    def attempts(self, application_id: str) -> int:
        """Return how often YARN started one application."""
        return len(self._manager(f"apps/{application_id}/appattempts")["appAttempts"]["appAttempt"])

    def tail(self, *, lines: int = 30) -> str:
        """Return the last lines of every log, the containers' too."""
        logs = sorted(path for path in (self.root / "logs").rglob("*") if path.is_file() and path.stat().st_size)
        return "\n".join(
            tail(path, lines=lines)
            for path in logs
            if not path.name.startswith(("prelaunch", "directory", "launch_container"))
        )

    def _launch(self, daemon: str) -> None:
        log = self.root / "logs" / f"{daemon}.log"
        self.processes[daemon] = launch(self._command(daemon), log=log, folder=self.root)

    def _format(self) -> None:
        with (self.root / "logs" / "format.log").open("wb") as log:
            command = [*self._command("namenode"), "-format", "-force", "-nonInteractive"]
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.root, check=True)

    def _command(self, daemon: str) -> list[str]:
        main_class, heap_mb = MAIN_CLASSES[daemon]
        opened = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED_PACKAGES]
        flags = [f"-Xmx{heap_mb}m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        flags += [f"-Djdk.net.hosts.file={self.root / 'daemons' / 'hosts'}"]
        class_path = f"{self.conf_dir}:{self.root / 'daemons'}:{JARS.folder}/*"
        return [java(), *flags, *opened, "-cp", class_path, main_class]

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + self.ready_within_s
        while not (self._hdfs_ready() and self._yarn_ready()):
            dead = [daemon for daemon, process in self.processes.items() if process.poll() is not None]
            if dead:
                raise RuntimeError(f"{', '.join(dead)} died")
            if time.monotonic() > deadline:
                raise RuntimeError(f"not ready within {self.ready_within_s:.0f} s")
            time.sleep(0.2)

    def _hdfs_ready(self) -> bool:
        query = "Hadoop:service=NameNode,name=FSNamesystemState"
        beans = _json(f"http://{LOOPBACK}:{self.ports.namenode_http}/jmx?qry={query}").get("beans", [])
        return any(bean["NumLiveDataNodes"] >= 1 and bean["FSState"] == "Operational" for bean in beans)

    def _yarn_ready(self) -> bool:
        return bool(self._manager("metrics").get("clusterMetrics", {}).get("activeNodes", 0) >= 1)

    def _manager(self, page: str) -> dict[str, Any]:
        return _json(f"http://{LOOPBACK}:{self.ports.resourcemanager_http}/ws/v1/cluster/{page}")

    def _webhdfs(self, method: str, path: str, query: str) -> dict[str, Any]:
        address = f"http://{LOOPBACK}:{self.ports.namenode_http}/webhdfs/v1{path}?{query}&user.name={getpass.getuser()}"
        with OPENER.open(urllib.request.Request(address, method=method), timeout=60) as answer:
            return cast(dict[str, Any], json.load(answer))


def _json(address: str) -> dict[str, Any]:
    """Return a daemon's answer, or nothing while it does not answer yet."""
    try:
        with OPENER.open(address, timeout=10) as answer:
            return cast(dict[str, Any], json.load(answer))
    except (OSError, ValueError):
        return {}


def main() -> None:
    """Serve until Ctrl-C or SIGTERM."""
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    root = Path(tempfile.mkdtemp(prefix="entourage-hadoop-"))
    began = time.monotonic()
    with HadoopCluster(root) as cluster:
        print(f"# HDFS and YARN are up after {time.monotonic() - began:.0f} s; logs: {root / 'logs'}; Ctrl-C ends them")
        print(f"# pages: http://{LOOPBACK}:{cluster.ports.resourcemanager_http} (YARN), ", end="")
        print(f"http://{LOOPBACK}:{cluster.ports.namenode_http} (HDFS)")
        for name, value in cluster.spark_environment.items():
            print(f"export {name}={shlex.quote(value)}")
        print(f"export HDFS={cluster.hdfs_uri}", flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            print("# stopping")


if __name__ == "__main__":
    main()
