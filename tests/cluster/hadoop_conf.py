"""Write the configuration of a Hadoop that lives on 127.0.0.1 only.

in: a folder and free ports ▶ out: conf/ (what HADOOP_CONF_DIR names) and daemons/ (what only the daemons read).
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from xml.sax.saxutils import escape

from tests.cluster.daemons import LOOPBACK, unused_ports

LOG4J = """\
log4j.rootLogger=INFO, console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.target=System.err
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d{ISO8601} %p %c{2}: %m%n
"""


@dataclass(frozen=True)
class Ports:
    """The ports that a client must know; the daemons choose all others themselves."""

    namenode: int
    namenode_http: int
    resourcemanager: int
    scheduler: int
    tracker: int
    admin: int
    resourcemanager_http: int


def free_ports() -> Ports:
    """Return ports that were free a moment ago, all different."""
    return Ports(*unused_ports(len(fields(Ports))))


def write_configuration(root: Path, *, ports: Ports, node_memory_mb: int) -> None:
    """Write root/conf and root/daemons."""
    conf, daemons = root / "conf", root / "daemons"
    for folder in (conf, daemons / "webapps" / "hdfs", daemons / "webapps" / "datanode"):
        folder.mkdir(parents=True)  # NameNode and DataNode die without their webapps folder, which the jars lack
    _write(conf / "core-site.xml", _core(root, ports))
    _write(conf / "hdfs-site.xml", _hdfs(root, ports))
    _write(conf / "yarn-site.xml", _yarn(root, ports, node_memory_mb))
    _write(daemons / "capacity-scheduler.xml", _capacity())
    (daemons / "log4j.properties").write_text(LOG4J)
    # The only names that the daemons know: this machine's own may be unknown to DNS, or belong to another interface.
    (daemons / "hosts").write_text(f"{LOOPBACK} localhost {socket.gethostname()}\n")


def _core(root: Path, ports: Ports) -> dict[str, object]:
    return {
        "fs.defaultFS": f"hdfs://{LOOPBACK}:{ports.namenode}",
        "hadoop.tmp.dir": root / "data" / "tmp",
        "hadoop.http.staticuser.user": "dr.who",
    }


def _hdfs(root: Path, ports: Ports) -> dict[str, object]:
    return {
        "dfs.namenode.name.dir": f"file://{root}/data/name",
        "dfs.namenode.rpc-address": f"{LOOPBACK}:{ports.namenode}",
        "dfs.namenode.rpc-bind-host": LOOPBACK,
        "dfs.namenode.http-address": f"{LOOPBACK}:{ports.namenode_http}",
        "dfs.namenode.http-bind-host": LOOPBACK,
        "dfs.namenode.secondary.http-address": f"{LOOPBACK}:0",
        "dfs.namenode.datanode.registration.ip-hostname-check": "false",
        "dfs.namenode.safemode.extension": 0,
        "dfs.datanode.data.dir": f"file://{root}/data/blocks",
        "dfs.datanode.address": f"{LOOPBACK}:0",
        "dfs.datanode.http.address": f"{LOOPBACK}:0",
        "dfs.datanode.ipc.address": f"{LOOPBACK}:0",
        "dfs.datanode.hostname": "localhost",
        "dfs.replication": 1,
        "dfs.blocksize": 64 * 1024 * 1024,
        "dfs.client.block.write.replace-datanode-on-failure.enable": "false",
    }


def _yarn(root: Path, ports: Ports, node_memory_mb: int) -> dict[str, object]:
    manager = "yarn.resourcemanager"
    node = "yarn.nodemanager"
    return {
        f"{manager}.hostname": LOOPBACK,
        f"{manager}.bind-host": LOOPBACK,
        f"{manager}.address": f"{LOOPBACK}:{ports.resourcemanager}",
        f"{manager}.scheduler.address": f"{LOOPBACK}:{ports.scheduler}",
        f"{manager}.resource-tracker.address": f"{LOOPBACK}:{ports.tracker}",
        f"{manager}.admin.address": f"{LOOPBACK}:{ports.admin}",
        f"{manager}.webapp.address": f"{LOOPBACK}:{ports.resourcemanager_http}",
        f"{manager}.nodemanagers.heartbeat-interval-ms": 200,
        f"{node}.hostname": LOOPBACK,
        f"{node}.bind-host": LOOPBACK,
        f"{node}.address": f"{LOOPBACK}:0",
        f"{node}.localizer.address": f"{LOOPBACK}:0",
        f"{node}.webapp.address": f"{LOOPBACK}:0",
        f"{node}.local-dirs": root / "data" / "local",
        f"{node}.log-dirs": root / "logs" / "containers",
        f"{node}.resource.memory-mb": node_memory_mb,
        f"{node}.resource.cpu-vcores": 8,
        f"{node}.process-kill-wait.ms": 500,
        f"{node}.vmem-check-enabled": "false",
        f"{node}.pmem-check-enabled": "true",
        f"{node}.disk-health-checker.max-disk-utilization-per-disk-percentage": 99,
        f"{node}.env-whitelist": "JAVA_HOME,PATH,LANG,LC_ALL",
        "yarn.scheduler.minimum-allocation-mb": 256,
        "yarn.scheduler.maximum-allocation-mb": node_memory_mb,
    }


def _capacity() -> dict[str, object]:
    queue = "yarn.scheduler.capacity.root"
    return {
        f"{queue}.queues": "default",
        f"{queue}.default.capacity": 100,
        f"{queue}.default.state": "RUNNING",
        "yarn.scheduler.capacity.maximum-am-resource-percent": 0.9,
        "yarn.scheduler.capacity.node-locality-delay": -1,
    }


def _write(path: Path, properties: Mapping[str, object]) -> None:
    rows = "".join(
        f"  <property><name>{escape(name)}</name><value>{escape(str(value))}</value></property>\n"
        for name, value in properties.items()
    )
    path.write_text(f'<?xml version="1.0"?>\n<configuration>\n{rows}</configuration>\n', encoding="utf-8")
