"""One small trained model for all tests that need one."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from entourage.tables import ScratchSpace
from entourage.understand import relevance
from entourage.understand.corpus import Example
from entourage.understand.lexicons import Lexicon, parse
from entourage.understand.relevance import Relevance, TrainParams

TEXTS = {
    "intent": [
        "I want to buy a bike",
        "we need a new sofa, but where",
        "je veux acheter une lampe",
        "need a new phone",
    ],
    "complaint": ["my lamp broke, I want a refund", "colis jamais reçu, remboursez", "the app is broken again"],
    "life_event": ["we got married today", "on déménage demain, enfin chez nous", "she is born, our baby girl"],
    "experience": ["best pizza I ever had", "ce film est une merveille", "the hotel was lovely"],
    "question": ["does anyone know a good dentist?", "vous livrez en Belgique ?", "is the lamp back in stock?"],
    "taste": ["I run every morning", "j'adore le jazz depuis toujours", "I love cooking on Sundays"],
    "chatter": ["lol same", "I want to sleep", "bonne nuit", "he is so funny", "quelle journée", "why is it Monday"],
    "news": ["Police close the road", "La banque maintient ses taux", "Officials confirm the fire is out"],
    "spam": ["WIN a phone, click here", "gagnez un voyage, cliquez", "earn money from home, dm me"],
    "bot": ["Temperature 12 C wind 8 mph", "Now playing: song 14", "I'm at Central Station"],
}


@pytest.fixture(scope="session")
def examples() -> tuple[Example, ...]:
    """Return a few examples of each class."""
    return tuple(Example(text, label, "en") for label, texts in TEXTS.items() for text in texts)


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    """Return a few phrases."""
    return parse(
        {
            "intents.yaml": "intent: {en: [want to buy, need a new], fr: [je veux acheter]}",
            "things.yaml": "thing: {en: [bike, sofa, lamp, phone], fr: [lampe]}",
            "brands.yaml": "brand: {lumio: [lumio, lumiocare]}",
        }
    )


@pytest.fixture(scope="session")
def model(
    spark: SparkSession,
    examples: tuple[Example, ...],
    lexicon: Lexicon,
    tmp_path_factory: pytest.TempPathFactory,
) -> Relevance:
    """Return a model trained on them."""
    workspace = ScratchSpace(spark, str(tmp_path_factory.mktemp("train")))
    params = TrainParams(folds=2, minimum_examples=1, max_iterations=20)
    return relevance.train(spark, examples, lexicon, params=params, workspace=workspace)


@pytest.fixture
def workspace(spark: SparkSession, tmp_path: Path) -> ScratchSpace:
    """Return an empty scratch space."""
    return ScratchSpace(spark, str(tmp_path / "scratch"))
