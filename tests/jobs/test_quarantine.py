"""Refusals, replays, deletions and suppressions through the real jobs, on real Delta tables."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from entourage import cli, config, keys, refusals, runs
from entourage.errors import UsageError
from entourage.ingest.suppressions import keyed_hash
from entourage.models import Models
from entourage.rows import local_frame
from entourage.schemas import TABLES, spark_schema
from entourage.session import FileSystem
from entourage.sources import Sources
from entourage.tables import Tables

DAY = dt.date(2026, 6, 1)
WHEN = "Fri Sep 07 16:35:24 +0000 2012"
MAPPING = "kind: persons\nsystem: shop\nkey: {key}\nformat: csv\ncolumns:\n  given_name: first\n  emails: mail\n"


def _status(id_: int, user: str = "7", **more: object) -> str:
    author = {"id_str": user, "screen_name": f"name{user}"}
    return json.dumps({"id_str": str(id_), "created_at": WHEN, "text": f"words of {id_}", "user": author, **more})


def _deletion(id_: int, user: str = "7") -> str:
    status = {"id": id_, "id_str": str(id_), "user_id": int(user), "user_id_str": user}
    return json.dumps({"delete": {"status": status, "timestamp_ms": "1347035724000"}})


def _run(spark: SparkSession, lake: str, job: str, tables: Tables | None = None, **ingest: object) -> Tables:
    texts = {key: value if isinstance(value, bool) else str(value) for key, value in ingest.items()}
    settings = config.load("local", {f"ingest.{key}": json.dumps(value) for key, value in texts.items()})
    tables = tables or Tables(spark, lake, "run")
    runs.load(job)(cli.Context(tables, Sources(spark), Models(spark, f"{lake}/_models"), settings, lambda _: None), DAY)
    return tables


def _open(tables: Tables) -> list[tuple[str, str, int]]:
    rows = refusals.summary(tables, reason="", source="", examples=1, reveal=False)
    return sorted((row["source"], row["reason_code"], row["refused"]) for row in rows)


def _is_conserved(tables: Tables) -> bool:
    return all(
        c.items == c.written + c.duplicates + c.quarantined + c.suppressed and c.duplicates >= 0 for c in tables.counts
    )


def _state(tables: Tables) -> dict[str, list[str]]:
    """Return all that the tables say, but for clocks."""
    return {name: _lines(tables.read(name)) for name in TABLES if tables.exists(name) and not name.startswith("ops.")}


def _lines(rows: DataFrame) -> list[str]:
    clocks = {"received_at", "received_date", "applied_at", "delivered_at"}
    shown = rows.withColumn("closed_at", F.col("closed_at").isNotNull()) if "closed_at" in rows.columns else rows
    kept = shown.drop(*clocks)
    return sorted(row[0] for row in kept.select(F.to_json(F.struct(*kept.columns))).collect())


def _traces(folder: str, word: str) -> list[str]:
    """Return the files below a folder in which a word stands; Parquet is read, all else looked through."""
    found = []
    for path in sorted(Path(folder).rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        is_there = word.encode() in content or (path.suffix == ".parquet" and word in _text(path))
        found += [str(path)] if is_there else []
    return found


def _text(path: Path) -> str:
    import pyarrow.parquet as pq

    return str(pq.ParquetFile(path).read().to_pylist())


def test_a_mended_mapping_drains_the_quarantine_and_history_stays(
    spark: SparkSession, lake: str, tmp_path: Path
) -> None:
    mapping, delivered = tmp_path / "shop.yaml", tmp_path / "shop.csv"
    mapping.write_text(MAPPING.format(key="number"))
    delivered.write_text("no,first,mail\n1,Ada,ada@example.org\n2,Bob,\n")
    _run(spark, lake, "ingest_records", records_input=delivered, source=mapping)
    delivered.unlink()
    first = _run(spark, lake, "replay", replay_reason="bad_key", source=mapping)

    assert _open(first) == [("shop", "bad_key", 2)]

    mapping.write_text(MAPPING.format(key="no"))
    tables = _run(spark, lake, "replay", replay_reason="bad_key", source=mapping)

    assert _open(tables) == []
    assert tables.read("bronze.quarantine").count() == 2
    assert sorted(row["record_id"] for row in tables.read("silver.source_records").collect()) == ["shop:1", "shop:2"]
    assert _is_conserved(tables)
    assert {(c.table, c.items, c.written) for c in tables.counts} >= {("silver.source_records", 2, 2)}


def test_what_is_refused_again_stays_with_its_new_reason(spark: SparkSession, lake: str, tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text('{"what": 1}\n{"what": 2, "long": "' + "y" * 70_000 + '"}\n')
    _run(spark, lake, "ingest_posts", posts_input=tmp_path / "in.json")
    (tmp_path / "in.json").unlink()
    tables = _run(spark, lake, "replay", replay_reason="unknown_format", format="x_v1")

    assert _open(tables) == [("posts", "no_items", 1), ("posts", "unknown_format", 1)]  # the second was cut
    assert _is_conserved(tables)


def test_a_cut_payload_and_a_whole_file_are_read_from_their_file_again(
    spark: SparkSession, lake: str, tmp_path: Path
) -> None:
    landing = tmp_path / "in"
    landing.mkdir()
    (landing / "long.json").write_text(f"{_status(1, padding='y' * 70_000)}\n{_status(2)}\n")
    (landing / "noise.json").write_bytes(bytes(range(1, 32)) * 50)
    settings = {"ingest.posts_input": json.dumps(str(landing)), "ingest.max_payload_bytes": "60000"}
    _with(spark, lake, "ingest_posts", settings)
    tables = Tables(spark, lake, "run")

    assert _open(tables) == [("posts", "not_text", 1), ("posts", "too_long", 1)]

    (landing / "noise.json").write_text(_status(3))
    for reason in ("too_long", "not_text"):
        tables = _run(spark, lake, "replay", replay_reason=reason)

    assert _open(tables) == []
    assert sorted(row["post_id"] for row in tables.read("silver.posts").collect()) == ["x:1", "x:2", "x:3"]


def _with(spark: SparkSession, lake: str, job: str, settings: dict[str, str]) -> None:
    context = cli.Context(
        Tables(spark, lake, "run"), Sources(spark), Models(spark, lake), config.load("local", settings), lambda _: None
    )
    runs.load(job)(context, DAY)


class _KilledError(Exception):
    """Stands for a kill."""


@pytest.mark.slow
def test_a_replay_that_is_killed_before_any_commit_and_repeated_gives_the_same_tables(
    spark: SparkSession, tmp_path: Path
) -> None:
    described = tmp_path / "told.yaml"
    described.write_text(
        "kind: posts\nformat: jsonl\ncolumns:\n  post_id: {from: n, prefix: 'x:'}\n  account_id: {from: who, prefix: 'x:'}\n"
        "  created_at: {from: at, parse: time}\n  text: words\n"
    )
    rows = [{"n": "1", "who": "7", "at": "2026-05-01T10:00:00Z", "words": "a"}, {"n": "2", "words": "b"}]
    (tmp_path / "in.json").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def prepared(name: str) -> str:
        lake = str(tmp_path / name)
        _run(spark, lake, "ingest_posts", posts_input=tmp_path / "in.json")
        return lake

    def replay(lake: str, tables: Tables) -> Tables:
        return _run(spark, lake, "replay", tables, replay_reason="unknown_format", format=described)

    undisturbed = replay(prepared("calm"), Tables(spark, str(tmp_path / "calm"), "run"))
    expected = _state(undisturbed)
    kills = 0
    while True:
        lake = prepared(f"lake{kills}")
        left = iter(range(kills))

        def kill(left: object = left) -> None:
            if next(left, None) is None:  # type: ignore[call-overload]
                raise _KilledError

        try:
            replay(lake, Tables(spark, lake, "run", before_commit=kill))
        except _KilledError:
            kills += 1
        else:
            break
        assert _state(replay(lake, Tables(spark, lake, "run"))) == expected

    assert kills >= 4
    assert _open(undisturbed) == [("posts", "missing_author", 1)]


def test_a_reason_that_was_never_given_is_named_with_the_nearest(
    spark: SparkSession, lake: str, tmp_path: Path
) -> None:
    (tmp_path / "in.json").write_text("{")
    tables = _run(spark, lake, "ingest_posts", posts_input=tmp_path / "in.json")

    with pytest.raises(UsageError, match=r"--reason: .*'bad_jsn'; did you mean 'bad_json'"):
        _run(spark, lake, "replay", replay_reason="bad_jsn")
    with pytest.raises(UsageError, match="replay: no reason given"):
        _run(spark, lake, "replay")
    (row,) = refusals.summary(tables, reason="bad_json", source="posts", examples=1, reveal=False)
    assert [example["payload"] for example in row["examples"]] == ["{…"]


@pytest.mark.slow
def test_a_deletion_before_and_after_its_post_blanks_the_payload_and_no_reading_brings_it_back(
    spark: SparkSession, lake: str, tmp_path: Path
) -> None:
    landing = tmp_path / "in"
    landing.mkdir()
    page = f"[{_status(1)},{_status(2, user='8')},{_status(5, created_at='never')}]"
    for name, text in (("a", page), ("b", _deletion(3)), ("c", _status(3)), ("d", _deletion(1)), ("e", _status(4))):
        (landing / f"{name}.json").write_text(text)
        _run(spark, lake, "ingest_posts", posts_input=landing / f"{name}.json")

    def kept() -> dict[str, str]:
        events = Tables(spark, lake, "run").read("bronze.events").collect()
        return {Path(row["file"]).stem: row["payload"] for row in events}

    expected = {"a": "", "b": _deletion(3), "c": "", "d": _deletion(1), "e": _status(4)}
    assert kept() == expected

    tables = _run(spark, lake, "ingest_posts", posts_input=landing, again=True)

    assert kept() == expected
    assert [(row["payload"], row["position"]) for row in tables.read("bronze.quarantine").collect()] == [("", 1)]
    assert _open(tables) == []
    posts = {row["post_id"]: row["text"] for row in tables.read("silver.posts").collect()}
    assert posts == {"x:1": None, "x:2": "words of 2", "x:3": None, "x:4": "words of 4"}
    assert _is_conserved(tables)


def _suppress(spark: SparkSession, lake: str, *whom: tuple[str, str]) -> None:
    tables = Tables(spark, lake, "run")
    key = keys.suppression_key(tables, create=True)
    rows = [(kind, keyed_hash(kind, name, key=key), dt.datetime.now(dt.UTC), "objection") for kind, name in whom]
    tables.merge("ops.suppressions", local_frame(spark, rows, spark_schema("ops.suppressions")), update=False)


def test_a_suppressed_account_leaves_no_trace_and_is_counted(spark: SparkSession, lake: str, tmp_path: Path) -> None:
    _suppress(spark, lake, ("account", "x:987654321"))
    mention = {"user_mentions": [{"id_str": "987654321", "screen_name": "n"}, {"id_str": "8", "screen_name": "m"}]}
    answer = {"in_reply_to_status_id_str": "1", "in_reply_to_user_id_str": "987654321"}
    lines = [_status(1, user="987654321"), _status(2, entities=mention), _status(3, **answer), _status(4)]
    (tmp_path / "in.json").write_text("\n".join([*lines, _status(5, user="987654321", created_at="never")]))
    tables = _run(spark, lake, "ingest_posts", posts_input=tmp_path / "in.json")

    assert _traces(lake, "987654321") == []
    assert sorted(row["post_id"] for row in tables.read("silver.posts").collect()) == ["x:2", "x:3", "x:4"]
    counts = {c.table: (c.items, c.written, c.quarantined, c.suppressed) for c in tables.counts}
    assert counts["silver.posts"] == (5, 3, 0, 2)
    assert counts["bronze.events"] == (5, 3, 0, 2)
    assert _is_conserved(tables)


def test_a_suppressed_person_is_left_out_by_any_identifier(spark: SparkSession, lake: str, tmp_path: Path) -> None:
    _suppress(spark, lake, ("email", "ada@example.org"), ("phone", "+33 6 12 34 56 78"), ("record", "crm:3"))
    lines = ["customer_no,first_name,email,phone", "1,Ada,ADA@example.org,", "2,Bobadil,,06.12.34.56.78", "3,Cyprian,,"]
    (tmp_path / "crm.csv").write_text("\n".join([*lines, "4,Di,di@example.org,", ""]))
    tables = _run(spark, lake, "ingest_records", records_input=tmp_path / "crm.csv", source="crm")

    assert [row["record_id"] for row in tables.read("silver.source_records").collect()] == ["crm:4"]
    assert [_traces(lake, word) for word in ("ADA@ex", "ada@ex", "12.34.56", "Bobadil", "Cyprian")] == [[]] * 5
    counts = {c.table: (c.items, c.written, c.suppressed) for c in tables.counts}
    assert counts == {"bronze.events": (4, 1, 3), "silver.source_records": (4, 1, 3)}


def test_without_its_key_a_lake_with_suppressions_stops(spark: SparkSession, lake: str, tmp_path: Path) -> None:
    _suppress(spark, lake, ("email", "ada@example.org"))
    key = Path(lake) / "_keys" / "suppression"

    assert key.stat().st_mode & 0o777 == 0o600
    FileSystem(spark).delete(str(key))
    (tmp_path / "in.json").write_text(_status(1))
    with pytest.raises(UsageError, match=r"the key of ops\.suppressions is gone"):
        _run(spark, lake, "ingest_posts", posts_input=tmp_path / "in.json")
