"""Hold the gold tables to a Great Expectations suite before they are written.

in: a staged frame and its `schemas.Table` ▶ out: `Check` rows; `check` runs actions (it is a gate). An ephemeral
context without files, network, progress bars or cache: nothing but counts leaves it, never a failing value.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from entourage import schemas
from entourage.errors import GateError
from entourage.quality import Check
from entourage.schemas import Table

PREFIX = "Great Expectations: "
# Counts only: BASIC would otherwise fetch twenty failing values, which may be names and handles.
RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}
RANK_SLICE = ("entity_kind", "network", "topic", "as_of")

Read = Callable[[str], DataFrame]


@dataclass(frozen=True)
class Expectation:
    """One expectation: a sentence for a person, GX's class and its arguments. NULLs pass."""

    sentence: str
    kind: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Suite:
    """How a gold table's rows are laid out for its expectations, and the expectations.

    All of a table's expectations look at one frame, since each validation costs a second whatever its size: a column
    that is NULL where an expectation has nothing to say leaves those rows out.
    """

    lay_out: Callable[[DataFrame, Read], DataFrame]
    expectations: tuple[Expectation, ...]
    is_of_slices: bool = (
        False  # each write is one whole slice: rows of other slices, or of its former state, don't count
    )


def check(frame: DataFrame, *, table: Table, read: Read, is_whole: bool = True) -> list[Check]:
    """Check a staged gold frame against its suite, before the commit.

    Args:
        frame: what is about to be written, all declared columns.
        table: its declaration; a table without a suite has no checks.
        read: returns another table by name.
        is_whole: False for a merge or a slice: the rows that stay in the table are then checked along.

    Returns:
        One `Check` an expectation, named with `PREFIX`; the caller raises GateError for those that failed.

    Raises:
        GateError: an expectation could not be evaluated at all.
    """
    if table.name not in SUITES:
        return []
    suite = SUITES[table.name]
    is_alone = is_whole or suite.is_of_slices
    rows = frame if is_alone else after_merge(frame, stored=read(table.name), key=table.key)
    expectations = [*suite.expectations, *declared(table)]
    results = _validate(suite.lay_out(rows, read), expectations)
    return [_check(table, *pair) for pair in zip(expectations, results, strict=True)]


def after_merge(frame: DataFrame, *, stored: DataFrame, key: tuple[str, ...]) -> DataFrame:
    """Return the table as it will be: the staged rows, and stored rows of other keys."""
    return frame.unionByName(stored.join(frame.select(*key), on=list(key), how="left_anti"))


def declared(table: Table) -> tuple[Expectation, ...]:
    """Return what the data dictionary implies for a table: allowed values and ranges."""
    allowed = [_in_set(column.name, column.allowed) for column in table.columns if column.allowed]
    ranges = [
        _between(column.name, column.minimum, column.maximum)
        for column in table.columns
        if column.minimum is not None or column.maximum is not None
    ]
    return (*allowed, *ranges)


def _in_set(column: str, values: tuple[str, ...] | list[str], sentence: str = "") -> Expectation:
    sentence = sentence or f"{column} is one of {len(values)} known values"
    return Expectation(sentence, "ExpectColumnValuesToBeInSet", {"column": column, "value_set": list(values)})


def _between(column: str, low: float | None, high: float | None) -> Expectation:
    bounds = " and ".join(
        words for words in (low is not None and f"at least {low:g}", high is not None and f"at most {high:g}") if words
    )
    arguments = {"column": column, "min_value": low, "max_value": high}
    return Expectation(f"{column} is {bounds}", "ExpectColumnValuesToBeBetween", arguments)


def _lay_out_crosswalk(rows: DataFrame, _: Read) -> DataFrame:
    is_current = F.col("valid_to").isNull()
    return rows.select(
        "*",
        F.when(is_current, F.col("source_id")).alias("current_source_id"),
        F.when(is_current & (F.col("source_kind") == "account"), F.col("basis")).alias("account_basis"),
    )


