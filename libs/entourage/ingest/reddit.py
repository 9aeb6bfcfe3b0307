"""Read Reddit comments and submissions, as JSON lines of dumps or as listings of its API.

in: payloads ▶ out: items. Post ids are fullnames (t1_… comments, t3_… submissions), for the short ids overlap.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.ingest import canonical as c

NETWORK = "reddit"
THING = (
    "id string, name string, author string, body string, title string, selftext string, created_utc string, "
    "edited string, "
    "parent_id string, link_id string, link_author string, subreddit string, score string, num_comments string, "
    "url string, "
    "is_self string, is_video string, post_hint string, retrieved_on string, over_18 string"
)
ROOT = f"struct<{THING}, data struct<children array<struct<data struct<{THING}>>>>>"
GONE = ("[deleted]", "[removed]")


def items(payloads: DataFrame) -> DataFrame:
    """Split payloads into posts with their authors; a removed text is a retraction too.

    Args:
        payloads: the `canonical.META` columns and `payload`.

    Returns:
        Items (`canonical.items`), at least one a payload.
    """
    roots = payloads.select(*c.META, F.explode_outer(F.from_json("payload", f"array<{ROOT}>")).alias("root"))
    root = F.col("root")
    of_listing = F.transform(root["data"]["children"], lambda child: child["data"])
    itself = F.when(root["id"].isNotNull(), F.array(c.fields(root, c.names_of(THING))))
    units = roots.select(*c.META, F.explode_outer(F.coalesce(of_listing, itself)).alias("thing"))
    thing = F.col("thing")
    post_id = _fullname(thing)
    created_at = c.moment(thing["created_utc"])
    observed_at = F.coalesce(c.moment(thing["retrieved_on"]), created_at, F.col("modified_at"))
    is_gone = F.coalesce(thing["body"], thing["selftext"]).isin(*GONE)
    gone = c.retraction(network=NETWORK, object_id=c.qualified(NETWORK, post_id), kind="delete", occurred_at=created_at)
    return c.items(
        units,
        post=_post(thing, post_id, created_at, observed_at),
        account=F.when(~thing["author"].isin(*GONE), _account(thing, observed_at)),
        retraction=F.when(is_gone, gone),
    )


def _post(thing: Column, post_id: Column, created_at: Column, observed_at: Column) -> Column:
    is_top = thing["parent_id"].isNull() | (thing["parent_id"] == thing["link_id"])
    link = F.when(c.truth(thing["is_self"]) == F.lit(False), thing["url"])
    body = c.unescaped(
        F.coalesce(thing["body"], F.concat_ws("\n\n", thing["title"], F.nullif(thing["selftext"], F.lit(""))))
    )
    return c.post(
        network=NETWORK,
        post_id=post_id,
        version=F.unix_millis(c.moment(thing["edited"])),
        account_id=F.coalesce(thing["author"], F.lit(GONE[0])),
        created_at=created_at,
        text=body,
        observed_at=observed_at,
        reply_to=thing["parent_id"],
        reply_to_account=F.when(is_top, F.when(~thing["link_author"].isin(*GONE), thing["link_author"])),
        root=F.coalesce(thing["link_id"], post_id),
        urls=F.array(link),
        media=F.when(c.truth(thing["is_video"]), F.array(F.lit("video"))).when(
            thing["post_hint"] == "image", F.array(F.lit("photo"))
        ),
        place=None,
        extra=c.extra({"subreddit": thing["subreddit"], "over_18": thing["over_18"]}),
        counters={"score": thing["score"], "replies": thing["num_comments"]},
    )


def _account(thing: Column, observed_at: Column) -> Column:
    return c.account(network=NETWORK, account_id=thing["author"], observed_at=observed_at, handle=thing["author"])


def _fullname(thing: Column) -> Column:
    """Return t1_… or t3_…: dumps leave the name out, where a comment is what has a body."""
    prefix = F.when(thing["body"].isNotNull(), "t1_").otherwise("t3_")
    return F.coalesce(F.when(thing["name"].rlike("^t[0-9]_"), thing["name"]), F.concat(prefix, thing["id"]))
