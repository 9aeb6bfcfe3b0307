"""Each payload's format is found by its keys, and what is not JSON is refused."""

from __future__ import annotations

from hashlib import sha256

from pyspark.sql import SparkSession

from entourage.ingest import detect
from entourage.rows import local_frame

from .conftest import MODIFIED

FORMATS = {
    '{"id_str":"1","text":"a","user":{}}': "x_v1",
    '[{"id":1,"full_text":"a","user":{}}]': "x_v1",
    '{"statuses":[]}': "x_v1",
    '{"users":[{"screen_name":"a"}],"next_cursor":0}': "x_v1",
    '{"delete":{"status":{"id":1}}}': "x_v1",
    '{"data":[{"id":"1","text":"a"}],"includes":{},"meta":{}}': "x_v2",
    '{"data":{"id":"1","text":"a"},"matching_rules":[]}': "x_v2",
    '{"id":"1","text":"a","author_id":"2"}': "x_v2",
    '{"id":"1","action":"delete","created_at":"2020-01-01"}': "x_v2",
    '{"did":"d","time_us":1,"kind":"commit","commit":{}}': "bluesky",
    '{"data":[{"id":"1","created_time":"t"}],"paging":{}}': "facebook",
    '{"data":[{"id":"1","created_time":"t"}]}': "facebook",
    '{"id":"1","created_time":"t","message":"m"}': "facebook",
    '{"id":"1","uri":"u","account":{},"content":"c"}': "mastodon",
    '{"id":"1","subreddit":"s","body":"b"}': "reddit",
    '{"kind":"Listing","data":{"children":[]}}': "reddit",
    '{"data":{"x":[{"comments":{"data":[{"created_time":"t"}]}}]}}': "facebook",
    '{"object":"page","entry":[{"changes":[]}]}': "facebook",
    '{"$type":"message","payload":{"$type":"network.bsky.jetstream.subscribeEvents#commit"}}': "bluesky",
    '{"$type":"network.bsky.jetstream.subscribeEvents#account","did":"d"}': "bluesky",
    '{"user_delete":{"id":1}}': "x_v1",
    '{"data":{"user_delete":{"user":{"id":"1"}}}}': "x_v2",
    '{"kind":"youtube#videoListResponse","items":[]}': "youtube",
    '{"objectType":"activity","verb":"post","actor":{},"object":{}}': "gnip",
    '{"ytd":"tweets","owner":null,"item":{"id_str":"1","full_text":"a"}}': "x_archive",
    '[{"subreddit":"s"},1]': "reddit",
}
REFUSED = {
    '{"a":1': "bad_json",
    '{"a":1} and more': "bad_json",
    '{"a":tru}': "bad_json",
    '["a"': "bad_json",
    "words": "bad_json",
    "7": "bad_json",
    '{"a.b":1}': "unknown_format",
    "{}": "unknown_format",
    "[]": "unknown_format",
    "[1,2]": "unknown_format",
    '[1,{"subreddit":"s"}]': "unknown_format",
    '{"drop":1}': "unknown_format",
    '{"subreddit":"s"}{"subreddit":"s"}': "bad_json",
    '"text"': "bad_json",
    "": "bad_json",
    '{"a":"\t"}': "bad_json",
    '{"a\\ud800{}":1}': "unknown_format",
    '{"a":NaN}': "unknown_format",
    '{"a":"\\ud800"}': "unknown_format",
    '{"a":1e999}': "unknown_format",
    "[" * 101 + "]" * 101: "too_deep",
    "[" * 3000 + "]" * 3000: "too_deep",
    '{"a":' * 3000: "too_deep",
    "[" * 100 + "]" * 100: "unknown_format",
}


def test_each_rule_finds_its_format_without_spark_as_with_it() -> None:
    assert {text: detect.found(text)[0] for text in FORMATS} == FORMATS


