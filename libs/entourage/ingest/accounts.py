"""Keep the history of accounts (SCD2) from what was observed of them, in any order.

in: account items and stored rows ▶ out: rows of silver.accounts, and the keys that late data made void.

What is remembered of each distinct state of an account is its first and last observation. Both are a minimum and a
maximum, so deliveries commute; of a state that comes and goes more than twice, the times in between are not kept.
A source that says less than another makes a state of its own: what it does not say is carried over from the state
before it, and named in `carried`.
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from entourage.ingest import canonical

STATE = ("handle", "display_name", "bio", "location", "urls", "created_at", "is_bot", "more")
COUNTS = ("followers_count", "following_count")


def account_history(items: DataFrame, *, stored: DataFrame) -> DataFrame:
    """Return the whole history of the accounts that a batch observes.

    Args:
        items: `account`, `reason_code`.
        stored: silver.accounts.

    Returns:
        Grain: one state of one account over one span (account_id, valid_from); all columns of silver.accounts.
        Changes of counters alone make no new row; counters beside nothing else are in silver.metric_snapshots only.
        NULL in an observation means that the source does not say: the state before is carried.
    """
    seen = items.where(F.col("account").isNotNull()).select("account.*")
    incoming = seen.select(
        "account_id",
        "network",
        *(F.to_json("extra").alias("more") if name == "more" else F.col(name) for name in STATE),
        F.col("observed_at").alias("first_at"),
        F.col("observed_at").alias("last_at"),
        F.try_element_at("counters", F.lit("followers")).alias("followers_count"),
        F.try_element_at("counters", F.lit("following")).alias("following_count"),
        F.col("observed_at").alias("counted_at"),
    )
    touched = incoming.select("account_id").distinct()
    known = stored.alias("s").join(
        touched.alias("t"), on=F.col("s.account_id") == F.col("t.account_id"), how="left_semi"
    )
    return _spans(_carried(_points(_states(incoming.unionByName(_remembered(known))))))


def void_keys(history: DataFrame, *, stored: DataFrame) -> DataFrame:
    """Return the stored keys (account_id, valid_from) of a history's accounts that it no longer has."""
    accounts = history.select("account_id").distinct()
    known = stored.alias("s").join(
        accounts.alias("a"), on=F.col("s.account_id") == F.col("a.account_id"), how="left_semi"
    )
    is_same = (F.col("k.account_id") == F.col("h.account_id")) & (F.col("k.valid_from") == F.col("h.valid_from"))
    return known.select("account_id", "valid_from").alias("k").join(history.alias("h"), on=is_same, how="left_anti")


def _remembered(rows: DataFrame) -> DataFrame:
    """Return stored rows as the states that were observed: without what was carried."""
    values = {name: F.to_json("extra") if name == "more" else F.col(name) for name in STATE}
    carried = F.coalesce("carried", F.array().cast("array<string>"))
    return rows.select(
        "account_id",
        "network",
        *(F.when(~F.array_contains(carried, _column(name)), value).alias(name) for name, value in values.items()),
        F.col("valid_from").alias("first_at"),
        F.coalesce("last_seen_at", "valid_from").alias("last_at"),
        *COUNTS,
        "counted_at",
    )


def _column(name: str) -> str:
    """Return the table's column of a part of the state: `more` is `extra` as text, since maps cannot be compared."""
    return "extra" if name == "more" else name


def _states(observations: DataFrame) -> DataFrame:
    """Return each distinct state with its first and last time; an empty one goes if another says something."""
    state = canonical.digest(*(F.col(name) for name in STATE))
    is_counted = reduce(lambda left, right: left | right, (F.col(name).isNotNull() for name in COUNTS))
    latest = F.max(F.when(is_counted, F.struct("counted_at", *COUNTS))).alias("counts")
    grouped = observations.withColumn("state", state).groupBy("account_id", "state")
    states = grouped.agg(
        F.max("network").alias("network"),
        *(F.max(name).alias(name) for name in STATE),  # equal within the group
        F.min("first_at").alias("first_at"),
        F.max("last_at").alias("last_at"),
        latest,
    )
    says = reduce(lambda left, right: left | right, (F.col(name).isNotNull() for name in STATE))
    says_most = F.max(says).over(Window.partitionBy("account_id"))
    return states.withColumn("says_more", says_most & ~says).where(~F.col("says_more")).drop("says_more")


def _points(states: DataFrame) -> DataFrame:
    """Return one row a time at which a state was seen first or last; of several at one time, one."""
    at = F.explode(F.array_distinct(F.array("first_at", "last_at"))).alias("at")
    points = states.select("account_id", "network", *STATE, "counts", "state", at)
    one = F.row_number().over(Window.partitionBy("account_id", "at").orderBy(F.col("state").desc()))
    return points.withColumn("one", one).where(F.col("one") == 1).drop("one")


def _carried(points: DataFrame) -> DataFrame:
    """Number the runs of one state, and carry over what a state does not say from those before it."""
    in_time = Window.partitionBy("account_id").orderBy("at")
    so_far = in_time.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    filled = {name: F.last(name, ignorenulls=True).over(so_far) for name in STATE}
    is_carried = [
        F.when(F.col(name).isNull() & value.isNotNull(), F.lit(_column(name))) for name, value in filled.items()
    ]
    is_next = ~F.col("state").eqNullSafe(F.lag("state").over(in_time))
    return points.withColumn("is_next", is_next).withColumns(
        {
            "carried": F.array_compact(F.array(*is_carried)),
            "run": F.count_if("is_next").over(so_far),
            **{f"filled_{name}": value for name, value in filled.items()},
        }
    )


def _spans(carried: DataFrame) -> DataFrame:
    """Make one row of each run of a state, closed where the next begins."""
    in_time = Window.partitionBy("account_id").orderBy("at")
    last_seen_at = F.max("at").over(Window.partitionBy("account_id", "run"))
    place = F.row_number().over(Window.partitionBy("account_id", "run").orderBy("at"))
    rows = (
        carried.withColumns({"last_seen_at": last_seen_at, "place": place})
        .where(F.col("place") == 1)
        .withColumn("valid_to", F.lead("at").over(in_time))
    )
    return rows.select(
        "account_id",
        F.col("at").alias("valid_from"),
        "valid_to",
        "network",
        *(F.col(f"filled_{name}").alias(name) for name in STATE if name != "more"),
        *(F.col(f"counts.{name}").alias(name) for name in (*COUNTS, "counted_at")),
        "last_seen_at",
        F.when(F.size("carried") > 0, F.col("carried")).alias("carried"),
        F.from_json("filled_more", "map<string,string>").alias("extra"),
    )
