"""Make the accounts of people, bots, media and brands.

in: persons ▶ out: accounts. An account is (network, entity); the entity is one number for persons and all others, and
its network's own id follows from both by key, so that edges and posts are made without a join.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from entourage.simulate import brands, draw, handles
from entourage.simulate.params import SimulateParams
from entourage.simulate.people import TOPICS

NETWORKS = ("x", "bluesky", "facebook")
SHARE_OF_PEOPLE = {"x": 0.52, "bluesky": 0.28, "facebook": 0.58}
SHARE_OF_BOTS = {"x": 0.6, "bluesky": 0.25, "facebook": 0.15}
KINDS = ("person", "bot", "media", "brand")
PERSON, BOT, MEDIA, BRAND = range(4)
X_EPOCH_MS = 1_288_834_974_657  # of X's snowflake ids
DAY_MS = 86_400_000


def entity(kind: int, index: Column) -> Column:
    """Return the number of the index-th person, bot, media or brand."""
    return (index * len(KINDS) + kind).cast("bigint")


def kind_of(entity: Column) -> Column:
    """Return PERSON, BOT, MEDIA or BRAND."""
    return entity % len(KINDS)


def index_of(entity: Column) -> Column:
    """Return which one of its kind an entity is."""
    return F.shiftright(entity, 2)


def has_account(seed: int, network: str, entity: Column) -> Column:
    """Tell whether an entity is on a network; the people whom many follow are on most."""
    index = index_of(entity)
    u = draw.uniform(seed, f"account:{network}", entity)
    share = SHARE_OF_PEOPLE[network] + (0.9 - SHARE_OF_PEOPLE[network]) * 30.0 / (30.0 + index)
    bots_network = draw.choose(
        NETWORKS, draw.uniform(seed, "bot:network", entity), weights=tuple(SHARE_OF_BOTS.values())
    )
    return (
        F.when(kind_of(entity) == PERSON, u < share)
        .when(kind_of(entity) == BOT, bots_network == network)
        .otherwise(True)
    )


def created_ms(seed: int, network: Column, entity: Column, *, start_ms: int) -> Column:
    """Return when an account was made, in milliseconds since 1970 UTC.

    Up to twelve years before the world's start, on Bluesky two and a half; brands' three.
    """
    u = draw.uniform(seed, "account:created", entity, _number(network))
    years = F.when(network == "bluesky", 2.5).otherwise(12.0)
    days = F.when(kind_of(entity) == BRAND, 3 * 365).otherwise(30 + u * years * 365)
    return (F.lit(start_ms) - days * DAY_MS).cast("bigint")


def native_id(seed: int, network: Column, entity: Column, *, start_ms: int) -> Column:
    """Return an account's id in the form of its network: a snowflake, a did or fifteen digits."""
    age = created_ms(seed, network, entity, start_ms=start_ms) - X_EPOCH_MS
    bits = draw.key(seed, "account:bits", entity, _number(network))
    snowflake = F.shiftleft(age, 22) + bits.bitwiseAND(F.lit(2**22 - 1).cast("bigint"))
    # 6,700,417 is prime and divides no power of ten: a permutation, hence no two alike.
    page = (entity * 6_700_417 + seed * 97) % 10**11
    return (
        F.when(network == "x", snowflake.cast("string"))
        .when(network == "bluesky", did(seed, entity))
        .otherwise(F.concat(F.lit("1000"), F.lpad(page.cast("string"), 11, "0")))
    )


def did(seed: int, entity: Column) -> Column:
    """Return a did:plc identifier, 24 letters of base 32."""
    halves = [base32(draw.key(seed, "did", entity, k), alphabet="abcdefghijklmnopqrstuvwxyz234567") for k in (1, 2)]
    return F.concat(F.lit("did:plc:"), F.substring(F.concat(*halves), 2, 24))


def base32(bits: Column, *, alphabet: str) -> Column:
    """Return 64 bits as 13 letters of an alphabet of 32."""
    digits = F.lower(F.lpad(F.conv(F.hex(bits), 16, 32), 13, "0"))
    return F.translate(digits, "0123456789abcdefghijklmnopqrstuv", alphabet)


def account_id(network: Column, native: Column) -> Column:
    """Return network:native_id."""
    return F.concat(network, F.lit(":"), native)


