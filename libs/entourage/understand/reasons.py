"""Say why a post was kept or dropped, with the words that say so.

scored posts (columns shadow, rules, class_probabilities) ▶ Columns of silver.post_signals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F

from entourage.understand.corpus import USEFUL, USELESS
from entourage.understand.features import STEM_LENGTH

TYPE = "array<struct<reason:string,evidence:string>>"
EVIDENCE_WORDS = 4
# Labels of the lexicon that give evidence for a class beside the class's own.
_ALSO = {
    "complaint": ("brand:", "+thing+"),
    "experience": ("+thing+",),
    "intent": ("+thing+",),
    "question": ("+thing+",),
}


def why_kept(top_stems: Mapping[str, Sequence[str]], *, minimum_probability: float) -> Column:
    """Return the useful classes of a post, the most probable first.

    Args:
        top_stems: per class, the stems that speak most for it.
        minimum_probability: class probability that makes a class a reason; the likeliest always is one.

    Returns:
        Array of reason (the class) and evidence: lexicon phrases found in the post, else words of it, as its shadow
        has them, separated by commas; empty where no single word decided.
    """
    probability = F.col("class_probabilities")
    likeliest = F.greatest(*(probability[name] for name in USEFUL))
    found = [
        F.when(
            (probability[name] >= minimum_probability) | (probability[name] == likeliest),
            F.struct(
                probability[name].alias("probability"),
                F.lit(name).alias("reason"),
                _evidence(name, top_stems.get(name, ())).alias("evidence"),
            ),
        )
        for name in USEFUL
    ]
    ranked = F.sort_array(F.array_compact(F.array(*found)), asc=False)
    without = F.transform(
        ranked, lambda one: F.struct(one["reason"].alias("reason"), one["evidence"].alias("evidence"))
    )
    return without.cast(TYPE)


def why_dropped(rule: Column) -> Column:
    """Return the rule that dropped a post, else the noise it resembles most, else `below_threshold`."""
    probability = F.col("class_probabilities")
    likeliest = F.greatest(*(probability[name] for name in USEFUL))
    noise = [F.struct(probability[name].alias("probability"), F.lit(name).alias("name")) for name in USELESS]
    nearest = F.array_max(F.array(*noise))
    resembled = F.when(nearest["probability"] >= likeliest, nearest["name"]).otherwise(F.lit("below_threshold"))
    reason = F.struct(F.coalesce(rule, resembled).alias("reason"), F.lit("").alias("evidence"))
    return F.array(reason).cast(TYPE)


def brands() -> Column:
    """Return the brands named in a post, sorted, each once."""
    labels = F.flatten(F.transform("rules", lambda rule: F.split(rule["label"], r"\+")))
    named = F.filter(labels, lambda label: label.startswith("brand:"))
    return F.array_sort(F.array_distinct(F.transform(named, lambda label: F.substring(label, 7, 100))))


def _evidence(name: str, stems: Sequence[str]) -> Column:
    own, also = _phrases(f"+{name}+"), [_phrases(label) for label in _ALSO.get(name, ())]
    phrases = F.slice(F.array_distinct(F.concat(own, *also)), 1, EVIDENCE_WORDS)
    speaks = lambda word: F.substring(word, 1, STEM_LENGTH).isin(*stems)  # noqa: E731
    words = F.slice(F.array_distinct(F.filter(F.split("shadow", " "), speaks)), 1, EVIDENCE_WORDS)
    return F.array_join(F.when(F.size(phrases) > 0, phrases).otherwise(words), ", ")


def _phrases(label: str) -> Column:
    found = F.filter("rules", lambda rule: F.concat(F.lit("+"), rule["label"], F.lit("+")).contains(label))
    return F.transform(found, lambda rule: rule["phrase"])
