"""Hostile files through the real jobs into real Delta tables: no file stops a job, nothing good is lost."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from entourage import cli, config, runs
from entourage.errors import UsageError
from entourage.models import Models
from entourage.sources import Sources
from entourage.tables import Tables

DAY = dt.date(2026, 6, 1)
WHEN = "Fri Sep 07 16:35:24 +0000 2012"


def _status(id_: int, **more: object) -> str:
    user = {"id_str": "7", "screen_name": "ada"}
    return json.dumps({"id": id_, "id_str": str(id_), "created_at": WHEN, "text": f"t{id_}", "user": user, **more})


FILES = {
    "empty.json": b"",
    "bom.json": b"\xef\xbb\xbf",
    "cut.json": f"{_status(1)}\n{_status(2)[:50]}".encode(),
    "cut.json.gz": gzip.compress("\n".join(_status(n) for n in range(100, 3000)).encode())[:-500],
    "latin.json": _status(3).replace("t3", "caf\xe9").encode("latin-1") + b"\n" + _status(4).encode(),
    "wide.json": _status(5).encode("utf-16"),
    "nul.json": b"\x00\x00\n" + _status(6).encode() + b"\x00",
    "surrogate.json": _status(7).replace("t7", "\\ud800 \\u0000").encode(),
    "long.json": _status(8, padding=["y" * 1000] * 25_000).encode(),
    "pretty.json": json.dumps(json.loads(_status(9)), indent=2).encode(),
    "array.json": f"[{_status(10)},{_status(11)}]".encode(),
    "big.json": _status(9007199254740993).encode(),
    "late.json": _status(12, created_at="9999-12-31T00:00:00Z").encode(),
    "odd.json": _status(
        13, **{"a.b": 1, "entities": "none", "favorite_count": "many", "unheard": {"of": [1]}}
    ).encode(),
    "twice.json": _status(14).replace('"id_str"', '"id_str": "0", "id_str"', 1).encode(),
    "double.json": f"{_status(16)}{_status(16)}".encode(),
    "copy.json": f"{_status(1)}\n".encode(),
    "data.zst": b"\x28\xb5\x2f\xfd" + b"\xff" * 100,
    "deep.json": b"[" * 200 + b"]" * 200,
    "noise.json": bytes(range(1, 32)) * 50,
}
GOOD = {"1", "4", "5", "6", "7", "8", "9", "10", "11", "9007199254740993", "13", "14", "16", "100"}
REFUSED = {
    ("cut.json", "bad_json"),
    ("cut.json.gz", "truncated_file"),
    ("latin.json", "bad_encoding"),
    ("deep.json", "too_deep"),
    ("nul.json", "only_nul"),
    ("late.json", "bad_time"),
    ("data.zst", "corrupt_file"),
    ("noise.json", "not_text"),
}


def _context(spark: SparkSession, lake: str, **ingest: object) -> cli.Context:
    texts = {key: value if isinstance(value, bool) else str(value) for key, value in ingest.items()}
    settings = config.load("local", {f"ingest.{key}": json.dumps(value) for key, value in texts.items()})
    return cli.Context(
        Tables(spark, lake, "run"), Sources(spark), Models(spark, f"{lake}/_models"), settings, lambda _: None
    )


def _run(spark: SparkSession, lake: str, job: str, **ingest: object) -> Tables:
    context = _context(spark, lake, **ingest)
    runs.load(job)(context, DAY)
    return context.tables


def _ids(tables: Tables) -> set[str]:
    return {row["post_id"].removeprefix("x:") for row in tables.read("silver.posts").select("post_id").collect()}


def _is_conserved(tables: Tables) -> bool:
    return all(
        c.items == c.written + c.duplicates + c.quarantined + c.suppressed and c.duplicates >= 0 for c in tables.counts
    )


def test_no_file_stops_the_job_and_nothing_good_is_lost(spark: SparkSession, lake: str, tmp_path: Path) -> None:
    landing = tmp_path / "of_2026"
    landing.mkdir()
    for name, content in FILES.items():
        (landing / name).write_bytes(content)
    (landing / "kept for later").mkdir()
    (landing / "kept for later" / "a,b [1].json").write_text(_status(15))
    tables = _run(spark, lake, "ingest_posts", posts_input=landing)
    refused = tables.read("bronze.quarantine").select("file", "reason_code", "reason").collect()

    assert _ids(tables) >= GOOD | {"15"}
    assert {(Path(row["file"]).name, row["reason_code"]) for row in refused} >= REFUSED
    assert all(row["reason"] for row in refused)
    assert _is_conserved(tables)
    assert tables.read("bronze.files").count() == len(FILES) + 1

    (landing / "cut.json").write_text(f"{_status(1)}\n{_status(2)}\n")  # it has grown
    again = _run(spark, lake, "ingest_posts", posts_input=landing)

    assert "2" in _ids(again)
    assert _is_conserved(again)
    assert [(c.items, c.written) for c in again.counts if c.table == "silver.posts"] == [(2, 1)]


def test_the_files_of_many_sources_are_counted_by_source(spark: SparkSession, lake: str, tmp_path: Path) -> None:
    for name, text in {
        "crm": 'customer_no,first_name,email\n1,Ada,ada@example.org\n1,Ada,ada@example.org\n,Bob,\n2,Cy,"open\n',
        "newsletter": "subscriber_id,email\n1,ada@example.org\n",
        "consents": (
            "identifier_kind,identifier,purpose,channel,action,basis,evidence,effective_at,recorded_at\n"
            "email,ada@example.org,marketing,email,granted,consent,form,2026-01-01T00:00:00Z,\n"
            "email,ada@example.org,marketing,email,maybe,consent,form,2026-01-01T00:00:00Z,\n"
        ),
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "part.csv").write_text(text)
    tables = _run(spark, lake, "ingest_records", records_input=tmp_path)
    counts = {(c.source, c.table): (c.items, c.written, c.duplicates, c.quarantined) for c in tables.counts}

    assert counts["crm", "silver.source_records"] == (3, 1, 1, 1)
    assert counts["newsletter", "silver.source_records"] == (1, 1, 0, 0)
    assert counts["consents", "silver.consent_events"] == (2, 1, 0, 1)
    assert {row["reason_code"] for row in tables.read("bronze.quarantine").collect()} == {
        "bad_key",
        "bad_value",
        "unclosed_quote",
    }
    assert _is_conserved(tables)

    (tmp_path / "crm" / "part.csv").write_text("customer_no,first_name,email\n5,Cy,cy@example.com\n")
    one = _run(spark, lake, "ingest_records", records_input=tmp_path / "crm", source="crm")

    assert [(c.table, c.items, c.written) for c in one.counts] == [
        ("bronze.events", 1, 1),
        ("silver.source_records", 1, 1),
    ]


def test_a_folder_that_is_named_as_no_mapping_is_refused_with_what_to_do(
    spark: SparkSession, lake: str, tmp_path: Path
) -> None:
    (tmp_path / "crn").mkdir()
    (tmp_path / "crn" / "part.csv").write_text("a\n1\n")

    with pytest.raises(UsageError, match=r"'crn' is unknown.*crm"):
        _run(spark, lake, "ingest_records", records_input=tmp_path)


def test_what_does_not_say_its_source_is_refused_with_what_to_do(
    spark: SparkSession, lake: str, tmp_path: Path
) -> None:
    (tmp_path / "crm").mkdir()
    (tmp_path / "crm" / "part.csv").write_text("customer_no\n1\n")
    (tmp_path / "more.csv").write_text("customer_no\n2\n")
    (tmp_path / "2026").mkdir()
    (tmp_path / "2026" / "tweets.csv.bz2").write_bytes(b"")

    with pytest.raises(UsageError, match=r"1 files lie beside .* such as more\.csv"):
        _run(spark, lake, "ingest_records", records_input=tmp_path)
    with pytest.raises(UsageError, match=r"no source for .*more\.csv'; name its mapping with --source"):
        _run(spark, lake, "ingest_records", records_input=tmp_path / "more.csv")
    with pytest.raises(UsageError, match=r"tweets\.csv\.bz2: a table is read by the mapping"):
        _run(spark, lake, "ingest_posts", posts_input=tmp_path / "2026")
    with pytest.raises(
        UsageError, match=r"--format, which takes a mapping or one of x_archive.*: 'twitter' is unknown"
    ):
        _run(spark, lake, "ingest_posts", posts_input=tmp_path / "2026", format="twitter")


def test_run_all_refuses_a_folder_without_deliveries(spark: SparkSession, lake: str, tmp_path: Path) -> None:
    context = _context(spark, lake)
    with pytest.raises(UsageError, match=r"run all: no file in .*expected posts/, or folders of records"):
        runs.assigned(context, "ingest_posts", str(tmp_path), is_all=True)

    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "part.csv").write_text("a\n1\n")

    assert runs.assigned(context, "ingest_posts", str(tmp_path), is_all=True) is None
    assert runs.assigned(context, "ingest_records", str(tmp_path), is_all=True) == {
        "ingest__records_input": str(tmp_path)
    }


def test_of_records_without_a_time_of_change_the_one_delivered_last_stands(
    spark: SparkSession, lake: str, tmp_path: Path
) -> None:
    for number, name in enumerate(["Ada", "Adda", "Ida", "Aida"]):
        (tmp_path / "part.csv").write_text(f"customer_no,first_name,run\n1,{name},{number}\n")
        tables = _run(spark, lake, "ingest_records", records_input=tmp_path, source="crm")

        assert [row["given_name"] for row in tables.read("silver.source_records").collect()] == [name]


def test_of_two_files_in_one_run_the_younger_one_counts_and_an_old_one_read_again_does_not(
    spark: SparkSession, lake: str, tmp_path: Path
) -> None:
    for name, age in (("b", 3), ("a", 1), ("c", 2)):
        (tmp_path / f"{name}.csv").write_text(f"customer_no,first_name\n1,{name}\n1,last of {name}\n")
        os.utime(tmp_path / f"{name}.csv", (1_780_000_000 - age,) * 2)

    for path in (tmp_path, tmp_path / "b.csv", tmp_path / "c.csv"):
        tables = _run(spark, lake, "ingest_records", records_input=path, source="crm", again=True)

        assert [row["given_name"] for row in tables.read("silver.source_records").collect()] == ["last of a"]


def test_a_file_that_is_done_is_read_again_when_asked(spark: SparkSession, lake: str, tmp_path: Path) -> None:
    delivered = tmp_path / "in"
    delivered.mkdir()
    (delivered / "posts.json").write_text(_status(1))
    _run(spark, lake, "ingest_posts", posts_input=delivered)

    assert _run(spark, lake, "ingest_posts", posts_input=delivered).counts == []
    again = _run(spark, lake, "ingest_posts", posts_input=delivered, again=True)

    assert [(c.table, c.items, c.written) for c in again.counts][:1] == [("bronze.events", 1, 0)]


def test_damaged_parquet_is_refused_and_the_rest_comes_in(spark: SparkSession, lake: str, tmp_path: Path) -> None:
    edges = {"src": [str(n) for n in range(2000)], "dst": [f"to{n}" for n in range(2000)]}
    for name in ("good", "footer", "page"):
        pq.write_table(pa.table(edges), tmp_path / f"{name}.parquet", compression="gzip")
    whole = (tmp_path / "page.parquet").read_bytes()
    (tmp_path / "page.parquet").write_bytes(whole[:200] + bytes(400) + whole[600:])
    (tmp_path / "footer.parquet").write_bytes(whole[:-100])
    tables = _run(spark, lake, "ingest_records", records_input=tmp_path, source="edges")

    assert tables.read("silver.edges").count() == 2000
    refused = tables.read("bronze.quarantine").select("file", "reason_code").collect()
    assert {(row["file"].rsplit("/", 1)[1], row["reason_code"]) for row in refused} == {
        ("footer.parquet", "corrupt_file"),
        ("page.parquet", "corrupt_file"),
    }


def test_a_condition_that_is_none_is_refused(spark: SparkSession, lake: str) -> None:
    context = _context(spark, lake)
    for where in ("nonsense = 1", "account_id ="):
        with pytest.raises(UsageError, match=f"--where: '{where}' is no condition on silver.accounts: "):
            cli._chosen(context, "silver.accounts", where)


def _toot(id_: str, *, noindex: bool) -> str:
    home = "https://tea.example"
    person = {"acct": id_, "url": f"{home}/@{id_}", "noindex": noindex}
    when = "2024-01-01T00:00:00.000Z"
    return json.dumps({"uri": f"{home}/{id_}", "account": person, "content": id_, "created_at": when})


def test_what_asks_to_be_left_out_is_counted_and_written_nowhere_and_a_path_names_whose_followers_a_page_lists(
    spark: SparkSession, lake: str, tmp_path: Path
) -> None:
    message = json.dumps({"ytd": "direct_messages", "owner": "12", "item": {"dmConversation": {"text": "secret"}}})
    (tmp_path / "posts.json").write_text(f"{_toot('ada', noindex=False)}\n{_toot('bob', noindex=True)}\n{message}\n")
    (tmp_path / "followers_of=12").mkdir()
    (tmp_path / "followers_of=12" / "page.json").write_text('{"ids": [7, 8], "next_cursor": 0}')
    tables = _run(spark, lake, "ingest_posts", posts_input=tmp_path)

    assert [row["text"] for row in tables.read("silver.posts").collect()] == ["ada"]
    assert [row["handle"] for row in tables.read("silver.accounts").collect()] == ["ada"]
    assert sorted(row["edge_id"] for row in tables.read("silver.edges").collect()) == [
        "x:follow:x:7:x:12",
        "x:follow:x:8:x:12",
    ]
    assert sorted(row["format"] for row in tables.read("bronze.events").collect()) == ["mastodon", "x_v1"]
    assert tables.read("bronze.quarantine").count() == 0
    counts = {c.table: (c.items, c.written, c.quarantined, c.suppressed) for c in tables.counts}
    assert (counts["bronze.events"], counts["silver.posts"]) == ((4, 2, 0, 2), (2, 1, 0, 1))
    assert _is_conserved(tables)
