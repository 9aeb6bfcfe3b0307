"""Files that grow, vanish, arrive late, are packed or oddly named, through the real job into real Delta tables."""

from __future__ import annotations

import bz2
import io
import json
import os
import tarfile
import zipfile
from pathlib import Path

import zstandard
from pyspark.sql import SparkSession

from entourage.config import conf_folder
from entourage.ingest.unpacking import SplitParams
from entourage.landing import Landing
from entourage.tables import Tables
from tests.jobs.test_ingest import _context, _ids, _is_conserved, _run, _status

FEED = (
    "<rss><channel><link>https://blog.example.org</link><item><guid>g1</guid><author>Ada</author>"
    "<pubDate>Mon, 01 Jun 2026 12:00:00 GMT</pubDate><title>Rain</title></item><item><guid>g2"
)


def _tar(**members: bytes) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(f"hours/{name}.json.bz2")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return held.getvalue()


def _zip(**members: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.json", content)
    return held.getvalue()


def _states(tables: Tables) -> dict[str, list[tuple[str, int]]]:
    """Return the state and number of payloads of each version of a file that was seen, by its name."""
    found: dict[str, list[tuple[str, int]]] = {}
    for row in tables.read("bronze.files").orderBy("path", "size", "modified_at").collect():
        found.setdefault(row["path"].rsplit("/", 1)[1], []).append((row["state"], row["payload_count"]))
    return found


def _places(tables: Tables) -> set[str]:
    refused = tables.read("bronze.quarantine").select("file", "position", "reason_code").collect()
    return {f"{row['file'].split('/in!/', 1)[1]}:{row['position']}:{row['reason_code']}" for row in refused}


def test_packed_files_are_read_member_by_member_and_counted_as_one_file(
    spark: SparkSession, lake: str, tmp_path: Path
) -> None:
    landing = tmp_path / "in!"  # the sign that names members may end a folder's name too
    landing.mkdir()
    hours = _tar(first=bz2.compress(f"{_status(1)}\n{_status(2)}".encode()), second=b"BZh91AY&SY" + b"x" * 99)
    for name, content in {
        "hours.tar.gz": hours,
        "both.zip": _zip(one=_status(3).encode(), two=b'{"cut'),
        "dump.zst": zstandard.compress(_status(4).encode()),
        "bad.zip": _zip(one=b"Rar!"),
        "feed.xml": FEED.encode(),
    }.items():
        (landing / name).write_bytes(content)
    tables = _run(spark, lake, "ingest_posts", posts_input=landing)

    assert _ids(tables) == {"1", "2", "3", "4", "other:g1"}
    assert _states(tables) == {
        "hours.tar.gz": [("done", 2)],
        "both.zip": [("done", 2)],
        "dump.zst": [("done", 1)],
        "bad.zip": [("refused", 0)],
        "feed.xml": [("done", 2)],
    }
    assert _places(tables) == {
        "hours.tar.gz!/hours/second.json.bz2:0:corrupt_file",
        "both.zip!/two.json:1:bad_json",
        "bad.zip!/one.json:0:unknown_compression",
        "feed.xml:2:bad_xml",
    }
    assert _is_conserved(tables)
    files = tables.read("bronze.events").select("file", "position").collect()
    assert ("hours.tar.gz!/hours/first.json.bz2", 2) in {(f["file"].split("/in!/")[1], f["position"]) for f in files}


def test_files_that_change_while_they_are_read_are_read_again_and_nothing_is_lost_or_twice(
    spark: SparkSession, lake: str, tmp_path: Path
) -> None:
    landing = tmp_path / "in!"
    landing.mkdir()
    for number, name in enumerate(["gone", "grows", "replaced", "a[1]*?{b}\\", "12:30", "été 100%20 #1"], start=1):
        (landing / f"{name}.json").write_text(f"{_status(number)}\n")
    (landing / "empty.json").write_text("")
    (landing / "copied.json._COPYING_").write_text(_status(99))
    context = _context(spark, lake, posts_input=landing)
    tables, sources = context.tables, context.sources
    files = sources.new_files(str(landing), seen=tables.read("bronze.files"), source="posts")
    (landing / "gone.json").unlink()
    with (landing / "grows.json").open("a") as file:
        file.write(_status(7)[:40])
    (landing / "replaced.json").write_text(f"{_status(8)}\n")
    delivery = sources.posts(files, form="", folder=conf_folder(), params=SplitParams())
    Landing(tables, tables.workspace("ingest_posts"), lambda _: None).social(delivery)

    assert _ids(tables) == {"2", "8", "4", "5", "6"}
    assert _places(tables) == {"gone.json:0:unreadable", "grows.json:2:bad_json"}
    assert _states(tables)["gone.json"] == [("refused", 0)]
    assert _states(tables)["empty.json"] == [("done", 0)]
    assert _is_conserved(tables)

    (landing / "grows.json").write_text(f"{_status(2)}\n{_status(7)}\n")
    (landing / "copied.json._COPYING_").rename(landing / "copied.json")
    (landing / "late.json").write_text(_status(9))
    os.utime(landing / "late.json", (1_000_000_000, 1_000_000_000))
    again = _run(spark, lake, "ingest_posts", posts_input=landing)

    assert _ids(again) == {"2", "8", "4", "5", "6", "7", "9", "99"}
    assert _states(again)["grows.json"] == [("done", 2), ("done", 2)]
    assert _is_conserved(again)
    assert _run(spark, lake, "ingest_posts", posts_input=landing).counts == []


def test_the_scripts_of_an_archive_of_x_name_their_owner_in_a_folder_too(
    spark: SparkSession, lake: str, tmp_path: Path
) -> None:
    for owner in ("7", "8"):
        (tmp_path / owner).mkdir()
        (tmp_path / owner / "account.js").write_text(
            f'window.YTD.account.part0 = [{{"account": {{"accountId": "{owner}"}}}}]'
        )
        (tmp_path / owner / "tweets.js").write_text('window.YTD.tweets.part0 = [{"tweet": {"id": "1"}}]')
    context = _context(spark, lake)
    files = context.sources.new_files(str(tmp_path), seen=context.tables.read("bronze.files"), source="posts")
    delivery = context.sources.posts(files, form="", folder=conf_folder(), params=SplitParams())
    pieces = [json.loads(row[0]) for row in delivery.pieces.where("NOT is_marker").select("payload").collect()]

    assert {(piece["ytd"], piece["owner"]) for piece in pieces} == {
        (name, owner) for name in ("account", "tweets") for owner in ("7", "8")
    }
