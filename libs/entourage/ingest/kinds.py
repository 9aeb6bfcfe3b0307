"""Say what a mapping may make: the kinds, and our columns of each with their types.

in: nothing ▶ out: `KINDS`. Kinds of business records are tables of schemas.py, and have their columns; posts, accounts
and edges become the items of `canonical`, so that theirs stand here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from entourage.schemas import RECORDS, Column, Table, table

SOCIAL = {
    "accounts": """network string, account_id string, handle string, display_name string, bio string, location string,
        urls array<string>, created_at timestamp, is_bot boolean, observed_at timestamp, followers string,
        following string, posts string""",
    "posts": """network string, post_id string, account_id string, handle string, display_name string,
        created_at timestamp, text string, language string, reply_to string, reply_to_account string, shared string,
        shared_account string, is_share string, mentions array<string>, hashtags array<string>, urls array<string>,
        media array<string>, place string, source_app string, observed_at timestamp, likes string, shares string,
        replies string, views string""",
    "edges": """network string, src string, dst string, verb string, weight double, occurred_at timestamp,
        object_id string""",
}
SOCIAL_NEEDED = {
    "accounts": ("account_id",),
    "posts": ("post_id", "account_id", "created_at"),
    "edges": ("src", "dst"),
}
# Columns that no mapping makes: ingest does. What names a person or a consent is made of the row.
MADE = {"received_at", "delivered_at", "system", "extra"}
NAMED = {"persons": "record_id", "consents": "consent_event_id"}
LIST = "array<string>"


@dataclass(frozen=True)
class Kind:
    """What one row of a mapping becomes.

    Attributes:
        name: persons, orders, ...
        columns: our columns that a mapping may make, each with its type in Spark's words.
        needed: those without which a row has no meaning.
        table: where the rows go; None for posts, accounts and edges, which become items.
    """

    name: str
    columns: Mapping[str, str]
    needed: tuple[str, ...]
    table: Table | None = None


def _social(name: str) -> Kind:
    columns = dict(line.split() for line in SOCIAL[name].split(","))
    return Kind(name, columns, SOCIAL_NEEDED[name])


def _of_table(name: str) -> Kind:
    declared = table(RECORDS[name])
    left_out = {*MADE, NAMED.get(name, ""), declared.partition_by or ""}
    ours = [column for column in declared.columns if column.name not in left_out]
    columns = {path: type_ for column in ours for path, type_ in _flat(column)}
    return Kind(name, columns, tuple(column.name for column in ours if column.required), declared)


def _flat(column: Column) -> list[tuple[str, str]]:
    """Return a column, or the fields of a struct by their paths."""
    if not column.type.startswith("struct<"):
        return [(column.name, column.type)]
    fields = re.findall(r"(\w+):(\w+)", column.type)
    return [(f"{column.name}.{field}", type_) for field, type_ in fields]


KINDS = {**{name: _of_table(name) for name in RECORDS}, **{name: _social(name) for name in SOCIAL}}
