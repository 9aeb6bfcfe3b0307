"""Read the counters of brands' posts at several ages, as tools for social media do.

in: brands' posts ▶ out: rows in wire columns. What an audience does follows from the brand's own law: format, hour and
money count; the hour counts nothing for one brand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from entourage.rows import local_frame
from entourage.simulate import accounts, brands, clocks, draw, posts
from entourage.simulate.accounts import end_ms, epoch_ms
from entourage.simulate.business.scenarios import TIME_EFFECT
from entourage.simulate.params import SimulateParams

FORMATS = ("photo", "video", "link", "text")
FORMAT_SHARES = (0.45, 0.25, 0.20, 0.10)
PAID = 0.12
PAID_FACTOR = 3.0
NETWORK_FACTOR = {"x": 1.0, "bluesky": 0.25, "facebook": 1.8}
AGES_HOURS = (1, 24, 168, 672)
SETTLED_HOURS = 14.0  # two thirds of what comes has come by then
SEEN_PARTLY = ("facebook", 0.6)  # of the competitors' posts on that network so many are captured


@dataclass(frozen=True)
class Audience:
    """How a brand's audience responds.

    Attributes:
        likes: of a usual post on X, in the end.
        formats: factor of each of FORMATS.
        best_hour: local hour at which most respond.
        hour_effect: by how much the best hour is better than the mean, as a share; 0 for the brand without.
    """

    likes: float
    formats: tuple[float, float, float, float]
    best_hour: float
    hour_effect: float


AUDIENCES = (
    Audience(60.0, (1.0, 1.6, 0.6, 0.8), 19.0, 0.5),
    Audience(45.0, (1.2, 1.1, 0.8, 0.9), 12.5, 0.4),
    Audience(35.0, (1.0, 1.9, 0.7, 0.6), 21.0, 0.7),
    Audience(25.0, (1.1, 1.3, 0.7, 1.0), 9.0, 0.0),
    Audience(20.0, (0.9, 1.5, 0.9, 0.8), 17.0, 0.3),
)


def readings(spark: SparkSession, *, params: SimulateParams) -> DataFrame:
    """Return one row a post and age at which it was read; impressions, clicks and spend of the house's posts only."""
    seed, key = params.seed, F.col("post_key")
    known = _known(spark, params=params)
    each = known.select("*", F.explode(F.array(*(F.lit(age) for age in AGES_HOURS))).alias("age_hours"))
    read_ms = F.col("occurred_ms") + F.col("age_hours").cast("bigint") * clocks.HOUR_MS
    come = 1 - F.exp(-F.col("age_hours") / SETTLED_HOURS)
    likes = F.floor(F.col("likes_in_the_end") * come)
    is_own = F.col("brand") == 0
    seen = F.floor(likes * (25 + 20 * draw.uniform(seed, "brand:seen", key)) + 40)
    spend = F.when(F.col("is_paid"), F.floor(40 + 160 * draw.uniform(seed, "brand:spend", key)))
    return each.where(read_ms < end_ms(params)).select(
        "post_id",
        "network",
        F.col("account_id"),
        clocks.iso(F.col("occurred_ms")).alias("created_at"),
        "format",
        F.when(is_own, F.col("is_paid")).alias("paid"),
        clocks.iso(read_ms).alias("read_at"),
        likes.cast("bigint").alias("likes"),
        F.floor(likes * 0.11).cast("bigint").alias("comments"),
        F.floor(likes * 0.16).cast("bigint").alias("shares"),
        F.when(is_own, seen.cast("bigint")).alias("impressions"),
        F.when(is_own, F.floor(seen * 0.012).cast("bigint")).alias("clicks"),
        F.when(is_own, F.coalesce(spend, F.lit(0)).cast("bigint")).alias("spend_eur"),
    )


def laws(spark: SparkSession, *, params: SimulateParams) -> DataFrame:
    """Say (truth) how each brand's audience responds: one row a brand."""
    has_hours = params.has(TIME_EFFECT)
    rows = [
        (brand["key"], each.likes, *each.formats, each.best_hour, each.hour_effect if has_hours else 0.0)
        for brand, each in zip(brands.brands(), AUDIENCES, strict=True)
    ]
    names = ", ".join(f"{name} double" for name in FORMATS)
    return local_frame(spark, rows, f"brand string, likes double, {names}, best_hour double, hour_effect double")


def _known(spark: SparkSession, *, params: SimulateParams) -> DataFrame:
    seed, key = params.seed, F.col("post_key")
    intended = posts.by_brands(spark, params=params, from_day=params.first_day)
    nothing = F.lit(None).cast("string")
    page = F.when(F.col("network") == "facebook", F.col("author"))
    paged = intended.select("*", page.alias("page"), nothing.alias("parent_native_id"))
    share = F.when((F.col("network") == SEEN_PARTLY[0]) & (F.col("brand") != 0), SEEN_PARTLY[1]).otherwise(1.0)
    since = accounts.created_ms(seed, F.col("network"), F.col("author"), start_ms=epoch_ms(params))
    captured = paged.where((draw.uniform(seed, "brand:captured", key) < share) & (since < F.col("occurred_ms")))
    native = posts.native_post_id(seed, params=params)
    author = accounts.native_id(seed, F.col("network"), F.col("author"), start_ms=epoch_ms(params))
    formed = draw.settled(
        captured,
        {
            "post_id": F.concat("network", F.lit(":"), native),
            "account_id": accounts.account_id(F.col("network"), author),
            "format": draw.choose(FORMATS, draw.uniform(seed, "brand:format", key), weights=FORMAT_SHARES),
            "is_paid": draw.uniform(seed, "brand:paid", key) < PAID,
        },
    )
    return formed.withColumn("likes_in_the_end", _likes(params))


def _likes(params: SimulateParams) -> Column:
    brand = F.col("brand")

    def of_brand(values: list[float]) -> Column:
        return draw.lookup_real(values, brand)

    form = draw.number_of(FORMATS, F.col("format"))
    by_format = draw.lookup_real([f for each in AUDIENCES for f in each.formats], brand * len(FORMATS) + form)
    network = draw.lookup_real(
        [NETWORK_FACTOR[name] for name in accounts.NETWORKS], posts.network_number(F.col("network"))
    )
    # Brands' days are told in Paris time.
    hour = F.pmod(F.col("occurred_ms") / clocks.HOUR_MS + 2, F.lit(24.0))
    strength = of_brand([each.hour_effect if params.has(TIME_EFFECT) else 0.0 for each in AUDIENCES])
    by_hour = 1 + strength * F.cos((hour - of_brand([each.best_hour for each in AUDIENCES])) * (2 * math.pi / 24))
    money = F.when(F.col("is_paid"), PAID_FACTOR).otherwise(1.0)
    noise = draw.lognormal(params.seed, "brand:likes", F.col("post_key"), median=1.0, sigma=0.6)
    return of_brand([each.likes for each in AUDIENCES]) * by_format * network * by_hour * money * noise
