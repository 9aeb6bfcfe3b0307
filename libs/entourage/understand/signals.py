"""Decide which posts marketing can use.

current posts ▶ silver.post_signals: probability, kept or not, reasons with the words that gave them, brands.

`signals` scores (a transformation); `score_posts` and `select` are solvers (two actions): they count the
probabilities of a run once, to find the threshold that keeps the configured share.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from entourage.schemas import Workspace
from entourage.understand import reasons, relevance
from entourage.understand.corpus import USELESS
from entourage.understand.language import with_language
from entourage.understand.relevance import Relevance

_POST = ("post_id", "version", "account_id", "network", "created_at", "language")


@dataclass(frozen=True)
class SignalParams:
    """What to keep."""

    languages: tuple[str, ...] = ("en", "fr")  # languages that are read
    told_apart: tuple[str, ...] = ("de", "es", "it", "pt", "nl")  # others that the detector knows
    language_probability: float = 0.5  # below it a detected language is und
    keep_ratio: float = 0.20  # of the posts in a language that is read
    noise_probability: float = 0.5  # class probability of spam, bot or news at and above which a post is dropped
    reason_probability: float = 0.15  # class probability at and above which a class is a reason
    repeats: int = 3  # the same words by one account on one day this often are a machine's
    posts_per_day: int = 100  # an account that posts more on a day is a machine


def score_posts(
    posts: DataFrame, *, model: Relevance, version: str, params: SignalParams, workspace: Workspace
) -> DataFrame:
    """Score posts and keep the configured share of them.

    A solver: the scores go through one scratch table, since the threshold needs them all before the first is decided.

    Args:
        posts: current versions of silver.posts, all columns.
        model: the trained model.
        version: written as model_version.
        params: languages, share, rules.
        workspace: for the scratch table of scores.

    Returns:
        silver.post_signals: one row a post, key post_id. Posts that a rule drops have probability 0.
    """
    scored = workspace.keep("post_scores", signals(posts, model=model, params=params))
    return select(scored, model=model, version=version, params=params)


def unscored(posts: DataFrame, scored: DataFrame, *, version: str) -> DataFrame:
    """Return the current posts that this model version has not scored as they are now.

    Args:
        posts: silver.posts.
        scored: silver.post_signals.
        version: the model version to score with.

    Returns:
        Rows of posts; a post deleted after it was scored is among them once more.
    """
    is_deleted = F.coalesce(F.get("reasons", F.lit(0))["reason"] == "deleted", F.lit(False))
    known = scored.where(F.col("model_version") == version)
    known = known.select("post_id", "version", is_deleted.alias("is_deleted"))
    is_same = (
        (F.col("p.post_id") == F.col("k.post_id"))
        & (F.col("p.version") == F.col("k.version"))
        & (F.col("p.deleted_at").isNotNull() == F.col("k.is_deleted"))
    )
    return posts.where("is_current").alias("p").join(known.alias("k"), on=is_same, how="left_anti").select("p.*")


def signals(posts: DataFrame, *, model: Relevance, params: SignalParams) -> DataFrame:
    """Score each post, and say which rule drops it, if any.

    Returns:
        One row a post: `dropped` (NULL, or the rule), useful_probability (0 where dropped), is_read (its language is
        one that is read), and what reasons are made of: shadow, rules, class_probabilities.
    """
    is_read = F.col("language").isin(*params.languages)
    known = tuple(dict.fromkeys((*params.languages, *params.told_apart)))
    read = with_language(posts, detected=known, minimum_probability=params.language_probability)
    scored = relevance.score(read, model=model, expected_ratio=params.keep_ratio)
    judged = _machines(scored).withColumn("dropped", _dropped(is_read, params))
    probability = F.when(F.col("dropped").isNull(), F.col("useful_probability")).otherwise(F.lit(0.0))
    return judged.select(
        *_POST,
        probability.alias("useful_probability"),
        *("dropped", "shadow", "rules", "class_probabilities"),
        is_read.alias("is_read"),
    )


def select(scored: DataFrame, *, model: Relevance, version: str, params: SignalParams) -> DataFrame:
    """Keep the most probable posts: `keep_ratio` of those in a language that is read.

    Ties at the threshold are split by a hash of the post, so that the share holds and a run repeats itself exactly.

    Args:
        scored: what `signals` returned.
        model: for the words that speak for a class.
        version: written as model_version.
        params: the share.
    """
    is_candidate = F.col("dropped").isNull()
    probability = F.when(is_candidate, F.col("useful_probability"))
    counted = scored.where("is_read").groupBy(probability.alias("probability")).agg(F.count(F.lit(1)).alias("posts"))
    histogram = [(row["probability"], row["posts"]) for row in counted.collect()]
    threshold, tied_ratio = cut(histogram, params.keep_ratio)
    lot = F.pmod(F.xxhash64("post_id"), F.lit(1_000_000)) / F.lit(1_000_000)
    is_above = F.col("useful_probability") > F.lit(threshold)
    is_drawn = (F.col("useful_probability") == F.lit(threshold)) & (lot < F.lit(tied_ratio))
    is_useful = is_candidate & (is_above | is_drawn)
    why = F.when(is_useful, reasons.why_kept(model.top_stems, minimum_probability=params.reason_probability))
    return scored.select(
        *_POST,
        "useful_probability",
        is_useful.alias("is_useful"),
        why.otherwise(reasons.why_dropped(F.col("dropped"))).alias("reasons"),
        reasons.brands().alias("brands"),
        F.lit(version).alias("model_version"),
    )


def cut(histogram: list[tuple[float | None, int]], keep_ratio: float) -> tuple[float, float]:
    """Return the probability above which all posts are kept, and the share to keep of those exactly at it.

    Args:
        histogram: posts by probability; those under None cannot be kept, but count for the share.
        keep_ratio: share to keep.
    """
    wanted = round(keep_ratio * sum(posts for _, posts in histogram))
    for probability, posts in sorted(((p, n) for p, n in histogram if p is not None), reverse=True):
        if posts >= wanted:
            return probability, wanted / posts
        wanted -= posts
    return -1.0, 0.0


def _machines(posts: DataFrame) -> DataFrame:
    """Add how often the account posted on that day, and how often the same words (links, marks, numbers apart)."""
    day, words = F.to_date("created_at"), F.regexp_replace("shadow", r"\bz(?:url|user|hash|num|quote|ask|exc)\b ?", "")
    by_day = Window.partitionBy("account_id", day)
    by_words = Window.partitionBy("account_id", day, F.xxhash64(F.trim(words)))
    posted = F.count(F.lit(1))
    return posts.withColumn("day_posts", posted.over(by_day)).withColumn("same_posts", posted.over(by_words))


def _dropped(is_read: Column, params: SignalParams) -> Column:
    """Return the first rule that drops a post, or NULL."""
    # Words that are no marker; the markers that say something (zlove, zask) count.
    words = F.regexp_count("shadow", F.lit(r"(?<!\S)(?!z(?:url|user|hash|num|quote)?(?!\S))\S+"))
    has_url = (F.size(F.coalesce("urls", F.array())) > 0) | F.col("shadow").contains("zurl")
    is_written_share = F.coalesce("text", F.lit("")).rlike(r"^\s*RT @\w+")
    noise = [name for name in USELESS if name != "chatter"]
    rules = {
        "deleted": F.col("deleted_at").isNotNull(),
        "share": (F.col("kind") == "share") | is_written_share,
        "empty": (words == 0) & ~has_url,
        "link_only": (words < 3) & has_url,
        "language": ~is_read,
        "repeated": F.col("same_posts") >= params.repeats,
        "posting_rate": F.col("day_posts") > params.posts_per_day,
        **{name: F.col("class_probabilities")[name] >= params.noise_probability for name in noise},
    }
    found = [F.when(is_broken, F.lit(name)) for name, is_broken in rules.items()]
    return F.coalesce(*found)
