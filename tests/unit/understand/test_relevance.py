"""The relevance model: trained, stored, loaded, the same."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.testing import assertDataFrameEqual

from entourage.errors import UsageError
from entourage.models import Models, StoredModel
from entourage.rows import local_frame
from entourage.tables import ScratchSpace
from entourage.understand import corpus, relevance
from entourage.understand.corpus import CLASSES, USEFUL, Example
from entourage.understand.lexicons import Lexicon
from entourage.understand.relevance import Relevance, TrainParams

TEXTS = ["I want to buy a lamp", "lol", "Police confirm the crash", "", None, "je veux acheter une lampe 😍", "lol"]


def _scored(spark: SparkSession, model: Relevance) -> DataFrame:
    posts = local_frame(spark, list(enumerate(TEXTS)), "id int, text string")
    return relevance.score(posts, model=model, expected_ratio=0.2)


def test_probabilities_rank_a_wish_above_small_talk_and_are_probabilities(
    spark: SparkSession, model: Relevance
) -> None:
    rows = {row["id"]: row for row in _scored(spark, model).collect()}
    assert rows[0]["useful_probability"] > rows[1]["useful_probability"]
    assert rows[5]["useful_probability"] > rows[2]["useful_probability"]
    assert rows[1]["useful_probability"] == rows[6]["useful_probability"]
    assert all(0 <= row["useful_probability"] <= 1 for row in rows.values())
    assert all(sum(row["class_probabilities"].values()) == pytest.approx(1) for row in rows.values())


def test_a_stored_model_scores_like_the_one_that_was_saved(
    spark: SparkSession, model: Relevance, tmp_path: Path
) -> None:
    models = Models(spark, str(tmp_path / "_models"))
    models.save(StoredModel("relevance", "v1", {"rules": model.rules, "classifier": model.classifier}, model.manifest))
    stored = models.load("relevance", "v1")
    assertDataFrameEqual(_scored(spark, relevance.restore(stored.pipelines, stored.manifest)), _scored(spark, model))


def test_a_model_without_its_manifest_does_not_exist(spark: SparkSession, model: Relevance, tmp_path: Path) -> None:
    models = Models(spark, str(tmp_path / "_models"))
    model.rules.write().save(str(tmp_path / "_models" / "relevance" / "v1" / "rules"))
    assert not models.exists("relevance", "v1")
    with pytest.raises(UsageError, match="run: entourage run train_relevance"):
        models.load("relevance", "v1")


def test_training_again_in_another_order_gives_the_same_model(
    spark: SparkSession, model: Relevance, examples: tuple[Example, ...], lexicon: Lexicon, workspace: ScratchSpace
) -> None:
    shuffled = list(examples)
    random.Random(7).shuffle(shuffled)
    params = TrainParams(folds=2, minimum_examples=1, max_iterations=20)
    again = relevance.train(spark, tuple(shuffled), lexicon, params=params, workspace=workspace)
    assert dict(again.manifest) == dict(model.manifest)
    assertDataFrameEqual(_scored(spark, again), _scored(spark, model))


def test_the_version_follows_the_corpus_and_the_lexicon(examples: tuple[Example, ...], lexicon: Lexicon) -> None:
    version = relevance.version(examples, lexicon)
    assert relevance.version(tuple(reversed(examples)), lexicon) == version
    assert relevance.version(examples[1:], lexicon) != version
    assert relevance.version(examples, Lexicon(lexicon.phrases[1:])) != version


def test_the_corpus_of_the_project_is_large_and_written_once() -> None:
    examples = corpus.read()
    for language in ("en", "fr"):
        written = [one for one in examples if one.language == language]
        assert len(written) >= 500
        assert {one.label for one in written} == set(CLASSES)
        assert 0.25 <= sum(one.label in USEFUL for one in written) / len(written) <= 0.6
    assert len({one.text for one in examples}) == len(examples)
