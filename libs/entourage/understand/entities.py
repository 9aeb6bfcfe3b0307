"""Find lexicon phrases by Spark NLP entity rules.

posts with `shadow` ▶ the same with `rules`: the phrases found, each with its labels.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from pyspark.ml import Pipeline, PipelineModel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from sparknlp.annotator import EntityRulerApproach
from sparknlp.base import DocumentAssembler

from entourage.rows import local_frame
from entourage.understand.lexicons import Lexicon, Phrase, patterns
from entourage.understand.shadow import ALPHABET, MAX_PHRASE_WORDS, shadow, windows


def fit(spark: SparkSession, lexicon: Lexicon) -> PipelineModel:
    """Compile a lexicon into a Spark NLP pipeline: document, entity rules.

    A solver (one action): it collects the phrases' shadows, so that phrases and posts are rewritten by the same
    expression. The rules pass through a temporary folder of the driver: EntityRulerApproach reads paths only.
    """
    phrases = {phrase.text: phrase for phrase in lexicon.phrases}
    written = local_frame(spark, [(text,) for text in phrases], "phrase string")
    rows = written.select("phrase", shadow(F.col("phrase")).alias("shadow")).collect()
    lines: dict[str, Phrase] = {}
    for row in sorted(rows, key=lambda row: (row["phrase"] != row["shadow"], row["phrase"])):
        if 0 < len(row["shadow"].split()) <= MAX_PHRASE_WORDS:
            line, phrase = f"<{row['shadow']} ", phrases[row["phrase"]]
            known = lines.get(line, phrase)
            lines[line] = Phrase(known.text, tuple(sorted({*known.labels, *phrase.labels})))
    with tempfile.TemporaryDirectory() as folder:
        rules, alphabet = Path(folder) / "rules.json", Path(folder) / "alphabet.txt"
        rules.write_text(patterns(lines), encoding="utf-8")
        alphabet.write_text(ALPHABET, encoding="utf-8")
        document = DocumentAssembler().setInputCol("window").setOutputCol("document")
        ruler = (
            EntityRulerApproach()
            .setInputCols(["document"])
            .setOutputCol("entity")
            .setPatternsResource(str(rules))
            .setAlphabetResource(str(alphabet))
            .setUseStorage(False)
        )
        return Pipeline(stages=[document, ruler]).fit(local_frame(spark, [("",)], "window string"))


def annotate(posts: DataFrame, *, rules: PipelineModel) -> DataFrame:
    """Add `shadow` and `rules` (array of struct label, phrase) to posts.

    Args:
        posts: column text; NULL finds nothing.
        rules: what `fit` returned.
    """
    read = posts.withColumn("shadow", shadow(F.col("text"))).withColumn("window", windows(F.col("shadow")))
    found = F.filter(F.col("entity"), lambda entity: entity["metadata"]["entity"] != "")
    named = F.transform(
        found,
        lambda entity: F.struct(entity["metadata"]["entity"].alias("label"), entity["metadata"]["id"].alias("phrase")),
    )
    annotated = rules.transform(read).withColumn("rules", F.array_distinct(named))
    return annotated.drop("window", "document", "entity")
