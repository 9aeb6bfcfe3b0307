"""Tie people to those they follow: communities of taste, celebrities, neighbors, bots that follow back.

in: `SimulateParams` ▶ out: edges (follower, followed) by network. The world grows person by person, and each follows
some who came before, so that a larger world contains the smaller one; the earlier someone came, the more follow him,
as a power law.

References:
    Price 1976, A general theory of bibliometric and other cumulative advantage processes, doi:10.1002/asi.4630270505.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from entourage.simulate import accounts, brands, clocks, draw, pods
from entourage.simulate.params import FIRST_MEDIA, PEOPLE_PER_BOT, PEOPLE_PER_MEDIA, SimulateParams
from entourage.simulate.people import BLOCK, communities, topic_of

# A rank exponent b gives an in-degree exponent 1 + 1/b; follow-backs and neighbors make the tail a little steeper, so
# that 0.9 gives 2.2 (measured on 4,000, 10,000 and 100,000 persons: 2.3, 2.2, 2.15).
RANK_EXPONENT = 0.9
TIES_MEDIAN = 27.0
TIES_SIGMA = 0.85
MOST_TIES = 2_000
BOT_TIES = 60
FRIENDS = 3


def ties(spark: SparkSession, *, params: SimulateParams) -> DataFrame:
    """Make who follows whom, whatever the network.

    Returns:
        One row a tie, key `src`, `dst` (entities, src never dst).
    """
    drawn = _persons_ties(spark, params=params).unionByName(_friends_ties(spark, params=params))
    if params.has("pods"):
        drawn = drawn.unionByName(pods.ties(spark, params=params))
    if params.bots:
        drawn = drawn.unionByName(_bots_ties(spark, params=params))
    there, back = F.struct("src", "dst"), F.struct(F.col("dst").alias("src"), F.col("src").alias("dst"))
    both = F.when(_follows_back(params.seed), F.array(there, back)).otherwise(F.array(there))
    return drawn.select(F.inline(both)).distinct()


def friend(seed: int, person: Column, turn: Column | int) -> Column:
    """Return one of the FRIENDS of a person: someone of the same community who came shortly before; negative for none.

    Each follows his friends. So near in number, hence without a join, can only few be friends of the same person.
    """
    u = draw.uniform(seed, "friend", person, turn)
    topic = topic_of(person)
    return _member(topic, _member_rank(person, topic) - 1 - draw.geometric(u, mean=F.lit(6.0)))


def edges(ties: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Carry ties to the networks where both ends have an account.

    Returns:
        One row a follow, key `network`, `src`, `dst`; with `src_created_ms` and followed_ms, ended_ms (NULL while it
        lasts).
    """
    seed, start_ms = params.seed, accounts.epoch_ms(params)
    each = F.array(
        *(
            F.when(_both_have(seed, name) & _is_carried(seed, number), F.lit(name))
            for number, name in enumerate(accounts.NETWORKS)
        )
    )
    carried = ties.withColumn("network", F.explode(each)).where("network IS NOT NULL")
    network, src, dst = F.col("network"), F.col("src"), F.col("dst")
    born = F.greatest(*(accounts.created_ms(seed, network, end, start_ms=start_ms) for end in (src, dst)))
    end_ms = accounts.end_ms(params)
    followed = born + (draw.uniform(seed, "followed", src, dst) * (F.lit(end_ms) - born)).cast("bigint")
    is_ended = draw.uniform(seed, "unfollow?", src, dst) < 0.01
    ended = followed + (draw.uniform(seed, "unfollow", src, dst) * (F.lit(end_ms) - followed)).cast("bigint")
    return carried.select(
        "network", "src", "dst", followed.alias("followed_ms"), F.when(is_ended, ended).alias("ended_ms")
    )


