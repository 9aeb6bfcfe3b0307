"""Read labels and predictions of any origin, and say how far they cover each other.

in: frames with an id column and a label column ▶ out: one readable label an id, and `Coverage`. `coverage` and
`require_unique` are solvers: they count.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from entourage.errors import UsageError, nearest

Z_95 = 1.959963984540054  # two-sided 95 % quantile of the normal distribution
DIGITS = 6  # decimals of a figure: sums of floats differ in the last bits from run to run


@dataclass(frozen=True)
class Coverage:
    """What of the truth could be used, and whom it does not know."""

    truth_rows: int  # rows of the labelled file
    unreadable: int  # rows without an id or with a label that cannot be read: left out
    duplicates: int  # rows that repeat another one's id and label: counted once
    conflicting: int  # ids with two different labels: left out
    labelled: int  # ids with one label
    unknown: int  # labelled ids that were not found in the predictions: left out
    evaluated: int  # labelled ids with a prediction: all figures are over these
    unlabelled: int  # predictions without a label


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % confidence interval; all NULL where it is not defined."""

    value: float | None
    low: float | None
    high: float | None


def require_columns(frame: DataFrame, *, columns: Sequence[str], where: str) -> None:
    """Raise UsageError naming every column that a frame lacks, and the nearest it has."""
    absent = [name for name in columns if name not in frame.columns]
    if absent:
        lacking = ", ".join(f"'{name}'{nearest(name, frame.columns)}" for name in absent)
        found = ", ".join(frame.columns)
        raise UsageError(f"{where}: lacks {lacking}; found: {found}; expected: {', '.join(columns)}")


def require_unique(frame: DataFrame, *, key: str, where: str) -> None:
    """Raise UsageError where an id has two predictions (a solver: one action)."""
    repeated = frame.groupBy(key).agg(F.count(F.lit(1)).alias("rows")).where(F.col("rows") > 1).count()
    if repeated:
        raise UsageError(f"{where}: {repeated:,} ids of {key} occur more than once; expected one row an id")


def readings(truth: DataFrame, *, key: str, label: Column) -> DataFrame:
    """Return one row a row of the truth: id, label; NULL where it cannot be read (an empty id too)."""
    name = F.trim(F.col(key).cast("string"))
    return truth.select(F.when(name != "", name).alias("id"), label.alias("label"))


def labels(read: DataFrame) -> DataFrame:
    """Return the ids on which the truth agrees with itself: one row an id (id, label)."""
    return _by_id(read).where(F.col("lowest") == F.col("highest")).select("id", F.col("lowest").alias("label"))


def coverage(read: DataFrame, predicted: DataFrame) -> Coverage:
    """Count what the truth covers (a solver: two actions).

    Args:
        read: id, label, from `readings`.
        predicted: id, unique.
    """
    is_one = F.col("lowest") == F.col("highest")
    is_predicted = F.col("p.id").isNotNull()
    row = first_row(
        _by_id(read)
        .alias("t")
        .join(predicted.select("id").alias("p"), on=F.col("t.id") == F.col("p.id"), how="full")
        .agg(
            F.count_if(is_one).alias("labelled"),
            F.count_if(~is_one).alias("conflicting"),
            F.sum(F.when(is_one, F.col("rows") - 1)).alias("duplicates"),
            F.count_if(is_one & is_predicted).alias("evaluated"),
            F.count_if(is_predicted).alias("predicted"),
        )
    )
    rows = first_row(read.agg(F.count(F.lit(1)).alias("rows"), F.count_if(~_is_readable()).alias("unreadable")))
    return Coverage(
        truth_rows=rows["rows"],
        unreadable=rows["unreadable"],
        duplicates=row["duplicates"] or 0,
        conflicting=row["conflicting"],
        labelled=row["labelled"],
        unknown=row["labelled"] - row["evaluated"],
        evaluated=row["evaluated"],
        unlabelled=row["predicted"] - row["evaluated"],
    )


def require_overlap(covered: Coverage, *, where: str, found_in: str) -> None:
    """Raise UsageError when nothing can be compared."""
    if not covered.evaluated:
        raise UsageError(
            f"{where}: nothing to compare: {covered.truth_rows:,} rows, {covered.unreadable:,} unreadable, "
            f"{covered.conflicting:,} ids conflicting, {covered.labelled:,} ids labelled, none of them among the "
            f"{covered.unlabelled:,} of {found_in}; run the job that writes it, or look at the form of the ids"
        )


def boolean(column: str) -> Column:
    """Read true, t, yes, y, 1 and their opposites in any case; NULL for others."""
    return F.expr(rf"try_cast(regexp_replace(trim(cast(`{column}` as string)), '^([01])[.]0+$', '$1') as boolean)")


def number(column: str) -> Column:
    """Read a finite number; NULL for others."""
    value = F.expr(f"try_cast(cast(`{column}` as string) as double)")
    is_finite = ~F.isnan(value) & (F.abs(value) < F.lit(math.inf))
    return F.when(is_finite, value)


def word(column: str) -> Column:
    """Read a word without blanks around it, NULL when empty."""
    text = F.trim(F.col(column).cast("string"))
    return F.when(text != "", text)


def ratio(part: float, whole: float) -> float | None:
    """Divide, or return None by zero."""
    return part / whole if whole else None


def harmonic(left: float | None, right: float | None) -> float | None:
    """Return F1 of precision and recall; None where one is not defined, 0 where both are 0."""
    if left is None or right is None:
        return None
    return 2 * left * right / (left + right) if left + right else 0.0


def wilson(successes: int, trials: int) -> Interval:
    """Return a share with its 95 % interval.

    References:
        E. B. Wilson: Probable Inference, the Law of Succession, and Statistical Inference, 1927.
    """
    if not trials:
        return Interval(None, None, None)
    share, square = successes / trials, Z_95**2
    center = (share + square / (2 * trials)) / (1 + square / trials)
    spread = Z_95 / (1 + square / trials) * math.sqrt(share * (1 - share) / trials + square / (4 * trials**2))
    return Interval(share, max(0.0, center - spread), min(1.0, center + spread))


def first_row(frame: DataFrame) -> Row:
    """Return the only row of an aggregate."""
    row = frame.first()
    assert row is not None  # an aggregate without groups has exactly one row
    return row


def figures(scores: Any) -> dict[str, Any]:
    """Return a result as nested plain dictionaries, floats rounded to `DIGITS` decimals."""
    rounded: dict[str, Any] = _rounded(dataclasses.asdict(scores))
    return rounded


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_rounded(inner) for inner in value]
    return round(value, DIGITS) if isinstance(value, float) else value


def _by_id(read: DataFrame) -> DataFrame:
    return (
        read.where(_is_readable())
        .groupBy("id")
        .agg(F.min("label").alias("lowest"), F.max("label").alias("highest"), F.count(F.lit(1)).alias("rows"))
    )


def _is_readable() -> Column:
    return F.col("id").isNotNull() & F.col("label").isNotNull()
