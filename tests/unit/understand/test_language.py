"""Language: what the network says, else what is detected."""

from __future__ import annotations

from pyspark.sql import SparkSession
from pyspark.testing import assertDataFrameEqual

from entourage.rows import local_frame
from entourage.understand.language import with_language


def test_a_declared_language_is_believed_and_others_are_detected(spark: SparkSession) -> None:
    posts = local_frame(
        spark,
        [
            (1, "whatever this is", "fr-FR"),
            (2, "je cherche un appartement à louer pour septembre", None),
            (3, "we are looking for a flat to rent in September", "und"),
            (4, "busco un piso para alquilar en septiembre, por favor", "qme"),
            (5, "https://t.example/x @someone #je", None),
            (6, None, None),
            (7, "", ""),
        ],
        "id int, text string, declared_language string",
    )
    found = with_language(posts, detected=("en", "fr", "es"), minimum_probability=0.5).select("id", "language")
    expected = [(1, "fr"), (2, "fr"), (3, "en"), (4, "es"), (5, "und"), (6, "und"), (7, "und")]
    assertDataFrameEqual(found, local_frame(spark, expected, "id int, language string"))