def accounts(spark: SparkSession, *, persons: DataFrame, params: SimulateParams) -> DataFrame:
    """Make all accounts.

    Returns:
        One row an account, key `network`, `entity`; with `account_id`, `native_id`, handle, display name, description,
        language, topic, quality (share of its posts' readers whom it moves, relative), created_ms.
    """
    owners = _people(persons, params=params)
    for others in (_bots(spark, params=params), _media(spark, params=params), _brands(spark, params=params)):
        owners = owners.unionByName(others)
    each = F.array(*(F.when(has_account(params.seed, name, F.col("entity")), F.lit(name)) for name in NETWORKS))
    held = owners.withColumn("network", F.explode(each)).where("network IS NOT NULL")
    return _identified(held, params=params)


def _identified(held: DataFrame, *, params: SimulateParams) -> DataFrame:
    network, owner = F.col("network"), F.col("entity")
    start_ms = epoch_ms(params)
    identified = held.select(
        "*",
        native_id(params.seed, network, owner, start_ms=start_ms).alias("native_id"),
        created_ms(params.seed, network, owner, start_ms=start_ms).alias("created_ms"),
        handles.handle(params.seed, KINDS).alias("_handle"),
    )
    return identified.select(
        "network",
        "entity",
        account_id(network, F.col("native_id")).alias("account_id"),
        "native_id",
        "kind",
        F.col("_handle").alias("handle"),
        handles.display_name(params.seed).alias("display_name"),
        handles.bio(params.seed).alias("bio"),
        F.col("city").alias("location"),
        "language",
        "topic",
        "quality",
        "created_ms",
    )


def day_ms(params: SimulateParams, day: Column) -> Column:
    """Return the first moment of a day that counts from the world's start; a product of integers would overflow."""
    return F.lit(epoch_ms(params)).cast("bigint") + day.cast("bigint") * DAY_MS


def epoch_ms(params: SimulateParams) -> int:
    """Return the world's first moment in milliseconds since 1970 UTC."""
    return (params.start.toordinal() - 719_163) * DAY_MS


def end_ms(params: SimulateParams) -> int:
    """Return the first moment after the world."""
    return epoch_ms(params) + params.days * DAY_MS


def date_of(params: SimulateParams, day: Column) -> Column:
    """Return the date of a day that counts from the world's start."""
    return F.date_add(F.lit(str(params.start)).cast("date"), day.cast("int"))


def _people(persons: DataFrame, *, params: SimulateParams) -> DataFrame:
    return persons.select(
        entity(PERSON, F.col("person")).alias("entity"),
        F.lit("person").alias("kind"),
        "given_name",
        "family_name",
        "nickname",
        F.year("birth_date").alias("birth_year"),
        F.col("address.city").alias("city"),
        "language",
        "topic",
        "quality",
    )


def _bots(spark: SparkSession, *, params: SimulateParams) -> DataFrame:
    rows = spark.range(0, params.bots, 1, params.files).select(entity(BOT, F.col("id")).alias("entity"))
    return _others(rows, kind="bot", quality=0.01, params=params)


def _media(spark: SparkSession, *, params: SimulateParams) -> DataFrame:
    rows = spark.range(0, params.media, 1, 1).select(entity(MEDIA, F.col("id")).alias("entity"))
    return _others(rows, kind="media", quality=0.3, params=params)


def _brands(spark: SparkSession, *, params: SimulateParams) -> DataFrame:
    rows = spark.range(0, len(brands.SHARES), 1, 1).select(entity(BRAND, F.col("id")).alias("entity"))
    return _others(rows, kind="brand", quality=0.15, params=params)


def _others(rows: DataFrame, *, kind: str, quality: float, params: SimulateParams) -> DataFrame:
    nothing = F.lit(None).cast("string")
    language = F.when(draw.uniform(params.seed, "language", F.col("entity")) < 0.5, "fr").otherwise("en")
    return rows.select(
        "entity",
        F.lit(kind).alias("kind"),
        nothing.alias("given_name"),
        nothing.alias("family_name"),
        nothing.alias("nickname"),
        F.lit(None).cast("int").alias("birth_year"),
        nothing.alias("city"),
        language.alias("language"),
        draw.below(draw.uniform(params.seed, "topic", F.col("entity")), len(TOPICS)).alias("topic"),
        F.lit(quality).alias("quality"),
    )


def _number(network: Column) -> Column:
    return F.when(network == "x", 0).when(network == "bluesky", 1).otherwise(2)
