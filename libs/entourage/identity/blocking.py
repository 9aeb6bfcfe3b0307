"""Find the pairs worth comparing: records that agree on at least one blocking rule.

in: standardized records ▶ out: candidate pairs, each once, under the first rule on which it agrees.
Each record carries its hashed keys as an array. Blocks larger than a cap are left out before the join, so that their
pairs come, if at all, under a later rule: no pair is made twice, no DISTINCT and no second shuffle are needed, and a
value held by 65,000 records costs a count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F


@dataclass(frozen=True)
class BlockingParams:
    """How large a block may be.

    Attributes:
        max_block_size: records; a larger block gives its place to the next rule.
        max_pairs_per_record: pairs a record that rules on one weak value (a first name, a year of birth) may cost in
            all; their blocks are capped lower until they do.
    """

    max_block_size: int = 500
    max_pairs_per_record: float = 40.0

    @property
    def caps(self) -> tuple[int, ...]:
        """Return the caps that a weak rule may get, in records, largest first; 0 leaves it out."""
        return (*(max(2, self.max_block_size // part) for part in (1, 2, 5, 10, 25, 50, 100)), 0)


# They find what is left where records are few or poor, and give way to a lower cap where they are many.
WEAK_RULES = (
    "names",
    "birth",
    "street_only",
    "email_start",
    "any_name",
    "birth_month",
    "birthday",
    "mail_domain",
    "year",
)


def blocking_rules() -> dict[str, Column]:
    """Return each rule's keys over a standardized record, most telling rule first.

    Returns:
        array<string> Columns by the rule's name; NULL keys are not used.
    """
    family, given, sounds = F.col("family_sound"), F.col("given_sound"), ("given_sound", "family_sound")
    place = F.coalesce("postcode", "city_sound")
    initial = F.substring("given", 1, 1)
    year = F.substring("birth_text", 1, 4)
    return {
        "login": F.col("login_ids"),
        "social": F.col("social_ids"),
        "email": F.col("emails"),
        "phone": F.col("phones"),
        "family_birth": _key(family, F.col("birth_text")),
        "given_birth": _key(given, F.col("birth_text")),
        "names_postcode": _key(_unordered(*sounds), F.col("postcode")),
        "names_city": _key(_unordered(*sounds), F.col("city_sound")),
        "names_year": _key(_unordered(*sounds), year),
        "nickname_place": F.transform("nicknames", lambda name: F.concat(name, _required(family, place))),
        "local_part": F.filter(F.transform(F.col("emails"), _local_part), lambda local: F.length(local) >= 6),
        "birth_place": _key(F.col("birth_text"), place),
        "address": _key(F.col("street_number"), F.substring_index("street", " ", 1), place),
        "soundex_year": _key(F.soundex("family"), initial, year),
        "family_place": _key(family, initial, place),
        "given_place_year": _key(given, place, year),
        **_weak_rules(year),
    }


def _weak_rules(year: Column) -> dict[str, Column]:
    return {
        "names": _key(_unordered("given_first", "family")),
        "birth": _key(F.col("birth_text")),
        "street_only": _key(F.col("street_number"), F.col("street")),
        "email_start": F.transform(F.col("emails"), lambda email: F.substring(email, 1, 5)),
        "any_name": F.array("given_sound", "family_sound"),
        "birth_month": _key(F.substring("birth_text", 1, 6)),
        "birthday": _key(F.substring("birth_text", 5, 4)),
        "mail_domain": F.transform(F.col("emails"), lambda email: F.substring_index(email, "@", -1)),
        "year": _key(year),
    }


def _required(*parts: Column) -> Column:
    """Join parts, NULL where one is NULL (concat_ws would skip it)."""
    return F.concat(*(piece for part in parts for piece in (part, F.lit("|"))))


def _key(*parts: Column) -> Column:
    return F.array(_required(*parts))


def _unordered(left: str, right: str) -> Column:
    both = F.col(left).isNotNull() & F.col(right).isNotNull()
    return F.when(both, F.concat(F.least(left, right), F.lit("+"), F.greatest(left, right)))


def _local_part(email: Column) -> Column:
    return F.substring_index(email, "@", 1)


def record_keys(records: DataFrame) -> DataFrame:
    """Hash each record's keys.

    Returns:
        One row a record and key: record_id, rule (index into `blocking_rules`), key (64-bit hash of rule and value).
    """
    hashed = [_hashed(index, keys) for index, keys in enumerate(blocking_rules().values())]
    exploded = records.select("record_id", F.explode(F.array_distinct(F.concat(*hashed))).alias("k"))
    return exploded.select("record_id", "k.rule", "k.key")


def _hashed(index: int, keys: Column) -> Column:
    known = F.filter(F.coalesce(keys, F.array().cast("array<string>")), lambda key: key.isNotNull())
    rule = F.lit(index)
    return F.transform(known, lambda key: F.struct(rule.alias("rule"), F.xxhash64(rule, key).alias("key")))


def block_sizes(keys: DataFrame) -> DataFrame:
    """Count the records of each block of two or more.

    Args:
        keys: from `record_keys`.

    Returns:
        One row a block: rule, key, record_count.
    """
    sizes = keys.groupBy("rule", "key").agg(F.count(F.lit(1)).alias("record_count"))
    return sizes.where(F.col("record_count") > 1)


def block_report(sizes: DataFrame, *, params: BlockingParams) -> DataFrame:
    """Tell what each rule would cost before it is paid.

    Args:
        sizes: from `block_sizes`.
        params: see `BlockingParams`.

    Returns:
        One row a rule that has blocks: rule (name), block_count, largest_block (records), oversized_count (blocks over
        max_block_size), pair_counts (per cap of `BlockingParams.caps`: pairs, those of earlier rules included).
    """
    size = F.col("record_count")
    pairs = size * (size - 1) / 2
    by_cap = F.array(*(F.sum(F.when(size <= cap, pairs).otherwise(0)).cast("bigint") for cap in params.caps))
    report = sizes.groupBy("rule").agg(
        F.count(F.lit(1)).alias("block_count"),
        F.max("record_count").alias("largest_block"),
        F.count_if(size > params.max_block_size).alias("oversized_count"),
        by_cap.alias("pair_counts"),
    )
    return report.withColumn("rule", F.element_at(_rule_names(), F.col("rule") + 1))


def choose_caps(
    pair_counts: Mapping[str, Sequence[int]], *, record_count: int, params: BlockingParams
) -> dict[str, int]:
    """Give each rule its largest block, so that the weak rules stay within their budget of pairs.

    Args:
        pair_counts: by rule, from `block_report`; rules without blocks are absent.
        record_count: records in all.
        params: see `BlockingParams`.

    Returns:
        Records by rule that has blocks; a weak rule's turn comes in the order of `WEAK_RULES`, each with an even part
        of what is left.
    """
    caps = dict.fromkeys(pair_counts, params.max_block_size)
    budget = params.max_pairs_per_record * record_count
    waiting = [rule for rule in WEAK_RULES if rule in pair_counts]
    for position, rule in enumerate(waiting):
        part = budget / (len(waiting) - position)
        fitting = ((cap, n) for cap, n in zip(params.caps, pair_counts[rule], strict=True) if n <= part)
        caps[rule], spent = next(fitting, (0, 0))
        budget -= spent
    return caps


def _rule_names() -> Column:
    return F.array(*(F.lit(name) for name in blocking_rules()))


def candidate_pairs(keys: DataFrame, *, sizes: DataFrame, caps: Mapping[str, int]) -> DataFrame:
    """Pair the records that share a block, each pair under its first agreeing rule.

    Args:
        keys: from `record_keys`.
        sizes: from `block_sizes`.
        caps: largest block by rule, from `choose_caps`.

    Returns:
        One row a pair (record_id_l < record_id_r), with match_key, the rule's name.
    """
    cap = F.element_at(F.array(*(F.lit(caps.get(rule, 0)) for rule in blocking_rules())), F.col("rule") + 1)
    usable = sizes.where(F.col("record_count") <= cap)
    entries = keys.alias("k").join(usable.alias("s"), on=F.col("k.key") == F.col("s.key"), how="inner")
    arrays = entries.groupBy("k.record_id").agg(F.array_sort(F.collect_list(F.struct("k.rule", "k.key"))).alias("keys"))
    keyed = arrays.select("record_id", "keys", F.explode("keys").alias("entry"))
    left, right = keyed.alias("l"), keyed.alias("r")
    shares_block = F.col("l.entry.key") == F.col("r.entry.key")
    pairs = left.join(right, on=shares_block & (F.col("l.record_id") < F.col("r.record_id")), how="inner")
    first_shared = F.element_at(F.array_intersect("l.keys", "r.keys"), 1)
    return pairs.where(first_shared["key"] == F.col("l.entry.key")).select(
        F.col("l.record_id").alias("record_id_l"),
        F.col("r.record_id").alias("record_id_r"),
        F.element_at(_rule_names(), F.col("l.entry.rule") + 1).alias("match_key"),
    )
