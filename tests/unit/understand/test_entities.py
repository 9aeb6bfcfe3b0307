"""Entity rules: Spark NLP finds each phrase, whole and once."""

from __future__ import annotations

from pyspark.sql import SparkSession
from pyspark.testing import assertDataFrameEqual

from entourage.rows import local_frame
from entourage.understand import entities
from entourage.understand.lexicons import parse

LEXICON = parse(
    {
        "intents.yaml": "intent: {en: [want to buy, want to, a new], fr: [j'achète]}",
        "things.yaml": "thing: {en: [car, new car]}",
        "events.yaml": "life_event: {en: [new car]}",
        "brands.yaml": "brand: {lumio: [lumio, lumio care]}",
    }
)


def test_phrases_are_found_whole_overlapping_and_with_all_their_labels(spark: SparkSession) -> None:
    posts = local_frame(
        spark,
        [
            ("overlap", "I want to buy a new car"),
            ("begun, not finished", "I want to be a carrot, Oscar"),
            ("accents and elision", "J’achète !"),
            ("handle", "thanks @LumioCare 😍"),
            ("nothing", "hello"),
            ("empty", ""),
            ("null", None),
        ],
        "name string, text string",
    )
    found = entities.annotate(posts, rules=entities.fit(spark, LEXICON)).select("name", "rules")
    expected = local_frame(
        spark,
        [
            (
                "overlap",
                [("intent", "want to buy"), ("intent", "a new"), ("life_event+thing", "new car"), ("thing", "car")],
            ),
            ("begun, not finished", [("intent", "want to")]),
            ("accents and elision", [("intent", "j'achète")]),
            ("handle", [("brand:lumio", "lumio care")]),
            ("nothing", []),
            ("empty", []),
            ("null", []),
        ],
        "name string, rules array<struct<label:string,phrase:string>>",
    )
    assertDataFrameEqual(found, expected)
