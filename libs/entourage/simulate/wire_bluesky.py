"""Write Bluesky as its Jetstream does: one event a line, of posts, likes, reposts, follows, deletions and identities.

in: posts, shares, likes, edges, accounts ▶ out: lines (`at_ms`, `line_key`, `value`). Follows from before the first
day come as a replay.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.simulate import accounts as owners
from entourage.simulate import clocks, draw, wires
from entourage.simulate.params import SimulateParams


def lines(
    posts: DataFrame,
    *,
    shares: DataFrame,
    likes: DataFrame,
    edges: DataFrame,
    accounts: DataFrame,
    params: SimulateParams,
) -> DataFrame:
    """Write all events of Bluesky."""
    seed = params.seed
    here = F.col("network") == "bluesky"
    return (
        _identities(accounts.where(here), params=params)
        .unionByName(_posts(posts.where(here), seed=seed))
        .unionByName(_deletions(posts.where(here), seed=seed))
        .unionByName(_reposts(shares.where(here), seed=seed))
        .unionByName(_likes(likes, seed=seed))
        .unionByName(_follows(edges.where(here), seed=seed))
        .unionByName(_unfollows(edges.where(here & F.col("ended_ms").isNotNull()), seed=seed))
    )


def _posts(posts: DataFrame, *, seed: int) -> DataFrame:
    is_reply = F.col("kind") == "reply"
    parent = F.struct(cid(F.col("parent_native_id")).alias("cid"), F.col("parent_native_id").alias("uri"))
    record = F.struct(
        F.lit("app.bsky.feed.post").alias("$type"),
        clocks.iso(F.col("occurred_ms")).alias("createdAt"),
        F.array("language").alias("langs"),
        "text",
        F.when(is_reply, F.struct(parent.alias("parent"), parent.alias("root"))).alias("reply"),
        _embed(parent).alias("embed"),
        "facets",
    )
    uri = F.col("native_id")
    event = _commit(
        owners.did(seed, F.col("author")),
        F.col("received_ms"),
        "feed.post",
        _rkey(uri),
        F.col("post_key"),
        record,
        cid(uri),
    )
    faceted = wires.delivered(posts).select("*", _facets(seed).alias("facets"))
    return wires.json_lines(faceted, at_ms="at_ms", line_key="post_key", body=event)


def _embed(parent: Column) -> Column:
    """Return what a post carries: what it quotes, or a medium; NULL for neither."""
    ref = F.struct(cid(F.concat("native_id", F.lit("#medium"))).alias("$link"))
    blob = F.struct(
        F.lit("blob").alias("$type"),
        ref.alias("ref"),
        F.lit("image/jpeg").alias("mimeType"),
        F.lit(48_000).alias("size"),
    )
    image = F.struct(F.coalesce("media_alt", F.lit("")).alias("alt"), blob.alias("image"))
    is_quote, kind = F.col("kind") == "quote", F.col("media_kind")
    embed = F.struct(
        F.when(is_quote, "app.bsky.embed.record")
        .when(kind == "photo", "app.bsky.embed.images")
        .otherwise("app.bsky.embed.video")
        .alias("$type"),
        F.when(is_quote, parent).alias("record"),
        F.when(~is_quote & (kind == "photo"), F.array(image)).alias("images"),
        F.when(~is_quote & (kind != "photo"), blob).alias("video"),
        F.when(~is_quote & (kind != "photo"), F.col("media_alt")).alias("alt"),
    )
    return F.when(is_quote | kind.isNotNull(), embed)


def _deletions(posts: DataFrame, *, seed: int) -> DataFrame:
    gone = posts.where(F.col("deleted_ms").isNotNull())
    key = draw.key(seed, "delete", F.col("post_key"))
    event = _removal(
        owners.did(seed, F.col("author")), F.col("deleted_ms"), "feed.post", _rkey(F.col("native_id")), key
    )
    return wires.json_lines(gone, at_ms=F.col("deleted_ms"), line_key=key, body=event)


def _reposts(shares: DataFrame, *, seed: int) -> DataFrame:
    uri, key = F.col("share_native_id"), F.col("share_key")
    record = _pointing("app.bsky.feed.repost", F.col("shared_ms"), F.col("native_id"))
    event = _commit(
        owners.did(seed, F.col("sharer")), F.col("received_ms"), "feed.repost", _rkey(uri), key, record, cid(uri)
    )
    return wires.json_lines(shares, at_ms=F.col("received_ms"), line_key=key, body=event)


def _likes(likes: DataFrame, *, seed: int) -> DataFrame:
    key, did = F.col("like_key"), owners.did(seed, F.col("reader"))
    rkey = clocks.record_key(F.col("liked_ms"), key)
    received = clocks.received_ms(seed, "like", key, F.col("liked_ms"))
    record = _pointing("app.bsky.feed.like", F.col("liked_ms"), F.col("native_id"))
    event = _commit(did, received, "feed.like", rkey, key, record, cid(clocks.at_uri(did, "feed.like", rkey)))
    return wires.json_lines(likes, at_ms=received, line_key=key, body=event)


def _follows(edges: DataFrame, *, seed: int) -> DataFrame:
    key, did = _follow_key(seed), owners.did(seed, F.col("src"))
    rkey = clocks.record_key(F.col("followed_ms"), key)
    received = clocks.received_ms(seed, "follow", key, F.col("followed_ms"))
    record = F.struct(
        F.lit("app.bsky.graph.follow").alias("$type"),
        clocks.iso(F.col("followed_ms")).alias("createdAt"),
        owners.did(seed, F.col("dst")).alias("subject"),
    )
    event = _commit(did, received, "graph.follow", rkey, key, record, cid(clocks.at_uri(did, "graph.follow", rkey)))
    return wires.json_lines(edges, at_ms=received, line_key=key, body=event)


def _unfollows(edges: DataFrame, *, seed: int) -> DataFrame:
    rkey = clocks.record_key(F.col("followed_ms"), _follow_key(seed))
    key = draw.key(seed, "unfollow", F.col("src"), F.col("dst"))
    # Never before the follow itself is received, late ones included: 36 hours.
    at = F.greatest(F.col("ended_ms"), F.col("followed_ms") + 37 * clocks.HOUR_MS)
    event = _removal(owners.did(seed, F.col("src")), at, "graph.follow", rkey, key)
    return wires.json_lines(edges, at_ms=at, line_key=key, body=event)


def _identities(accounts: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Write each account's handle, and its profile, at the start of the first day."""
    seed, did = params.seed, F.col("native_id")
    key = draw.key(seed, "identity", F.col("entity"))
    at = F.lit(owners.epoch_ms(params)) + F.pmod(key, F.lit(60_000))
    handle = F.struct(
        did.alias("did"),
        F.col("handle").alias("handle"),
        (F.lit(10**10) + F.col("entity")).alias("seq"),
        clocks.iso(at).alias("time"),
    )
    identity = F.struct(
        did.alias("did"), (at * 1000).alias("time_us"), F.lit("identity").alias("kind"), handle.alias("identity")
    )
    record = F.struct(
        F.lit("app.bsky.actor.profile").alias("$type"),
        F.col("display_name").alias("displayName"),
        F.col("bio").alias("description"),
        clocks.iso(F.col("created_ms")).alias("createdAt"),
    )
    uri = clocks.at_uri(did, "actor.profile", F.lit("self"))
    profile = _commit(did, at + 1_000, "actor.profile", F.lit("self"), key, record, cid(uri))
    return wires.json_lines(accounts, at_ms=at, line_key=key, body=identity).unionByName(
        wires.json_lines(accounts, at_ms=at + 1_000, line_key=key, body=profile)
    )


