"""Read a table of a database into pieces, in one consistent look at it.

in: `JdbcParams` and the watermark of the last read ▶ out: `TableRead`: pieces, staged, and the new watermark.

PostgreSQL makes the JSON itself: it knows all its types (numeric of any width, arrays of arrays, ranges, composites),
and no clock of a JVM comes between. All tasks share one exported snapshot of a read-only transaction, which ends as
soon as the rows are staged.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from entourage.errors import RetryError, UsageError
from entourage.ingest import reasons
from entourage.ingest.jdbc import JdbcParams, quoted
from entourage.rows import local_frame
from entourage.schemas import Workspace
from entourage.session import Connection, database_error

# A transaction that was open during a read may commit a row later whose updated_at is older than the watermark.
OVERLAP = "interval '10 minutes'"
BEGIN = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
LOCAL = "SET LOCAL TIME ZONE 'UTC'; SET LOCAL bytea_output = 'hex'; SET LOCAL intervalstyle = 'iso_8601'"
WHOLE = ("smallint", "integer", "bigint")
TIMES = ("date", "timestamp without time zone", "timestamp with time zone")
ROW = "entourage_row"  # an alias that no column is called
# Classes of SQLSTATE that pass: no connection, conflict, no room, the server's own trouble.
PASSING = ("08", "40", "53", "55", "57", "58")


@dataclass(frozen=True)
class TableRead:
    """What one read found.

    Attributes:
        path: what bronze.files calls it: the table, and the watermark where the reading is incremental.
        read_ms: the database's clock, milliseconds since 1970 UTC.
        pieces: one row a payload (see `pieces.PIECES`), and a marker; staged.
    """

    path: str
    read_ms: int
    pieces: DataFrame


@dataclass(frozen=True)
class Reader:
    """Reads one table.

    Attributes:
        spark: the session.
        source: what the counts call it; its mapping's name.
        params: how it is read.
        max_payload_bytes: a longer row is refused.
    """

    spark: SparkSession
    source: str
    params: JdbcParams
    max_payload_bytes: int

    def read(self, since: str | None, *, workspace: Workspace) -> TableRead:
        """Read the rows that have changed since a watermark; all of them where there is none.

        Args:
            since: the watermark of the last read.
            workspace: where the rows are staged.

        Raises:
            UsageError: the database refuses: credentials, names, rights, or the query.
            RetryError: no connection, or trouble that passes.
        """
        properties = _properties(self.params)
        with self._told(properties), self._snapshot(properties) as (connection, snapshot):
            condition, watermark = self._changes(connection, since)
            options = self._split(connection, condition)
            (read_ms,) = connection.row("SELECT (extract(epoch FROM now()) * 1000)::bigint")
            path = f"{self.params.path}#{self.params.incremental}={watermark}" if watermark else self.params.path
            rows = self._rows(properties | options, condition, snapshot)
            pieces = self._pieces(rows, path, int(read_ms or 0))
            return TableRead(path, int(read_ms or 0), workspace.keep(f"read_{self.source}", pieces))

    @contextmanager
    def _snapshot(self, properties: dict[str, str]) -> Iterator[tuple[Connection, str]]:
        connection = Connection.to(self.spark, self.params.url, properties)
        try:
            connection.execute(f"{BEGIN}; {LOCAL}")
            (snapshot,) = connection.row("SELECT pg_export_snapshot()")
            yield connection, str(snapshot)
        finally:
            connection.close()

    def _changes(self, connection: Connection, since: str | None) -> tuple[str, str | None]:
        """Return the condition that selects what is new, and the next watermark."""
        if not self.params.incremental:
            return "TRUE", None
        column, kind = self._typed(connection, "incremental")
        newest = f"max({column})"
        if kind in TIMES:  # a date of the year 2099 must not hide all that is to come
            now = f"CAST(now() AT TIME ZONE 'UTC' AS {kind})"
            newest = f"least(max({column}) FILTER (WHERE isfinite({column})), {now})"
        (watermark,) = connection.row(f"SELECT CASE WHEN count({column}) > 0 THEN {newest} END::text FROM {self._from}")
        if since is None:
            return "TRUE", watermark
        text = since.replace("'", "''")
        least = f"CAST('{text}' AS {kind})" + (f" - {OVERLAP}" if kind in TIMES else "")
        return f"({column} >= {least} OR {column} IS NULL)", watermark or since

    def _split(self, connection: Connection, condition: str) -> dict[str, str]:
        """Return Spark's options that split the reading by a column's range."""
        if not self.params.partition_column:
            return {}
        column, kind = self._typed(connection, "partition_column")
        finite = f" FILTER (WHERE isfinite({column}))" if kind in TIMES else ""
        ends = ", ".join(f"({end}({column}){finite})::text" for end in ("min", "max"))
        lower, upper = connection.row(f"SELECT {ends} FROM {self._from} WHERE {condition}")
        if lower is None or upper is None:
            return {}
        return {
            "partitionColumn": "part",
            "lowerBound": lower,
            "upperBound": upper,
            "numPartitions": str(self.params.num_partitions),
        }

    def _typed(self, connection: Connection, key: str) -> tuple[str, str]:
        """Return a column that the mapping names, quoted, and its type."""
        name = getattr(self.params, key)
        column = f"{ROW}.{quoted(name)}"
        (kind,) = connection.row(f"SELECT pg_typeof((array_agg({column}))[1])::text FROM {self._from} WHERE FALSE")
        if kind not in (*WHOLE, *TIMES):
            raise UsageError(
                f"sources/{self.source}: jdbc: {key}: {name} is of type {kind}; expected one of "
                f"{', '.join((*WHOLE, *TIMES))}"
            )
        return column, str(kind)

    @property
    def _from(self) -> str:
        return f"{self.params.relation} AS {ROW}"

    def _rows(self, options: dict[str, str], condition: str, snapshot: str) -> DataFrame:
        part = f", {ROW}.{quoted(self.params.partition_column)} AS part" if "partitionColumn" in options else ""
        select = f"SELECT row_to_json({ROW})::text AS payload{part} FROM {self._from} WHERE {condition}"
        reader = self.spark.read.format("jdbc").options(
            url=self.params.url,
            driver="org.postgresql.Driver",
            dbtable=f"({select}) AS changes",
            fetchsize=str(self.params.fetch_size),
            sessionInitStatement=f"{BEGIN}; SET TRANSACTION SNAPSHOT '{snapshot}'; {LOCAL}",
            **options,
        )
        return reader.load().select("payload")

    def _pieces(self, rows: DataFrame, path: str, read_ms: int) -> DataFrame:
        code, sentence = reasons.too_long(self.max_payload_bytes)
        is_long = F.octet_length("payload") > self.max_payload_bytes
        position = F.monotonically_increasing_id() + 1
        marker = local_frame(self.spark, [(0, "", None, None, True)], _SAID)
        said = rows.select(
            position.alias("position"),
            "payload",
            F.when(is_long, code).alias("reason_code"),
            F.when(is_long, sentence).alias("reason"),
            F.lit(False).alias("is_marker"),
        ).unionByName(marker)
        return said.select(
            F.lit(self.source).alias("source"),
            F.lit(self.source).alias("given"),
            F.lit(path).alias("file"),
            F.timestamp_millis(F.lit(read_ms)).alias("modified_at"),
            *said.columns,
        )

    @contextmanager
    def _told(self, properties: dict[str, str]) -> Iterator[None]:
        """Turn what the database says into an error of ours, without the password."""
        try:
            yield
        except (UsageError, RetryError):
            raise
        except Exception as error:
            found = database_error(error)
            if found is None:
                raise
            state, message = found
            secret = properties.get("password", "")
            told = (message.replace(secret, "***") if secret else message).splitlines()[0]
            where = f"sources/{self.source}: {self.params.path}: {told}"
            if state[:2] in PASSING:
                raise RetryError(f"{where}; see whether the database is there, and run again") from None
            raise UsageError(f"{where}; mend {_remedy(self.params, state)}, and run again") from None


_SAID = "position bigint, payload string, reason_code string, reason string, is_marker boolean"


def _properties(params: JdbcParams) -> dict[str, str]:
    """Return what a connection is given: credentials out of the environment, a name, and a sign of life.

    Raises:
        UsageError: a variable that the mapping names is not set.
    """
    named = {"user": params.user_env, "password": params.password_env}
    absent = [variable for variable in named.values() if variable and variable not in os.environ]
    if absent:
        raise UsageError(
            f"{params.path}: environment variable {', '.join(absent)} is not set; the mapping names it in user_env or "
            "password_env; set it where the command runs"
        )
    found = {name: os.environ[variable] for name, variable in named.items() if variable}
    return {**found, "ApplicationName": "entourage", "tcpKeepAlive": "true"}


def _remedy(params: JdbcParams, state: str) -> str:
    if state[:2] == "28":
        variables = ", ".join(filter(None, (params.user_env, params.password_env)))
        return f"what {variables or 'user_env and password_env'} hold, or the server's rules"
    return "the jdbc section of the mapping, or the rights in the database"
