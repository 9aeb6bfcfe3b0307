"""The small frames behind the page."""

from __future__ import annotations

import datetime as dt

from pyspark.sql import DataFrame, SparkSession
from pyspark.testing import assertDataFrameEqual

from entourage import schemas
from entourage.report import figures
from entourage.report.figures import FiguresParams
from entourage.rows import local_frame

DAY = dt.date(2026, 6, 14)
EARLIER = dt.date(2026, 6, 13)


def at(hour: int) -> dt.datetime:
    return dt.datetime(2026, 6, 14, hour)


def table(spark: SparkSession, name: str, rows: list[dict[str, object]]) -> DataFrame:
    names = schemas.table(name).column_names
    unknown = {key for row in rows for key in row} - set(names)
    assert not unknown, unknown
    return local_frame(spark, [tuple(row.get(n) for n in names) for row in rows], schemas.spark_schema(name))


def run(run_id: str, job: str, hour: int, complete: bool = True) -> dict[str, object]:
    return {
        "run_id": run_id,
        "job": job,
        "as_of": DAY,
        "started_at": at(1),
        "finished_at": at(hour),
        "seconds": 2.0,
        "is_complete": complete,
        "code_version": "1",
    }


def counted(run_id: str, source: str, *counts: int) -> dict[str, object]:
    row = {"run_id": run_id, "job": "ingest", "source": source, "table_name": "silver.posts"}
    return row | dict(zip(figures.COUNTS, counts, strict=True))


def ranked(entity: str, network: str, pagerank: float, rank: int, **more: object) -> dict[str, object]:
    row = {"entity_kind": "account", "entity_id": entity, "network": network, "topic": "all", "as_of": DAY}
    return row | {"pagerank": pagerank, "score": 50.0, "reach_1": 5, "reach_2": 9, "rank": rank} | more


def signal(post: str, network: str, probability: float, useful: bool, *reasons: str) -> dict[str, object]:
    found = [(reason, "evidence") for reason in reasons]
    row = {"post_id": post, "version": 0, "network": network, "language": "fr", "reasons": found}
    return row | {"useful_probability": probability, "is_useful": useful}


def test_the_newest_complete_run_of_each_job_counts(spark: SparkSession) -> None:
    runs = table(
        spark, "ops.runs", [run("a", "x", 2), run("b", "x", 3), run("c", "x", 4, complete=False), run("d", "y", 3)]
    )
    found = figures.newest_runs(runs).select("job", "run_id")
    assertDataFrameEqual(found, local_frame(spark, [("x", "b"), ("y", "d")], "job string, run_id string"))


def test_items_are_summed_over_complete_runs_only(spark: SparkSession) -> None:
    runs = table(
        spark, "ops.runs", [run("a", "ingest", 2), run("b", "ingest", 3), run("c", "ingest", 4, complete=False)]
    )
    counts = [
        counted("a", "crm", 9, 5, 3, 1, 0),
        counted("b", "crm", 9, 0, 8, 1, 0),
        counted("c", "crm", 7, 7, 0, 0, 0),
    ]
    found = figures.items_by_table(table(spark, "ops.run_counts", counts), runs=runs)
    columns = "source string, table_name string, " + ", ".join(f"{name} bigint" for name in figures.COUNTS)
    assertDataFrameEqual(found, local_frame(spark, [("crm", "silver.posts", 18, 5, 11, 2, 0)], columns))


def test_posts_are_counted_by_day_without_old_versions_and_deleted_ones(spark: SparkSession) -> None:
    def post(post_id: str, current: bool = True, deleted: bool = False, day: dt.date = DAY) -> dict[str, object]:
        gone = at(9) if deleted else None
        return {"post_id": post_id, "is_current": current, "deleted_at": gone, "network": "x", "created_date": day}

    posts = table(
        spark, "silver.posts", [post("1"), post("1", current=False), post("2", deleted=True), post("3", day=EARLIER)]
    )
    expected = local_frame(spark, [(DAY, "x", 1), (EARLIER, "x", 1)], "created_date date, network string, count bigint")
    assertDataFrameEqual(figures.posts_by_day(posts), expected)


def test_probabilities_fall_into_twenty_buckets_and_one_belongs_to_the_last(spark: SparkSession) -> None:
    rows = [
        signal("1", "x", 0.0, False),
        signal("2", "x", 0.05, False),
        signal("3", "x", 1.0, True),
        signal("4", "x", 0.97, True),
    ]
    found = figures.signals_by_probability(table(spark, "silver.post_signals", rows)).select(
        "bucket", "is_useful", "count"
    )
    expected = local_frame(
        spark, [(0, False, 1), (1, False, 1), (19, True, 2)], "bucket int, is_useful boolean, count bigint"
    )
    assertDataFrameEqual(found, expected)


