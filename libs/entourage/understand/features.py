"""Turn shadows and entity rules into the terms that the relevance model counts.

posts with `shadow` and `rules` ▶ the same with `terms`: stems, pairs of stems, labels, pairs of labels, and shape.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

STEM_LENGTH = 7  # first letters that stand for a word: cheap conflation of French and English endings

# Words that say nothing here. Pronouns, negations and "want"-like verbs stay: they decide.
STOP_WORDS = (
    "a", "an", "the", "of", "and", "is", "it", "s", "to", "in", "at", "as", "by",
    "le", "la", "les", "l", "de", "d", "du", "des", "et", "est", "que", "qu", "en", "a", "au", "aux", "y",
)  # fmt: skip
_SELF = r"\b(?:i|my|me|mine|we|our|us|myself|j|mon|ma|mes|moi|nous|notre|nos|on)\b"
_YOU = r"\b(?:you|your|yours|he|his|him|she|her|they|them|their|tu|te|ton|ta|tes|il|elle|ils|elles|son|sa|ses|leur)\b"


def terms(posts: DataFrame) -> DataFrame:
    """Add the terms of each post.

    Args:
        posts: columns text, shadow, and rules (array of struct label, phrase).

    Returns:
        The same rows with `terms` (array of distinct strings, no order promised).
    """
    labels = F.array_distinct(F.flatten(F.transform(F.col("rules"), lambda rule: F.split(rule["label"], r"\+"))))
    labels = F.array_distinct(F.transform(labels, lambda label: F.regexp_replace(label, "^brand:.*", "brand")))
    return (
        posts.withColumn("labels", F.array_sort(labels))
        .withColumn("stems", stems(F.col("shadow")))
        .withColumn("terms", F.array_distinct(F.concat(_words(), _label_terms(), _shape())))
        .drop("labels", "stems")
    )


def stems(shadow_text: Column) -> Column:
    """Return the stems of a shadow in their order, stop words left out."""
    kept = F.filter(F.split(shadow_text, " "), lambda word: ~word.isin(*STOP_WORDS) & (word != ""))
    return F.transform(kept, lambda word: F.substring(word, 1, STEM_LENGTH))


def _words() -> Column:
    pairs = F.zip_with(
        F.slice(F.col("stems"), 1, F.greatest(F.size("stems") - 1, F.lit(0))),
        F.slice(F.col("stems"), 2, F.greatest(F.size("stems") - 1, F.lit(0))),
        lambda left, right: F.concat_ws("_", left, right),
    )
    return F.concat(F.col("stems"), pairs)


def _label_terms() -> Column:
    single = F.transform(F.col("labels"), lambda label: F.concat(F.lit("c:"), label))
    pairs = F.flatten(
        F.transform(
            F.col("labels"),
            lambda left: F.transform(
                F.filter(F.col("labels"), lambda right: right > left),
                lambda right: F.concat(F.lit("c:"), left, F.lit("+"), right),
            ),
        )
    )
    return F.concat(single, pairs)


def _shape() -> Column:
    text, shadow_text = F.coalesce("text", F.lit("")), F.col("shadow")
    is_self, is_you = shadow_text.rlike(_SELF), shadow_text.rlike(_YOU)
    flags = {
        "s:self": is_self,
        "s:you": is_you,
        "s:nobody": ~is_self & ~is_you,
        "s:reply": text.rlike(r"^\s*[@＠]\w"),
        "s:name": text.rlike(r"[\p{Ll},;:] \p{Lu}[\p{Ll}\d]+"),
        "s:title": text.rlike(r"(?:\p{Lu}\p{Ll}+[ -]){4}"),
        "s:capital": text.rlike(r"^\p{Lu}\p{Ll}"),
        "s:end": text.rlike(r"[.]\s*$"),
        "s:shout": text.rlike(r"(?:\b\p{Lu}{3,}\b.*){3}"),
        "s:quote": text.rlike("^[\"“«'‘]"),
        "s:self+thing": is_self & F.array_contains("labels", "thing"),
        "s:self+taste": is_self & F.array_contains("labels", "taste"),
        "s:self+intent": is_self & F.array_contains("labels", "intent"),
        "s:self+life_event": is_self & F.array_contains("labels", "life_event"),
        "s:none": F.size("labels") == 0,
    }
    found = [
        F.when(condition, F.array(F.lit(name))).otherwise(F.array().cast("array<string>"))
        for name, condition in flags.items()
    ]
    return F.concat(*found)
