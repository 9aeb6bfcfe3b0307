"""Make a frame of a few rows at hand.

in: rows and a schema ▶ out: a DataFrame that holds them in its plan.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructField, StructType, _parse_datatype_string


def local_frame(spark: SparkSession, rows: Sequence[Sequence[object]], schema: StructType | str) -> DataFrame:
    """Return a frame of a few rows, as a local relation.

    Spark starts Python workers for a frame made of a list each time it looks at it (180 ms measured, 3 ms so), and
    cannot plan by how few its rows are, or that there is none.

    Args:
        spark: the session.
        rows: values in the order of the columns; times are aware, or UTC; a NaN becomes NULL.
        schema: of the columns, also as DDL.
    """
    struct = schema if isinstance(schema, StructType) else _parse_datatype_string(schema)
    assert isinstance(struct, StructType)  # a DDL of columns is one
    if rows:
        return spark.createDataFrame(pd.DataFrame(list(rows), columns=struct.names, dtype=object), struct)
    # Of no rows at all Spark makes no local relation.
    nullable = StructType([StructField(field.name, field.dataType) for field in struct])
    return local_frame(spark, [(None,) * len(struct)], nullable).limit(0)
