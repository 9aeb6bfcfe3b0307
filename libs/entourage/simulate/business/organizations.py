"""Found companies, tie them to their parents, and say who works for which.

in: persons ▶ out: rows in wire columns. A company's number says all of it, hence no join.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from entourage.simulate import draw, lists
from entourage.simulate.params import SimulateParams

FIRST = 40
PERSONS_A_COMPANY = 40
WORKS = 0.55
SECTORS = (
    "retail",
    "industry",
    "health",
    "education",
    "public service",
    "software",
    "media",
    "transport",
    "finance",
    "building",
)
TITLES = {
    "fr": (
        "assistant",
        "technicien",
        "chef de projet",
        "responsable achats",
        "comptable",
        "vendeur",
        "directrice",
        "ingénieur",
    ),
    "en": (
        "assistant",
        "technician",
        "project manager",
        "head of purchasing",
        "accountant",
        "sales",
        "director",
        "engineer",
    ),
}
LEGAL = {"FR": ("SAS", "SARL", "SA"), "GB": ("Ltd", "PLC", "LLP"), "US": ("Inc", "LLC", "Corp")}
HAS_PARENT = 0.18
IN_B2B = 0.35  # share of those who work who are contacts of their company in the CRM


def count(people: int) -> int:
    """Return how many companies a world has."""
    return FIRST + people // PERSONS_A_COMPANY


def employer(seed: int, person: Column) -> Column:
    """Return the number of the company a person works for; large ones came first. NULL for who works for none."""
    works = draw.uniform(seed, "works", person) < WORKS
    known = FIRST + F.floor(person / PERSONS_A_COMPANY)
    return F.when(works, draw.zipf_index(draw.uniform(seed, "employer", person), known, exponent=0.8, shift=3.0))


def name(seed: int, company: Column) -> Column:
    """Return a company's name, without its legal form."""
    words = lists.read("tables", "places.yaml")["companies"]
    more = F.when(company < len(words), F.lit("")).otherwise(
        F.concat(F.lit(" "), (F.floor(company / len(words)) + 1).cast("string"))
    )
    return F.concat(draw.lookup(words, (company + seed % len(words)) % len(words)), more)


def companies(spark: SparkSession, *, params: SimulateParams) -> DataFrame:
    """Return one row a company, as a register exports it."""
    company = F.col("id")
    rows = spark.range(0, count(params.people), 1, 1)
    country = _country(params.seed, company)
    forms = (
        F.when(country == "FR", _form(params.seed, company, "FR"))
        .when(country == "GB", _form(params.seed, company, "GB"))
        .otherwise(_form(params.seed, company, "US"))
    )
    has_parent = (company > 0) & (draw.uniform(params.seed, "company:parent?", company) < HAS_PARENT)
    parent = draw.below(draw.uniform(params.seed, "company:parent", company), company).cast("bigint")
    return rows.select(
        _id(params.seed, company).alias("company_id"),
        F.when(country == "FR", siren(company)).alias("siren"),
        F.when(draw.uniform(params.seed, "company:lei", company) < 0.5, lei(company)).alias("lei"),
        F.concat_ws(" ", F.upper(name(params.seed, company)), forms).alias("legal_name"),
        name(params.seed, company).alias("trade_name"),
        country.alias("country"),
        draw.choose(SECTORS, draw.uniform(params.seed, "company:sector", company)).alias("sector"),
        F.floor(draw.lognormal(params.seed, "company:size", company, median=40.0, sigma=1.6))
        .cast("bigint")
        .alias("employees"),
        F.when(has_parent, _id(params.seed, parent)).alias("parent_id"),
    )


