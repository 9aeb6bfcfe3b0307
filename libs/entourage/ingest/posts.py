"""Turn post items into versions of posts, whatever the order in which they and their deletions come.

in: items, stored posts, retractions ▶ out: rows of silver.posts that are new or may have changed.
"""

from __future__ import annotations

import datetime as dt

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

CONTENT = [
    "network",
    "account_id",
    "created_at",
    "text",
    "declared_language",
    "kind",
    "in_reply_to_post_id",
    "in_reply_to_account_id",
    "shared_post_id",
    "root_post_id",
    "mentions",
    "hashtags",
    "urls",
    "media",
    "place",
    "source_app",
    "extra",
]
# What a deletion takes away. The relations stay: a conversation keeps its shape.
PERSONAL = {"text", "mentions", "hashtags", "urls", "media", "place", "source_app", "extra", "declared_language"}
ENDING = ("delete", "user_delete")


def post_versions(
    items: DataFrame, *, stored: DataFrame, retractions: DataFrame, received_at: dt.datetime
) -> DataFrame:
    """Return the posts that this batch touches, as they are now.

    One delivery of a version is chosen of many: the longest text, then a total order over the content; so the order of
    deliveries does not matter. `is_current` is the highest version. A deletion wins over whatever comes before or
    after it.

    Args:
        items: `post`, `retraction`, `reason_code`; refused ones are left out.
        stored: silver.posts.
        retractions: all of silver.tombstones, this batch's among them.
        received_at: clock of the run, for versions not seen before.

    Returns:
        Grain: one version of one post (post_id, version); all columns of silver.posts. Stored posts are among them
        only if
        this batch brings their post_id or retracts them or their author.
    """
    incoming = (
        items.where(F.col("post").isNotNull() & F.col("reason_code").isNull())
        .select("post.post_id", "post.version", *(F.col(f"post.{name}") for name in CONTENT))
        .withColumn("received_at", F.lit(received_at))
    )
    retracted = (
        items.where(F.col("retraction").isNotNull()).select(F.col("retraction.object_id").alias("id")).distinct()
    )
    ids = incoming.select(F.col("post_id").alias("id")).unionByName(retracted).distinct()
    known = stored.select("post_id", "version", *CONTENT, "received_at").alias("p")
    touched = [
        known.join(ids.alias("i"), on=F.col("p.post_id") == F.col("i.id"), how="left_semi"),
        known.join(retracted.alias("i"), on=F.col("p.account_id") == F.col("i.id"), how="left_semi"),
    ]
    versions = _chosen(incoming.unionByName(touched[0]).unionByName(touched[1]))
    return _retracted(_current(versions), retractions)


def _chosen(deliveries: DataFrame) -> DataFrame:
    """Choose one delivery of each version."""
    same_version = Window.partitionBy("post_id", "version")
    by_content = same_version.orderBy(F.length("text").desc_nulls_last(), _digest().desc())
    return (
        deliveries.withColumns(
            {"choice": F.row_number().over(by_content), "received_at": F.min("received_at").over(same_version)}
        )
        .where(F.col("choice") == 1)
        .drop("choice")
    )


def _digest() -> Column:
    return F.xxhash64(*(F.to_json(name) if name == "extra" else F.col(name) for name in CONTENT))


def _current(versions: DataFrame) -> DataFrame:
    newest = F.max("version").over(Window.partitionBy("post_id"))
    return versions.withColumns({"is_current": F.col("version") == newest, "created_date": F.to_date("created_at")})


def _retracted(versions: DataFrame, retractions: DataFrame) -> DataFrame:
    """Blank what was deleted; X's edited posts are deleted by the id of any of their versions."""
    ends = retractions.where(F.col("kind").isin(*ENDING))
    ends = ends.groupBy(F.col("object_id").alias("id")).agg(F.min("occurred_at").alias("ended_at"))
    places = retractions.where(F.col("kind") == "scrub_geo").select(F.col("object_id").alias("id")).distinct()
    native_id = F.concat_ws(":", F.col("v.network"), F.try_element_at("v.extra", F.lit("native_id")))
    joined = (
        versions.alias("v")
        .join(ends.alias("p"), on=F.col("v.post_id") == F.col("p.id"), how="left")
        .join(ends.alias("n"), on=native_id == F.col("n.id"), how="left")
        .join(ends.alias("a"), on=F.col("v.account_id") == F.col("a.id"), how="left")
        .join(places.alias("g"), on=F.col("v.account_id") == F.col("g.id"), how="left")
    )
    ended_at = F.least("p.ended_at", "n.ended_at", "a.ended_at")
    deleted_at = F.greatest(ended_at, F.col("v.created_at"))
    is_gone = ended_at.isNotNull()
    content = {
        name: F.when(~is_gone, F.col(f"v.{name}")) if name in PERSONAL else F.col(f"v.{name}") for name in CONTENT
    }
    content["place"] = F.when(F.col("g.id").isNull(), content["place"])
    return joined.select(
        "v.post_id",
        "v.version",
        "v.is_current",
        F.when(is_gone, deleted_at).alias("deleted_at"),
        "v.created_date",
        "v.received_at",
        *(value.alias(name) for name, value in content.items()),
    )
