"""Say in which language a post is written.

posts ▶ the same with `language`: what the network declared, else what a detector restricted to a few languages finds.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.functions import pandas_udf

UNDETERMINED = "und"
# Links, handles and hashtags tell nothing of the language around them.
_NO_LANGUAGE = r"(?i)https?:?//\S*|www\.\S+|[@#]\w+|\bRT\b|[^\p{L}' ]"


def with_language(posts: DataFrame, *, detected: tuple[str, ...], minimum_probability: float) -> DataFrame:
    """Add the language of each post.

    Args:
        posts: columns text and declared_language; NULL or a code of other than two letters is no declaration.
        detected: ISO 639-1 codes between which the detector chooses.
        minimum_probability: below it, and for texts without letters, the language is ``und``.

    Returns:
        The same rows with `language`: ISO 639-1 or ``und``.

    References:
        Lui, Baldwin: langid.py, ACL 2012 (py3langid is its maintained form).
    """
    declared = F.lower(F.regexp_extract(F.coalesce("declared_language", F.lit("")), r"^([A-Za-z]{2})(?:[-_].*)?$", 1))
    letters = F.trim(F.regexp_replace(F.substring("text", 1, 500), _NO_LANGUAGE, " "))
    undeclared = F.when((declared == "") & (F.length(letters) > 1), letters)
    found = _detect(undeclared, F.lit(",".join(detected)), F.lit(minimum_probability))
    return posts.withColumn(
        "language", F.when(declared != "", declared).otherwise(F.coalesce(found, F.lit(UNDETERMINED)))
    )


@cache
def _identifier(languages: str) -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(languages.split(","))
    return identifier


def _detect(text: Column, languages: Column, minimum_probability: Column) -> Column:
    # A UDF because Spark has no detector and Spark NLP's needs a TensorFlow model that cannot be downloaded: 18,000
    # rows per CPU-second. Declared posts pass through as NULL and cost nothing.
    @pandas_udf("string")  # type: ignore[call-overload,untyped-decorator]
    def detect(batches: Iterator[tuple[pd.Series, pd.Series, pd.Series]]) -> Iterator[pd.Series]:
        for texts, codes, minima in batches:
            found: list[str | None] = []
            for value, code, minimum in zip(texts, codes, minima, strict=True):
                if not isinstance(value, str):
                    found.append(None)
                    continue
                language, probability = _identifier(code).classify(value)
                found.append(language if probability >= minimum else None)
            yield pd.Series(found, dtype="object")

    return detect(text, languages, minimum_probability)  # type: ignore[no-any-return]
