"""Score pairs with a learned model, and draw the random pairs from which it learns chance.

in: compared pairs and a `Model` ▶ out: scored pairs: match weight, probability, proof. Lazy throughout.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.identity.comparisons import COMPARISONS, PROOFS, Comparison
from entourage.identity.model import Model, ScoringParams

LOG2_PROOF = 20.0  # match weight of a proved id: a million to one


def random_pairs(records: DataFrame, *, record_count: int, params: ScoringParams) -> DataFrame:
    """Pair records at random, the same way each time.

    Each record draws, in each of several rounds, one of half as many bins as there are records; who meets in a bin is
    paired: about one pair a record and round.

    Args:
        records: standardized; record_id.
        record_count: their number.
        params: see `ScoringParams`.

    Returns:
        record_id_l < record_id_r; a pair may come twice. About `random_pair_count` rows, fewer for small data.
    """
    rounds = max(1, min(64, params.random_pair_count // max(record_count, 1)))
    bins = max(1, record_count // 2)
    kept = min(1.0, params.random_pair_count / max(record_count, 1))
    is_sampled = F.pmod(F.xxhash64("record_id"), F.lit(1_000_000)) < F.lit(int(kept * 1_000_000))
    rounds_each = F.explode(F.sequence(F.lit(1), F.lit(rounds))).alias("round")
    drawn = records.where(is_sampled).select("record_id", rounds_each)
    binned = drawn.withColumn("bin", F.pmod(F.xxhash64("record_id", "round"), F.lit(max(1, int(bins * kept)))))
    meet = (F.col("l.round") == F.col("r.round")) & (F.col("l.bin") == F.col("r.bin"))
    is_ordered = F.col("l.record_id") < F.col("r.record_id")
    pairs = binned.alias("l").join(binned.alias("r"), on=meet & is_ordered, how="inner")
    return pairs.select(F.col("l.record_id").alias("record_id_l"), F.col("r.record_id").alias("record_id_r"))


def patterns(compared: DataFrame) -> DataFrame:
    """Count the pairs of each combination of levels.

    Returns:
        One row a pattern: the comparisons' levels, pair_count.
    """
    return compared.groupBy(*(c.name for c in COMPARISONS)).agg(F.count(F.lit(1)).alias("pair_count"))


def score(compared: DataFrame, *, model: Model) -> DataFrame:
    """Give each compared pair its match weight and probability.

    Args:
        compared: from `comparisons.compare`.
        model: from `learn`.

    Returns:
        The same pairs: record_id_l, record_id_r, match_key, gammas (map), match_weight (log2 of the posterior odds,
        so the prior is in it), match_probability, is_proved (a proved id is shared and names and dates do not
        contradict it), is_contradicted (it is shared, but they do), model_version. A proved pair has probability 1.
    """
    shares_proof = (F.col("login") == 1) | (F.col("social") == 1)
    # NULL-safe by construction: levels are never NULL.
    contradicts = (F.col("given") == 0) & ((F.col("birth_date") == 0) | (F.col("family") == 0))
    weighed = compared.withColumn("weight", _match_weight(model))
    names = [*(c.name for c in COMPARISONS), *PROOFS]
    gammas = F.map_from_arrays(F.array(*(F.lit(n) for n in names)), F.array(*(F.col(n).cast("int") for n in names)))
    is_proved = shares_proof & ~contradicts
    weight = F.when(is_proved, F.greatest("weight", F.lit(LOG2_PROOF))).otherwise(F.col("weight"))
    return weighed.select(
        "record_id_l",
        "record_id_r",
        "match_key",
        gammas.alias("gammas"),
        weight.alias("match_weight"),
        F.when(is_proved, F.lit(1.0))
        .otherwise(1 / (1 + F.pow(F.lit(2.0), -F.col("weight"))))
        .alias("match_probability"),
        is_proved.alias("is_proved"),
        (shares_proof & contradicts).alias("is_contradicted"),
        F.lit(model.version).alias("model_version"),
    )


def _match_weight(model: Model) -> Column:
    """Return log2 of the odds of one person against two, household or strangers."""
    rarer_all = _sum([_rarity(c, level, ratio, model) for c in COMPARISONS for level, ratio in c.frequencies])
    rarer_home = _sum(
        [
            _rarity(c, level, ratio, model)
            for c in COMPARISONS
            for level, ratio in c.frequencies
            if not c.is_shared_at_home
        ]
    )
    match = _sum([_level_log(c, model.m[c.name]) for c in COMPARISONS])
    strangers = _sum([_level_log(c, model.u[c.name]) for c in COMPARISONS]) + rarer_all
    household = _sum([_level_log(c, model.h[c.name]) for c in COMPARISONS]) + rarer_home
    stranger_ratio = 1 - model.match_ratio - model.household_ratio
    others = F.pow(F.lit(2.0), household) * F.lit(model.household_ratio) + F.pow(F.lit(2.0), strangers) * F.lit(
        stranger_ratio
    )
    return F.lit(float(np.log2(model.match_ratio))) + match - F.log2(others)


def _level_log(comparison: Comparison, values: Sequence[float]) -> Column:
    logs = F.array(F.lit(0.0), *(F.lit(float(np.log2(value))) for value in values))
    return F.element_at(logs, F.col(comparison.name).cast("int") + 2)


def _rarity(comparison: Comparison, level: int, ratio: str, model: Model) -> Column:
    """Return log2 of how much more (or less) common the agreeing value is than the mean agreeing pair's."""
    mean = model.u[comparison.name][level]
    factor = F.log2(F.greatest(F.col(ratio), F.lit(1e-9)) / F.lit(mean))
    return F.when(F.col(comparison.name) == level, factor).otherwise(0.0)


def _sum(columns: Sequence[Column]) -> Column:
    total = columns[0]
    for column in columns[1:]:
        total = total + column
    return total
