"""Bring source records to one form, and set apart values that too many of them hold.

in: silver.source_records ▶ out: standardized records, one row a record, and the values found to be shared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.identity import contacts, names
from entourage.identity.nicknames import FORMALS, forms_of
from entourage.rows import local_frame

IDENTIFIERS = ("emails", "phones", "login_ids", "social_ids")


@dataclass(frozen=True)
class StandardizeParams:
    """How records are read.

    Attributes:
        max_value_holders: records; an e-mail, number or id held by more is shared, and neither blocks nor links.
        default_region: ISO country whose telephone plan is assumed where a record names none.
    """

    max_value_holders: int = 30
    default_region: str = "FR"


def standardize(records: DataFrame, *, params: StandardizeParams) -> DataFrame:
    """Bring each record's columns to comparable forms.

    Args:
        records: silver.source_records. NULL columns stay NULL; a name in one field is split.
        params: see `StandardizeParams`.

    Returns:
        One row a record (key record_id): given, given_first, given_sound, nicknames[], short_forms[], family,
        family_parts[], family_sound, emails[], phones[], birth_date, birth_text, postcode, city, city_sound,
        street_number, street, street_words[] (its longer words; NULL without a street), login_ids[], social_ids[].
        Other arrays are sorted and empty where nothing is known; other unknowns are NULL.
    """
    named = records.withColumn("name", _name_fields())
    address = F.col("address")
    region = contacts.region_of(address["country"], default=params.default_region)
    family = names.clean_name(F.col("name")["family"])
    columns = {
        "record_id": F.col("record_id"),
        "given": names.clean_name(F.col("name")["given"]),
        "family": names.without_particles(family),
        "family_parts": _family_parts(family),
        "emails": _each(F.col("emails"), contacts.clean_email),
        "phones": F.when(F.size("phones") > 0, contacts.clean_phones(F.col("phones"), region)),
        "birth_date": contacts.clean_birth_date(F.col("birth_date")),
        "postcode": contacts.clean_postcode(address["postcode"]),
        "city": contacts.clean_city(address["city"]),
        "street_number": contacts.street_number(address["line"]),
        "street": contacts.street_name(address["line"]),
        "login_ids": _each(F.col("login_ids"), lambda value: names.empty_as_null(F.lower(F.trim(value)))),
        "social_ids": _each(F.col("social_ids"), lambda value: names.empty_as_null(F.trim(value))),
    }
    cleaned = named.select(*(column.alias(name) for name, column in columns.items()))
    return _with_nicknames(_with_sounds(cleaned))


def _name_fields() -> Column:
    """Return struct<given,family>: the two fields, or one field split."""
    fields = F.struct(
        *(names.empty_as_null(F.trim(F.col(c))).alias(c) for c in ("given_name", "family_name", "full_name"))
    )
    return names.let(fields, _one_name)


def _one_name(fields: Column) -> Column:
    given, family, full = (fields[name] for name in ("given_name", "family_name", "full_name"))
    only = F.when(given.isNull(), family).when(family.isNull(), given)
    is_two_words = only.rlike(r"\S[\s,]+\S")
    known = F.struct(given.alias("given"), family.alias("family"))
    return (
        F.when(given.isNull() & family.isNull(), names.split_full_name(full))
        .when(is_two_words & full.isNull(), names.split_full_name(only))
        .otherwise(known)
    )


def _family_parts(family: Column) -> Column:
    words = F.filter(F.split(family, " "), lambda word: (F.length(word) >= 3) & ~word.isin(*names.PARTICLES))
    return F.coalesce(F.array_sort(F.array_distinct(words)), F.array().cast("array<string>"))


def _each(values: Column, clean: Callable[[Column], Column]) -> Column:
    cleaned = F.filter(F.transform(values, clean), lambda value: value.isNotNull())
    return F.coalesce(F.array_sort(F.array_distinct(cleaned)), F.array().cast("array<string>"))


def _with_sounds(records: DataFrame) -> DataFrame:
    return records.select(
        "*",
        F.coalesce("phones", F.array().cast("array<string>")).alias("known_phones"),
        F.substring_index("given", " ", 1).alias("given_first"),
        names.sound(F.substring_index("given", " ", 1)).alias("given_sound"),
        names.sound(F.col("family")).alias("family_sound"),
        names.sound(F.col("city")).alias("city_sound"),
        F.date_format("birth_date", "yyyyMMdd").alias("birth_text"),
        F.filter(F.split("street", " "), lambda word: F.length(word) >= 4).alias("street_words"),
    ).drop("phones").withColumnRenamed("known_phones", "phones")  # fmt: skip


def _with_nicknames(records: DataFrame) -> DataFrame:
    known = local_frame(
        records.sparkSession,
        [(form, formals, forms_of(formals)) for form, formals in FORMALS.items()],
        "form string, nicknames array<string>, short_forms array<string>",
    )
    joined = records.alias("r").join(
        F.broadcast(known).alias("f"), on=F.col("r.given_first") == F.col("f.form"), how="left"
    )
    itself = F.when(F.col("r.given_first").isNotNull(), F.array("r.given_first"))
    return joined.select(
        "r.*",
        F.coalesce("f.nicknames", itself).alias("nicknames"),
        F.coalesce("f.short_forms", itself).alias("short_forms"),
    )


def identifier_values(records: DataFrame) -> DataFrame:
    """List every identifier of every standardized record.

    Returns:
        One row a record, kind and value (record_id, kind, value); a birth date is one of the kinds.
    """
    kinds = [_labelled(kind) for kind in IDENTIFIERS]
    entries = F.explode(F.concat(*kinds)).alias("entry")
    return records.select("record_id", entries).select("record_id", "entry.kind", "entry.value")


def _labelled(kind: str) -> Column:
    # A function of one parameter: given two, Spark passes the element's position as the second.
    return F.transform(F.col(kind), lambda value: F.struct(F.lit(kind).alias("kind"), value.alias("value")))


def shared_values(records: DataFrame, *, params: StandardizeParams) -> DataFrame:
    """Find the identifiers that too many records hold, and the desks' addresses.

    Args:
        records: from `standardize`.
        params: see `StandardizeParams`.

    Returns:
        One row a shared value: kind, value, holder_count (records).
    """
    counted = identifier_values(records).groupBy("kind", "value").agg(F.count(F.lit(1)).alias("holder_count"))
    is_role = (F.col("kind") == "emails") & contacts.is_role(F.col("value"))
    return counted.where((F.col("holder_count") > params.max_value_holders) | is_role)


def without_shared(records: DataFrame, *, shared: DataFrame, params: StandardizeParams) -> DataFrame:
    """Take shared identifiers, and birth dates far too frequent, out of the records.

    Args:
        records: from `standardize`.
        shared: from `shared_values`; it is small, and broadcast.
        params: see `StandardizeParams`.

    Returns:
        The same rows and columns; a birth date held by more than 20 times the mean date's records (and more than
        max_value_holders) is NULL, since it is a system's default.
    """
    owned = (
        identifier_values(records)
        .alias("v")
        .join(
            F.broadcast(shared).alias("s"),
            on=(F.col("v.kind") == F.col("s.kind")) & (F.col("v.value") == F.col("s.value")),
            how="left_anti",
        )
        .groupBy("record_id")
        .agg(
            *(
                F.array_sort(F.collect_set(F.when(F.col("kind") == kind, F.col("value")))).alias(kind)
                for kind in IDENTIFIERS
            )
        )
    )
    cleared = _without_default_dates(records, params=params)
    joined = cleared.alias("r").join(owned.alias("o"), on=F.col("r.record_id") == F.col("o.record_id"), how="left")
    others = [F.col(f"r.{name}") for name in records.columns if name not in IDENTIFIERS]
    kept = [F.coalesce(f"o.{kind}", F.array().cast("array<string>")).alias(kind) for kind in IDENTIFIERS]
    return joined.select(*others, *kept)


def _without_default_dates(records: DataFrame, *, params: StandardizeParams) -> DataFrame:
    dates = records.where(F.col("birth_date").isNotNull()).groupBy("birth_date").agg(F.count(F.lit(1)).alias("n"))
    mean = dates.agg(F.avg("n").alias("mean"))
    is_default = (F.col("n") > 20 * F.col("mean")) & (F.col("n") > params.max_value_holders)
    defaults = (
        dates.join(F.broadcast(mean), how="cross").where(is_default).select(F.col("birth_date").alias("default_date"))
    )
    marked = records.alias("r").join(
        F.broadcast(defaults).alias("d"), on=F.col("r.birth_date") == F.col("d.default_date"), how="left"
    )
    is_kept = F.col("d.default_date").isNull()
    others = [F.col(f"r.{name}") for name in records.columns if name not in ("birth_date", "birth_text")]
    kept = [F.when(is_kept, F.col(f"r.{name}")).alias(name) for name in ("birth_date", "birth_text")]
    return marked.select(*others, *kept)


def with_frequencies(records: DataFrame) -> DataFrame:
    """Add how frequent a record's names and place are among all records.

    Returns:
        The same rows, with given_ratio, family_ratio, postcode_ratio, city_ratio: share of the records that have a
        value there which have this one, in (0, 1]; NULL where there is none.
    """
    names_counted = ("given", "family", "postcode", "city")
    # Counted on the frame as given: counting on the joined one would repeat its plan at each step.
    totals = F.broadcast(records.agg(*(F.count(name).alias(f"{name}_total") for name in names_counted)))
    counted = records
    for name in names_counted:
        counts = (
            records.where(F.col(name).isNotNull()).groupBy(F.col(name).alias("value")).agg(F.count(F.lit(1)).alias("n"))
        )
        joined = counted.alias("r").join(counts.alias("f"), on=F.col(f"r.{name}") == F.col("f.value"), how="left")
        counted = joined.select("r.*", F.col("f.n").alias(f"{name}_count"))
    with_totals = counted.join(totals, how="cross")
    ratios = [(F.col(f"{name}_count") / F.col(f"{name}_total")).alias(f"{name}_ratio") for name in names_counted]
    return with_totals.select(*records.columns, *ratios)