def members(persons: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return one row a contact of a company, as the CRM for companies exports it."""
    seed, person = params.seed, F.col("person")
    company = employer(seed, person)
    listed = persons.where(company.isNotNull() & (draw.uniform(seed, "member", person) < IN_B2B))
    domain = F.concat(F.regexp_replace(F.lower(name(seed, company)), "[^a-z0-9]", ""), F.lit(".example"))
    at_work = F.concat(
        F.regexp_replace(F.lower(F.concat_ws(".", "given_name", "family_name")), "[^a-z.]", ""), F.lit("@"), domain
    )
    title = F.when(F.col("language") == "fr", draw.choose(TITLES["fr"], draw.uniform(seed, "title", person))).otherwise(
        draw.choose(TITLES["en"], draw.uniform(seed, "title", person))
    )
    serial = (person + 7) * 5_915_587 % 10**9
    return listed.select(
        F.concat(F.lit("B"), F.lpad(serial.cast("string"), 9, "0")).alias("contact_id"),
        _id(seed, company).alias("company_id"),
        F.concat_ws(" ", "given_name", "family_name").alias("name"),
        at_work.alias("work_email"),
        F.when(draw.uniform(seed, "member:tel", person) < 0.4, F.col("phone")).alias("mobile"),
        title.alias("title"),
        "person",
    )


def siren(company: Column) -> Column:
    """Return nine digits in the form of a SIREN whose check digit is wrong on purpose: nobody can bear them."""
    digits = F.lpad(company.cast("string"), 7, "0")
    # From the right, every second digit counts twice, and what passes nine loses nine.
    total = F.lit(0)
    for place in range(7):
        digit = digits.substr(place + 1, 1).cast("int")
        twice = place % 2 == 0
        total = total + (F.when(digit * 2 > 9, digit * 2 - 9).otherwise(digit * 2) if twice else digit)
    return F.concat(F.lit("0"), digits, F.pmod(5 - total, F.lit(10)).cast("string"))


def lei(company: Column) -> Column:
    """Return an identifier of twenty signs with right check digits (ISO 17442), of those that nobody issues."""
    stem = F.concat(F.lit("000000"), F.lpad(company.cast("string"), 12, "0"))
    rest = F.pmod(F.concat(stem, F.lit("00")).cast("decimal(38,0)"), F.lit(97).cast("decimal(38,0)")).cast("int")
    return F.concat(stem, F.lpad((98 - rest).cast("string"), 2, "0"))


def areas(spark: SparkSession, *, params: SimulateParams) -> DataFrame:
    """Return one row a small area, as a statistics office publishes it."""
    seed = params.seed
    rows = spark.range(0, 1_200, 1, 1)
    area = F.col("id")
    country = F.when(area < 400, "FR").when(area < 800, "GB").otherwise("US")
    young, old = draw.uniform(seed, "area:young", area), draw.uniform(seed, "area:old", area)
    return rows.select(
        F.concat(country, F.lit("-"), F.lpad((area % 400).cast("string"), 4, "0")).alias("area"),
        country.alias("country"),
        F.floor(draw.lognormal(seed, "area:people", area, median=2_100.0, sigma=0.5))
        .cast("bigint")
        .alias("population"),
        F.floor(draw.lognormal(seed, "area:income", area, median=23_500.0, sigma=0.25))
        .cast("bigint")
        .alias("median_income_eur"),
        F.round(0.10 + 0.15 * young, 3).alias("share_16_24"),
        F.round(0.10 + 0.20 * old, 3).alias("share_65_up"),
        F.round(0.20 + 0.45 * draw.uniform(seed, "area:tenants", area), 3).alias("share_tenants"),
        F.round(draw.lognormal(seed, "area:density", area, median=900.0, sigma=1.5), 1).alias("persons_per_km2"),
    )


def _country(seed: int, company: Column) -> Column:
    u = draw.uniform(seed, "company:country", company)
    return F.when(u < 0.5, "FR").when(u < 0.8, "GB").otherwise("US")


def _form(seed: int, company: Column, country: str) -> Column:
    return draw.choose(LEGAL[country], draw.uniform(seed, "company:form", company))


def _id(seed: int, company: Column) -> Column:
    return F.concat(F.lit("ORG"), F.lpad(((company + seed % 97) * 7_919 % 10**7).cast("string"), 7, "0"))
