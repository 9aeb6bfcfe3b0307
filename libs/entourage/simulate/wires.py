"""What the wire formats share: entities found in a text, files in a fixed order, posts with their authors.

in: posts, accounts ▶ out: Columns and frames.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.simulate.params import Output, SimulateParams

HASHTAG = r"(#[\p{L}\p{N}_]+)"
LINK = r"(https?://[^\s]+)"
TWICE_AFTER_MS = 41_000
CSV = {"header": "true", "nullValue": "", "emptyValue": "", "escape": '"'}
# A chunk lists its encodings in an order that changes from one JVM to the next: with one encoding each there is none.
PARQUET = {"parquet.writer.version": "v2", "parquet.enable.dictionary": "false"}


def laid_out(lines: DataFrame, *, files: int) -> DataFrame:
    """Lay lines into a fixed number of files, each in the order of receipt: the same bytes on any number of cores.

    Args:
        lines: `at_ms`, `line_key`, `value`.
        files: how many.

    Returns:
        `value`, one row a line.
    """
    return (
        lines.repartition(files, F.col("line_key")).sortWithinPartitions("at_ms", "line_key", "value").select("value")
    )


def json_lines(rows: DataFrame, *, at_ms: Column | str, line_key: Column | str, body: Column) -> DataFrame:
    """Write each row as a line of JSON: `at_ms`, `line_key`, `value`.

    Spark interprets all of the expression that it is to write as JSON: settled first, it is compiled.
    """
    at, key = (F.col(each) if isinstance(each, str) else each for each in (at_ms, line_key))
    fields = F.struct(at.cast("bigint").alias("at_ms"), key.alias("line_key"), body.alias("body"))
    return rows.select(F.inline(F.array(fields))).select("at_ms", "line_key", F.to_json("body").alias("value"))


def tabulated(rows: DataFrame, *, files: int, by: tuple[str, ...]) -> DataFrame:
    """Lay the rows of a table into a fixed number of files, sorted by a unique key."""
    return rows.repartition(files, *(F.col(name) for name in by)).sortWithinPartitions(*by)


def parquet(path: str, rows: DataFrame, key: tuple[str, ...], *, files: int) -> Output:
    """Return a Parquet output, sorted by its key: the same bytes in every run."""
    return Output(path, "parquet", tabulated(rows, files=files, by=key), PARQUET)


def table(
    path: str, rows: DataFrame, key: tuple[str, ...], params: SimulateParams, *, sep: str = ",", encoding: str = "UTF-8"
) -> Output:
    """Return a CSV output, sorted by its key."""
    options = {**CSV, "sep": sep, "encoding": encoding}
    return Output(path, "csv", tabulated(rows, files=max(1, params.files // 4), by=key), options)


def delivered(posts: DataFrame) -> DataFrame:
    """Repeat the posts that arrive twice; adds `at_ms`."""
    once, again = F.col("received_ms"), F.col("received_ms") + TWICE_AFTER_MS
    times = F.when(F.col("is_twice"), F.array(once, again)).otherwise(F.array(once))
    return posts.select("*", F.explode(times).alias("at_ms"))


def referred(tweets: DataFrame, referring: DataFrame) -> DataFrame:
    """Return the tweets that others refer to by `ref_id`."""
    refs = referring.select(F.col("ref_id").alias("_wanted"))
    return tweets.alias("t").join(refs.alias("w"), on=F.col("t.id") == F.col("w._wanted"), how="left_semi")


def matches(text: Column, pattern: str) -> Column:
    """Return what a pattern finds, each once, in the order of the text."""
    return F.array_distinct(F.regexp_extract_all(text, F.lit(pattern), 1))


def position(text: Column, part: Column) -> Column:
    """Return where a part begins, in characters from 0."""
    return F.position(part, text) - 1


def byte_position(text: Column, characters: Column) -> Column:
    """Return a position in bytes of UTF-8 from one in characters."""
    return F.octet_length(text.substr(F.lit(1), characters))


def authored(rows: DataFrame, accounts: DataFrame, *, by: str, prefix: str) -> DataFrame:
    """Join rows with the account that `network` and an entity column name; its columns get a prefix."""
    named = accounts.select(
        F.col("network").alias("_network"), *(F.col(name).alias(f"{prefix}{name}") for name in ACCOUNT_COLUMNS)
    )
    on = (F.col("r.network") == F.col("a._network")) & (F.col(f"r.{by}") == F.col(f"a.{prefix}entity"))
    joined = rows.alias("r").join(named.alias("a"), on=on, how="left")
    return joined.select("r.*", *(f"a.{prefix}{name}" for name in ACCOUNT_COLUMNS))


ACCOUNT_COLUMNS = (
    "entity",
    "native_id",
    "handle",
    "display_name",
    "bio",
    "location",
    "created_ms",
    "followers",
    "following",
)