def test_a_post_that_names_a_reason_twice_counts_once(spark: SparkSession) -> None:
    rows = [
        signal("1", "x", 0.9, True, "intent", "intent", "taste"),
        signal("2", "x", 0.9, True, "intent"),
        signal("3", "x", 0.1, False),
    ]
    found = figures.posts_by_reason(table(spark, "silver.post_signals", rows))
    expected = local_frame(
        spark, [(True, "intent", 2), (True, "taste", 1)], "is_useful boolean, reason string, count bigint"
    )
    assertDataFrameEqual(found, expected)


def test_ranks_are_counted_by_the_digits_of_their_followers_and_the_best_hundredth_is_weighed(
    spark: SparkSession,
) -> None:
    rows = [
        ranked("x:1", "x", 0.7, 1, score=100.0, reach_1=99),
        ranked("x:2", "x", 0.1, 2, score=99.0, reach_1=10),
        ranked("x:3", "x", 0.1, 3, score=98.9, reach_1=9),
        ranked("x:4", "x", 0.1, 4, score=0.0, reach_1=0),
        ranked("P1", "all", 1.0, 1, entity_kind="person", reach_1=9),
    ]
    columns = "entity_kind string, network string, digits int, count bigint, reach_1 bigint, top_ratio double"
    expected = [
        ("account", "x", 2, 2, 99, 0.8),
        ("account", "x", 1, 1, 9, 0.0),
        ("account", "x", 0, 1, 0, 0.0),
        ("person", "all", 1, 1, 9, 0.0),
    ]
    found = figures.ranks_by_reach(table(spark, "gold.influence", rows))
    assertDataFrameEqual(found, local_frame(spark, expected, columns))


def test_the_top_is_taken_over_all_networks_and_masks_names(spark: SparkSession) -> None:
    ranks = [
        ranked("x:1", "x", 1.0, 1, score=100.0),
        ranked("x:2", "all", 0.6, 1, score=100.0),
        ranked("x:1", "all", 0.2, 2, score=70.0),
        ranked("bluesky:did:plc:9", "all", 0.1, 3),
        ranked("x:4", "all", 0.1, 4),
        ranked("P1", "all", 1.0, 1, entity_kind="person"),
    ]
    accounts = [{"account_id": "x:1", "handle": "marie"}, {"account_id": "x:2", "display_name": "Jean Petit"}]
    persons = table(spark, "gold.persons", [{"person_id": "P1", "given_name": "Éva", "family_name": "Noël"}])

    def top(is_revealed: bool) -> DataFrame:
        params = FiguresParams(as_of=DAY, top=3, is_revealed=is_revealed)
        rows, known = table(spark, "gold.influence", ranks), table(spark, "silver.accounts", accounts)
        return figures.top_ranks(rows, accounts=known, persons=persons, params=params)

    columns = "entity_kind string, rank bigint, network string, label string, score double"
    columns += ", reach_1 bigint, reach_2 bigint"
    masked = [
        ("account", 1, "x", "J… P…", 100.0, 5, 9),
        ("account", 2, "x", "m…", 70.0, 5, 9),
        ("account", 3, "bluesky", "d…", 50.0, 5, 9),
        ("person", 1, "all", "É… N…", 50.0, 5, 9),
    ]
    assertDataFrameEqual(top(False), local_frame(spark, masked, columns))
    shown = sorted(row["label"] for row in top(True).collect())
    assert shown == ["Jean Petit", "did:plc:9", "marie", "Éva Noël"]


def test_the_newest_result_of_each_check_counts(spark: SparkSession) -> None:
    def result(run_id: str, hour: int, failed: int) -> dict[str, object]:
        row = {"run_id": run_id, "table_name": "gold.persons", "check": "key", "row_count": 5, "checked_at": at(hour)}
        return row | {"is_passed": failed == 0, "failed_count": failed}

    found = figures.newest_checks(table(spark, "ops.quality_results", [result("a", 3, 2), result("b", 4, 0)]))
    columns = "table_name string, check string, is_passed boolean, failed_count bigint, row_count bigint"
    assertDataFrameEqual(found, local_frame(spark, [("gold.persons", "key", True, 0, 5)], columns))


def test_ranks_of_later_days_do_not_count(spark: SparkSession) -> None:
    later = DAY + dt.timedelta(days=1)
    rows = [
        ranked("x:1", "x", 1.0, 1, as_of=EARLIER),
        ranked("x:1", "x", 1.0, 1),
        ranked("x:1", "x", 1.0, 1, as_of=later),
    ]
    tables = {"gold.influence": table(spark, "gold.influence", rows)}
    params = FiguresParams(as_of=DAY)
    found = figures.aggregates(lambda name: tables.get(name, table(spark, name, [])), params=params)
    assert [row["count"] for row in found["ranks"].collect()] == [1]


def test_an_empty_lake_has_empty_frames(spark: SparkSession) -> None:
    found = figures.aggregates(lambda name: table(spark, name, []), params=FiguresParams(as_of=DAY))
    assert {name: frame.count() for name, frame in found.items() if name != "doubts"} == dict.fromkeys(
        set(found) - {"doubts"}, 0
    )
    assert [row["count"] for row in found["doubts"].collect()] == [0]
