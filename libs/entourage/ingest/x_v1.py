"""Read X API v1.1: statuses, search and premium pages, user lists, deletion notices.

in: payloads ▶ out: items. Retweeted and quoted statuses inside a status are items of their own; `extended_tweet` wins.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.ingest import canonical as c

NETWORK = "x"
# Every leaf is read as a string: numbers beyond 2^53 stay exact, and a retyped field costs itself only.
USER = (
    "id string, id_str string, name string, screen_name string, location string, description string, url string, "
    "created_at string, followers_count string, friends_count string, statuses_count string, protected string, "
    "entities struct<url struct<urls array<struct<expanded_url string, url string>>>>"
)
MEDIA = "struct<media array<struct<type string>>>"
ENTITIES = (
    "struct<hashtags array<struct<text string>>, urls array<struct<expanded_url string, url string>>, "
    "user_mentions array<struct<id_str string, id string, screen_name string>>>"
)
STATUS = (
    "id string, id_str string, created_at string, text string, full_text string, source string, lang string, "
    "in_reply_to_status_id string, in_reply_to_status_id_str string, in_reply_to_user_id string, "
    f"in_reply_to_user_id_str string, user struct<{USER}>, place struct<full_name string>, entities {ENTITIES}, "
    f"extended_entities {MEDIA}, extended_tweet struct<full_text string, entities {ENTITIES}, "
    f"extended_entities {MEDIA}>, "
    "quote_count string, reply_count string, retweet_count string, favorite_count string, quoted_status_id string, "
    "quoted_status_id_str string, possibly_sensitive string, edit_history struct<initial_tweet_id string>"
)
FAMILY = f"{STATUS}, quoted_status struct<{STATUS}>, retweeted_status struct<{STATUS}, quoted_status struct<{STATUS}>>"
NOTICE = "struct<id string, id_str string, user_id string, user_id_str string, timestamp_ms string>"
ROOT = (
    f"{FAMILY}, name string, screen_name string, location string, description string, url string, "
    "followers_count string, "
    "friends_count string, statuses_count string, protected string, "
    f"statuses array<struct<{FAMILY}>>, results array<struct<{FAMILY}>>, users array<struct<{USER}>>, "
    f"delete struct<status {NOTICE}, timestamp_ms string>, scrub_geo {NOTICE}, status_withheld {NOTICE}, "
    f"user_withheld {NOTICE}"
)
UNIT = (
    f"struct<status struct<{STATUS}>, user struct<{USER}>, shared_id string, shared_account string, is_share boolean, "
    "observed string, notice struct<kind string, object_id string, at string>>"
)
USER_NAMES = [
    "id",
    "id_str",
    "name",
    "screen_name",
    "location",
    "description",
    "url",
    "created_at",
    "followers_count",
    "friends_count",
    "statuses_count",
    "protected",
]


def items(payloads: DataFrame) -> DataFrame:
    """Split payloads into posts with their authors, accounts and retractions.

    Args:
        payloads: the `canonical.META` columns and `payload`.

    Returns:
        Items (`canonical.items`), at least one a payload; all four structs NULL where a payload holds nothing to read.
    """
    parsed = payloads.select(*c.META, F.explode_outer(F.from_json("payload", f"array<struct<{ROOT}>>")).alias("root"))
    units = parsed.select(*c.META, F.explode_outer(_units(F.col("root"))).alias("unit"))
    unit = F.col("unit")
    observed_at = F.coalesce(c.moment(unit["observed"]), F.col("modified_at"))
    return c.items(
        units,
        post=_post(unit, observed_at),
        account=_account(unit["user"], observed_at),
        retraction=c.notice(unit["notice"], network=NETWORK),
    )


def _post(unit: Column, observed_at: Column) -> Column:
    status = unit["status"]
    longer = status["extended_tweet"]
    entities = F.coalesce(longer["entities"], status["entities"])
    media = F.coalesce(longer["extended_entities"]["media"], status["extended_entities"]["media"])
    native_id, created_at = _id(status), c.moment(status["created_at"])
    first_id = F.coalesce(status["edit_history"]["initial_tweet_id"], native_id)
    return c.post(
        network=NETWORK,
        post_id=first_id,
        version=F.when(first_id != native_id, F.unix_millis(created_at)),
        account_id=_id(status["user"]),
        created_at=created_at,
        text=c.unescaped(F.coalesce(longer["full_text"], status["full_text"], status["text"])),
        observed_at=observed_at,
        language=F.nullif(status["lang"], F.lit("und")),
        is_share=unit["is_share"],
        reply_to=_id(status, "in_reply_to_status_id"),
        reply_to_account=_id(status, "in_reply_to_user_id"),
        shared=unit["shared_id"],
        shared_account=unit["shared_account"],
        mentions=F.transform(
            entities["user_mentions"],
            lambda mention: F.coalesce(
                c.qualified(NETWORK, _id(mention)), F.concat(F.lit("@"), mention["screen_name"])
            ),
        ),
        hashtags=F.transform(entities["hashtags"], lambda tag: F.lower(tag["text"])),
        urls=F.transform(entities["urls"], lambda url: F.coalesce(url["expanded_url"], url["url"])),
        media=F.transform(media, lambda medium: c.medium(medium["type"])),
        place=status["place"]["full_name"],
        source_app=c.without_tags(status["source"]),
        extra=c.extra({"possibly_sensitive": status["possibly_sensitive"]}),
        counters={
            "likes": status["favorite_count"],
            "shares": status["retweet_count"],
            "replies": status["reply_count"],
            "quotes": status["quote_count"],
        },
    )


def _account(user: Column, observed_at: Column) -> Column:
    url = c.first_of(user["entities"]["url"]["urls"])
    links = F.array(F.coalesce(url["expanded_url"], user["url"]))
    return c.account(
        network=NETWORK,
        account_id=_id(user),
        observed_at=observed_at,
        handle=user["screen_name"],
        display_name=user["name"],
        bio=c.unescaped(user["description"]),
        location=user["location"],
        urls=F.when(user["screen_name"].isNotNull(), c.distinct(links)),
        created_at=c.moment(user["created_at"]),
        extra=c.extra({"protected": user["protected"]}),
        counters={
            "followers": user["followers_count"],
            "following": user["friends_count"],
            "posts": user["statuses_count"],
        },
    )


def _units(root: Column) -> Column:
    """Return one struct a status, user or notice of an object."""
    none = F.array().cast(f"array<struct<{FAMILY}>>")
    itself = F.when(_is_status(root), F.array(_family(root))).otherwise(none)
    statuses = F.concat(itself, F.coalesce(root["statuses"], none), F.coalesce(root["results"], none))
    itself_as_user = F.array(F.struct(*(root[name] for name in USER_NAMES), F.lit(None).alias("entities")))
    no_users = F.array().cast(f"array<struct<{USER}>>")
    users = F.concat(
        F.when(root["screen_name"].isNotNull(), itself_as_user.cast(f"array<struct<{USER}>>")).otherwise(no_users),
        F.coalesce(root["users"], no_users),
    )
    return F.concat(
        F.flatten(F.transform(statuses, _family_units)),
        F.transform(users, lambda user: _unit(user=user)),
        F.filter(F.array(*_notices(root)), lambda unit: unit.isNotNull()),
    )


def _family_units(top: Column) -> Column:
    """Return the units of a status and of those inside it; all were seen when the outer one was delivered."""
    seen = top["created_at"]
    retweeted, quoted = top["retweeted_status"], top["quoted_status"]
    inner = retweeted["quoted_status"]
    outer = _unit(
        status=_plain(top),
        shared=F.coalesce(_id(retweeted), _id(quoted), _id(top, "quoted_status_id")),
        author=F.coalesce(_id(retweeted["user"]), _id(quoted["user"])),
        is_share=retweeted.isNotNull(),
        observed=seen,
    )
    second = _unit(
        status=_plain(retweeted),
        shared=F.coalesce(_id(inner), _id(retweeted, "quoted_status_id")),
        author=_id(inner["user"]),
        observed=seen,
    )
    units = F.array(
        outer,
        second,
        *(_unit(status=_plain(s), shared=_id(s, "quoted_status_id"), observed=seen) for s in (quoted, inner)),
    )
    return F.filter(units, lambda unit: unit["status"].isNotNull())


def _unit(
    *,
    status: Column | None = None,
    user: Column | None = None,
    shared: Column | None = None,
    author: Column | None = None,
    is_share: Column | None = None,
    observed: Column | None = None,
    notice: Column | None = None,
) -> Column:
    owner = user if user is not None or status is None else status["user"]
    parts = (status, owner, shared, author, is_share, observed, notice)
    return F.struct(*(F.lit(None) if part is None else part for part in parts)).cast(UNIT)


def _notices(root: Column) -> list[Column]:
    deleted = root["delete"]["status"]
    at = F.coalesce(deleted["timestamp_ms"], root["delete"]["timestamp_ms"])
    found = [("delete", _id(deleted), at)] + [
        (kind, _id(root[name], part), root[name]["timestamp_ms"])
        for kind, name, part in (
            ("scrub_geo", "scrub_geo", "user_id"),
            ("withheld", "status_withheld", "id"),
            ("withheld", "user_withheld", "id"),
        )
    ]
    return [F.when(of.isNotNull(), _unit(notice=F.struct(F.lit(kind), of, at))) for kind, of, at in found]


def _is_status(root: Column) -> Column:
    has_text = root["text"].isNotNull() | root["full_text"].isNotNull()
    return has_text | (root["user"].isNotNull() & _id(root).isNotNull())


def _family(root: Column) -> Column:
    names = [*_names(), "quoted_status", "retweeted_status"]
    return F.struct(*(root[name].alias(name) for name in names))


def _plain(status: Column) -> Column:
    return c.fields(status, _names())


def _names() -> list[str]:
    return c.names_of(STATUS)


def _id(struct: Column, name: str = "id") -> Column:
    """Return the id as X's string twin has it, since JavaScript rounds the number."""
    return F.coalesce(F.nullif(struct[f"{name}_str"], F.lit("")), struct[name])
