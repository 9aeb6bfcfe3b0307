"""Build the golden records: gold.crosswalk and silver.source_records ▶ gold.persons, gold.person_values."""

from __future__ import annotations

import datetime as dt

from pyspark.sql import functions as F

from entourage.cli import Context, main
from entourage.identity import golden


def run(context: Context, as_of: dt.date) -> None:
    """Choose, cell by cell, the value that survives for each person."""
    tables = context.tables
    workspace = tables.workspace("build_golden_records")
    params = golden.params_from(context.config.section("identity"))
    records = tables.read("silver.source_records")
    current = tables.read("gold.crosswalk").where(F.col("valid_to").isNull())
    candidates = workspace.keep("candidates", golden.candidate_values(records, crosswalk=current, params=params))
    values = workspace.keep("values", golden.survive(golden.without_shared(candidates, params=params)))
    count = tables.replace("gold.persons", golden.persons(current, values=values, records=records))
    tables.replace("gold.person_values", values)
    context.say(f"{count:,} persons from {records.count():,} records")
    workspace.clear()


if __name__ == "__main__":
    main(run)
