from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from entourage.evaluation.clustering import ClusteringScores, IdentityScores
from entourage.evaluation.labels import Coverage, Interval
from entourage.evaluation.ranking import InfluenceScores, Top
from entourage.evaluation.relevance import Decisions, RelevanceScores
from entourage.evaluation.sentiment import ClassScores, SentimentScores

PAGE = (Path(__file__).parents[3] / "docs" / "evaluation.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "scores",
    [
        Coverage,
        Interval,
        Decisions,
        RelevanceScores,
        ClassScores,
        SentimentScores,
        ClusteringScores,
        IdentityScores,
        Top,
        InfluenceScores,
    ],
)
def test_every_key_is_documented(scores: type) -> None:
    assert [field.name for field in dataclasses.fields(scores) if f"`{field.name}`" not in PAGE] == []
