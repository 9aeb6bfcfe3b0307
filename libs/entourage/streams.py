"""Follow a folder or a topic of Kafka: each micro-batch goes through the code of a batch run, once.

in: a folder, or kafka://HOST:PORT/TOPIC ▶ out: the tables of `Landing.social`, and a run a batch in ops.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from entourage import checkpoints
from entourage.checkpoints import Checkpoint
from entourage.contents import literal
from entourage.errors import EntourageError, RetryError, UsageError
from entourage.ingest.unpacking import SplitParams
from entourage.landing import Landing
from entourage.session import FileStatus, FileSystem
from entourage.sources import Delivery, Sources
from entourage.tables import Tables

JOB = "stream_posts"
KAFKA = re.compile(r"kafka://([^/]+)/([A-Za-z0-9._-]+)")
INTERVAL = re.compile(r"\d+ (milliseconds?|seconds?|minutes?|hours?)")
# Spark forgets files that are a week older than the newest one, and then takes late ones for read.
NO_AGE = "36500d"
# One small file a batch and table; from 50 in a partition on, Delta joins them after the commit that made the last one.
COMPACTION = {"spark.databricks.delta.autoCompact.enabled": "true"}


class _StopError(Exception):
    """The stream was asked to end, and a batch is not to begin."""


@dataclass(frozen=True)
class Stream:
    """One stream of posts.

    Attributes:
        tables: of the lake.
        sources: reads what a batch holds.
        settings: the section `ingest` of the configuration.
        folder: of the configuration.
        as_of: the day it runs for.
        say: prints progress.
        stopping: set by who wants it to end after the batch in hand.
        faults: the errors of ours that ended it.
    """

    tables: Tables
    sources: Sources
    settings: dict[str, Any]
    folder: Path
    as_of: dt.date
    say: Callable[[str], None]
    stopping: threading.Event = field(default_factory=threading.Event)
    faults: list[Exception] = field(default_factory=list)

    def follow(self) -> None:
        """Read what is there, or go on until SIGTERM or Ctrl-C, as `ingest.stream_trigger` says.

        Raises:
            UsageError: no input, another trigger, a checkpoint that is not there, or offsets that Kafka has dropped.
            RetryError: Kafka does not answer.
        """
        trigger = _trigger(self.settings["stream_trigger"])
        found = FileSystem(self.tables.spark)
        given = self._input(found)
        name = checkpoints.stream_name(given)
        place, restart = self.settings["checkpoint"], self.settings["restart"]
        checkpoint = checkpoints.opened(found, self.tables.lake, stream=name, folder=place, restart=restart)
        self._check_begun(name, checkpoint)
        read = self._messages(given) if KAFKA.fullmatch(given) else self._files(found, given)

        def land(batch: DataFrame, number: int) -> None:
            try:
                self._land(batch, number, name=name, generation=checkpoint.generation, given=given)
            except Exception as error:  # py4j would make a text of it
                self.faults.append(error)
                raise

        writer = read.writeStream.foreachBatch(land).option("checkpointLocation", checkpoint.folder).trigger(**trigger)
        with _asked_to_stop(self.stopping), self._compacting():
            self._wait(writer.start(), given=given)

    def _input(self, files: FileSystem) -> str:
        given = str(self.settings["stream_input"])
        if given.startswith("kafka:"):
            if not KAFKA.fullmatch(given):
                raise UsageError(f"{JOB}: found '{given}'; expected kafka://HOST:PORT/TOPIC (several brokers: H:P,H:P)")
            return given
        if not given or not (files.exists(given) or files.list_files(given)):
            raise UsageError(
                f"{JOB}: nothing found at '{given}'; expected a folder or kafka://HOST:PORT/TOPIC (--input)"
            )
        return files.qualified(given)

    def _check_begun(self, name: str, checkpoint: Checkpoint) -> None:
        """Refuse a checkpoint that was emptied: its numbers begin again, and Delta would drop what is written."""
        runs = self.tables.read("ops.runs").where(F.col("run_id").startswith(f"{checkpoint.generation}-"))
        if not checkpoint.is_begun and not runs.isEmpty():
            raise UsageError(
                f"stream {name}: its checkpoint {checkpoint.folder} holds no batch, though the lake has read by it; "
                "put it back, or begin anew with --restart: what is in the tables already changes nothing"
            )

    def _messages(self, given: str) -> DataFrame:
        match = KAFKA.fullmatch(given)
        assert match is not None  # checked by _input
        reader = self.tables.spark.readStream.format("kafka")
        options = dict(setting.split("=", 1) for setting in self.settings["kafka_settings"])
        for key, value in options.items():
            reader = reader.option(f"kafka.{key}", value)
        return (
            reader.option("kafka.bootstrap.servers", match[1])
            .option("subscribe", match[2])
            .option("startingOffsets", "earliest")
            .option("failOnDataLoss", "true")
            .option("maxOffsetsPerTrigger", self.settings["stream_batch_rows"])
            .option("minPartitions", self.tables.spark.sparkContext.defaultParallelism)
            .load()
        )

    def _files(self, files: FileSystem, given: str) -> DataFrame:
        """Follow the names of files; their content is read by the batch (Spark skips a column nobody asks for)."""
        schema = "path string, modificationTime timestamp, length bigint, content binary"
        reader = self.tables.spark.readStream.format("binaryFile").schema(schema)
        reader = reader.option("recursiveFileLookup", True).option("ignoreMissingFiles", True)
        reader = reader.option("maxFileAge", NO_AGE).option("maxFilesPerTrigger", self.settings["stream_batch_files"])
        listed = reader.load(literal(given) if files.exists(given) else given)
        return listed.select("path", "length", F.unix_millis("modificationTime").alias("modified_ms"))

    def _land(self, batch: DataFrame, number: int, *, name: str, generation: str, given: str) -> None:
        """Bring one batch in; a batch that is delivered again finds its rows, and changes nothing."""
        if self.stopping.is_set():
            raise _StopError
        started_at = dt.datetime.now(dt.UTC)
        once = (f"entourage-{name}-{generation}", number)
        tables = dataclasses.replace(self.tables, run_id=f"{generation}-{number}", once=once, counts=[], checks=[])
        self.say(f"  batch {number}")
        delivery = self._delivery(batch, tables, is_kafka=given.startswith("kafka:"))
        if delivery is not None:
            scratch = tables.workspace(JOB)
            Landing(tables, scratch, self.say, self.settings["max_depth"]).social(delivery)
            scratch.clear()
        detail = json.dumps({"stream": name, "batch": number})
        tables.record_run(JOB, as_of=self.as_of, started_at=started_at, detail=detail)

    def _delivery(self, batch: DataFrame, tables: Tables, *, is_kafka: bool) -> Delivery | None:
        form, params = self.settings["format"], SplitParams.of(self.settings)
        if is_kafka:
            return self.sources.messages(batch, form=form, folder=self.folder, params=params)
        found = [FileStatus(row["path"], row["length"], row["modified_ms"]) for row in batch.collect()]
        seen, again = tables.read("bronze.files"), self.settings["again"]
        files = self.sources.unread(found, seen, "posts", again)
        self.say(f"  {len(files):,} new files")
        if not files:
            return None
        return self.sources.posts(files, form=form, folder=self.folder, params=params)

    def _wait(self, query: StreamingQuery, *, given: str) -> None:
        while query.isActive:
            try:
                query.awaitTermination(1)
            except StreamingQueryException:
                break
            if self.stopping.is_set() and not query.status["isTriggerActive"]:
                query.stop()
        fault = query.exception()
        if any(isinstance(error, _StopError) for error in self.faults):
            self.say("  stopped as asked, between two batches")
        elif fault is not None:
            ours = next((error for error in self.faults if isinstance(error, EntourageError)), None)
            raise ours or _explained(fault, given=given) from fault

    @contextmanager
    def _compacting(self) -> Iterator[None]:
        conf = self.tables.spark.conf
        for key, value in COMPACTION.items():
            conf.set(key, value)
        try:
            yield
        finally:
            for key in COMPACTION:
                conf.unset(key)


def _trigger(text: str) -> dict[str, Any]:
    if text == "available":
        return {"availableNow": True}
    if INTERVAL.fullmatch(text):
        return {"processingTime": text}
    raise UsageError(
        f"ingest.stream_trigger: found '{text}'; expected available, or an interval such as '10 seconds' or '1 minute'"
    )


@contextmanager
def _asked_to_stop(stopping: threading.Event) -> Iterator[None]:
    """Take SIGTERM and Ctrl-C for the wish to end after the batch in hand."""
    before = {number: signal.signal(number, lambda *_: stopping.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _explained(fault: StreamingQueryException, *, given: str) -> Exception:
    """Return the error that says what to do about what Kafka said; what is not Kafka's stays as it is."""
    said = str(fault)
    if "failOnDataLoss" in said or "OffsetOutOfRange" in said:
        return UsageError(
            f"{JOB}: {given}: Kafka no longer has messages that the stream had not read (retention, or the topic was "
            "made anew); found offsets beyond its own, expected them to follow. What Kafka dropped must come from its "
            "source again; to go on with what it still has, begin anew with --restart: what is in the tables already "
            "changes nothing"
        )
    if "UnknownTopicOrPartition" in said:
        return UsageError(f"{JOB}: {given}: Kafka has no such topic; make it, or name another one (--input)")
    if "org.apache.kafka" in said and ("Timeout" in said or "Disconnect" in said):
        return RetryError(f"{JOB}: {given}: Kafka does not answer; the stream goes on where it was when run again")
    return fault
