"""Match accounts whose owners consented to persons, by handle, name shown, place and mailbox.

in: consented accounts and clustered records ▶ out: account and record pairs, scored, and each account's one owner.
An account has one owner at most, so the persons it could belong to share one unit of probability, and the
possibility that the owner is not in the records at all has its part of it: of three women named Marie Martin none gets
the account. `owner_ratio` is a solver.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from entourage.identity import contacts, names

# Levels of agreement between an account and a record: name, and share of owners' accounts that show it.
LEVELS = (
    ("nothing", 0.08), ("family name", 0.20), ("initial and family name", 0.10), ("nickname and family name", 0.06),
    ("both names", 0.46), ("mailbox", 0.10),
)  # fmt: skip
_FAMILY, _INITIAL, _NICKNAME, _BOTH, _MAILBOX = 1, 2, 3, 4, 5
OWNERS = (
    "account_id string, record_id string, cluster_id string, basis string, level int, match_weight double,"
    " match_probability double"
)
# Part of a person taken off each name's count when it is read as a frequency: names seen once here are rarer outside.
_DISCOUNT = 0.7


@dataclass(frozen=True)
class AccountParams:
    """How accounts are matched.

    Attributes:
        link_probability: posterior at and above which an account is linked.
        max_block_size: records; names that more of them share find no account.
    """

    link_probability: float = 0.95
    max_block_size: int = 500


def account_texts(accounts: DataFrame) -> DataFrame:
    """Spell each account's names without spaces, signs and digits.

    Returns:
        One row an account: account_id, basis, texts[] (handle and name shown, letters only), handle, shown_given,
        shown_family (of a name shown in two words or more), place (folded location).
    """
    # Bluesky's handles are domains, Mastodon's end in one: the person stands before it.
    bare = F.substring_index(F.regexp_replace(F.col("handle"), r"^@", ""), "@", 1)
    is_domain = F.col("account_id").startswith("bluesky:")
    handle = F.when(is_domain, F.substring_index(bare, ".", 1)).otherwise(bare)
    shown = names.split_full_name(F.regexp_replace(F.col("display_name"), r"[^\p{L}\s'’.,\-]+", " "))
    letters = [F.regexp_replace(names.fold(text), r"[^\p{L}]+", "") for text in (handle, F.col("display_name"))]
    texts = F.array_distinct(F.filter(F.array(*letters), lambda text: F.length(text) >= 4))
    return accounts.select(
        "account_id",
        "basis",
        texts.alias("texts"),
        F.regexp_replace(names.fold(handle), r"[^\p{L}\p{N}]+", "").alias("handle"),
        names.clean_name(shown["given"]).alias("shown_given"),
        names.without_particles(names.clean_name(shown["family"])).alias("shown_family"),
        contacts.clean_city(F.substring_index("location", ",", 1)).alias("place"),
    )


def account_pairs(texts: DataFrame, *, records: DataFrame, params: AccountParams) -> DataFrame:
    """Pair accounts with the records whose name their handle or name shown contains.

    Args:
        texts: from `account_texts`.
        records: standardized records.
        params: see `AccountParams`.

    Returns:
        One row a pair: account_id, record_id, level (see `LEVELS`; best of several).
    """
    spelled = texts.select("account_id", F.explode("texts").alias("text"))
    mailboxes = texts.select("account_id", F.concat(F.lit("@"), F.col("handle")).alias("piece"))
    pieces = spelled.select("account_id", F.explode(F.array_distinct(_pieces())).alias("piece")).unionByName(mailboxes)
    spellings = records.select("record_id", F.explode(_spellings()).alias("s")).select(
        "record_id", "s.piece", "s.level"
    )
    spellings = spellings.where(F.length("piece") >= 4).groupBy("record_id", "piece").agg(F.max("level").alias("level"))
    sizes = spellings.groupBy("piece").agg(F.count(F.lit(1)).alias("n")).where(F.col("n") <= params.max_block_size)
    usable = spellings.alias("s").join(sizes.alias("z"), on=F.col("s.piece") == F.col("z.piece"), how="left_semi")
    met = pieces.alias("a").join(usable.alias("s"), on=F.col("a.piece") == F.col("s.piece"), how="inner")
    return met.groupBy("account_id", "record_id").agg(F.max("level").alias("level"))


def _pieces() -> Column:
    """Return all substrings of 4 to 24 letters."""
    return F.expr(
        "flatten(transform(sequence(1, length(text) - 3), "
        "i -> transform(sequence(4, least(24, length(text) - i + 1)), n -> substring(text, i, n))))"
    )


def _spellings() -> Column:
    """Return the ways in which people make a handle of their name, each with its level."""
    family, given, initial = F.col("family"), F.col("given_first"), F.substring("given_first", 1, 1)
    whole = F.replace(F.col("given"), F.lit(" "), F.lit(""))
    mailboxes = F.transform("emails", _mailbox)
    forms = [
        F.array(F.concat(given, family), F.concat(family, given), F.concat(whole, family)),
        F.concat(
            F.transform("short_forms", lambda name: F.concat(name, family)),
            F.array(F.concat(F.substring("given_first", 1, 3), family)),
        ),
        F.array(F.concat(initial, family), F.concat(family, initial)),
        F.array(family),
    ]
    levels = (_BOTH, _NICKNAME, _INITIAL, _FAMILY)
    entries = [
        _entries(F.coalesce(form, F.array().cast("array<string>")), level)
        for form, level in zip(forms, levels, strict=True)
    ]
    return F.concat(*entries, _entries(mailboxes, _MAILBOX))


def _mailbox(email: Column) -> Column:
    local = F.regexp_replace(F.substring_index(email, "@", 1), r"[^a-z0-9]+", "")
    return F.when(F.length(local) >= 5, F.concat(F.lit("@"), local))


def _entries(spellings: Column, level: int) -> Column:
    known = F.filter(spellings, lambda spelling: spelling.isNotNull())
    return F.transform(known, lambda spelling: F.struct(spelling.alias("piece"), F.lit(level).alias("level")))


def account_evidence(pairs: DataFrame, *, texts: DataFrame, records: DataFrame, person_count: int) -> DataFrame:
    """Weigh what speaks for each person's owning each account.

    Args:
        pairs: from `account_pairs`.
        texts: from `account_texts`.
        records: standardized records with cluster_id.
        person_count: clusters in all.

    Returns:
        One row an account and cluster: account_id, basis, cluster_id, record_id (the one that agrees best), level,
        factor (Bayes factor: how much likelier the owner's account looks like this than a stranger's). Persons whose
        first name differs from the one shown are left out.
    """
    rated = _with_name_ratios(records, person_count)
    rated = rated.select(F.col("record_id").alias("id"), F.struct(*rated.columns).alias("r"))
    with_texts = pairs.alias("p").join(texts.alias("t"), on=F.col("p.account_id") == F.col("t.account_id"), how="inner")
    joined = with_texts.join(rated.alias("x"), on=F.col("p.record_id") == F.col("x.id"), how="inner")
    told = joined.where(~_is_someone_else()).select(
        "p.account_id",
        "t.basis",
        "r.cluster_id",
        "p.record_id",
        "p.level",
        (_name_factor() * _place_factor()).alias("factor"),
    )
    best = Window.partitionBy("account_id", "cluster_id").orderBy(F.desc("factor"), F.asc("record_id"))
    return told.withColumn("position", F.row_number().over(best)).where(F.col("position") == 1).drop("position")


def _with_name_ratios(records: DataFrame, person_count: int) -> DataFrame:
    rated = records
    for name in ("given_first", "family", "city"):
        bearers = records.where(F.col(name).isNotNull()).groupBy(F.col(name).alias("value"))
        counts = bearers.agg(F.count_distinct("cluster_id").alias("n"))
        ratios = counts.select("value", ((F.col("n") - _DISCOUNT) / F.lit(float(max(person_count, 1)))).alias("ratio"))
        joined = rated.alias("r").join(ratios.alias("f"), on=F.col(f"r.{name}") == F.col("f.value"), how="left")
        rated = joined.select("r.*", F.col("f.ratio").alias(f"{name}_share"))
    return rated


def _is_someone_else() -> Column:
    """Tell whether the name shown is this family name with another first name."""
    given, shown = F.col("r.given_first"), F.substring_index("t.shown_given", " ", 1)
    is_initial = (F.length(given) == 1) | (F.length(shown) == 1)
    agrees = (
        (given == shown)
        | (F.levenshtein(given, shown, 1) >= 0)
        | F.array_contains("r.short_forms", shown)
        | given.startswith(shown)
        | shown.startswith(given)
        | (is_initial & (F.substring(given, 1, 1) == F.substring(shown, 1, 1)))
    )
    return F.coalesce(
        (F.col("t.shown_family") == F.col("r.family")) & ~agrees & (F.col("p.level") < _MAILBOX), F.lit(False)
    )


def _name_factor() -> Column:
    given, family = F.coalesce("r.given_first_share", F.lit(0.01)), F.coalesce("r.family_share", F.lit(0.001))
    # A short family name stands in a handle by chance too (`ross` in `across`).
    by_chance = F.lit(4e-3) * F.pow(F.lit(0.2), F.coalesce(F.length("r.family"), F.lit(6)) - 4)
    stranger = (
        F.when(F.col("p.level") == _MAILBOX, family * given)
        .when(F.col("p.level") == _BOTH, family * given)
        .when(F.col("p.level") == _NICKNAME, family * 0.02)
        .when(F.col("p.level") == _INITIAL, family * 0.08)
        .otherwise(family + by_chance)
    )
    owners = F.element_at(F.array(*(F.lit(share) for _, share in LEVELS)), F.col("p.level") + 1)
    return owners / stranger


def _place_factor() -> Column:
    place, city = F.col("t.place"), F.col("r.city")
    by_place = F.when(place == city, 0.6 / F.greatest(F.col("r.city_share") + 0.05, F.lit(0.05))).otherwise(F.lit(0.6))
    return F.when(place.isNotNull() & city.isNotNull(), by_place).otherwise(1.0)


def owner_ratio(evidence: DataFrame, *, account_count: int, person_count: int) -> float:
    """Estimate the share of accounts whose owner is among the persons; runs one action (a histogram).

    Args:
        evidence: from `account_evidence`.
        account_count: consented accounts in all.
        person_count: clusters in all.

    Returns:
        The ratio, by expectation-maximization, in [0.02, 0.98]; 0.5 where there is nothing to learn from.
    """
    sums = evidence.groupBy("account_id").agg((F.sum("factor") / F.lit(float(max(person_count, 1)))).alias("sum"))
    histogram = sums.groupBy(F.round(F.log2("sum"), 1).alias("bits")).agg(F.count(F.lit(1)).alias("n")).collect()
    if not histogram:
        return 0.5
    bits, counts = (np.array(column, dtype=float) for column in zip(*sorted(histogram), strict=True))
    likelihood = np.exp2(bits) + LEVELS[0][1]
    ratio = 0.5
    for _ in range(200):
        owned = counts * ratio * likelihood / (ratio * likelihood + 1 - ratio)
        unseen = (account_count - counts.sum()) * ratio * LEVELS[0][1] / (ratio * LEVELS[0][1] + 1 - ratio)
        ratio = float(np.clip((owned.sum() + unseen) / max(account_count, 1), 0.02, 0.98))
    return ratio


def owners(evidence: DataFrame, *, ratio: float, person_count: int) -> DataFrame:
    """Share each account's one unit of probability among the persons it could belong to, and nobody.

    Args:
        evidence: from `account_evidence`.
        ratio: from `owner_ratio`.
        person_count: clusters in all.

    Returns:
        One row an account and cluster: account_id, record_id, cluster_id, basis, level, match_weight (log2 of the
        odds), match_probability (they sum to less than 1 over an account).
    """
    share = F.lit(ratio / max(person_count, 1)) * F.col("factor")
    total = F.sum(share).over(Window.partitionBy("account_id"))
    nobody = F.lit(ratio * LEVELS[0][1] + 1 - ratio)
    others = total - share + nobody
    return evidence.select(
        "account_id",
        "record_id",
        "cluster_id",
        "basis",
        "level",
        # Rounded: a sum over a window adds in any order.
        F.round(F.log2(share / others), 6).alias("match_weight"),
        F.round(share / (share + others), 6).alias("match_probability"),
    )
