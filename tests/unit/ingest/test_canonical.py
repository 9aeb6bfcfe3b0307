"""Times, numbers and texts from outside become ours, or None."""

from __future__ import annotations

import datetime as dt

from entourage.ingest import wire

from .conftest import at


def test_times_of_all_networks_are_read_and_what_is_none_is_none() -> None:
    cases = {
        "Fri Sep 07 16:35:24 +0000 2012": at("2012-09-07T16:35:24"),
        "Fri, 7 Sep 2012 16:35:24 +0200": at("2012-09-07T14:35:24"),
        "2021-05-01T09:27:19.123Z": at("2021-05-01T09:27:19.123"),
        "2024-01-02T03:04:05+0000": at("2024-01-02T03:04:05"),
        "2024-01-02": at("2024-01-02T00:00:00"),
        "Fri Sep 7 16:35:24 +0000 2012": at("2012-09-07T16:35:24"),
        "2024-01-02 03:04:05 UTC": at("2024-01-02T03:04:05"),
        "2024-01-02 03:04:05.5 GMT": at("2024-01-02T03:04:05.5"),
        "2024-01-02 03:04:05 +0200": at("2024-01-02T01:04:05"),
        "2024-01-02 3:04": at("2024-01-02T03:04:00"),
        "1482373040.0": at("2016-12-22T02:17:20"),
        "1.48237304E9": at("2016-12-22T02:17:20"),
        "1482373040000": at("2016-12-22T02:17:20"),
        "1482373040000000": at("2016-12-22T02:17:20"),
        "9999-12-31T00:00:00Z": None,
        "9999-12-31T23:59:59-05:00": None,
        "0001-01-01T00:00:00+05:00": None,
        "1_482_373_040": None,
        "99999-01-01": None,
        "253402300800": None,
        "1970-01-01T00:00:00Z": None,
        "99999999999999999999999999": None,
        "12:30": None,
        "now": None,
        "Xxx Yyy 99 99:99:99 +0000 2012": None,
        "2024-13-45": None,
        "２０２４-01-02": None,
        "１４８２３７３０４０": None,
        "2024-01-02 03:04:05 CET": None,
        "-5": None,
        "1e999": None,
        "": None,
        None: None,
    }
    in_workers = {text: wire.moment(text) for text in cases}
    assert in_workers == {text: when and when.replace(tzinfo=dt.UTC) for text, when in cases.items()}


def test_whole_numbers_are_exact_and_others_are_none() -> None:
    cases = {
        "9007199254740993": 9007199254740993,
        "-3": -3,
        "12.0": 12,
        "1.2E3": 1200,
        "99999999999999999999": None,
        "1e18": None,
        "ten": None,
        "１２": None,
        "9" * 5000: None,
        "1e999": None,
        "nan": None,
        "": None,
        None: None,
    }
    assert {text: wire.whole_number(text) for text in cases} == cases


def test_html_becomes_text_and_entities_are_replaced_once() -> None:
    cases = {
        "<p>One<br/>two</p><p>three &amp; <a href='x'>four</a></p>": "One\ntwo\nthree & four",
        "1 &lt; 2 &amp;lt; 3": "1 < 2 &lt; 3",
        "/?a=1&copy=2&nbsp;&#39;&#x27;": "/?a=1&copy=2 ''",
        f"&#{'9' * 5000};": f"&#{'9' * 5000};",
        "": "",
        None: None,
    }
    assert {html: wire.without_tags(html) for html in cases} == cases


def test_a_text_loses_nuls_and_lone_surrogates_and_what_is_none_is_none() -> None:
    cases = [
        ("a\x00b", "ab"),
        ("é\ud800!", "é?!"),
        (3, "3"),
        (True, "true"),
        ([1], None),
        ({"a": 1}, None),
        (None, None),
    ]

    assert [(given, wire.text(given)) for given, _ in cases] == cases
