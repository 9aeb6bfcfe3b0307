from __future__ import annotations

import pytest

from entourage.errors import UsageError
from entourage.ingest.jdbc import JdbcParams, quoted
from entourage.ingest.mapping import parse

URL = "jdbc:postgresql://db.example.org:5432/shop"


def _mapping(jdbc: str) -> str:
    return f"kind: persons\nkey: id\ncolumns: {{given_name: first}}\njdbc: {jdbc}"


def test_a_section_says_how_a_table_is_read() -> None:
    section = (
        f"{{url: '{URL}?sslmode=require', table: crm.customers, partition_column: id, incremental: updated_at, "
        "user_env: CRM_USER, password_env: CRM_PASSWORD}"
    )

    params = parse(_mapping(section), name="crm_db").jdbc

    assert params == JdbcParams(
        url=f"{URL}?sslmode=require",
        table="crm.customers",
        partition_column="id",
        num_partitions=8,
        incremental="updated_at",
        user_env="CRM_USER",
        password_env="CRM_PASSWORD",
    )
    assert params.path == f"{URL}/crm.customers"
    assert params.relation == '"crm"."customers"'


def test_a_query_stands_in_parentheses_that_no_comment_swallows() -> None:
    params = parse(_mapping(f"{{url: '{URL}', query: 'SELECT id FROM customers -- all'}}"), name="crm_db").jdbc

    assert params is not None
    assert params.relation == "(SELECT id FROM customers -- all\n)"
    assert params.path == f"{URL}/query-0bf48d26b68b"


def test_a_quoted_name_stays_one_name() -> None:
    assert quoted('a"; DROP TABLE b; --') == '"a""; DROP TABLE b; --"'


@pytest.mark.parametrize(
    "table",
    ["customers; DROP TABLE orders", 'customers"', "a.b.c", "customers WHERE 1=1", "(SELECT 1)", "1st", "a.", "a--b"],
)
def test_a_table_name_that_holds_more_than_a_name_is_refused(table: str) -> None:
    with pytest.raises(UsageError, match=r"jdbc: table: found .*, expected a name, or schema\.name"):
        parse(_mapping(f"{{url: '{URL}', table: '{table}'}}"), name="crm_db")


@pytest.mark.parametrize(
    "url",
    [f"{URL}?user=ada&password=hunter2", "jdbc:postgresql://ada:hunter2@db/shop", f"{URL}?PASSWORD=hunter2"],
)
def test_credentials_in_the_address_are_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UsageError, match="it holds credentials") as caught:
        parse(_mapping(f"{{url: '{url}', table: customers}}"), name="crm_db")

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        ("text", "jdbc: expected keys and values"),
        (f"{{url: '{URL}', tabel: a}}", "unknown key of jdbc 'tabel'; did you mean 'table'?"),
        (f"{{url: '{URL}'}}", "expected either a table or a query"),
        (f"{{url: '{URL}', table: a, query: SELECT 1}}", "expected either a table or a query"),
        (f"{{url: '{URL}', query: DELETE FROM a}}", "query: expected one SELECT"),
        (f"{{url: '{URL}', query: SELECT 1; DELETE FROM a}}", "query: expected one SELECT"),
        ("{url: 'jdbc:mysql://db/shop', table: a}", "expected jdbc:postgresql://host:port/database"),
        (f"{{url: '{URL}', table: a, num_partitions: 4}}", "num_partitions: expected a partition_column too"),
        (f"{{url: '{URL}', table: a, partition_column: id, num_partitions: 0}}", "a whole number from 1 to 64"),
        (f"{{url: '{URL}', table: a, fetch_size: many}}", "fetch_size: found 'many', expected a whole number"),
        (f"{{url: '{URL}', table: a, incremental: 'updated_at > 1'}}", "incremental: found 'updated_at > 1'"),
        (f"{{url: '{URL}', table: a, password_env: 'hunter 2'}}", "password_env: expected the name of an environment"),
    ],
)
def test_a_section_that_makes_no_sense_is_refused(section: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(_mapping(section), name="crm_db")

    assert sentence in str(caught.value)
    assert "hunter" not in str(caught.value)
