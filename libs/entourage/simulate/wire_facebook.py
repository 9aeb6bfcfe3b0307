"""Write Facebook as the Graph API gives a brand's page: its feed of posts, comments nested, reactions summed up.

in: posts, accounts ▶ out: lines (`at_ms`, `line_key`, `value`), one page of a feed each.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.simulate import accounts as owners
from entourage.simulate import draw, wires
from entourage.simulate.params import SimulateParams

ITEMS = 20  # posts of a page of a feed, on average
NESTED = 40  # comments nested in one reading of a post, on average
COMMENTS_PER_PERSON_DAY = 0.28  # about; sets how often a post is read
POSTS_PER_PERSON_DAY = 0.03  # on one of the four pages, about; sets the span of a page of the feed


def lines(posts: DataFrame, *, accounts: DataFrame, params: SimulateParams) -> DataFrame:
    """Write the pages' feeds. A post with many comments is read several times, each time with others of them."""
    here = wires.authored(
        posts.where((F.col("network") == "facebook") & F.col("deleted_ms").isNull()), accounts, by="author", prefix="a_"
    )
    readings = _readings(
        here.where(F.col("kind") == "post"), comments=here.where(F.col("kind") == "reply"), params=params
    )
    span_ms = max(1, int(owners.DAY_MS * ITEMS / (params.people * POSTS_PER_PERSON_DAY)))
    slotted = readings.select("page", "at_ms", F.floor(F.col("at_ms") / span_ms).alias("slot"), "item")
    pages = slotted.groupBy("page", "slot").agg(
        F.max("at_ms").alias("at_ms"), F.sort_array(F.collect_set("item"), asc=False).alias("items")
    )
    line_key = F.xxhash64("page", "slot")
    return wires.json_lines(pages, at_ms="at_ms", line_key=line_key, body=_page(line_key))


def _readings(roots: DataFrame, *, comments: DataFrame, params: SimulateParams) -> DataFrame:
    """Return one row a reading of a post: `page`, `at_ms`, `item`."""
    brands_posts_per_day = 16
    turns = max(1, round(params.people * COMMENTS_PER_PERSON_DAY / brands_posts_per_day / NESTED))
    turn = draw.below(draw.uniform(params.seed, "feed:turn", F.col("post_key")), turns)
    comment = F.struct(
        _time(F.col("occurred_ms")).alias("created_time"),
        _from().alias("from"),
        F.col("text").alias("message"),
        F.col("native_id").alias("id"),
        F.floor(draw.uniform(params.seed, "comment:likes", F.col("post_key")) * 4).alias("like_count"),
    )
    nested = comments.groupBy("parent_post_id", turn.alias("turn")).agg(
        F.array_sort(F.collect_list(comment)).alias("comments"), F.max("received_ms").alias("last_ms")
    )
    joined = roots.alias("p").join(nested.alias("c"), on=F.col("p.post_id") == F.col("c.parent_post_id"), how="left")
    at = F.greatest("p.received_ms", F.coalesce("c.last_ms", F.lit(0)))
    return joined.select(F.col("p.page").alias("page"), at.alias("at_ms"), _item(params.seed).alias("item"))


def _item(seed: int) -> Column:
    likes = F.floor(-F.log(1 - draw.uniform(seed, "page:likes", F.col("p.post_key"))) * 12).cast("int")
    nested = F.struct(
        F.col("c.comments").alias("data"),
        F.struct(
            F.lit("chronological").alias("order"),
            F.size("c.comments").alias("total_count"),
            F.lit(True).alias("can_comment"),
        ).alias("summary"),
    )
    return F.struct(
        _time(F.col("p.occurred_ms")).alias("created_time"),
        F.col("p.native_id").alias("id"),
        _from("p.").alias("from"),
        F.col("p.text").alias("message"),
        F.concat(F.lit("https://facebook.example/"), F.translate(F.col("p.native_id"), "_", "/")).alias(
            "permalink_url"
        ),
        F.struct(F.struct(likes.alias("total_count"), F.lit("NONE").alias("viewer_reaction")).alias("summary")).alias(
            "reactions"
        ),
        F.when(F.col("p.media_kind").isNotNull(), _attachments()).alias("attachments"),
        F.when(F.col("c.comments").isNotNull(), nested).alias("comments"),
    )


def _attachments() -> Column:
    kind = F.when(F.col("p.media_kind") == "photo", "photo").otherwise("video")
    medium = F.struct(kind.alias("media_type"), kind.alias("type"), F.col("p.media_alt").alias("description"))
    return F.struct(F.array(medium).alias("data"))


def _page(line_key: Column) -> Column:
    cursors = F.struct(F.lower(F.hex(line_key)).alias("before"), F.lower(F.hex(line_key + 1)).alias("after"))
    return F.struct(F.col("items").alias("data"), F.struct(cursors.alias("cursors")).alias("paging"))


def _from(prefix: str = "") -> Column:
    return F.struct(F.col(f"{prefix}a_display_name").alias("name"), F.col(f"{prefix}a_native_id").alias("id"))


def _time(ms: Column) -> Column:
    return F.date_format(F.timestamp_millis(ms), "yyyy-MM-dd'T'HH:mm:ss'+0000'")
