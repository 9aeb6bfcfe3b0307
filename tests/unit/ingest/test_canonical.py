"""Times, numbers and texts from outside become ours, or NULL."""

from __future__ import annotations

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from entourage.ingest import canonical

from .conftest import at


def test_times_of_all_networks_are_read_and_what_is_none_is_null(spark: SparkSession) -> None:
    cases = {
        "Fri Sep 07 16:35:24 +0000 2012": at("2012-09-07T16:35:24"),
        "Fri, 7 Sep 2012 16:35:24 +0200": at("2012-09-07T14:35:24"),
        "2021-05-01T09:27:19.123Z": at("2021-05-01T09:27:19.123"),
        "2024-01-02T03:04:05+0000": at("2024-01-02T03:04:05"),
        "2024-01-02": at("2024-01-02T00:00:00"),
        "1482373040.0": at("2016-12-22T02:17:20"),
        "1.48237304E9": at("2016-12-22T02:17:20"),
        "1482373040000": at("2016-12-22T02:17:20"),
        "1482373040000000": at("2016-12-22T02:17:20"),
        "9999-12-31T00:00:00Z": None,
        "99999-01-01": None,
        "253402300800": None,
        "1970-01-01T00:00:00Z": None,
        "99999999999999999999999999": None,
        "12:30": None,
        "now": None,
        "Xxx Yyy 99 99:99:99 +0000 2012": None,
        "2024-13-45": None,
        "-5": None,
        "1e999": None,
        "": None,
        None: None,
    }
    given = spark.createDataFrame([(text,) for text in cases], "text string")
    expected = spark.createDataFrame(list(cases.items()), "text string, moment timestamp")

    assertDataFrameEqual(given.select("text", canonical.moment(F.col("text")).alias("moment")), expected)


def test_whole_numbers_are_exact_and_others_are_null(spark: SparkSession) -> None:
    cases = {
        "9007199254740993": 9007199254740993,
        "-3": -3,
        "12.0": 12,
        "1.2E3": 1200,
        "99999999999999999999": None,
        "1e18": None,
        "ten": None,
        "": None,
        None: None,
    }
    given = spark.createDataFrame([(text,) for text in cases], "text string")
    expected = spark.createDataFrame(list(cases.items()), "text string, number bigint")

    assertDataFrameEqual(given.select("text", canonical.whole_number(F.col("text")).alias("number")), expected)


def test_html_becomes_text_and_entities_are_replaced_once(spark: SparkSession) -> None:
    cases = {
        "<p>One<br/>two</p><p>three &amp; <a href='x'>four</a></p>": "One\ntwo\nthree & four",
        "1 &lt; 2 &amp;lt; 3": "1 < 2 &lt; 3",
        "": "",
        None: None,
    }
    given = spark.createDataFrame([(text,) for text in cases], "html string")
    expected = spark.createDataFrame(list(cases.items()), "html string, text string")

    assertDataFrameEqual(given.select("html", canonical.without_tags(F.col("html")).alias("text")), expected)


def test_names_of_a_ddl_are_its_own_not_those_inside() -> None:
    assert canonical.names_of("a string, b struct<c string, d array<string>>, `from` string") == ["a", "b", "from"]
