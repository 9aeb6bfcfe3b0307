"""Say the truth about the world: who is behind what, what is useful, and who moves others.

in: persons, accounts, records, posts, edges ▶ out: truth tables. No job reads them; `entourage evaluate` and the
report's scorecard do.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from entourage.simulate import accounts as owners
from entourage.simulate import reactions, stocks
from entourage.simulate.params import SimulateParams


def identities(persons_records: dict[str, DataFrame], accounts: DataFrame) -> DataFrame:
    """Say who is behind each record and account.

    Args:
        persons_records: system ▶ `person`, `record` (the system's own id).
        accounts: of the world.

    Returns:
        One row a record or account: `record_id`, `cluster`.
    """
    named = accounts.select(
        F.col("account_id").alias("record_id"),
        F.concat("kind", F.lit("-"), owners.index_of(F.col("entity")).cast("string")).alias("cluster"),
    )
    for system, rows in persons_records.items():
        named = named.unionByName(
            rows.select(
                F.concat(F.lit(f"{system}:"), F.col("record")).alias("record_id"),
                F.concat(F.lit("person-"), F.col("person").cast("string")).alias("cluster"),
            )
        )
    return named


def relevance(posts: DataFrame, shares: DataFrame) -> DataFrame:
    """Say which posts are of use to marketing.

    A share is of none: it says nothing that the original does not. Deleted posts are left out: nothing of them
    remains to judge.

    Returns:
        One row a post or share: `post_id`, `useful` (true or false), `reasons` (class, type and topic, `|` between).
    """
    is_useful = F.col("class").isin(*stocks.USEFUL)
    topics = F.element_at(F.array(*(F.lit(topic) for topic in stocks.TOPICS)), F.col("topic") + 1)
    reasons = F.concat_ws("|", "class", "type", topics)
    judged = posts.where(F.col("deleted_ms").isNull()).select(
        "post_id", is_useful.alias("useful"), F.when(is_useful, reasons).otherwise(F.col("class")).alias("reasons")
    )
    shared = shares.select(
        F.col("share_post_id").alias("post_id"), F.lit(False).alias("useful"), F.lit("share").alias("reasons")
    )
    return judged.unionByName(shared)


def sentiment(posts: DataFrame) -> DataFrame:
    """Say the sentiment of each post: negative, neutral or positive."""
    return posts.where(F.col("deleted_ms").isNull()).select("post_id", F.col("sentiment").alias("label"))


def influence(accounts: DataFrame, edges: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Say how many shares a post of each account brings about on average, over two generations of readers.

    The sum over followers f of p(f), and over their followers g of p(f) * p(g) / 2, where p is the chance that a
    reader shares.

    Returns:
        One row an account: `account_id`, `value` (expected shares of a post that is seen).
    """
    moved = _moved(edges, seed=params.seed)
    joined = accounts.alias("a").join(
        moved.alias("b"),
        on=(F.col("a.network") == F.col("b.network")) & (F.col("a.entity") == F.col("b.dst")),
        how="left",
    )
    # Pods are left out: what their members share for each other moves nobody.
    strength = reactions.SHARE * reactions.quality(params.seed, F.col("a.entity"))
    first, second = (F.coalesce(f"b.{name}", F.lit(0.0)) for name in ("first", "second"))
    value = strength * first + reactions.PASSED_ON * F.pow(strength, F.lit(2.0)) * second
    return joined.select("a.account_id", F.round(value, 6).alias("value"))


def _moved(edges: DataFrame, *, seed: int) -> DataFrame:
    """Sum squared susceptibilities over each account's followers, and products over followers of followers.

    In thousandths, as integers: a sum of doubles would follow the order in which rows arrive.
    """
    thousandths = F.floor(F.pow(reactions.susceptibility(seed, F.col("src")), F.lit(2.0)) * 1_000)
    moved = edges.select("network", "src", "dst", thousandths.alias("moved"))
    readers = moved.groupBy("network", "dst").agg(F.sum("moved").alias("moved"))
    on = (F.col("e.network") == F.col("r.network")) & (F.col("e.src") == F.col("r.dst"))
    beyond = moved.alias("e").join(readers.alias("r"), on=on, how="left")
    products = F.col("e.moved") * F.coalesce("r.moved", F.lit(0))
    sums = beyond.groupBy("e.network", "e.dst").agg(F.sum("e.moved").alias("first"), F.sum(products).alias("second"))
    return sums.select("network", "dst", (F.col("first") / 1e3).alias("first"), (F.col("second") / 1e6).alias("second"))


def cascades(shares: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Say because of whom each share happened.

    Returns:
        One row a share: `share_post_id`, `post_id`, `account_id` (who shared), `because_of` (account whose post or
        share was read), `generation`.
    """
    start_ms = owners.epoch_ms(params)
    ids = {
        name: owners.account_id(
            F.col("network"), owners.native_id(params.seed, F.col("network"), F.col(column), start_ms=start_ms)
        )
        for name, column in (("account_id", "sharer"), ("because_of", "from_entity"))
    }
    return shares.select("share_post_id", "post_id", *(value.alias(name) for name, value in ids.items()), "generation")
