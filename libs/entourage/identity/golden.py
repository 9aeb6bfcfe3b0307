"""Build golden records: of each person's records, which value survives, cell by cell, and where it came from.

in: gold.crosswalk and silver.source_records ▶ out: gold.person_values and gold.persons.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from entourage.errors import UsageError
from entourage.identity import contacts, names

ATTRIBUTES = (
    "given_name",
    "family_name",
    "email",
    "phone",
    "address_line",
    "postcode",
    "city",
    "country",
    "birth_date",
    "language",
)
# Written together: a street of one record with the city of another is a place where nobody lives.
_ADDRESS = ("address_line", "postcode", "city", "country")


@dataclass(frozen=True)
class GoldenParams:
    """How values survive.

    Attributes:
        trust: trust in a system's data, in [0, 1].
        default_trust: trust in a system that is not named.
        max_value_holders: records; an e-mail or number held by more is shared, and survives for nobody.
        default_region: ISO country whose telephone plan is assumed where a record names none.
    """

    trust: Mapping[str, float]
    default_trust: float = 0.5
    max_value_holders: int = 30
    default_region: str = "FR"


def params_from(section: Mapping[str, object]) -> GoldenParams:
    """Read the `identity` section of the configuration."""
    entries = section["trust"]
    assert isinstance(entries, list)  # config refuses other types
    return GoldenParams(
        trust=parse_trust(entries),
        default_trust=float(str(section["default_trust"])),
        max_value_holders=int(str(section["max_value_holders"])),
        default_region=str(section["default_region"]),
    )


def parse_trust(entries: list[str]) -> dict[str, float]:
    """Read `system=trust` entries; raise UsageError naming all that are wrong."""
    parsed, wrong = {}, []
    for entry in entries:
        system, _, value = str(entry).partition("=")
        try:
            parsed[system.strip()] = float(value)
        except ValueError:
            wrong.append(f"'{entry}' is not system=number")
            continue
        if not 0 <= parsed[system.strip()] <= 1:
            wrong.append(f"'{entry}' is not between 0 and 1")
    if wrong:
        raise UsageError(f"identity.trust: {'; '.join(wrong)}; write for instance crm=0.9")
    return parsed


def candidate_values(records: DataFrame, *, crosswalk: DataFrame, params: GoldenParams) -> DataFrame:
    """List every value that could stand in a cell, cleaned; junk is left out.

    Args:
        records: silver.source_records.
        crosswalk: current rows of gold.crosswalk.
        params: see `GoldenParams`.

    Returns:
        One row a person, record, attribute and value: person_id, record_id, system, updated_at, attribute, value,
        agreement_key (what counts as the same value), trust, completeness (filled attributes of the record).
    """
    links = crosswalk.where(F.col("source_kind") == "record").select("person_id", "source_id")
    joined = records.alias("r").join(links.alias("c"), on=F.col("r.record_id") == F.col("c.source_id"), how="inner")
    cells = {**_name_cells(), **_contact_cells(params), **_place_cells()}
    entries = F.concat(*(_labelled(attribute, cell) for attribute, cell in cells.items()))
    exploded = joined.select(
        "c.person_id", "r.record_id", "r.system", "r.updated_at", entries.alias("cells")
    ).withColumn("completeness", F.size("cells"))
    values = exploded.select(
        "person_id", "record_id", "system", "updated_at", "completeness", F.explode("cells").alias("cell")
    ).select("*", "cell.attribute", "cell.value", _trust(params).alias("trust"))
    return values.withColumn("agreement_key", F.coalesce(names.fold(F.col("value")), F.col("value"))).drop("cell")


def _name_cells() -> dict[str, Column]:
    given, family = (names.empty_as_null(F.trim(F.col(f"r.{name}"))) for name in ("given_name", "family_name"))
    split = names.split_full_name(F.col("r.full_name"))
    has_neither = given.isNull() & family.isNull()
    pairs = {
        "given_name": F.when(has_neither, split["given"]).otherwise(given),
        "family_name": F.when(has_neither, split["family"]).otherwise(family),
    }
    return {
        name: _one(F.when(names.clean_name(value).isNotNull(), _well_cased(value))) for name, value in pairs.items()
    }


def _well_cased(name: Column) -> Column:
    """Write a name that is all capitals or all small with capital initials; leave others as they are."""
    is_shouted = (name == F.upper(name)) | (name == F.lower(name))
    parts = F.transform(F.split(F.initcap(name), "-"), _capitalized)
    initials = F.array_join(parts, "-")
    return F.when(is_shouted, initials).otherwise(name)


def _capitalized(word: Column) -> Column:
    return F.concat(F.upper(F.substring(word, 1, 1)), F.substring(word, 2, 200))


def _contact_cells(params: GoldenParams) -> dict[str, Column]:
    region = contacts.region_of(F.col("r.address.country"), default=params.default_region)
    phones = F.when(F.size("r.phones") > 0, contacts.clean_phones(F.col("r.phones"), region))
    emails = F.transform("r.emails", _personal_email)
    language = F.lower(F.substring(F.trim(F.col("r.language")), 1, 2))
    return {
        "email": _known(emails),
        "phone": _known(phones),
        "birth_date": _one(contacts.clean_birth_date(F.col("r.birth_date")).cast("string")),
        "language": _one(names.empty_as_null(language)),
    }


def _personal_email(email: Column) -> Column:
    # What is shown keeps the person's own dots and tags: only junk and desks' addresses go.
    is_personal = contacts.clean_email(email).isNotNull() & ~contacts.is_role(F.lower(F.trim(email)))
    return F.when(is_personal, F.lower(F.trim(email)))


def _place_cells() -> dict[str, Column]:
    def text(name: str) -> Column:
        return names.empty_as_null(F.trim(F.col(f"r.address.{name}")))

    return {
        "address_line": _one(F.when(contacts.street_name(text("line")).isNotNull(), text("line"))),
        "postcode": _one(F.when(contacts.clean_postcode(text("postcode")).isNotNull(), text("postcode"))),
        "city": _one(F.when(contacts.clean_city(text("city")).isNotNull(), _well_cased(text("city")))),
        "country": _one(text("country")),
    }


def _one(value: Column) -> Column:
    return _known(F.array(value))


def _known(values: Column) -> Column:
    kept = F.array_distinct(F.filter(values, lambda value: value.isNotNull()))
    return F.coalesce(kept, F.array().cast("array<string>"))


def _labelled(attribute: str, values: Column) -> Column:
    return F.transform(values, lambda value: F.struct(F.lit(attribute).alias("attribute"), value.alias("value")))


def _trust(params: GoldenParams) -> Column:
    trust = F.lit(params.default_trust)
    for system, value in sorted(params.trust.items()):
        trust = F.when(F.col("system") == system, F.lit(float(value))).otherwise(trust)
    return trust


def without_shared(values: DataFrame, *, params: GoldenParams) -> DataFrame:
    """Leave out e-mails and numbers that more than `max_value_holders` records hold.

    Args:
        values: from `candidate_values`, materialized: they are read twice.
        params: see `GoldenParams`.
    """
    reachable = values.where(F.col("attribute").isin("email", "phone"))
    holders = reachable.groupBy("attribute", "agreement_key").agg(F.count_distinct("record_id").alias("n"))
    shared = holders.where(F.col("n") > params.max_value_holders).alias("s")
    same = (F.col("v.attribute") == F.col("s.attribute")) & (F.col("v.agreement_key") == F.col("s.agreement_key"))
    return values.alias("v").join(F.broadcast(shared), on=same, how="left_anti")


def survive(candidates: DataFrame) -> DataFrame:
    """Choose the value of each cell.

    Most trusted system first; of equals the newest record, then the value on which most records agree, then the fuller
    record, the longer value, the smaller record id and value. An address survives whole, from one record, by the same
    order among those with at least two of its parts.

    Args:
        candidates: from `without_shared`.

    Returns:
        One row a person and attribute: gold.person_values; `rule` names what set the value apart from the next best.
    """
    cell = Window.partitionBy("person_id", "attribute")
    same_value = Window.partitionBy("person_id", "attribute", "agreement_key")
    agreed = _one_address(candidates).withColumn("agreement", F.count(F.lit(1)).over(same_value))
    order = [
        F.desc("trust"), F.desc_nulls_last("updated_at"), F.desc("agreement"), F.desc("completeness"),
        F.desc(F.length("value")), F.asc("record_id"), F.asc("value"),
    ]  # fmt: skip
    ranked = agreed.withColumn("position", F.row_number().over(cell.orderBy(*order)))
    ranked = ranked.withColumn("best_key", F.first("agreement_key").over(cell.orderBy(*order)))
    chosen = F.struct("value", "record_id", "system", "trust", "updated_at", "agreement")
    runner_up = F.struct("position", "trust", "updated_at", "agreement")
    cells = ranked.groupBy("person_id", "attribute").agg(
        F.min_by(chosen, F.col("position")).alias("best"),
        F.min(F.when(F.col("agreement_key") != F.col("best_key"), runner_up)).alias("runner_up"),
    )
    named = [F.col(f"best.{name}") for name in ("value", "record_id", "system", "trust")]
    return cells.select("person_id", "attribute", *named, _rule().alias("rule"))


def _one_address(candidates: DataFrame) -> DataFrame:
    """Keep the address cells of each person's best address only."""
    is_address = F.col("attribute").isin(*_ADDRESS)
    by_record = Window.partitionBy("person_id", "record_id")
    # A country is part of the address, but makes none whole.
    is_part = is_address & (F.col("attribute") != "country")
    counted = candidates.withColumn("parts", F.count_if(is_part).over(by_record))
    order = [
        F.desc(is_address),
        F.desc(F.col("parts") >= 2),
        F.desc("trust"),
        F.desc_nulls_last("updated_at"),
        F.desc("parts"),
        F.asc("record_id"),
    ]
    best = F.first("record_id").over(Window.partitionBy("person_id").orderBy(*order))
    return counted.withColumn("address_record", best).where(
        ~is_address | (F.col("record_id") == F.col("address_record"))
    )


