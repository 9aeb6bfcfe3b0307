"""Check a frame against its table's contract in one pass.

in: a frame and its `schemas.Table` ▶ out: `Check` rows. `check_contract` and `check_references` run actions (they are
gates, not transformations): the staged frame is read once for all column rules and the key.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.schemas import Table


@dataclass(frozen=True)
class Check:
    """One check of one table: what was asked, and how many rows broke it."""

    table: str
    check: str
    failed_count: int
    row_count: int

    @property
    def is_passed(self) -> bool:
        """Tell whether no row broke it."""
        return self.failed_count == 0


def violations(table: Table) -> dict[str, Column]:
    """Return, per rule of the columns, a condition that is true where a row breaks it."""
    rules: dict[str, Column] = {}
    for column in table.columns:
        value = F.col(column.name)
        if column.required or column.name in table.key:
            rules[f"{column.name} is not NULL"] = value.isNull()
        if column.minimum is not None:
            rules[f"{column.name} >= {column.minimum:g}"] = value < F.lit(column.minimum)
        if column.maximum is not None:
            rules[f"{column.name} <= {column.maximum:g}"] = value > F.lit(column.maximum)
        if column.allowed:
            rules[f"{column.name} in {','.join(column.allowed)}"] = ~value.isin(*column.allowed)
    return rules


def check_contract(frame: DataFrame, *, table: Table) -> list[Check]:
    """Count the rows that break each rule of the table, and keys that are not unique.

    Returns:
        One `Check` a rule, and one for the key.
    """
    rules = violations(table)
    counts = [F.count_if(rule).alias(f"rule_{index}") for index, rule in enumerate(rules.values())]
    distinct = F.count_distinct(F.struct(*table.key)).alias("keys")
    row = frame.agg(F.count(F.lit(1)).alias("rows"), distinct, *counts).first()
    assert row is not None  # an aggregate without groups has exactly one row
    checks = [Check(table.name, rule, row[f"rule_{index}"], row["rows"]) for index, rule in enumerate(rules)]
    return [
        *checks,
        Check(table.name, f"key ({', '.join(table.key)}) is unique", row["rows"] - row["keys"], row["rows"]),
    ]


def check_reference(frame: DataFrame, *, table: Table, column: str, referenced: DataFrame, row_count: int) -> Check:
    """Count the values of a column that the referenced table's same-named key lacks."""
    values = frame.select(F.col(column).alias("value")).where(F.col("value").isNotNull()).distinct()
    keys = referenced.select(F.col(column).alias("key")).distinct()
    orphans = values.alias("v").join(keys.alias("k"), on=F.col("v.value") == F.col("k.key"), how="left_anti")
    return Check(table.name, f"{column} is in {_reference(table, column)}", orphans.count(), row_count)


def _reference(table: Table, column: str) -> str:
    return next(c.references or "" for c in table.columns if c.name == column)
