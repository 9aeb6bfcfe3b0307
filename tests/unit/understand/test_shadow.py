"""Shadows: the words that rules and models see."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from entourage.rows import local_frame
from entourage.understand.shadow import ALPHABET, shadow, windows

SHADOWS = [
    ("I WANNA buy it!!! 😍", "i want to buy it zexc zlove"),
    ("J'achète une cafetière à 49,90 €, c'est sûr ?", "j achete une cafetiere a zmoney c est sur zask"),
    ("jveux ces baskets", "j veux ces baskets"),
    ("@LumioCare sooooo slow, I can't wait", "zuser lumio care so slow i cant wait"),
    ("don’t buy this", "dont buy this"),
    ("see https://shop.example/x?y=1 #NewShoes", "see zurl zhash new shoes"),
    ("Ma sœur a 3 chats &amp; 1 chien", "ma soeur a znum chats znum chien"),
    ("بيتزا 披萨", ""),
    ("", ""),
    (None, ""),
]


def test_a_shadow_has_plain_words_and_marks_for_the_rest(spark: SparkSession) -> None:
    posts = local_frame(spark, SHADOWS, "text string, expected string")
    assertDataFrameEqual(
        posts.select("text", shadow(F.col("text")).alias("shadow")),
        posts.select("text", F.col("expected").alias("shadow")),
    )


@pytest.mark.parametrize("text", ["a\x00b\ud7ff\uffff", "Z̷̢a̴l̵g̶o̸", "раypal", "<b>x</b>", "QUJD" * 50, "#a" * 5_000])
def test_a_shadow_never_leaves_the_alphabet_of_the_entity_rules(spark: SparkSession, text: str) -> None:
    row = local_frame(spark, [(text,)], "text string").select(windows(shadow(F.col("text"))).alias("window")).first()
    assert row is not None
    assert set(row["window"]) <= set(ALPHABET) | {"\n"}


def test_each_word_begins_a_window_line_of_at_most_five_words(spark: SparkSession) -> None:
    lines = local_frame(spark, [("a b c d e f",), ("",)], "shadow string").select(
        windows(F.col("shadow")).alias("window")
    )
    assert [row["window"] for row in lines.collect()] == [
        "<a b c d e \n<b c d e f \n<c d e f \n<d e f \n<e f \n<f \n",
        " ",
    ]