def _rule() -> Column:
    best, runner_up = F.col("best"), F.col("runner_up")
    return (
        F.when(runner_up.isNull(), "only value")
        .when(best["trust"] != runner_up["trust"], "trust")
        .when(~best["updated_at"].eqNullSafe(runner_up["updated_at"]), "recency")
        .when(best["agreement"] != runner_up["agreement"], "agreement")
        .otherwise("completeness")
    )


def persons(crosswalk: DataFrame, *, values: DataFrame, records: DataFrame) -> DataFrame:
    """Lay each person's surviving values side by side.

    Args:
        crosswalk: current rows of gold.crosswalk.
        values: from `survive`.
        records: silver.source_records; record_id, system.

    Returns:
        gold.persons, one row a person; unknown cells are NULL.
    """
    cells = values.groupBy("person_id").agg(
        *(F.max(F.when(F.col("attribute") == name, F.col("value"))).alias(name) for name in ATTRIBUTES)
    )
    systems = records.select("record_id", "system")
    joined = crosswalk.alias("c").join(systems.alias("r"), on=F.col("c.source_id") == F.col("r.record_id"), how="left")
    counted = joined.groupBy("c.person_id").agg(
        F.count_if(F.col("c.source_kind") == "record").alias("record_count"),
        F.count_if(F.col("c.source_kind") == "account").alias("account_count"),
        F.array_sort(F.collect_set("r.system")).alias("systems"),
    )
    whole = counted.alias("p").join(cells.alias("v"), on=F.col("p.person_id") == F.col("v.person_id"), how="left")
    texts = [F.col(f"v.{name}") for name in ATTRIBUTES if name != "birth_date"]
    birth_date = F.expr("try_cast(v.birth_date as date)").alias("birth_date")
    return whole.select("p.*", *texts, birth_date)
