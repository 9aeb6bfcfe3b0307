"""Train the relevance model and score posts with it.

written examples, lexicon ▶ `Relevance` (rules, classifier, calibration); posts ▶ class and useful probabilities.

`train` is a solver (many actions): it fits, cross-validates and calibrates on a few thousand rows, and writes scratch
tables only. Scoring is a transformation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from pyspark.ml import PipelineModel
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import IDF, CountVectorizerModel, Normalizer
from pyspark.ml.functions import vector_to_array
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from entourage.rows import local_frame
from entourage.schemas import Workspace
from entourage.understand import calibration, entities, features
from entourage.understand.calibration import Calibration
from entourage.understand.corpus import CLASSES, MADE_UP_NAMES, USEFUL, Example, digest
from entourage.understand.lexicons import Lexicon

NAME = "relevance"
_CODE = ("calibration.py", "entities.py", "features.py", "lexicons.py", "relevance.py", "shadow.py")


@dataclass(frozen=True)
class TrainParams:
    """How to train."""

    folds: int = 5
    minimum_examples: int = 2  # a term of fewer examples is not counted
    regularization: float = 7e-4  # L2, per example
    max_iterations: int = 60


@dataclass(frozen=True)
class Relevance:
    """A trained model: entity rules, classifier, calibration, and what is known of it."""

    rules: PipelineModel
    classifier: PipelineModel
    calibration: Calibration
    manifest: Mapping[str, Any]

    @property
    def top_stems(self) -> dict[str, list[str]]:
        """Return, per useful class, the stems that speak most for it."""
        return dict(self.manifest["top_stems"])


def version(examples: tuple[Example, ...], lexicon: Lexicon) -> str:
    """Return the version that this corpus, lexicon and code train to: 12 hexadecimal digits."""
    code = "".join(resources.files("entourage.understand").joinpath(name).read_text(encoding="utf-8") for name in _CODE)
    return hashlib.sha256(f"{digest(examples)}{lexicon.digest}{code}".encode()).hexdigest()[:12]


def train(
    spark: SparkSession, examples: tuple[Example, ...], lexicon: Lexicon, *, params: TrainParams, workspace: Workspace
) -> Relevance:
    """Fit, cross-validate and calibrate the model; the same input gives the same model.

    A multinomial logistic regression over the classes, on binary terms weighted by inverse document frequency. Folds
    follow a hash of the text; probabilities of held-out examples calibrate the final model's.

    Args:
        spark: the session.
        examples: the corpus.
        lexicon: phrases for the entity rules.
        params: folds, term count, regularization.
        workspace: for the table of terms: fits must see the rows in one order, in one partition.

    References:
        Platt: Probabilistic outputs for support vector machines, 1999 (calibration on held-out scores).
    """
    rules = entities.fit(spark, lexicon)
    rows = workspace.keep("relevance_terms", _examples(spark, examples, lexicon, rules, folds=params.folds))
    vectorizer = _vectorizer(rows, minimum_examples=params.minimum_examples)
    weigher = IDF(inputCol="counts", outputCol="weighted").fit(vectorizer.transform(rows))
    normalizer = Normalizer(inputCol="weighted", outputCol="features")
    vectors = (
        PipelineModel([vectorizer, weigher, normalizer]).transform(rows).select("fold", "label", "features").cache()
    )
    estimator = LogisticRegression(
        family="multinomial",
        standardization=False,
        regParam=params.regularization,
        maxIter=params.max_iterations,
        tol=1e-4,
    )
    held_out = _held_out(vectors, estimator, folds=params.folds)
    fitted = calibration.fit([(one.margin, one.is_useful) for one in held_out])
    final = estimator.fit(vectors)
    vectors.unpersist()
    manifest = {
        "corpus_digest": digest(examples),
        "lexicon_digest": lexicon.digest,
        "examples": len(examples),
        "terms": len(vectorizer.vocabulary),
        **_findings(held_out, fitted),
        "top_stems": _top_stems(vectorizer.vocabulary, final.coefficientMatrix.toArray(), weigher.idf.toArray()),
    }
    return Relevance(rules, PipelineModel([vectorizer, weigher, normalizer, final]), fitted, manifest)


def restore(pipelines: Mapping[str, PipelineModel], manifest: Mapping[str, Any]) -> Relevance:
    """Return the model from its stored parts."""
    slope, intercept, base_ratio = manifest["calibration"]
    return Relevance(pipelines["rules"], pipelines["classifier"], Calibration(slope, intercept, base_ratio), manifest)


def score(posts: DataFrame, *, model: Relevance, expected_ratio: float) -> DataFrame:
    """Add what the model thinks of each post.

    Args:
        posts: column text.
        model: the trained model.
        expected_ratio: share of useful posts to expect in the field: it replaces the corpus's own in Bayes' rule.

    Returns:
        The same rows with shadow, rules (phrases found), class_probabilities (map) and useful_probability (5 decimals).
    """
    annotated = features.terms(entities.annotate(posts, rules=model.rules))
    scored = model.classifier.transform(annotated)
    by_class = F.map_from_arrays(F.array(*map(F.lit, CLASSES)), vector_to_array(F.col("probability")))
    return (
        scored.withColumn("class_probabilities", by_class)
        .withColumn("useful_probability", _calibrated(F.col("class_probabilities"), model.calibration, expected_ratio))
        .drop("terms", "counts", "weighted", "features", "rawPrediction", "probability", "prediction")
    )


def _calibrated(class_probabilities: Column, fitted: Calibration, expected_ratio: float) -> Column:
    raw = sum((class_probabilities[name] for name in USEFUL), F.lit(0.0))
    inside = F.least(F.greatest(raw, F.lit(calibration.EPSILON)), F.lit(1 - calibration.EPSILON))
    margin = F.log(inside / (1 - inside))
    shift = calibration.logit(expected_ratio) - calibration.logit(fitted.base_ratio)
    # Five decimals: ties become visible, and the last bits of a float never decide what is kept.
    return F.round(1 / (1 + F.exp(-(margin * fitted.slope + fitted.intercept + shift))), 5)


def _examples(
    spark: SparkSession, examples: tuple[Example, ...], lexicon: Lexicon, rules: PipelineModel, *, folds: int
) -> DataFrame:
    written = local_frame(
        spark,
        [
            (one.text, float(CLASSES.index(one.label)))
            for one in sorted(examples, key=lambda one: (one.text, one.label))
        ],
        "text string, label double",
    )
    rows = features.terms(entities.annotate(written, rules=rules))
    # A brand's name says who is meant, not that a post is useful, and names that the examples made up say nothing.
    brands = {word for phrase in lexicon.brands for word in phrase.lower().split()} - {
        "care",
        "help",
        "uk",
        "fr",
        "well",
        "bright",
    }
    names = sorted({word[: features.STEM_LENGTH] for word in brands | MADE_UP_NAMES})
    known = F.filter("terms", lambda term: ~F.exists(F.split(term, "_"), lambda word: word.isin(*names)))
    fold = F.pmod(F.xxhash64("text"), F.lit(folds)).cast("int")
    return (
        rows.select("text", "label", fold.alias("fold"), known.alias("terms"))
        .coalesce(1)
        .sortWithinPartitions("text", "label")
    )


def _vectorizer(rows: DataFrame, *, minimum_examples: int) -> CountVectorizerModel:
    # Not CountVectorizer: it orders terms of one count as they come.
    counted = rows.select(F.explode("terms").alias("term")).groupBy("term").agg(F.count(F.lit(1)).alias("examples"))
    kept = counted.where(F.col("examples") >= minimum_examples).orderBy(F.desc("examples"), "term").collect()
    vectorizer = CountVectorizerModel.from_vocabulary(
        [row["term"] for row in kept], inputCol="terms", outputCol="counts"
    )
    return vectorizer.setBinary(True)


def _held_out(vectors: DataFrame, estimator: LogisticRegression, *, folds: int) -> list[calibration.HeldOut]:
    found = []
    for fold in range(folds):
        fitted = estimator.fit(vectors.where(F.col("fold") != fold))
        scored = fitted.transform(vectors.where(F.col("fold") == fold))
        for row in scored.select("label", vector_to_array(F.col("probability")).alias("by_class")).collect():
            found.append(
                calibration.held_out(CLASSES[int(row["label"])], dict(zip(CLASSES, row["by_class"], strict=True)))
            )
    return found


def _findings(held_out: list[calibration.HeldOut], fitted: Calibration) -> dict[str, Any]:
    return {
        "classes": list(CLASSES),
        "calibration": [fitted.slope, fitted.intercept, fitted.base_ratio],
        "cross_validation": calibration.metrics(held_out, fitted),
    }


def _top_stems(vocabulary: list[str], coefficients: Any, idf: Any, *, count: int = 60) -> dict[str, list[str]]:
    weights = (coefficients - coefficients.mean(axis=0)) * idf
    stems = {}
    for name in USEFUL:
        ranked = sorted(zip(-weights[CLASSES.index(name)], vocabulary, strict=True))
        plain = [term for weight, term in ranked if weight < 0 and ":" not in term and "_" not in term]
        stems[name] = [term for term in plain if not term.startswith("z") and len(term) > 2][:count]
    return stems
