"""List what the house knows of itself: brands, articles, plans, shops, campaigns, programs.

in: the catalog ▶ out: rows in wire columns.
"""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession

from entourage.rows import local_frame
from entourage.simulate import brands
from entourage.simulate.business.catalog import campaigns, departments, plans, products, programs, stores
from entourage.simulate.params import SimulateParams
from entourage.simulate.places import COUNTRIES

SUPPORT_HOURS = {"lumio": "Mo-Sa 08:00-20:00", "vandelle": "Mo-Fr 09:00-18:00", "norrsken": "Mo-Su 00:00-24:00"}
TIME_ZONES = {
    "lumio": "Europe/Paris",
    "vandelle": "Europe/Paris",
    "norrsken": "Europe/Stockholm",
    "brightwell": "Europe/London",
    "tamaro": "Europe/Zurich",
}


def brand_accounts(spark: SparkSession) -> DataFrame:
    """Return one row a brand and network with the brand's handle."""
    rows = [
        (
            brand["key"],
            brand["name"],
            brand["house"],
            network,
            handle,
            SUPPORT_HOURS.get(brand["key"], "Mo-Fr 09:00-17:00"),
            TIME_ZONES[brand["key"]],
        )
        for brand in brands.brands()
        for network, handle in sorted(brand["handles"].items())
        if network in {"x", "bluesky", "facebook"}
    ]
    return local_frame(
        spark,
        rows,
        "brand string, name string, house boolean, network string, handle string, hours string, time_zone string",
    )


def articles(spark: SparkSession) -> DataFrame:
    """Return one row an article and size; each department numbers in its own way, the GTIN is common."""
    rows = [
        (
            each.gtin,
            departments()[each.department].name,
            each.code,
            each.category,
            each.en,
            each.fr,
            each.size_rank,
            f"{each.price_cents / 100:.2f}",
        )
        for each in products()
    ]
    return local_frame(
        spark,
        rows,
        "gtin string, department string, code string, category string, name_en string, name_fr string, "
        "size_rank int, price_eur string",
    )


def subscription_plans(spark: SparkSession) -> DataFrame:
    """Return one row a plan."""
    rows = [
        (each.id, each.name, departments()[each.department].name, f"{each.price_cents / 100:.2f}") for each in plans()
    ]
    return local_frame(spark, rows, "plan string, name string, department string, price_eur string")


def shops(spark: SparkSession) -> DataFrame:
    """Return one row a shop."""
    rows = [(name, country) for country in COUNTRIES for name in stores(country)]
    return local_frame(spark, rows, "shop string, country string")


def campaign_variants(spark: SparkSession, *, params: SimulateParams, with_lift: bool) -> DataFrame:
    """Return one row a variant of a campaign; its lift is the truth, not the house's knowledge."""
    rows = [
        (
            each.id,
            each.name,
            each.channel,
            "|".join(departments()[n].name for n in each.departments),
            _day(params, each.from_day),
            _day(params, each.to_day),
            variant,
            share,
            each.hold_out,
            each.discount,
            *([lift] if with_lift else []),
        )
        for each in campaigns()
        if params.has(each.mechanism)
        for variant, share, lift in each.variants
    ]
    lift = ", lift double" if with_lift else ""
    return local_frame(
        spark,
        rows,
        "campaign string, name string, channel string, departments string, starts_on string, ends_on string, "
        f"variant string, share double, hold_out double, discount double{lift}",
    )


def program_terms(spark: SparkSession, *, params: SimulateParams) -> DataFrame:
    """Return one row a program; `ends_on` is NULL while it has no end in sight."""
    rows = [
        (
            each.id,
            each.name,
            "|".join(departments()[n].name for n in each.departments),
            _day(params, each.from_day),
            _day(params, each.to_day) if each.to_day <= params.days else None,
            each.discount,
            each.reward,
        )
        for each in programs()
        if params.has(each.mechanism)
    ]
    return local_frame(
        spark,
        rows,
        "program string, name string, departments string, starts_on string, ends_on string, discount double, "
        "reward_eur int",
    )


def _day(params: SimulateParams, day: int) -> str:
    return str(params.start.fromordinal(params.start.toordinal() + day))
