"""A real PostgreSQL through the real job into real Delta tables."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from entourage import cli, config, runs
from entourage.errors import EntourageError, RetryError, UsageError
from entourage.models import Models
from entourage.sources import Sources
from entourage.tables import Tables

from .postgres import OWNER, PASSWORD, Postgres

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

MAPPING = """
kind: persons
system: crm
key: id
columns:
  given_name: first
  emails: emails
  birth_date: born
  updated_at: updated_at
jdbc:
  url: {url}
  {relation}
  user_env: CRM_USER
  password_env: CRM_PASSWORD
"""
CUSTOMERS = """
DROP TABLE IF EXISTS customers CASCADE;
CREATE TABLE customers (id int, first text, emails text[], born date, updated_at timestamptz);
INSERT INTO customers VALUES
    (1, 'Ada', '{ada@example.org,a@example.org}', '1985-12-10', '2026-01-01 10:00:00.123456+01'),
    (2, NULL, NULL, NULL, '2026-01-02 09:00:00Z'),
    (NULL, 'Bob', '{}', NULL, NULL);
"""


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_USER", OWNER)
    monkeypatch.setenv("CRM_PASSWORD", PASSWORD)


@pytest.fixture
def customers(postgres: Postgres) -> Iterator[Postgres]:
    """Return a database with a table of three customers."""
    postgres.run(CUSTOMERS)
    yield postgres
    postgres.run("DROP TABLE IF EXISTS customers CASCADE")


def _ingest(
    spark: SparkSession, lake: str, url: str, *relation: str, mapping: str = MAPPING, again: bool = False
) -> Tables:
    """Run the job by a mapping that lies beside the lake."""
    path = Path(lake).parent / "crm_db.yaml"
    path.write_text(mapping.format(url=url, relation="\n  ".join(relation)))
    settings = {"ingest.source": str(path), "ingest.again": str(again).lower()}
    tables = Tables(spark, lake, "run")
    context = cli.Context(
        tables, Sources(spark), Models(spark, f"{lake}/_models"), config.load("local", settings), lambda _: None
    )
    runs.load("ingest_records")(context, dt.date(2026, 6, 1))
    return tables


def _counts(tables: Tables) -> dict[str, tuple[int, int, int, int]]:
    return {count.table: (count.items, count.written, count.duplicates, count.quarantined) for count in tables.counts}


def _reads(tables: Tables, url: str) -> list[tuple[str, int]]:
    """Return what each read was called, and its rows, in their order."""
    reads = tables.read("bronze.files").orderBy("modified_at").collect()
    return [(row["path"].removeprefix(f"{url}/"), row["payload_count"]) for row in reads]


def _refusal(spark: SparkSession, lake: str, url: str, *relation: str) -> EntourageError:
    with pytest.raises(EntourageError) as caught:
        _ingest(spark, lake, url, *relation)
    assert PASSWORD not in str(caught.value)
    return caught.value


def test_rows_become_records_and_a_row_without_a_key_goes_to_quarantine(
    spark: SparkSession, lake: str, customers: Postgres
) -> None:
    tables = _ingest(spark, lake, customers.url, "table: customers")
    kept = tables.read("silver.source_records").orderBy("record_id")
    names = ("record_id", "given_name", "emails", "birth_date", "updated_at")

    assert kept.select(*names).collect() == [
        Row("crm:1", "Ada", ["ada@example.org", "a@example.org"], dt.date(1985, 12, 10), _at(1, 9, 123456)),
        Row("crm:2", None, [], None, _at(2, 9, 0)),
    ]
    refused = tables.read("bronze.quarantine").select("reason_code", "file").collect()
    assert refused == [Row("bad_key", f"{customers.url}/customers")]
    assert _counts(tables)["silver.source_records"] == (3, 2, 0, 1)
    assert _reads(tables, customers.url) == [("customers", 3)]


def _at(day: int, hour: int, microsecond: int) -> dt.datetime:
    """Return a time of January 2026 as Spark collects it: UTC, in the clock of this machine, naive."""
    aware = dt.datetime(2026, 1, day, hour, microsecond=microsecond, tzinfo=dt.UTC)
    return aware.astimezone().replace(tzinfo=None)


def test_every_type_becomes_json_that_says_the_same(spark: SparkSession, lake: str, postgres: Postgres) -> None:
    postgres.run("""
        DROP TABLE IF EXISTS kinds; DROP TYPE IF EXISTS mood; CREATE TYPE mood AS ENUM ('glad');
        CREATE TABLE kinds AS SELECT 1 AS id, 12.50::numeric(8, 2) AS price,
            12345678901234567890123456789012345678901234567890.5::numeric AS wide, 'NaN'::numeric AS nan,
            9007199254740993::bigint AS big, 0.1::real AS real, true AS yes, NULL::text AS nothing,
            '2026-03-29 02:30:00.000001'::timestamp AS local, '2026-03-29 02:30:00+02'::timestamptz AS zoned,
            'infinity'::timestamptz AS never, '0044-03-15 BC'::date AS ides, '12:30'::time AS noon,
            '1 day 2 hours'::interval AS lasting, ARRAY[[1, NULL], [3, 4]] AS grid, '{"a": [1.50, null]}'::json AS doc,
            '{"b": 2}'::jsonb AS docb, 'c0ffee00-0000-4000-8000-000000000001'::uuid AS uuid, '\\xdead'::bytea AS raw,
            'glad'::mood AS mood, 'é"\\ 😀'::text AS text, int4range(1, 5) AS range, 'x'::char(3) AS padded
    """)
    tables = _ingest(spark, lake, postgres.url, "table: kinds")
    (payload,) = [row["payload"] for row in tables.read("bronze.events").collect()]

    assert '"wide":12345678901234567890123456789012345678901234567890.5,' in payload
    assert '"price":12.50,' in payload
    assert json.loads(payload) == {
        "id": 1, "price": 12.5, "wide": 1.2345678901234567e49, "nan": "NaN", "big": 9007199254740993, "real": 0.1,
        "yes": True, "nothing": None, "local": "2026-03-29T02:30:00.000001", "zoned": "2026-03-29T00:30:00+00:00",
        "never": "infinity", "ides": "0044-03-15 BC", "noon": "12:30:00", "lasting": "P1DT2H",
        "grid": [[1, None], [3, 4]], "doc": {"a": [1.5, None]}, "docb": {"b": 2},
        "uuid": "c0ffee00-0000-4000-8000-000000000001", "raw": "\\xdead", "mood": "glad", "text": 'é"\\ 😀',
        "range": "[1,5)", "padded": "x  ",
    }  # fmt: skip


def test_a_table_is_read_in_parts_and_rows_that_move_between_them_are_read_once(
    spark: SparkSession, lake: str, postgres: Postgres
) -> None:
    postgres.run("""
        DROP TABLE IF EXISTS big; CREATE TABLE big (id int, first text, place int);
        INSERT INTO big SELECT n, 'n' || n, n FROM generate_series(1, 200000) AS n;
        INSERT INTO big VALUES (0, 'no place', NULL);
    """)
    is_over = threading.Event()

    def move() -> None:
        while not is_over.is_set():
            postgres.run("UPDATE big SET place = 200001 - place")

    mover = threading.Thread(target=move)
    mover.start()
    try:
        relation = ("table: public.big", "partition_column: place", "num_partitions: 4", "fetch_size: 1000")
        tables = _ingest(spark, lake, postgres.url, *relation)
    finally:
        is_over.set()
        mover.join()

    assert _counts(tables)["bronze.events"] == (200_001, 200_001, 0, 0)
    assert tables.read("silver.source_records").count() == 200_001
    parts = tables.read("bronze.events").select(F.shiftright("position", 33).alias("part")).distinct()
    assert parts.count() == 4


def test_the_next_read_takes_what_changed_since_ties_and_rows_without_a_time_too(
    spark: SparkSession, lake: str, customers: Postgres
) -> None:
    relation = ("table: customers", "incremental: updated_at", "partition_column: updated_at")
    first = _ingest(spark, lake, customers.url, *relation)
    customers.run("""
        UPDATE customers SET first = 'Adda', updated_at = '2026-01-03Z' WHERE id = 1;
        INSERT INTO customers VALUES (3, 'Cy', NULL, NULL, '2026-01-02 09:00Z'), (4, 'Di', NULL, NULL, '2026-01-02 08:55Z'),
            (5, 'committed days late', NULL, NULL, '2026-01-01Z'), (6, 'Flo', NULL, NULL, '2099-01-01Z')
    """)
    second = _ingest(spark, lake, customers.url, *relation)
    third = _ingest(spark, lake, customers.url, *relation)
    records = third.read("silver.source_records").collect()

    assert _counts(first)["silver.source_records"] == (3, 2, 0, 1)
    assert _counts(second)["silver.source_records"] == (6, 4, 1, 1)
    assert _counts(third)["silver.source_records"] == (2, 0, 1, 1)
    assert {row["record_id"]: row["given_name"] for row in records} == {
        "crm:1": "Adda", "crm:2": None, "crm:3": "Cy", "crm:4": "Di", "crm:6": "Flo",
    }  # fmt: skip
    (path_1, rows_1), (path_2, rows_2), (path_3, rows_3) = _reads(third, customers.url)
    assert (path_1, rows_1, rows_2, rows_3) == ("customers#updated_at=2026-01-02 09:00:00+00", 3, 6, 2)
    assert path_2.startswith("customers#updated_at=20") and "2099" not in path_2
    assert path_2 < path_3

    again = _ingest(spark, lake, customers.url, *relation, again=True)
    assert _counts(again)["silver.source_records"] == (7, 1, 5, 1)


def test_an_empty_table_is_read_and_later_read_whole(spark: SparkSession, lake: str, customers: Postgres) -> None:
    customers.run("DELETE FROM customers")
    relation = ("table: customers", "incremental: id", "partition_column: id")
    _ingest(spark, lake, customers.url, *relation)
    customers.run("INSERT INTO customers VALUES (1, 'Ada', NULL, NULL, NULL)")
    tables = _ingest(spark, lake, customers.url, *relation)

    assert _reads(tables, customers.url) == [("customers", 0), ("customers#id=1", 1)]


def test_a_query_reads_what_it_selects_and_can_write_nothing(
    spark: SparkSession, lake: str, customers: Postgres
) -> None:
    query = "query: SELECT id, upper(first) AS first FROM customers WHERE id IS NOT NULL"
    tables = _ingest(spark, lake, customers.url, query)
    names = {row["given_name"] for row in tables.read("silver.source_records").collect()}
    customers.run("""CREATE OR REPLACE FUNCTION wipe() RETURNS SETOF customers LANGUAGE sql
        AS 'DELETE FROM customers RETURNING *'""")
    refusal = _refusal(spark, lake, customers.url, "query: SELECT * FROM wipe()")

    assert names == {"ADA", None}
    assert isinstance(refusal, UsageError)
    assert "cannot execute DELETE in a read-only transaction" in str(refusal)
    assert customers.run("SELECT count(*) FROM customers") == "3"


def test_what_the_database_refuses_is_told_in_a_sentence(
    spark: SparkSession, lake: str, customers: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = customers.url
    gone = _refusal(spark, lake, url, "table: custmers")
    column = _refusal(spark, lake, url, "table: customers", "incremental: changed")
    kind = _refusal(spark, lake, url, "table: customers", "partition_column: first")
    late = _refusal(spark, lake, url, "query: SELECT 1 / (id - 2) AS id FROM customers")
    unknown = _refusal(spark, lake, url.replace("/shop", "/shp"), "table: customers")
    closed = _refusal(spark, lake, url.replace(str(customers.port), "1"), "table: customers")
    monkeypatch.setenv("CRM_PASSWORD", f"{PASSWORD}-not")
    wrong = _refusal(spark, lake, url, "table: customers")
    monkeypatch.delenv("CRM_PASSWORD")
    unset = _refusal(spark, lake, url, "table: customers")

    assert 'relation "custmers" does not exist; mend the jdbc section' in str(gone)
    assert "changed does not exist" in str(column)
    assert "partition_column: first is of type text; expected one of smallint" in str(kind)
    assert "division by zero" in str(late)
    assert 'database "shp" does not exist' in str(unknown)
    assert "Connection to 127.0.0.1:1 refused" in str(closed)
    assert 'password authentication failed for user "owner"; mend what CRM_USER, CRM_PASSWORD hold' in str(wrong)
    assert "environment variable CRM_PASSWORD is not set" in str(unset)
    assert all(type(error) is UsageError for error in (gone, column, kind, late, unknown, wrong, unset))
    assert type(closed) is RetryError
    assert not Tables(spark, lake, "run").exists("bronze.files")


def test_a_table_of_posts_becomes_posts(spark: SparkSession, lake: str, postgres: Postgres) -> None:
    postgres.run("""
        DROP TABLE IF EXISTS notes;
        CREATE TABLE notes AS SELECT 'n1' AS id, 'ada' AS author, '2026-01-02 03:04:05Z'::timestamptz AS at, 'hi' AS body
    """)
    columns = "{{post_id: id, account_id: author, created_at: at, text: body}}"
    mapping = f"kind: posts\nnetwork: other\ncolumns: {columns}\njdbc:{MAPPING.partition('jdbc:')[2]}"
    tables = _ingest(spark, lake, postgres.url, "table: notes", mapping=mapping)

    posts = tables.read("silver.posts").select("post_id", "account_id", "created_at", "text").collect()
    assert posts == [Row("other:n1", "other:ada", _at(2, 3, 0) + dt.timedelta(minutes=4, seconds=5), "hi")]
