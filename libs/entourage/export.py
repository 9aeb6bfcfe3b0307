"""Show and export tables: masked where a person looks, escaped where a spreadsheet opens.

in: a table's frame ▶ out: a masked frame, or one file.
"""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, MapType, StringType, StructType

from entourage.errors import UsageError, nearest
from entourage.schemas import Table
from entourage.session import FileSystem

FORMATS = {".csv": "csv", ".parquet": "parquet", ".jsonl": "json"}


def masked(rows: DataFrame, *, table: Table) -> DataFrame:
    """Hide direct identifiers: two characters stay of a text, the size of a list or a structure."""
    types = {field.name: field.dataType for field in rows.schema.fields}
    is_direct = {column.name: column.privacy == "direct" for column in table.columns}
    return rows.select(*(_mask(name, types[name]) if is_direct.get(name) else F.col(name) for name in rows.columns))


def _mask(name: str, data_type: DataType) -> Column:
    value = F.col(name)
    if isinstance(data_type, StringType):
        shown = F.concat(F.substring(value, 1, 2), F.lit("…"))
    elif isinstance(data_type, ArrayType | MapType):
        shown = F.concat(F.lit("("), F.size(value).cast("string"), F.lit(" hidden)"))
    else:
        shown = F.lit("(hidden)")
    return F.when(value.isNotNull(), shown).alias(name)


def write(rows: DataFrame, *, path: Path) -> int:
    """Write a frame to one CSV, Parquet or JSON lines file; return its rows.

    CSV: nested columns are JSON text, and a text that a spreadsheet would run as a formula gets a leading apostrophe.

    Raises:
        UsageError: the suffix names no format, or the folder is not there.
    """
    if path.suffix not in FORMATS:
        hint = nearest(path.suffix, FORMATS)
        raise UsageError(f"--to {path}: suffix '{path.suffix}' is unknown{hint}; use {', '.join(FORMATS)}")
    _require_folder(path)
    scratch = path.resolve().parent / f".{path.name}.part"
    frame = _flat(rows) if path.suffix == ".csv" else rows
    writer = (
        frame.coalesce(1)
        .write.mode("overwrite")
        .option("compression", "snappy" if path.suffix == ".parquet" else "none")
    )
    if path.suffix == ".csv":
        writer = writer.option("header", True).option("escape", '"').option("emptyValue", "")
    writer.format(FORMATS[path.suffix]).save(f"file://{scratch}")
    files = FileSystem(rows.sparkSession)
    (part,) = (status.path for status in files.list_files(f"file://{scratch}"))
    Path(part.removeprefix("file:")).replace(path)
    files.delete(f"file://{scratch}")
    return _row_count(rows.sparkSession, path)


def _row_count(spark: SparkSession, path: Path) -> int:
    """Count the rows of the written file itself."""
    reader = spark.read.format(FORMATS[path.suffix]).option("header", True).option("escape", '"')
    return reader.option("multiLine", path.suffix == ".csv").load(f"file://{path.resolve()}").count()


def _flat(rows: DataFrame) -> DataFrame:
    columns = []
    for field in rows.schema.fields:
        value = F.col(field.name)
        if isinstance(field.dataType, ArrayType | MapType | StructType):
            value = F.to_json(value)
        if isinstance(field.dataType, StringType):
            value = F.when(value.rlike(r"^[=+\-@\t\r]"), F.concat(F.lit("'"), value)).otherwise(value)
        columns.append(value.alias(field.name))
    return rows.select(*columns)


def write_page(page: str, *, path: Path) -> None:
    """Write a page whole or not at all.

    Raises:
        UsageError: the folder is not there.
    """
    _require_folder(path)
    part = path.with_name(f".{path.name}.part")
    part.write_text(page, encoding="utf-8")
    part.replace(path)


def _require_folder(path: Path) -> None:
    if not path.resolve().parent.is_dir():
        raise UsageError(f"--to {path}: folder {path.resolve().parent} does not exist; make it first")
