"""Let some posts carry a photo, a video or a gif, and some of these a text for those who cannot see it.

in: columns of posts ▶ out: Columns.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from entourage.simulate import draw, lists, names
from entourage.simulate.stocks import TOPICS

KINDS = ("", "photo", "video", "gif")
SHARES = (0.80, 0.145, 0.04, 0.015)
DESCRIBED = 0.32


def kind(seed: int) -> Column:
    """Return photo, video, gif, or NULL, from `post_key`."""
    drawn = draw.choose(KINDS, draw.uniform(seed, "media", F.col("post_key")), weights=SHARES)
    return F.nullif(drawn, F.lit(""))


def alt(seed: int, kind: Column) -> Column:
    """Return the description that some give a medium, from `post_key`, `language`, `topic`; else NULL."""
    table = lists.read("stock", "alts.yaml")
    most = max(len(texts) for spoken in table.values() for texts in spoken.values())
    rows = [
        table[spoken].get(topic, table[spoken]["other"]) for spoken in names.LANGUAGES for topic in (*TOPICS, "other")
    ]
    laid = [texts[n % len(texts)] for texts in rows for n in range(most)]
    topic = F.when(F.col("topic").between(0, len(TOPICS) - 1), F.col("topic")).otherwise(len(TOPICS))
    row = F.when(F.col("language") == names.LANGUAGES[0], 0).otherwise(len(TOPICS) + 1) + topic
    u = draw.uniform(seed, "media:alt", F.col("post_key"))
    is_described = draw.uniform(seed, "media:alt?", F.col("post_key")) < DESCRIBED
    return F.when(kind.isNotNull() & is_described, draw.lookup(laid, row * most + draw.below(u, most)))