def test_a_refusal_says_what_was_found_and_what_was_expected() -> None:
    assert detect.found('{"a.b":1,"c":2}')[1][1] == (
        "None of the known formats has these keys: a.b, c; name the format with --format, or describe the file in "
        "conf/sources/ and use ingest_records."
    )
    assert detect.found('{"a":{"b":{}}}', max_depth=2) == (
        None,
        (
            "too_deep",
            "Objects and arrays nest more than 2 deep (ingest.max_depth), as no network's do; nothing of it was read.",
        ),
    )
    assert detect.found('{"subreddit":{"b":{}}}', max_depth=3) == ("reddit", (None, None))


def test_a_limit_beyond_what_python_goes_through_is_none() -> None:
    deep = '{"data":' * 1000 + "1" + "}" * 1000

    assert detect.found(deep, max_depth=5000)[1][0] == "too_deep"


def test_a_text_of_21_million_characters_is_no_reason_to_refuse_a_payload() -> None:
    assert detect.found('{"subreddit":"' + "x" * 21_000_000 + '"}') == ("reddit", (None, None))


def _found(spark: SparkSession, texts: list[str], given: str | None = None) -> dict[str, tuple[str | None, str | None]]:
    schema = (
        "source string, file string, modified_at timestamp, position bigint, payload string, reason_code string, reason string, "
        "is_marker boolean, given string"
    )
    pieces = local_frame(spark, [("s", "f", MODIFIED, 1, text, None, None, False, given) for text in texts], schema)
    return {row["payload"]: (row["format"], row["reason_code"]) for row in detect.payloads(pieces).collect()}


def test_formats_are_told_by_their_keys(spark: SparkSession) -> None:
    assert _found(spark, list(FORMATS)) == {text: (form, None) for text, form in FORMATS.items()}


def test_what_is_not_json_or_of_no_known_format_is_refused(spark: SparkSession) -> None:
    assert _found(spark, list(REFUSED)) == {text: (None, code) for text, code in REFUSED.items()}


def test_a_refusal_from_before_and_a_marker_stay_as_they_are(spark: SparkSession) -> None:
    schema = (
        "source string, file string, modified_at timestamp, position bigint, payload string, reason_code string, reason string, "
        "is_marker boolean, given string"
    )
    rows = [
        ("s", "f", MODIFIED, 1, "cut", "bad_encoding", "why", False, None),
        ("s", "f", MODIFIED, 2, '{"subreddit":"s"}', "too_long", "long", False, None),
        ("s", "f", MODIFIED, 0, "", None, None, True, "crm"),
    ]
    found = detect.payloads(local_frame(spark, rows, schema)).collect()

    assert [tuple(row[name] for name in ("format", "reason_code", "reason", "is_marker")) for row in found] == [
        (None, "bad_encoding", "why", False),
        ("reddit", "too_long", "long", False),
        (None, None, None, True),
    ]


def test_a_format_that_is_given_holds_where_the_payload_is_json(spark: SparkSession) -> None:
    assert _found(spark, ['{"a":1}', '{"a":'], "crm") == {'{"a":1}': ("crm", None), '{"a":': (None, "bad_json")}


def test_the_digest_is_of_format_and_payload_and_a_file_without_marker_was_not_opened(spark: SparkSession) -> None:
    schema = (
        "source string, file string, modified_at timestamp, position bigint, payload string, reason_code string, reason string, "
        "is_marker boolean, given string"
    )
    rows = [
        ("s", "f", MODIFIED, 1, '{"a":1}', None, None, False, "crm"),
        ("s", "f", MODIFIED, 0, "", None, None, True, None),
    ]
    files = local_frame(
        spark, [("s", "f", MODIFIED), ("s", "g", MODIFIED)], "source string, file string, modified_at timestamp"
    )
    found = detect.opened(detect.payloads(local_frame(spark, rows, schema)), files=files).collect()

    assert sorted((row["file"], row["reason_code"]) for row in found if row["reason_code"]) == [("g", "unreadable")]
    assert [row["event_id"] for row in found if row["file"] == "f"] == [sha256(b'crm\n{"a":1}').hexdigest()]