def _lay_out_persons(rows: DataFrame, read: Read) -> DataFrame:
    """Set the crosswalk's current persons beside the golden records: one row a person of either."""
    current = read("gold.crosswalk").where(F.col("valid_to").isNull())
    linked = current.select(F.col("person_id").alias("linked_person_id")).distinct()
    return (
        rows.alias("p")
        .join(linked.alias("c"), on=F.col("p.person_id") == F.col("c.linked_person_id"), how="full")
        .select("p.*", (F.col("p.record_count") + F.col("p.account_count")).alias("source_count"))
    )


def _lay_out_influence(rows: DataFrame, _: Read) -> DataFrame:
    """Add one row a slice (kind, network, topic, as_of) with the sum of its ranks."""
    slices = rows.groupBy(*RANK_SLICE).agg(F.sum("pagerank").alias("pagerank_sum"), F.min("rank").alias("best_rank"))
    return rows.unionByName(slices, allowMissingColumns=True)


def _as_it_is(rows: DataFrame, _: Read) -> DataFrame:
    return rows


SUITES = {
    "gold.crosswalk": Suite(
        _lay_out_crosswalk,
        (
            Expectation(
                "a source belongs to one current person",
                "ExpectColumnValuesToBeUnique",
                {"column": "current_source_id"},
            ),
            _in_set(
                "account_basis",
                ["consent", "self_provided"],
                "a social account is linked by consent or by its owner only",
            ),
        ),
    ),
    "gold.persons": Suite(
        _lay_out_persons,
        (
            Expectation(
                "every person of the crosswalk has a golden record",
                "ExpectColumnValuesToNotBeNull",
                {"column": "person_id"},
            ),
            _between("source_count", 1, None),
        ),
    ),
    "gold.influence": Suite(
        _lay_out_influence,
        (_between("score", 0, 100), _between("pagerank_sum", 0.999, 1.001), _between("best_rank", 1, 1)),
        is_of_slices=True,
    ),
    "gold.person_values": Suite(
        _as_it_is,
        (
            _in_set(
                "attribute",
                schemas.table("gold.persons").column_names,
                "attribute is a column of gold.persons",
            ),
        ),
    ),
    "gold.review_queue": Suite(
        _as_it_is,
        (
            Expectation(
                "the smaller record id comes first",
                "ExpectColumnPairValuesAToBeGreaterThanB",
                {"column_A": "record_id_r", "column_B": "record_id_l"},
            ),
        ),
    ),
}


@cache
def _batches() -> Any:
    """Start Great Expectations: an ephemeral context with one asset that takes whole frames."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    # Imported here: it takes seconds, and most commands need no gate.
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    # No spark_config: with one, it stops the running session and starts another.
    source = context.data_sources.add_spark("staged", persist=False)
    return source.add_dataframe_asset("rows").add_batch_definition_whole_dataframe("whole")


def _validate(rows: DataFrame, expectations: list[Expectation]) -> list[Any]:
    batches = _batches()
    import great_expectations as gx
    from great_expectations import expectations as gxe

    # The id keeps GX from treating two expectations of one column as the same.
    declared_ones = [getattr(gxe, e.kind)(**e.arguments, meta={"position": i}) for i, e in enumerate(expectations)]
    batch = batches.get_batch(batch_parameters={"dataframe": rows})
    suite = gx.ExpectationSuite(name="gold", expectations=declared_ones)
    results = batch.validate(suite, result_format=RESULT_FORMAT).results
    return sorted(results, key=lambda result: result.expectation_config.meta["position"])


def _check(table: Table, expectation: Expectation, result: Any) -> Check:
    numbers = result.result
    if "element_count" not in numbers:
        raise GateError(f"{table.name}: '{expectation.sentence}' could not be checked: {_problem(result)}")
    row_count = numbers["element_count"] - (numbers.get("missing_count") or 0)
    failed_count = 0 if result.success else max(numbers["unexpected_count"] or 0, 1)
    return Check(table.name, PREFIX + expectation.sentence, failed_count, max(row_count, failed_count))


def _problem(result: Any) -> str:
    messages = [info["exception_message"] for info in result.exception_info.values() if isinstance(info, dict)]
    return messages[0] if messages else "no result"
