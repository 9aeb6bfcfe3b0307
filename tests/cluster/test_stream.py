"""Streams against a real Kafka, and real processes that are killed, doubled or asked to end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from entourage.errors import UsageError
from tests.cluster.kafka import KafkaBroker
from tests.jobs.conftest import entourage, environment, light
from tests.jobs.streaming import PLACES, deletion, digest, run, status, texts

pytestmark = [pytest.mark.cluster, pytest.mark.slow]


def _address(kafka: KafkaBroker, topic: str) -> str:
    return f"kafka://{kafka.address}/{topic}"


@contextmanager
def _started(lake: str, given: object, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Start a stream as a user would; at the end of the block it is killed, if it goes on."""
    command = [str(Path(sys.executable).parent / "entourage"), *light(), "--lake", lake]
    command += ["run", "stream_posts", "--input", str(given), *options]
    with subprocess.Popen(
        command, start_new_session=True, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            yield running
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)


def _wait_for(running: subprocess.Popen[str], words: str) -> None:
    assert running.stderr is not None
    said = []
    for line in running.stderr:
        said.append(line)
        if words in line:
            return
    raise AssertionError(f"it ended without saying '{words}':\n{''.join(said)[-3000:]}")


def test_messages_of_kafka_give_the_tables_of_a_batch_with_their_offsets(
    spark: SparkSession, kafka: KafkaBroker, lake: str, tmp_path: Path
) -> None:
    messages = [deletion(3), status(1), f"[{status(2)},{status(3)}]", status(1), "", "{broken", status(4) + status(5)]
    kafka.create("mixed")
    kafka.send("mixed", messages)
    streamed = run(spark, lake, "stream_posts", stream_input=_address(kafka, "mixed"), stream_batch_rows=4)
    (tmp_path / "mixed.json").write_text("\n".join(messages))
    run(spark, f"{lake}-batch", "ingest_posts", posts_input=tmp_path / "mixed.json")

    assert texts(streamed) == {"1": "t1", "2": "t2", "3": None, "4": "t4", "5": "t5"}
    names = {name: rows for name, rows in digest(spark, Path(lake), aside=PLACES).items() if name != "bronze.files"}
    batch = digest(spark, Path(f"{lake}-batch"), aside=PLACES)
    assert names == {name: rows for name, rows in batch.items() if name != "bronze.files"}
    events = streamed.read("bronze.events").select("file", "position").collect()
    assert sorted(map(tuple, events)) == [("kafka://mixed/0", offset) for offset in (0, 1, 2, 6, 6)]
    files = streamed.read("bronze.files").select("path", "payload_count", "state").collect()
    assert sorted(map(tuple, files)) == [("kafka://mixed/0/0-3", 4, "done"), ("kafka://mixed/0/4-6", 3, "done")]


def test_messages_that_kafka_dropped_unread_are_told_and_the_stream_can_begin_anew(
    spark: SparkSession, kafka: KafkaBroker, lake: str
) -> None:
    given = _address(kafka, "short")
    kafka.create("short")
    kafka.send("short", [status(1), status(2)])
    run(spark, lake, "stream_posts", stream_input=given)
    kafka.send("short", [status(3), status(4), status(5)])
    kafka.drop_before("short", 4)

    with pytest.raises(UsageError, match=r"no longer has messages that the stream had not read.*--restart"):
        run(spark, lake, "stream_posts", stream_input=given)
    tables = run(spark, lake, "stream_posts", stream_input=given, restart=True)

    assert texts(tables) == {"1": "t1", "2": "t2", "5": "t5"}


def test_a_topic_that_is_not_there_is_told(spark: SparkSession, kafka: KafkaBroker, lake: str) -> None:
    kafka.create("other")

    with pytest.raises(UsageError, match="Kafka has no such topic"):
        run(
            spark,
            lake,
            "stream_posts",
            stream_input=_address(kafka, "absent"),
            kafka_settings=["allow.auto.create.topics=false"],
        )


def test_a_stream_outlives_its_broker_refuses_a_second_one_and_ends_when_asked(
    spark: SparkSession, kafka: KafkaBroker, lake: str
) -> None:
    given = _address(kafka, "steady")
    kafka.create("steady")
    kafka.send("steady", [status(1)])
    with _started(lake, given, "--set", "ingest.stream_trigger=1 second") as running:
        _wait_for(running, "silver.accounts")

        second = entourage("--lake", lake, "run", "stream_posts", "--input", given)

        kafka.stop()
        time.sleep(5)
        kafka.start()
        kafka.send("steady", [status(2)])
        _wait_for(running, "silver.posts")
        running.send_signal(signal.SIGTERM)
        code = running.wait(timeout=120)

    assert second.code == 5, second.err
    assert code == 0
    tables = run(spark, lake, "stream_posts", stream_input=given)
    assert texts(tables) == {"1": "t1", "2": "t2"}
    counts = tables.read("ops.run_counts").where("table_name = 'silver.posts'").select("item_count", "written_count")
    assert sorted(map(tuple, counts.collect())) == [(1, 1), (1, 1)]


@pytest.mark.parametrize("moment", ["bronze.events", "silver.posts", "silver.edges"])
def test_a_stream_killed_between_two_tables_and_repeated_gives_the_tables_of_an_undisturbed_one(
    spark: SparkSession, lake: str, tmp_path: Path, moment: str
) -> None:
    landing = tmp_path / "landing"
    landing.mkdir()
    reply = json.dumps({**json.loads(status(3)), "in_reply_to_status_id_str": "1", "in_reply_to_user_id_str": "8"})
    (landing / "1.json").write_text("\n".join([status(1), status(2), deletion(2), reply]))
    undisturbed = f"{lake}-undisturbed"
    run(spark, undisturbed, "stream_posts", stream_input=landing)

    with _started(lake, landing) as running:
        _wait_for(running, f"  {moment}: ")
        os.killpg(running.pid, signal.SIGKILL)
    again = entourage("--lake", lake, "run", "stream_posts", "--input", str(landing))

    assert again.code == 0, again.err
    assert digest(spark, Path(lake)) == digest(spark, Path(undisturbed))
