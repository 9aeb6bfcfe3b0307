"""Say when a merge takes two rows for the same: by key, by day, by what they say.

in: a declared table ▶ out: conditions over aliases `t` (the table's rows) and `s` (the new ones).
"""

from __future__ import annotations

import datetime as dt

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, MapType

from entourage import schemas
from entourage.schemas import Table

# Clocks and spans are when we saw a row, not what it says: a row that differs in them only is a duplicate.
CLOCKS = frozenset({"received_at", "received_date", "delivered_at", "applied_at"})


def same_key(table: Table) -> Column:
    """Tell whether two rows have one key; NULL where a part of it is."""
    return _all([F.col(f"t.{key}") == F.col(f"s.{key}") for key in table.key])


def same_day(table: Table, days: list[dt.date]) -> Column:
    """Tell whether two rows lie in one partition; the days let a merge read theirs only."""
    day = F.col(f"t.{table.partition_by}")
    return day.isin(days) & (day == F.col(f"s.{table.partition_by}"))


def same_values(table: Table) -> Column:
    """Tell whether two rows of one key say the same; NULL equals NULL, clocks do not count."""
    compared = [
        field
        for field in schemas.spark_schema(table.name).fields
        if field.name not in CLOCKS and field.name not in table.key
    ]
    if not compared:
        return F.lit(True)
    return _all(
        [_comparable("t", f.name, f.dataType).eqNullSafe(_comparable("s", f.name, f.dataType)) for f in compared]
    )


def _comparable(alias: str, name: str, data_type: DataType) -> Column:
    column = F.col(f"{alias}.{name}")
    return F.array_sort(F.map_entries(column)) if isinstance(data_type, MapType) else column


def _all(conditions: list[Column]) -> Column:
    first, *rest = conditions
    for condition in rest:
        first = first & condition
    return first
