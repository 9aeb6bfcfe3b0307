"""Make our columns out of theirs, as a mapping says.

in: payloads (one JSON object a row) and a `Mapping` ▶ out: Columns over the map `row`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.ingest import canonical
from entourage.ingest.mapping import Mapping, Value

LISTS = ("emails", "phones", "login_ids", "social_ids", "urls", "mentions", "hashtags", "media")
TIMES = ("updated_at", "observed_at", "created_at", "occurred_at", "effective_at", "recorded_at")
READ = ("date", "time", "integer", "number", "boolean")  # parsers that can fail
# A birth date outside is a placeholder such as 9999-12-31; the value as it came stays in `extra`.
FIRST_DATE, LAST_DATE = "1850-01-01", "2099-12-31"


def rows(payloads: DataFrame) -> DataFrame:
    """Return the payloads that were not refused, with `row`: the JSON object as a map of texts."""
    good = payloads.where(F.col("reason_code").isNull())
    row = F.from_json("payload", "map<string,string>")
    return good.withColumn("row", row).withColumn("row", _once(F.col("row")))


def _once(row: Column) -> Column:
    """Keep the last value of a key that the JSON object repeats; Spark's maps would stop the job at it later."""
    keys = F.array_distinct(F.map_keys(row))

    def last(key: Column) -> Column:
        return F.element_at(F.filter(F.map_entries(row), lambda entry: entry["key"] == key), -1)["value"]

    return F.when(F.size(keys) < F.size(row), F.map_from_arrays(keys, F.transform(keys, last))).otherwise(row)


def theirs(name: str) -> Column:
    """Return their column of that very name, dots and all; else, of a name with dots, the value at that path."""
    value = F.try_element_at("row", F.lit(name))
    if "." in name:
        path = "$" + "".join(f"['{part}']" for part in name.split("."))
        value = F.coalesce(value, F.get_json_object("payload", path))
    return F.nullif(F.trim(canonical.clean(value)), F.lit(""))


def column(name: str, value: Value) -> Column:
    """Return one of our columns: an array for those of `LISTS`, else a text, time, date, number or boolean."""
    if value.const is not None:
        return F.array(F.lit(value.const)) if name in LISTS else F.lit(value.const)
    found = [theirs(source) for source in value.sources]
    if value.join is not None:  # nothing where a part is missing: half an id is none
        found = [reduce(lambda left, right: F.concat(left, F.lit(value.join), right), found)]
    parsed = [_parsed(name, one, value) for one in found]
    if name in LISTS:
        lists = [one if value.parse == "split" else F.array(one) for one in parsed]
        return canonical.distinct(F.flatten(F.array(*lists)))
    first = F.coalesce(*parsed)
    return first if value.default is None else F.coalesce(first, F.lit(value.default))


def _parsed(name: str, text: Column, value: Value) -> Column:
    parse = "time" if value.parse == "text" and name in TIMES else value.parse
    parse = "date" if parse == "text" and name == "birth_date" else parse
    parsed = _parse(parse, text, value)
    if value.replace:
        pairs = [part for pair in value.replace.items() for part in map(F.lit, pair)]
        parsed = F.coalesce(F.try_element_at(F.create_map(*pairs), parsed), parsed)
    return F.concat(F.lit(value.prefix), parsed) if value.prefix else parsed


def _parse(parse: str, text: Column, value: Value) -> Column:
    if parse == "date":
        return _date(text, value.format)
    if parse == "time":
        return F.try_to_timestamp(text, F.lit(value.format)) if value.format else canonical.moment(text)
    if parse == "split":
        return F.transform(F.split(text, f"\\Q{value.separator}\\E"), lambda part: F.trim(part))  # noqa: PLW0108 - trim has a second parameter
    if parse in ("given_of_last_first", "family_of_last_first"):
        return _last_first(text, parse.split("_", maxsplit=1)[0])
    simple: dict[str, Callable[[Column], Column]] = {
        "lower": F.lower,
        "upper": F.upper,
        "integer": canonical.whole_number,
        "number": lambda t: F.when(t.rlike(canonical.NUMBER), t.cast("double")),
        "boolean": canonical.truth,
    }
    return simple[parse](text) if parse in simple else text


def _date(text: Column, pattern: str) -> Column:
    is_iso = text.rlike("^[0-9]{4}-[0-9]{2}-[0-9]{2}")
    parsed = F.to_date(
        F.try_to_timestamp(text, F.lit(pattern)) if pattern else F.when(is_iso, F.try_to_timestamp(text))
    )
    return F.when(parsed.between(F.lit(FIRST_DATE).cast("date"), F.lit(LAST_DATE).cast("date")), parsed)


def _last_first(text: Column, part: str) -> Column:
    """Split ``LAST First`` or ``Last, First``: words in capitals are the family's; with none, the first word."""
    comma = text.contains(",")
    capitals = F.regexp_extract(text, r"^((?:[\p{Lu}'’.-]{2,}\s+)+)\S", 1)
    family = (
        F.when(comma, F.substring_index(text, ",", 1))
        .when(capitals != "", capitals)
        .otherwise(F.substring_index(text, " ", 1))
    )
    given = F.when(comma, F.regexp_extract(text, ",(.*)$", 1)).otherwise(
        text.substr(F.length(family) + 1, F.length(text))
    )
    return F.nullif(F.trim(family if part == "family" else given), F.lit(""))


def extra(mapping: Mapping, made: dict[str, Column]) -> Column:
    """Return their columns that are not used, and those used whose value could not be read."""
    used = {source for value in mapping.columns.values() for source in value.sources}
    unread = [
        F.when(made[name].isNull(), F.lit(source))
        for name, value in mapping.columns.items()
        if value.parse in READ or name in TIMES or name == "birth_date"
        for source in value.sources
    ]
    dropped = (
        F.array_except(F.array(*(F.lit(name) for name in sorted(used))), F.array(*unread))
        if used
        else F.array().cast("array<string>")
    )
    ignored = F.array(*(F.lit(name) for name in (*mapping.ignore, *mapping.key))).cast("array<string>")
    rest = F.map_filter(
        "row", lambda name, value: ~F.array_contains(F.concat(dropped, ignored), name) & (F.trim(value) != "")
    )
    return F.when(F.size(rest) > 0, rest)
