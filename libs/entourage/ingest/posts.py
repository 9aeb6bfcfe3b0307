"""Turn post items into versions of posts, whatever the order in which they and their deletions come.

in: items, stored posts, retractions ▶ out: rows of silver.posts that are new or may have changed.
"""

from __future__ import annotations

import datetime as dt

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from entourage.ingest import canonical

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
# X gives every version of an edited post an id of its own, by which it may be deleted.
VERSION_ID = "native_id"
ENDING = ("delete", "user_delete")


def version_ids(items: DataFrame, *, stored: DataFrame) -> DataFrame:
    """Return the ids of versions that are not their post's.

    Args:
        items: `post`, `reason_code`.
        stored: silver.posts.

    Returns:
        Grain: one id (id, post_id, is_new: this batch brings it).
    """
    good = items.where(F.col("post").isNotNull() & F.col("reason_code").isNull()).select("post.*")
    both = [
        posts.where(F.col("network") == "x").select(
            "post_id", F.try_element_at("extra", F.lit(VERSION_ID)).alias("native_id"), F.lit(is_new).alias("is_new")
        )
        for posts, is_new in ((good, True), (stored, False))
    ]
    named = both[0].unionByName(both[1]).where(F.col("native_id").isNotNull())
    grouped = named.groupBy(F.concat(F.lit("x:"), "native_id").alias("id"), "post_id")
    return grouped.agg(F.max("is_new").alias("is_new"))


def resolved(retractions: DataFrame, *, version_ids: DataFrame) -> DataFrame:
    """Add to the retractions of versions the same of their post; `is_new` tells that the version's id is."""
    named = retractions.alias("r").join(version_ids.alias("v"), on=F.col("r.object_id") == F.col("v.id"), how="inner")
    renamed = named.select(
        *(f"r.{name}" for name in retractions.columns if name != "object_id"),
        F.col("v.post_id").alias("object_id"),
        "v.is_new",
    )
    return retractions.withColumn("is_new", F.lit(False)).unionByName(renamed)


def retracted(items: DataFrame, *, retractions: DataFrame, version_ids: DataFrame) -> DataFrame:
    """Return the `id` of each post, act and account that this batch retracts, or whose retracted version it names."""
    given = items.where(F.col("retraction").isNotNull()).select("retraction.*")
    new = resolved(given, version_ids=version_ids).select("object_id")
    late = retractions.where(F.col("is_new")).select("object_id")
    return new.unionByName(late).distinct().withColumnRenamed("object_id", "id")


def post_versions(
    items: DataFrame, *, stored: DataFrame, retractions: DataFrame, retracted: DataFrame, received_at: dt.datetime
) -> DataFrame:
    """Return the posts that this batch touches, as they are now.

    One delivery of a version is chosen of many: the longest text, then a total order over the content; what relates it
    to others is the most that any delivery says, since a deletion may have blanked the text. So the order of
    deliveries does not matter. `is_current` is the highest version. A deletion wins over whatever comes before or
    after it.

    Args:
        items: `post`, `reason_code`; refused ones are left out.
        stored: silver.posts.
        retractions: all of silver.tombstones, this batch's among them, as `resolved`.
        retracted: `id` of the posts and accounts that this batch retracts.
        received_at: clock of the run, for versions not seen before.

    Returns:
        Grain: one version of one post (post_id, version); all columns of silver.posts. Stored posts are among them
        only if this batch brings their post_id or retracts them or their author.
    """
    incoming = (
        items.where(F.col("post").isNotNull() & F.col("reason_code").isNull())
        .select("post.post_id", "post.version", *(F.col(f"post.{name}") for name in CONTENT))
        .withColumns({"received_at": F.lit(received_at), "created_date": F.lit(None).cast("date")})
    )
    ids = incoming.select(F.col("post_id").alias("id")).unionByName(retracted).distinct()
    known = stored.select("post_id", "version", *CONTENT, "received_at", "created_date").alias("p")
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
            {
                "choice": F.row_number().over(by_content),
                "received_at": F.min("received_at").over(same_version),
                # A version stays under the day where it was stored first, so that a merge finds it there.
                "created_date": F.min("created_date").over(same_version),
                # As texts, share > reply > quote > post: what says more is the greater.
                **{name: F.max(name).over(same_version) for name in CONTENT if name not in PERSONAL},
            }
        )
        .where(F.col("choice") == 1)
        .drop("choice")
    )


def _digest() -> Column:
    return canonical.digest(*(F.to_json(name) if name == "extra" else F.col(name) for name in CONTENT))


def _current(versions: DataFrame) -> DataFrame:
    newest = F.max("version").over(Window.partitionBy("post_id"))
    created_date = F.coalesce("created_date", F.to_date("created_at"))
    return versions.withColumns({"is_current": F.col("version") == newest, "created_date": created_date})


def _retracted(versions: DataFrame, retractions: DataFrame) -> DataFrame:
    """Blank what was deleted, all but the id of its version."""
    ends = retractions.where(F.col("kind").isin(*ENDING))
    ends = ends.groupBy(F.col("object_id").alias("id")).agg(F.min("occurred_at").alias("ended_at"))
    places = retractions.where(F.col("kind") == "scrub_geo").select(F.col("object_id").alias("id")).distinct()
    joined = (
        versions.alias("v")
        .join(ends.alias("p"), on=F.col("v.post_id") == F.col("p.id"), how="left")
        .join(ends.alias("a"), on=F.col("v.account_id") == F.col("a.id"), how="left")
        .join(places.alias("g"), on=F.col("v.account_id") == F.col("g.id"), how="left")
    )
    ended_at = F.least("p.ended_at", "a.ended_at")
    is_gone = ended_at.isNotNull()
    content = {
        name: F.when(~is_gone, F.col(f"v.{name}")) if name in PERSONAL else F.col(f"v.{name}") for name in CONTENT
    }
    content["place"] = F.when(F.col("g.id").isNull(), content["place"])
    own_id = F.map_filter("v.extra", lambda name, _: name == VERSION_ID)
    content["extra"] = F.when(~is_gone, F.col("v.extra")).when(F.size(own_id) > 0, own_id)
    return joined.select(
        "v.post_id",
        "v.version",
        "v.is_current",
        F.when(is_gone, F.greatest(ended_at, F.col("v.created_at"))).alias("deleted_at"),
        "v.created_date",
        "v.received_at",
        *(value.alias(name) for name, value in content.items()),
    )
