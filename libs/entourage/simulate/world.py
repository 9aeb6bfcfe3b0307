"""Put the world together: every folder of it, in order.

in: a session, `SimulateParams`, a workspace ▶ out: a list of `Output`. A solver: what several outputs share (persons,
accounts, edges, posts, readings, tweets) is kept in the workspace once, since each would be made again for every
output else.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from entourage.schemas import Workspace
from entourage.simulate import accounts as owners
from entourage.simulate import (
    consent,
    graph,
    people,
    posts,
    reactions,
    records,
    truth,
    tweets,
    wire_bluesky,
    wire_facebook,
    wire_x_v1,
    wire_x_v2,
    wires,
)
from entourage.simulate.params import Output, SimulateParams

CSV = {"header": "true", "nullValue": "", "emptyValue": "", "escape": '"'}


@dataclass(frozen=True)
class World:
    """The kept frames that the outputs are written from; those of layers not wanted are None."""

    persons: DataFrame
    records: DataFrame
    accounts: DataFrame
    edges: DataFrame | None = None
    posts: DataFrame | None = None
    shares: DataFrame | None = None
    likes: DataFrame | None = None


def outputs(spark: SparkSession, params: SimulateParams, workspace: Workspace) -> list[Output]:
    """Make the world.

    Files are numbered by the size of the world and sorted inside, so that their bytes follow from the parameters alone.

    Args:
        spark: session; must run in UTC.
        params: the world's.
        workspace: where shared frames are kept while it is written.

    Returns:
        All folders: landing/ in wire formats, truth/ apart.
    """
    world = make(spark, params, workspace)
    made = _people_outputs(world, params)
    if world.edges is not None:
        made += _graph_outputs(world, params)
    if world.posts is not None:
        made += _post_outputs(world, params, workspace)
    return made


def make(spark: SparkSession, params: SimulateParams, workspace: Workspace) -> World:
    """Make the frames that outputs share."""
    persons = workspace.keep("persons", people.persons(spark, params=params))
    books = workspace.keep("records", records.records(persons, params=params))
    named = owners.accounts(spark, persons=persons, params=params)
    if not params.emits("graph"):
        return World(persons, books, workspace.keep("accounts", _counted(named, None)))
    edges = workspace.keep("edges", graph.edges(graph.ties(spark, params=params), params=params))
    accounts = workspace.keep("accounts", _counted(named, edges))
    if not params.emits("posts"):
        return World(persons, books, accounts, edges)
    originals = workspace.keep("originals", posts.originals(spark, persons=persons, params=params))
    audience = workspace.keep("audience", reactions.audience(edges, params=params))
    readings = workspace.keep("readings", reactions.readings(originals, audience, params=params))
    everything = originals
    shares = workspace.keep("shares", _shares(readings, audience, params))
    likes = workspace.keep("likes", reactions.likes(readings, params=params))
    if params.has("replies"):
        answers = reactions.answers(readings, params=params).unionByName(
            reactions.brands_answers(originals, params=params)
        )
        everything = originals.unionByName(workspace.keep("answers", answers))
    return World(persons, books, accounts, edges, everything, shares, likes)


def _shares(readings: DataFrame, audience: DataFrame, params: SimulateParams) -> DataFrame:
    made = reactions.shares(readings, audience, params=params)
    return made if params.has("shares") else made.where(F.lit(False))


def _counted(accounts: DataFrame, edges: DataFrame | None) -> DataFrame:
    """Add how many follow each account, and how many it follows."""
    if edges is None:
        return accounts.select(
            "*", F.lit(0).cast("bigint").alias("followers"), F.lit(0).cast("bigint").alias("following")
        )
    counts = [
        edges.groupBy("network", F.col(end).alias("entity")).agg(F.count("*").alias(name))
        for end, name in (("dst", "followers"), ("src", "following"))
    ]
    counted = accounts
    for count, name in zip(counts, ("followers", "following"), strict=True):
        on = (F.col("a.network") == F.col("c.network")) & (F.col("a.entity") == F.col("c.entity"))
        joined = counted.alias("a").join(count.alias("c"), on=on, how="left")
        counted = joined.select("a.*", F.coalesce(f"c.{name}", F.lit(0)).cast("bigint").alias(name))
    return counted


def _people_outputs(world: World, params: SimulateParams) -> list[Output]:
    books = {
        "crm": ("customer_no", records.crm(world.records)),
        "billing": ("account", records.billing(world.records)),
        "service": ("contact_id", records.service(world.records, params=params)),
        "newsletter": ("subscriber_id", records.newsletter(world.records)),
    }
    owned = consent.owned_accounts(world.accounts, world.persons)
    logins = consent.social_logins(owned, params=params)
    made = [
        _table(f"landing/records/{name}", rows.drop("person"), (key,), params, sep=";" if name == "billing" else ",")
        for name, (key, rows) in books.items()
    ]
    known = {name: rows.select("person", F.col(key).alias("record")) for name, (key, rows) in books.items()}
    known["social_logins"] = logins.select("person", F.col("login_id").alias("record"))
    if params.emits("consent"):
        lines = logins.select(
            F.lit(0).alias("at_ms"), F.col("login_id").alias("line_key"), F.col("line").alias("value")
        )
        made.append(Output("landing/records/social_logins", "text", wires.laid_out(lines, files=1)))
        consents = consent.consents(owned, params=params)
        made.append(_table("landing/records/consents", consents, ("identifier", "effective_at", "action"), params))
    else:
        known.pop("social_logins")
    made.append(
        Output("truth/people.parquet", "parquet", wires.tabulated(world.persons, files=params.files, by=("person",)))
    )
    made.append(_table("truth/identities.csv", truth.identities(known, world.accounts), ("record_id",), params))
    return made


def _graph_outputs(world: World, params: SimulateParams) -> list[Output]:
    assert world.edges is not None
    follows = graph.follows(world.edges.where(F.col("network") != "bluesky"), params=params)
    influence = truth.influence(world.accounts, world.edges, params=params)
    return [
        _table("landing/posts/exports/follows", follows, ("src", "dst"), params),
        _table("truth/influence.csv", influence, ("account_id",), params),
    ]


def _post_outputs(world: World, params: SimulateParams, workspace: Workspace) -> list[Output]:
    assert world.posts is not None and world.shares is not None and world.likes is not None and world.edges is not None
    on_x = workspace.keep("tweets", tweets.tweets(world.posts, world.shares, world.accounts, params=params))
    bluesky = wire_bluesky.lines(
        world.posts, shares=world.shares, likes=world.likes, edges=world.edges, accounts=world.accounts, params=params
    )
    facebook = wire_facebook.lines(world.posts, accounts=world.accounts, params=params)
    wired = {
        "landing/posts/x_v1": wire_x_v1.lines(on_x),
        "landing/posts/x_v2": wire_x_v2.lines(on_x, params=params),
        "landing/posts/bluesky": bluesky,
        "landing/posts/facebook": facebook,
    }
    made = [Output(path, "text", wires.laid_out(lines, files=params.files)) for path, lines in wired.items()]
    made.append(_table("landing/posts/exports/posts", tweets.export(on_x), ("post_id",), params))
    made.append(_table("truth/relevance.csv", truth.relevance(world.posts, world.shares), ("post_id",), params))
    made.append(_table("truth/sentiment.csv", truth.sentiment(world.posts), ("post_id",), params))
    made.append(
        _table("truth/cascades.csv", truth.cascades(world.shares, params=params), ("post_id", "account_id"), params)
    )
    return made


def _table(path: str, rows: DataFrame, key: tuple[str, ...], params: SimulateParams, sep: str = ",") -> Output:
    return Output(path, "csv", wires.tabulated(rows, files=max(1, params.files // 4), by=key), {**CSV, "sep": sep})
