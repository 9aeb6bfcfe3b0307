"""Read Facebook Graph API feeds of pages: posts, nested comments, reactions.

in: payloads ▶ out: items. Comments without an author (the Graph API hides most) get ``facebook:unknown:COMMENT``.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.ingest import canonical as c

NETWORK = "facebook"
FROM = "struct<id string, name string, username string>"
SUMMARY = "summary struct<total_count string>"
REACTIONS = f"struct<data array<struct<id string, name string, type string>>, {SUMMARY}>"
LEAF = (
    "id string, message string, story string, created_time string, "
    f"`from` {FROM}, reactions {REACTIONS}, likes {REACTIONS}, like_count string, comment_count string, "
    "shares struct<count string>, permalink_url string, message_tags array<struct<id string, name string>>, "
    "attachments struct<data array<struct<type string, media_type string, url string>>>, "
    "place struct<name string>, application struct<name string>, updated_time string"
)
COMMENT = f"{LEAF}, comments struct<data array<struct<{LEAF}>>, {SUMMARY}>"
POST = f"{LEAF}, comments struct<data array<struct<{COMMENT}>>, {SUMMARY}>"
ROOT = f"struct<{POST}, data array<struct<{POST}>>>"
UNIT = (
    f"struct<post struct<{LEAF}>, parent string, parent_account string, root string, replies string, observed string>"
)


def items(payloads: DataFrame) -> DataFrame:
    """Split feeds into posts and comments with their authors, and reactions as likes.

    Args:
        payloads: the `canonical.META` columns and `payload`.

    Returns:
        Items (`canonical.items`), at least one a payload.
    """
    roots = payloads.select(*c.META, F.explode_outer(F.from_json("payload", f"array<{ROOT}>")).alias("root"))
    units = roots.select(*c.META, F.explode_outer(_units(F.col("root"))).alias("unit"))
    unit = F.col("unit")
    observed_at = F.coalesce(c.moment(unit["observed"]), F.col("modified_at"))
    posts = c.items(units, post=_post(unit, observed_at), account=_account(unit["post"]["from"], observed_at))
    post = unit["post"]
    reactions = F.flatten(
        F.filter(F.array(post["reactions"]["data"], post["likes"]["data"]), lambda found: found.isNotNull())
    )
    reacted = units.select(*c.META, "unit", F.explode(reactions).alias("reaction"))
    return posts.unionByName(
        c.items(reacted, account=_account(F.col("reaction"), observed_at), act=_like(post, F.col("reaction")))
    )


def _units(root: Column) -> Column:
    """Return one struct a post, comment and comment on a comment; all were seen at the feed's newest time."""
    none = F.array().cast(f"array<struct<{POST}>>")
    itself = F.when(root["created_time"].isNotNull(), F.array(c.fields(root, c.names_of(POST)))).otherwise(none)
    posts = F.concat(itself, F.coalesce(root["data"], none))
    seen = F.array_max(F.flatten(F.transform(posts, _times)))
    return F.flatten(F.transform(posts, lambda post: _thread(post, seen)))


def _times(post: Column) -> Column:
    none = F.array().cast("array<string>")
    return F.concat(
        F.array(post["created_time"]),
        F.coalesce(F.transform(post["comments"]["data"], lambda comment: comment["created_time"]), none),
    )


def _thread(post: Column, seen: Column) -> Column:
    none = F.array().cast(f"array<{UNIT}>")
    return F.concat(
        F.array(_unit(post, F.lit(None), F.lit(None), post["id"], post["comments"]["summary"]["total_count"], seen)),
        F.coalesce(
            F.flatten(F.transform(post["comments"]["data"], lambda comment: _branch(comment, post, seen))), none
        ),
    )


def _branch(comment: Column, post: Column, seen: Column) -> Column:
    none = F.array().cast(f"array<{UNIT}>")
    answers = F.transform(
        comment["comments"]["data"],
        lambda answer: _unit(answer, comment["id"], _author(comment), post["id"], answer["comment_count"], seen),
    )
    return F.concat(
        F.array(_unit(comment, post["id"], _author(post), post["id"], comment["comment_count"], seen)),
        F.coalesce(answers, none),
    )


def _unit(post: Column, parent: Column, parent_account: Column, root: Column, replies: Column, seen: Column) -> Column:
    return F.struct(c.fields(post, c.names_of(LEAF)), parent, parent_account, root, replies, seen).cast(UNIT)


def _post(unit: Column, observed_at: Column) -> Column:
    post = unit["post"]
    attached = post["attachments"]["data"]
    likes = F.coalesce(
        post["like_count"], post["reactions"]["summary"]["total_count"], post["likes"]["summary"]["total_count"]
    )
    return c.post(
        network=NETWORK,
        post_id=post["id"],
        account_id=_author(post),
        created_at=c.moment(post["created_time"]),
        text=F.coalesce(post["message"], post["story"]),
        observed_at=observed_at,
        reply_to=unit["parent"],
        reply_to_account=unit["parent_account"],
        root=unit["root"],
        mentions=F.transform(post["message_tags"], lambda tag: c.qualified(NETWORK, tag["id"])),
        hashtags=F.transform(F.regexp_extract_all(post["message"], F.lit(r"#(\w+)"), F.lit(1)), F.lower),
        urls=F.transform(attached, lambda found: found["url"]),
        media=F.transform(attached, lambda found: c.medium(F.coalesce(found["media_type"], found["type"]))),
        place=post["place"]["name"],
        source_app=post["application"]["name"],
        counters={"likes": likes, "shares": post["shares"]["count"], "replies": unit["replies"]},
    )


def _account(person: Column, observed_at: Column) -> Column:
    return c.account(
        network=NETWORK,
        account_id=person["id"],
        observed_at=observed_at,
        display_name=person["name"],
    )


def _like(post: Column, reaction: Column) -> Column:
    src, dst = c.qualified(NETWORK, reaction["id"]), c.qualified(NETWORK, _author(post))
    object_id = c.qualified(NETWORK, post["id"])
    return F.when(
        reaction["id"].isNotNull(),
        c.act(
            network=NETWORK,
            edge_id=F.concat_ws(":", F.lit(NETWORK), F.lit("like"), reaction["id"], post["id"]),
            src=src,
            dst=dst,
            verb="like",
            object_id=object_id,
        ),
    )


def _author(post: Column) -> Column:
    """Return the author; a post of a page names the page in its id (PAGE_POST)."""
    page = F.when(post["id"].contains("_") & post["story"].isNotNull(), F.substring_index(post["id"], "_", 1))
    return F.coalesce(post["from"]["id"], page, F.concat(F.lit("unknown:"), post["id"]))