def follows(edges: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Write follows as a table.

    Returns:
        One row a follow that lasts: `src`, `dst` (account ids), `network`, `followed_at`.
    """
    start_ms = accounts.epoch_ms(params)
    network = F.col("network")
    ids = [
        accounts.account_id(network, accounts.native_id(params.seed, network, F.col(end), start_ms=start_ms)).alias(end)
        for end in ("src", "dst")
    ]
    return edges.where(F.col("ended_ms").isNull()).select(
        *ids, "network", clocks.iso(F.col("followed_ms")).alias("followed_at")
    )


def _persons_ties(spark: SparkSession, *, params: SimulateParams) -> DataFrame:
    seed, person = params.seed, F.col("person")
    count = draw.lognormal(seed, "ties", person, median=TIES_MEDIAN, sigma=TIES_SIGMA)
    rows = spark.range(0, params.people, 1, params.files).select(F.col("id").alias("person"))
    slots = rows.select(
        "person",
        topic_of(person).alias("topic"),
        F.explode(F.sequence(F.lit(0), F.least(F.lit(MOST_TIES), count).cast("int") + 4)).alias("k"),
    )
    placed = slots.select("*", _member_rank(person, F.col("topic")).alias("rank"))
    u, how = draw.uniform(seed, "tie:target", person, F.col("k")), draw.uniform(seed, "tie:how", person, F.col("k"))
    near = F.col("rank") - 1 - draw.geometric(u, mean=F.lit(8.0))
    popular = draw.zipf_index(u, F.col("rank"), exponent=RANK_EXPONENT, shift=2.0)
    anywhere = draw.zipf_index(u, person, exponent=RANK_EXPONENT, shift=3.0)
    in_community = _member(F.col("topic"), F.when(how < 0.12, near).otherwise(popular))
    media = draw.below(F.pow(u, F.lit(2.0)), FIRST_MEDIA + F.floor(person / PEOPLE_PER_MEDIA))
    brand = draw.choose(brands.NUMBERS, u, weights=brands.SHARES)
    target = (
        F.when(how < 0.70, accounts.entity(accounts.PERSON, in_community))
        .when(how < 0.95, accounts.entity(accounts.PERSON, anywhere))
        .when(how < 0.975, accounts.entity(accounts.MEDIA, media))
        .otherwise(accounts.entity(accounts.BRAND, brand.cast("bigint")))
    )
    drawn = draw.settled(placed, {"dst": target}).select(accounts.entity(accounts.PERSON, person).alias("src"), "dst")
    return drawn.where((F.col("dst") >= 0) & (F.col("src") != F.col("dst")))


def _friends_ties(spark: SparkSession, *, params: SimulateParams) -> DataFrame:
    rows = spark.range(0, params.people, 1, params.files).select(F.col("id").alias("person"))
    turns = rows.select("person", F.explode(F.sequence(F.lit(1), F.lit(FRIENDS))).alias("k"))
    found = draw.settled(turns, {"friend": friend(params.seed, F.col("person"), F.col("k"))}).where("friend >= 0")
    return found.select(
        *(
            accounts.entity(accounts.PERSON, F.col(who)).alias(end)
            for who, end in (("person", "src"), ("friend", "dst"))
        )
    )


def _bots_ties(spark: SparkSession, *, params: SimulateParams) -> DataFrame:
    seed, bot = params.seed, F.col("bot")
    rows = spark.range(0, params.bots, 1, params.files).select(F.col("id").alias("bot"))
    slots = rows.select("bot", F.explode(F.sequence(F.lit(1), F.lit(BOT_TIES))).alias("k"))
    u, how = draw.uniform(seed, "bot:target", bot, F.col("k")), draw.uniform(seed, "bot:how", bot, F.col("k"))
    other = accounts.entity(accounts.BOT, draw.below(u, bot))
    anyone = draw.zipf_index(u, (bot + 1) * PEOPLE_PER_BOT, exponent=0.6, shift=20.0)
    target = F.when((how < 0.5) & (bot > 0), other).otherwise(accounts.entity(accounts.PERSON, anyone))
    return draw.settled(slots, {"dst": target}).select(accounts.entity(accounts.BOT, bot).alias("src"), "dst")


def _follows_back(seed: int) -> Column:
    """Tell who follows back: bots always among themselves, people those who are not far below them."""
    src, dst = F.col("src"), F.col("dst")
    src_kind, dst_kind = accounts.kind_of(src), accounts.kind_of(dst)
    nearness = F.pow((accounts.index_of(dst) + 50.0) / (accounts.index_of(src) + 50.0), F.lit(0.6))
    among_people = (src_kind == accounts.PERSON) & (dst_kind == accounts.PERSON)
    among_bots = (src_kind == accounts.BOT) & (dst_kind == accounts.BOT)
    chance = (
        F.when(among_bots, 1.0)
        .when(among_people, 0.40 * nearness)
        .when(dst_kind == accounts.PERSON, 0.04)
        .otherwise(0.0)
    )
    return draw.uniform(seed, "back", src, dst) < chance


def _both_have(seed: int, network: str) -> Column:
    return accounts.has_account(seed, network, F.col("src")) & accounts.has_account(seed, network, F.col("dst"))


def _is_carried(seed: int, number: int) -> Column:
    return draw.uniform(seed, "carried", F.col("src"), F.col("dst"), number) < 0.9


def _member_rank(person: Column, topic: Column) -> Column:
    """Return how many of the same community came before a person."""
    pattern = communities()
    return F.floor(person / BLOCK) * draw.lookup_number(pattern.sizes, topic) + draw.lookup_number(
        pattern.rank_of_slot, person % BLOCK
    )


def _member(topic: Column, rank: Column) -> Column:
    """Return the person of a community who came after `rank` others; negative for a negative rank."""
    pattern = communities()
    size, offset = draw.lookup_number(pattern.sizes, topic), draw.lookup_number(pattern.offsets, topic)
    slot = draw.lookup_number(pattern.slots_by_topic, offset + F.greatest(rank, F.lit(0)) % size)
    return F.when(rank < 0, F.lit(-BLOCK)).otherwise(F.floor(rank / size) * BLOCK + slot)
