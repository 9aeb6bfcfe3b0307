"""The page: what it says, what it hides, and that it needs nothing else."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
import vl_convert

from entourage.report import operations, page, people, posts, scorecard
from entourage.report.blocks import Bars, Chart, Frames, Grid, Scores
from entourage.report.page import PageParams

DAY = dt.date(2026, 6, 14)
PARAMS = PageParams(as_of=DAY, target_ratio=0.2)
NAMES = [
    "runs",
    "items",
    "refusals",
    "posts",
    "signals",
    "reasons",
    "records",
    "accounts",
    "links",
    "persons",
    "doubts",
]
NAMES += ["ranks", "top", "checks"]


def frames(**given: list[dict[str, Any]]) -> Frames:
    return {name: given.get(name, []) for name in NAMES}


@pytest.fixture
def found() -> Frames:
    counts = {
        "item_count": 1240,
        "written_count": 1234,
        "duplicate_count": 4,
        "quarantined_count": 2,
        "suppressed_count": 0,
    }
    moment = dt.datetime(2026, 6, 14, 7)
    run = {"job": "ingest_posts", "run_id": "abc", "finished_at": moment, "seconds": 83.0, "code_version": "0.1.0"}
    rank = {"score": 99.5, "reach_1": 1200, "reach_2": 8000}
    check = {"table_name": "gold.persons", "is_passed": True, "failed_count": 0, "row_count": 700}
    return frames(
        runs=[run],
        items=[{"source": "posts", "table_name": "silver.posts", **counts}],
        refusals=[{"source": "posts", "reason_code": "bad_json", "count": 2}],
        posts=[
            {"created_date": DAY, "network": "x", "count": 1000},
            {"created_date": DAY, "network": "bluesky", "count": 234},
        ],
        signals=[
            {"network": "x", "language": "fr", "is_useful": True, "bucket": 19, "count": 198},
            {"network": "x", "language": "en", "is_useful": False, "bucket": 0, "count": 802},
        ],
        reasons=[{"is_useful": True, "reason": "life_event", "count": 99}],
        records=[{"system": "crm", "count": 1500}],
        accounts=[{"network": "x", "count": 400}],
        links=[
            {"source_kind": "record", "how": "match", "basis": "contract", "count": 1500},
            {"source_kind": "account", "how": "social_login", "basis": "self_provided", "count": 30},
        ],
        persons=[
            {"record_count": 2, "account_count": 0, "count": 700},
            {"record_count": 12, "account_count": 1, "count": 1},
        ],
        doubts=[{"count": 3}],
        ranks=[
            {"entity_kind": "account", "network": "x", "digits": 2, "count": 300, "reach_1": 99, "top_ratio": 0.0},
            {"entity_kind": "account", "network": "x", "digits": 4, "count": 1, "reach_1": 1200, "top_ratio": 0.34},
            {"entity_kind": "person", "network": "all", "digits": 4, "count": 1, "reach_1": 1200, "top_ratio": 1.0},
        ],
        top=[{"entity_kind": "account", "rank": 1, "network": "x", "label": "m…", **rank}],
        checks=[
            {"check": "key is unique", **check},
            {"check": "Great Expectations: source_count is at least 1", **check},
        ],
    )


class Outline(HTMLParser):
    """Notes elements, what they load, and whether each is closed."""

    VOID = frozenset({"meta", "link", "br", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []
        self.scripts: list[str] = []
        self.policy = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag not in self.VOID:
            self.open.append(tag)
        self.loads += [value or "" for name, value in attrs if name in {"src", "href"}]
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policy = values["content"] or ""
        if tag == "script" and "type" not in values:
            self.scripts.append("")
        self.runs = tag == "script" and "type" not in values

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script" and self.runs:
            self.scripts[-1] += data

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def outline(html: str) -> Outline:
    parsed = Outline()
    parsed.feed(html)
    return parsed


def test_the_page_is_well_formed_and_loads_nothing(found: Frames) -> None:
    parsed = outline(page.render(found, params=PARAMS))
    assert parsed.open == []
    assert [target for target in parsed.loads if not target.startswith(("#", "data:"))] == []


def test_the_policy_allows_exactly_the_two_scripts(found: Frames) -> None:
    parsed = outline(page.render(found, params=PARAMS))
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in parsed.scripts]
    assert re.findall(r"'sha256-([^']+)'", parsed.policy) == digests
    assert len(digests) == 2
    assert "default-src 'none'" in parsed.policy
    assert "unsafe-eval" not in parsed.policy
    assert "connect-src" not in parsed.policy


def test_the_same_frames_give_the_same_page(found: Frames) -> None:
    assert page.render(found, params=PARAMS) == page.render(found, params=PARAMS)


def test_an_empty_lake_gives_friendly_sentences_and_no_charts() -> None:
    html = page.render(frames(), params=PARAMS)
    assert "Nothing has come in yet" in html
    assert "No person has been found yet" in html
    assert 'class="specification"' not in html
    assert [section.blocks for section in page.sections(frames(), params=PARAMS, truth=None)] == [[]] * 5


def test_a_text_of_the_tables_cannot_become_markup(found: Frames) -> None:
    found["records"] = [{"system": "</script><script>alert(1)</script>", "count": 3}]
    found["posts"] = [{"created_date": DAY, "network": "</script><b>", "count": 3}]
    html = page.render(found, params=PARAMS)
    assert "<script>alert" not in html
    assert len(outline(html).scripts) == 2


def test_names_are_said_to_be_masked_unless_revealed(found: Frames) -> None:
    assert "Names are masked" in page.render(found, params=PARAMS)
    shown = page.render(found, params=PageParams(as_of=DAY, target_ratio=0.2, is_revealed=True))
    assert "masked" not in re.sub(r"<script>.*?</script>", "", shown, flags=re.DOTALL)
    assert "handle it like the tables it comes from" in shown


def test_every_chart_can_be_drawn_and_has_its_table(found: Frames) -> None:
    charts = [b for s in page.sections(found, params=PARAMS, truth=None) for b in s.blocks if isinstance(b, Chart)]
    assert [chart.name for chart in charts] == ["posts", "probability", "persons", "reach"]
    for chart in charts:
        assert chart.rows
        assert chart.spec["description"]
        assert "<svg" in vl_convert.vegalite_to_svg({**chart.spec, "width": 300})
        json.dumps(chart.spec)


def test_what_came_in_counts_items_and_refusals(found: Frames) -> None:
    section = posts.came_in(found)
    assert section.sentence.startswith("The lake holds 1,234 posts and 1,500 business records. 2 items were refused")
    grid = next(block for block in section.blocks if isinstance(block, Grid))
    assert grid.rows == [("Posts", "1,240", "1,234", "4", "2")]
    assert "Every item read is accounted for" in grid.note


def test_items_that_do_not_add_up_are_said(found: Frames) -> None:
    found["items"][0]["written_count"] = 1
    grid = next(block for block in posts.came_in(found).blocks if isinstance(block, Grid))
    assert "not accounted for" in grid.note


def test_kept_posts_are_set_beside_the_aim(found: Frames) -> None:
    section = posts.was_kept(found, target_ratio=0.2)
    assert "198 (19.8\N{NARROW NO-BREAK SPACE}%) were kept" in section.sentence
    by_language = next(b for b in section.blocks if isinstance(b, Bars) and b.title == "Kept, by language")
    drawn = [(bar.label, round(bar.length, 3), round(bar.mark or 0, 3)) for bar in by_language.rows]
    assert drawn == [("English", 0.0, 0.182), ("French", 0.909, 0.182)]


def test_a_few_strange_dates_do_not_flatten_the_chart() -> None:
    days = [{"created_date": DAY - dt.timedelta(days=n), "network": "x", "count": 1000} for n in range(3)]
    odd = [{"created_date": dt.date(2098, 12, 31), "network": "x", "count": 2}]
    chart = next(b for b in posts.came_in(frames(posts=[*days, *odd])).blocks if isinstance(b, Chart))
    assert chart.title == "Posts a day"
    assert chart.rows == [("12 June 2026", "1,000"), ("13 June 2026", "1,000"), ("14 June 2026", "1,000")]
    assert chart.note == "2 posts dated outside this span are not drawn."


def test_posts_of_years_are_drawn_by_month() -> None:
    days = [{"created_date": dt.date(2012, month, 3), "network": "x", "count": 10} for month in range(1, 13)]
    chart = next(b for b in posts.came_in(frames(posts=days)).blocks if isinstance(b, Chart))
    assert chart.title == "Posts a month"
    assert len(chart.rows) == 12


def test_persons_with_very_many_records_share_the_last_class(found: Frames) -> None:
    chart = next(block for block in people.people(found).blocks if isinstance(block, Chart))
    assert chart.rows[0] == ("2", "700")
    assert chart.rows[-1] == ("8+", "1")


def test_influence_is_told_network_by_network(found: Frames) -> None:
    section = people.who_matters(found, is_revealed=False)
    grids = {block.title: block.rows for block in section.blocks if isinstance(block, Grid)}
    assert grids["How influence is spread"] == [("X", "301", "1,200", "34.0\N{NARROW NO-BREAK SPACE}%")]
    assert grids["Accounts that carry furthest"] == [("1. m… · X", "99.5", "1,200", "8,000")]


def test_a_failed_check_is_told_first(found: Frames) -> None:
    found["checks"][0] |= {"is_passed": False, "failed_count": 4}
    section = operations.quality(found)
    assert section.sentence.startswith("1 of 2 checks failed.")
    assert isinstance(section.blocks[0], Grid)
    assert section.blocks[0].rows == [("gold.persons: key is unique", "4", "700")]


def test_the_scorecard_comes_first_with_a_sentence_for_each_figure(found: Frames) -> None:
    truth = {
        "relevance": {
            "coverage": {"evaluated": 1000},
            "decisions": {
                "share_kept": 0.198,
                "share_useful": 0.21,
                "precision": {"value": 0.871, "low": 0.86, "high": 0.88},
                "recall": {"value": None, "low": None, "high": None},
            },
        },
        "influence": {"spearman": {"value": -0.001, "low": -0.1, "high": 0.1}},
    }
    section = page.sections(found, params=PARAMS, truth=truth)[0]
    assert section.name == "scorecard"
    assert "nothing about the quality on real ones" in section.sentence
    relevance, influence = section.blocks
    assert isinstance(relevance, Scores)
    assert isinstance(influence, Scores)
    assert [(row.label, row.value) for row in relevance.rows] == [
        ("Share kept", "19.8\N{NARROW NO-BREAK SPACE}%"),
        ("Precision", "0.87"),
    ]
    assert relevance.rows[1].sentence == "Of 100 posts that were kept, 87 are of use."
    assert relevance.rows[1].between == "95 % sure between 0.860 and 0.880"
    assert relevance.note == "Measured on 1,000 posts."
    assert [(row.value, row.length) for row in influence.rows] == [("0.00", 0.0)]


def test_a_truth_without_any_figure_is_said() -> None:
    assert scorecard.section({}).sentence == scorecard.NOTHING
