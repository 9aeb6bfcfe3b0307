"""Put the world together: every folder of it, in order.

in: a session, `SimulateParams`, a workspace ▶ out: each `Output`. A solver: what several outputs share (persons,
accounts, edges, posts, readings, tweets) is kept in the workspace once, since each would be made again for every
output else.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from entourage.schemas import Workspace
from entourage.simulate import accounts as owners
from entourage.simulate import (
    consent,
    graph,
    people,
    pods,
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
from entourage.simulate.business import streams
from entourage.simulate.params import Output, SimulateParams
from entourage.simulate.wires import table


@dataclass(frozen=True)
class World:
    """The kept frames that several outputs are written from."""

    persons: DataFrame
    records: DataFrame
    accounts: DataFrame


@dataclass(frozen=True)
class Posted:
    """The kept frames of what is posted: posts, shares and likes."""

    posts: DataFrame
    shares: DataFrame
    likes: DataFrame


def outputs(spark: SparkSession, params: SimulateParams, workspace: Workspace, aside: Executor) -> Iterator[Output]:
    """Make the world.

    Files are numbered by the size of the world and sorted inside, so that their bytes follow from the parameters alone.

    Args:
        spark: session; must run in UTC.
        params: the world's.
        workspace: where shared frames are kept while it is written.
        aside: one thread, in which the longest chain of them is made; under the session's settings (`session.pool`).

    Yields:
        All folders: landing/ in wire formats, truth/ apart. Each as soon as what it is made from is kept, so that one
        may be written while the next is made.
    """
    edges = aside.submit(_edges, spark, params, workspace) if params.needs_graph else None
    persons = workspace.keep("persons", people.persons(spark, params=params))
    books = workspace.keep("records", records.records(persons, params=params))
    named = owners.accounts(spark, persons=persons, params=params)
    counted = _counted(named, edges.result() if edges else None)
    world = World(persons, books, workspace.keep("accounts", counted))
    if edges is None:
        yield from _people_outputs(world, params)
        yield from _outputs_of_persons(world, params, workspace)
    else:
        yield from _social_outputs(world, edges.result(), params, workspace, aside)


def _social_outputs(
    world: World, edges: DataFrame, params: SimulateParams, workspace: Workspace, aside: Executor
) -> Iterator[Output]:
    """Yield all folders of a world with a graph; the longest chain, from orders to posts, is made aside."""
    business = posted = None
    if params.needs_business:
        business = aside.submit(streams.make, world.persons, edges, params=params, workspace=workspace)
    if business and params.emits("posts"):
        posted = aside.submit(lambda: _posted(world, edges, business.result(), params, workspace))
    yield from _people_outputs(world, params)
    yield from _outputs_of_persons(world, params, workspace)
    if params.emits("graph"):
        yield from _graph_outputs(world, edges, params)
    if business:
        yield from _business_outputs(business.result(), world.persons, params, workspace)
    if business and posted:
        yield from _post_outputs(world, edges, posted.result(), params, workspace)
        yield from streams.posted(business.result(), posted.result().posts, params=params)


def _edges(spark: SparkSession, params: SimulateParams, workspace: Workspace) -> DataFrame:
    return workspace.keep("edges", graph.edges(graph.ties(spark, params=params), params=params))


def _posted(
    world: World, edges: DataFrame, business: streams.Business, params: SimulateParams, workspace: Workspace
) -> Posted:
    """Make what is posted, and keep it."""
    audience = workspace.keep("audience", reactions.audience(edges, params=params))
    made = posts.originals(world.persons.sparkSession, persons=world.persons, states=business.states, params=params)
    originals = workspace.keep("originals", made)
    readings = workspace.keep("readings", reactions.readings(originals, audience, params=params))
    shares = workspace.keep("shares", _shares(readings, audience, params))
    likes = workspace.keep("likes", reactions.likes(readings, params=params))
    if not params.has("replies"):
        return Posted(originals, shares, likes)
    answers = reactions.answers(readings, params=params).unionByName(reactions.brands_answers(originals, params=params))
    return Posted(originals.unionByName(workspace.keep("answers", answers)), shares, likes)


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
    if not params.emits("people"):
        books = {}
    made = [
        table(f"landing/records/{name}", rows.drop("person"), (key,), params, sep=";" if name == "billing" else ",")
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
        made.append(table("landing/records/consents", consents, ("identifier", "effective_at", "action"), params))
    else:
        known.pop("social_logins")
    made.append(wires.parquet("truth/people.parquet", world.persons, ("person",), files=params.files))
    made.append(table("truth/identities.csv", truth.identities(known, world.accounts), ("record_id",), params))
    return made


def _outputs_of_persons(world: World, params: SimulateParams, workspace: Workspace) -> Iterator[Output]:
    """Return the layers of the business that follow from persons alone."""
    persons = world.persons
    if params.emits("campaigns"):
        yield from streams.courtship(persons, params=params, workspace=workspace)
    if params.emits("consent"):
        yield from streams.permission(persons, consent.owned_accounts(world.accounts, persons), params=params)
    if params.emits("organizations"):
        yield from streams.companies(persons, params=params)


def _business_outputs(
    business: streams.Business, persons: DataFrame, params: SimulateParams, workspace: Workspace
) -> Iterator[Output]:
    if params.emits("commerce"):
        yield from streams.commerce(business, persons, params=params, workspace=workspace)
    if params.emits("service"):
        yield from streams.care(business, params=params)
    if params.emits("surveys"):
        yield from streams.asked(business, persons, params=params)


def _graph_outputs(world: World, edges: DataFrame, params: SimulateParams) -> list[Output]:
    follows = graph.follows(edges.where(F.col("network") != "bluesky"), params=params)
    influence = truth.influence(world.accounts, edges, params=params)
    return [
        table("landing/posts/exports/follows", follows, ("src", "dst"), params),
        table("truth/influence.csv", influence, ("account_id",), params),
        table("truth/pods.csv", pods.members(world.persons, params=params), ("person",), params),
    ]


def _post_outputs(
    world: World, edges: DataFrame, posted: Posted, params: SimulateParams, workspace: Workspace
) -> Iterator[Output]:
    bluesky = wire_bluesky.lines(
        posted.posts, shares=posted.shares, likes=posted.likes, edges=edges, accounts=world.accounts, params=params
    )
    yield _wired("bluesky", bluesky, params)
    yield _wired("facebook", wire_facebook.lines(posted.posts, accounts=world.accounts, params=params), params)
    on_x = workspace.keep("tweets", tweets.tweets(posted.posts, posted.shares, world.accounts, params=params))
    yield _wired("x_v1", wire_x_v1.lines(on_x), params)
    yield _wired("x_v2", wire_x_v2.lines(on_x, params=params), params)
    yield table("landing/posts/exports/posts", tweets.export(on_x), ("post_id",), params)
    yield table("truth/relevance.csv", truth.relevance(posted.posts, posted.shares), ("post_id",), params)
    yield table("truth/sentiment.csv", truth.sentiment(posted.posts), ("post_id",), params)
    cascades = truth.cascades(posted.shares, params=params)
    yield table("truth/cascades.csv", cascades, ("post_id", "account_id"), params)


def _wired(network: str, lines: DataFrame, params: SimulateParams) -> Output:
    return Output(f"landing/posts/{network}", "text", wires.laid_out(lines, files=params.files))
