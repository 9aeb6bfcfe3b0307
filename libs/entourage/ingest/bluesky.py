"""Read Bluesky's Jetstream (v1): commits of posts, likes, reposts, follows and profiles; identity and account events.

in: payloads ▶ out: items. A delete carries no record: it names only the at-URI, and becomes a retraction of that.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.ingest import canonical as c

NETWORK = "bluesky"
REF = "struct<uri string>"
# `subject` is a string in follows and an object in likes: it is read as text, and the object out of that.
RECORD = (
    "struct<text string, createdAt string, langs array<string>, tags array<string>, subject string, "
    "displayName string, "
    f"description string, reply struct<root {REF}, parent {REF}>, "
    "facets array<struct<features array<struct<`$type` string, "
    "did string, uri string, tag string>>>>, "
    f"embed struct<`$type` string, record struct<uri string, record {REF}>, external {REF}, "
    "media struct<`$type` string>>>"
)
EVENT = (
    "did string, time_us string, kind string, "
    f"commit struct<operation string, collection string, rkey string, record {RECORD}>, "
    "identity struct<did string, handle string, time string>, account struct<active string, status string, time string>"
)
VERBS = {"app.bsky.feed.like": "like", "app.bsky.feed.repost": "share", "app.bsky.graph.follow": "follow"}
POSTS, PROFILES = "app.bsky.feed.post", "app.bsky.actor.profile"
# Statuses of an account that ask for its posts to go; `deactivated` may be taken back, `desynchronized` is technical.
GONE = ("deleted", "takendown")


def items(payloads: DataFrame) -> DataFrame:
    """Turn each event into a post, an act, an account or a retraction.

    Args:
        payloads: the `canonical.META` columns and `payload`.

    Returns:
        Items (`canonical.items`), one an event; all four structs NULL for collections that are not read.
    """
    events = payloads.select(*c.META, F.explode_outer(F.from_json("payload", f"array<struct<{EVENT}>>")).alias("event"))
    event = F.col("event")
    commit, happened_at = event["commit"], c.moment(event["time_us"])
    units = events.select(
        *c.META,
        "event",
        F.coalesce(happened_at, F.col("modified_at")).alias("observed_at"),
        F.concat(F.lit("at://"), event["did"], F.lit("/"), commit["collection"], F.lit("/"), commit["rkey"]).alias(
            "uri"
        ),
        commit["operation"].isin("create", "update").alias("is_put"),
    )
    record, observed_at, uri = commit["record"], F.col("observed_at"), F.col("uri")
    is_post = F.col("is_put") & (commit["collection"] == POSTS)
    is_act = F.col("is_put") & commit["collection"].isin(*VERBS)
    is_person = (
        event["identity"]["handle"].isNotNull() | (F.col("is_put") & (commit["collection"] == PROFILES)) | is_post
    )
    return c.items(
        units,
        post=F.when(is_post, _post(event, record, observed_at, uri)),
        account=F.when(is_person, _account(event, record, observed_at)),
        act=F.when(is_act, _act(event, record, observed_at, uri)),
        retraction=_retraction(event, observed_at, uri),
    )


def _post(event: Column, record: Column, observed_at: Column, uri: Column) -> Column:
    embed, features = record["embed"], F.flatten(F.transform(record["facets"], lambda facet: facet["features"]))
    quoted = F.coalesce(embed["record"]["record"]["uri"], embed["record"]["uri"])
    parent = record["reply"]["parent"]["uri"]
    kinds = F.array(embed["media"]["$type"], F.when(~embed["$type"].contains("record"), embed["$type"]))
    return c.post(
        network=NETWORK,
        post_id=uri,
        version=F.when(event["commit"]["operation"] == "update", F.unix_millis(observed_at)),
        account_id=event["did"],
        created_at=F.coalesce(c.moment(record["createdAt"]), observed_at),
        text=record["text"],
        observed_at=observed_at,
        language=c.first_of(record["langs"]),
        reply_to=parent,
        reply_to_account=_owner(parent),
        shared=quoted,
        shared_account=_owner(quoted),
        root=F.coalesce(record["reply"]["root"]["uri"], uri),
        mentions=F.transform(features, lambda feature: c.qualified(NETWORK, feature["did"])),
        hashtags=F.transform(
            F.concat(
                F.transform(F.coalesce(features, F.array()), lambda feature: feature["tag"]),
                F.coalesce(record["tags"], F.array().cast("array<string>")),
            ),
            F.lower,
        ),
        urls=F.concat(
            F.coalesce(F.transform(features, lambda feature: feature["uri"]), F.array().cast("array<string>")),
            F.array(embed["external"]["uri"]),
        ),
        media=F.transform(F.filter(kinds, lambda kind: kind.isNotNull()), c.medium),
    )


def _account(event: Column, record: Column, observed_at: Column) -> Column:
    return c.account(
        network=NETWORK,
        account_id=event["did"],
        observed_at=observed_at,
        handle=event["identity"]["handle"],
        display_name=record["displayName"],
        bio=record["description"],
    )


def _act(event: Column, record: Column, observed_at: Column, uri: Column) -> Column:
    collection = event["commit"]["collection"]
    verb = F.coalesce(*(F.when(collection == name, verb) for name, verb in VERBS.items()))
    object_uri = F.get_json_object(record["subject"], "$.uri")
    toward = F.when(verb == "follow", record["subject"]).otherwise(_owner(object_uri))
    return c.act(
        network=NETWORK,
        edge_id=c.qualified(NETWORK, uri),
        src=c.qualified(NETWORK, event["did"]),
        dst=c.qualified(NETWORK, toward),
        verb=verb,
        object_id=c.qualified(NETWORK, object_uri),
        occurred_at=F.coalesce(c.moment(record["createdAt"]), observed_at),
    )


def _retraction(event: Column, observed_at: Column, uri: Column) -> Column:
    commit = event["commit"]
    is_delete = (commit["operation"] == "delete") & commit["collection"].isin(POSTS, *VERBS)
    kind = F.when(commit["collection"] == "app.bsky.graph.follow", "unfollow").otherwise("delete")
    is_gone = event["account"]["status"].isin(*GONE)
    of_record = c.retraction(network=NETWORK, object_id=c.qualified(NETWORK, uri), kind=kind, occurred_at=observed_at)
    account_id = c.qualified(NETWORK, event["did"])
    of_account = c.retraction(network=NETWORK, object_id=account_id, kind="user_delete", occurred_at=observed_at)
    return F.when(is_delete, of_record).when(is_gone, of_account)


def _owner(uri: Column) -> Column:
    """Return the did in an at-URI, which names its repository."""
    return F.nullif(F.regexp_extract(uri, "^at://([^/]+)/", 1), F.lit(""))
