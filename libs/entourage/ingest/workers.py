"""Run plain Python over payloads in Spark's workers: what comes in of a payload's columns goes out beside what is made.

in: batches of payloads ▶ out: batches of `canonical.META` and columns made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql.pandas.types import to_arrow_type
from pyspark.sql.types import StructField, StructType, _parse_datatype_string

from entourage.ingest import canonical

Types = Mapping[str, pa.DataType]
Make = Callable[..., Iterator[pa.RecordBatch]]


def made(payloads: DataFrame, make: Make, columns: Mapping[str, str]) -> DataFrame:
    """Return what is made of payloads.

    Args:
        payloads: `canonical.META` and `payload`.
        make: batches and the `types` of what it returns ▶ batches; runs in workers.
        columns: type of each column that is made, by its name; beside them stand `canonical.META`. All may be NULL: a
            NULL in a column that is declared without ends the JVM's task.
    """
    return mapped(payloads.select(*canonical.META, "payload"), make, {**canonical.META, **columns})


def mapped(frame: DataFrame, make: Make, columns: Mapping[str, str]) -> DataFrame:
    """Return what is made of a frame: columns of these types, in their order (see `made`)."""
    schema = StructType([StructField(name, _parse_datatype_string(kind)) for name, kind in columns.items()])
    types = {field.name: to_arrow_type(field.dataType) for field in schema}
    return frame.mapInArrow(partial(make, types=types), schema)


def batch(given: pa.RecordBatch, columns: Mapping[str, Iterable[Any]], types: Types) -> pa.RecordBatch:
    """Return a batch of `canonical.META` as it was given, and of columns of as many values."""
    arrays = [given.column(name).cast(types[name]) for name in canonical.META]
    arrays += [pa.array(values, types[name]) for name, values in columns.items()]
    return pa.RecordBatch.from_arrays(arrays, names=[*canonical.META, *columns])