def _commit(
    did: Column, received: Column, collection: str, rkey: Column, key: Column, record: Column, record_cid: Column
) -> Column:
    commit = F.struct(
        clocks.record_key(received, key).alias("rev"),
        F.lit("create").alias("operation"),
        F.lit(f"app.bsky.{collection}").alias("collection"),
        rkey.alias("rkey"),
        record.alias("record"),
        record_cid.alias("cid"),
    )
    return F.struct(
        did.alias("did"), _micros(received, key).alias("time_us"), F.lit("commit").alias("kind"), commit.alias("commit")
    )


def _removal(did: Column, at: Column, collection: str, rkey: Column, key: Column) -> Column:
    commit = F.struct(
        clocks.record_key(at, key).alias("rev"),
        F.lit("delete").alias("operation"),
        F.lit(f"app.bsky.{collection}").alias("collection"),
        rkey.alias("rkey"),
    )
    return F.struct(
        did.alias("did"), _micros(at, key).alias("time_us"), F.lit("commit").alias("kind"), commit.alias("commit")
    )


def _pointing(kind: str, occurred: Column, uri: Column) -> Column:
    subject = F.struct(cid(uri).alias("cid"), uri.alias("uri"))
    return F.struct(F.lit(kind).alias("$type"), clocks.iso(occurred).alias("createdAt"), subject.alias("subject"))


def _facets(seed: int) -> Column:
    """Return the links, tags and mentions of a text with their places in bytes; NULL where there are none."""
    text = F.col("text")
    tags = F.transform(
        wires.matches(text, wires.HASHTAG), lambda tag: _facet(tag, "tag", tag=tag.substr(F.lit(2), F.length(tag)))
    )
    links = F.transform(wires.matches(text, wires.LINK), lambda link: _facet(link, "link", uri=link))
    brand = owners.did(seed, owners.entity(owners.BRAND, F.coalesce("brand", F.lit(0))))
    mentions = F.transform(
        F.filter(wires.matches(text, r"(@[a-z0-9]+\.example)"), lambda _: F.col("calls_brand")),
        lambda name: _facet(name, "mention", did=brand),
    )
    facets = F.concat(tags, links, mentions)
    return F.when(F.size(facets) > 0, facets)


def _facet(
    part: Column, kind: str, tag: Column | None = None, uri: Column | None = None, did: Column | None = None
) -> Column:
    text = F.col("text")
    begin = wires.byte_position(text, wires.position(text, part))
    nothing = F.lit(None).cast("string")
    feature = F.struct(
        F.lit(f"app.bsky.richtext.facet#{kind}").alias("$type"),
        (nothing if tag is None else tag).alias("tag"),
        (nothing if uri is None else uri).alias("uri"),
        (nothing if did is None else did).alias("did"),
    )
    index = F.struct((begin + F.octet_length(part)).alias("byteEnd"), begin.alias("byteStart"))
    return F.struct(F.array(feature).alias("features"), index.alias("index"))


def cid(uri: Column) -> Column:
    """Return a content id in the form of Bluesky's, from the address; of the 32 letters only 16 occur."""
    letters = F.translate(F.sha2(uri, 256), "0189", "ghij")
    return F.concat(F.lit("bafyrei"), F.substring(letters, 1, 52))


def _follow_key(seed: int) -> Column:
    return draw.key(seed, "follow", F.col("src"), F.col("dst"))


def _rkey(uri: Column) -> Column:
    return F.substring_index(uri, "/", -1)


def _micros(ms: Column, key: Column) -> Column:
    return ms * 1000 + F.pmod(key, F.lit(1000))
