"""Describe how a table of a database is read, in the `jdbc` section of a mapping.

in: that section ▶ out: `JdbcParams`, checked. Names of tables and columns are names, never SQL; credentials stand in
environment variables, never here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from entourage.errors import nearest

KEYS = [
    "url", "table", "query", "partition_column", "num_partitions", "fetch_size", "incremental", "user_env",
    "password_env",
]  # fmt: skip
URL = re.compile(r"jdbc:postgresql://[\w.,:\[\]-]+/[\w.-]+(\?[\w.-]+=[^&\s]*(&[\w.-]+=[^&\s]*)*)?")
SECRET = re.compile(r"[?&](user|password|sslpassword)=|//[^/]*@", re.IGNORECASE)
NAME = re.compile(r"[^\W\d][\w$]*")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
MOST_PARTITIONS = 64  # a connection each


@dataclass(frozen=True)
class JdbcParams:
    """One table of a database, or one query.

    Attributes:
        url: jdbc:postgresql://host:port/database, without credentials.
        table: its name as the database has it, with its schema or without; or
        query: a SELECT, in place of a table.
        partition_column: a whole number, day or time by whose range the reading is split; empty: one task reads.
        num_partitions: into how many parts; a connection each.
        fetch_size: rows a round trip.
        incremental: column that grows with each change of a row, such as updated_at; empty: each run reads all.
        user_env: environment variable that holds the user's name.
        password_env: environment variable that holds the password.
    """

    url: str
    table: str = ""
    query: str = ""
    partition_column: str = ""
    num_partitions: int = 1
    fetch_size: int = 10_000
    incremental: str = ""
    user_env: str = ""
    password_env: str = ""

    @property
    def path(self) -> str:
        """Return what bronze.files calls it: the address without parameters, then the table or the query's digest."""
        what = self.table or f"query-{sha256(self.query.encode()).hexdigest()[:12]}"
        return f"{self.url.split('?')[0]}/{what}"

    @property
    def relation(self) -> str:
        """Return what SQL selects from."""
        return f"({self.query}\n)" if self.query else ".".join(quoted(name) for name in self.table.split("."))


def quoted(name: str) -> str:
    """Return a name as SQL takes it for a name, whatever is in it."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def params(section: Dict[str, Any]) -> JdbcParams:
    """Read a section that has no `problems`; every value of it is a text."""
    parts = section.get("num_partitions", "8" if section.get("partition_column") else "1")
    texts = {name: str(section[name]) for name in KEYS if name in section and name not in _NUMBERS}
    texts["query"] = texts.get("query", "").strip()
    return JdbcParams(**texts, num_partitions=int(parts), fetch_size=int(section.get("fetch_size", "10000")))


_NUMBERS = {"num_partitions": MOST_PARTITIONS, "fetch_size": 1_000_000}


def problems(section: object) -> list[str]:
    """Return what is wrong with a section, each as a sentence."""
    if not isinstance(section, dict):
        return ["jdbc: expected keys and values, such as url and table"]
    found = [f"unknown key of jdbc '{word}'{nearest(str(word), KEYS)}" for word in section if word not in KEYS]
    found += _url_problems(str(section.get("url", ""))) + _relation_problems(section)
    for key in ("partition_column", "incremental"):
        if key in section and not NAME.fullmatch(str(section[key])):
            found.append(f"jdbc: {key}: found {section[key]!r}, expected the name of one column")
    for key in ("user_env", "password_env"):
        if key in section and not VARIABLE.fullmatch(str(section[key])):
            found.append(f"jdbc: {key}: expected the name of an environment variable that holds it, such as CRM_USER")
    for key, most in _NUMBERS.items():
        text = str(section.get(key, "1"))
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
            found.append(f"jdbc: {key}: found {text!r}, expected a whole number from 1 to {most:,}")
    if section.get("num_partitions", "1") != "1" and not section.get("partition_column"):
        found.append("jdbc: num_partitions: expected a partition_column too, by whose range the reading is split")
    return found


def _url_problems(url: str) -> list[str]:
    if SECRET.search(url):
        return ["jdbc: url: it holds credentials; name environment variables in user_env and password_env instead"]
    if not URL.fullmatch(url):
        return [f"jdbc: url: found {url!r}, expected jdbc:postgresql://host:port/database"]
    return []


def _relation_problems(section: Dict[str, Any]) -> list[str]:
    table, query = section.get("table"), section.get("query")
    if bool(table) == bool(query):
        return ["jdbc: expected either a table or a query"]
    if table and not (isinstance(table, str) and all(map(NAME.fullmatch, table.split("."))) and table.count(".") < 2):
        return [f"jdbc: table: found {table!r}, expected a name, or schema.name, of letters, digits and _"]
    if query and (not re.match(r"(select|with)\b", str(query).strip(), re.IGNORECASE) or ";" in str(query)):
        return ["jdbc: query: expected one SELECT, without a semicolon"]
    return []
