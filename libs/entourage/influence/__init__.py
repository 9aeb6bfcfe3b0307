"""Score who is listened to: PageRank, followers, and followers of followers.

in: silver.edges, gold.crosswalk ▶ out: gold.influence of one day.
"""

from entourage.influence.scores import InfluenceParams, score_influence

__all__ = ["InfluenceParams", "score_influence"]
