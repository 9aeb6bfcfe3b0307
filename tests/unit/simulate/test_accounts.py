"""Moments are told in milliseconds, for worlds of any length."""

from __future__ import annotations

import datetime as dt

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from entourage.simulate import SimulateParams, accounts


def test_days_far_from_the_start_are_told_without_an_overflow(spark: SparkSession) -> None:
    params = SimulateParams(people=1, start=dt.date(2026, 6, 1))
    days = spark.sql("SELECT explode(array(-900, 0, 25, 3660)) AS day")
    told = [row[0] for row in days.select(F.timestamp_millis(accounts.day_ms(params, F.col("day")))).collect()]
    assert told == [dt.datetime(2026, 6, 1) + dt.timedelta(days=day) for day in (-900, 0, 25, 3660)]
