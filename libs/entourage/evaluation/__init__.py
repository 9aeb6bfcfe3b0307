"""Measure what was found against labels that a user brings.

in: tables or a file of predictions, and a labelled file ▶ out: plain dictionaries of figures (docs/evaluation.md).
"""

from entourage.evaluation.clustering import identities
from entourage.evaluation.labels import figures
from entourage.evaluation.ranking import influence
from entourage.evaluation.relevance import relevance
from entourage.evaluation.scorecard import ANSWERED, evaluate
from entourage.evaluation.sentiment import sentiment

__all__ = ["ANSWERED", "evaluate", "figures", "identities", "influence", "relevance", "sentiment"]
