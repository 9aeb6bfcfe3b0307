"""Run a real Kafka for a while: one broker in KRaft mode, a plain JVM on loopback.

in: the jars of conf/kafka.lock.toml ▶ out: `KafkaBroker`, which stops with its owner.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from tests.cluster.daemons import LOOPBACK, end, launch, tail, unused_ports
from tests.cluster.kafka_jars import JARS
from tests.cluster.maven_jars import java

CLUSTER_ID = "ZW50b3VyYWdlLXRlc3RzMQ"  # any 16 bytes in base64
LOG4J = """\
<Configuration><Appenders><Console name="out"><PatternLayout pattern="%d %p %c{1} %m%n"/></Console></Appenders>
<Loggers><Root level="warn"><AppenderRef ref="out"/></Root></Loggers></Configuration>
"""


@dataclass(frozen=True)
class KafkaBroker:
    """One broker under `root`; its log stays in root/broker.log after `stop`."""

    root: Path
    heap_mb: int = 256
    ready_within_s: float = 60
    ports: list[int] = field(default_factory=lambda: unused_ports(2))
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Return host:port, as clients take it."""
        return f"{LOOPBACK}:{self.ports[0]}"

    def __enter__(self) -> KafkaBroker:
        """Format and start."""
        JARS.install()
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "server.properties").write_text(self._properties(), encoding="utf-8")
        (self.root / "log4j2.xml").write_text(LOG4J, encoding="utf-8")
        self._run("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(self.root / "server.properties"))
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, and delete the data; after an error, print the tail of the log."""
        self.stop()
        shutil.rmtree(self.root / "data", ignore_errors=True)
        if error is not None:
            print(tail(self.root / "broker.log", lines=30))

    def start(self) -> None:
        """Start the broker on its data, and wait until it takes connections.

        Raises:
            RuntimeError: it died, or was not ready in time; with the tail of its log.
        """
        log, command = self.root / "broker.log", self._command("kafka.Kafka", heap_mb=self.heap_mb)
        process = launch([*command, str(self.root / "server.properties")], log=log, folder=self.root)
        self.processes["broker"] = process
        deadline = time.monotonic() + self.ready_within_s
        while not self._is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(
                    f"kafka: died, or not ready within {self.ready_within_s:.0f} s\n{tail(log, lines=30)}"
                )
            time.sleep(0.2)

    def stop(self) -> None:
        """End the broker that this object started; its data stay for another `start`."""
        end(list(self.processes.values()), within_s=15)
        self.processes.clear()

    def create(self, topic: str, *, partitions: int = 1, settings: Iterable[str] = ()) -> None:
        """Make a topic by Kafka's own admin client."""
        options = [part for setting in settings for part in ("--config", setting)]
        counts = ("--partitions", str(partitions), "--replication-factor", "1")
        self._tool("org.apache.kafka.tools.TopicCommand", "--create", "--topic", topic, *counts, *options)

    def send(self, topic: str, values: Sequence[str]) -> None:
        """Produce one record a value, in order; values hold no line ends."""
        producer = "org.apache.kafka.tools.ConsoleProducer"
        self._tool(producer, "--topic", topic, given="".join(f"{value}\n" for value in values))

    def drop_before(self, topic: str, offset: int, *, partition: int = 0) -> None:
        """Delete the records before an offset, as retention does."""
        asked = self.root / "drop.json"
        what = f'{{"topic": "{topic}", "partition": {partition}, "offset": {offset}}}'
        asked.write_text(f'{{"partitions": [{what}], "version": 1}}', encoding="utf-8")
        self._tool("org.apache.kafka.tools.DeleteRecordsCommand", "--offset-json-file", str(asked))

    def producer(self, topic: str) -> subprocess.Popen[bytes]:
        """Start Kafka's console producer; each line on its standard input is a record."""
        command = self._command("org.apache.kafka.tools.ConsoleProducer", heap_mb=128)
        arguments = ["--bootstrap-server", self.address, "--topic", topic, "--batch-size", "65536"]
        return subprocess.Popen([*command, *arguments], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)

    def _tool(self, main_class: str, *arguments: str, given: str = "") -> str:
        return self._run(main_class, "--bootstrap-server", self.address, *arguments, given=given)

    def _run(self, main_class: str, *arguments: str, given: str = "") -> str:
        command = [*self._command(main_class, heap_mb=128), *arguments]
        done = subprocess.run(command, cwd=self.root, input=given, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"kafka: {main_class} failed:\n{(done.stdout + done.stderr)[-3000:]}")
        return done.stdout

    def _command(self, main_class: str, *, heap_mb: int) -> list[str]:
        flags = [f"-Xmx{heap_mb}m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        flags += [f"-Dlog4j2.configurationFile={self.root / 'log4j2.xml'}"]
        return [java(), *flags, "-cp", f"{JARS.folder}/*", main_class]

    def _is_ready(self) -> bool:
        with socket.socket() as attempt:
            attempt.settimeout(1)
            return attempt.connect_ex((LOOPBACK, self.ports[0])) == 0

    def _properties(self) -> str:
        broker, controller = self.ports
        return "\n".join(
            [
                "process.roles=broker,controller",
                "node.id=1",
                f"controller.quorum.voters=1@{LOOPBACK}:{controller}",
                f"listeners=PLAINTEXT://{LOOPBACK}:{broker},CONTROLLER://{LOOPBACK}:{controller}",
                f"advertised.listeners=PLAINTEXT://{LOOPBACK}:{broker}",
                "controller.listener.names=CONTROLLER",
                "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
                f"log.dirs={self.root / 'data'}",
                "offsets.topic.replication.factor=1",
                "offsets.topic.num.partitions=1",
                "transaction.state.log.replication.factor=1",
                "transaction.state.log.min.isr=1",
                "group.initial.rebalance.delay.ms=0",
                "auto.create.topics.enable=true",
            ]
        )
