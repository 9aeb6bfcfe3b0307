"""Read X API v2: pages (data, includes), stream events, flattened tweets, user pages, compliance events.

in: payloads ▶ out: items. `data` is a list or one object; `includes` are looked up within their page, and are items
too.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.ingest import canonical as c

NETWORK = "x"
USER = (
    "id string, username string, name string, description string, location string, url string, created_at string, "
    "protected string, entities struct<url struct<urls array<struct<expanded_url string>>>>, "
    "public_metrics struct<followers_count string, following_count string, tweet_count string>"
)
CORE = (
    "id string, text string, author_id string, created_at string, lang string, source string, conversation_id string, "
    "in_reply_to_user_id string, possibly_sensitive string, edit_history_tweet_ids array<string>, "
    "note_tweet struct<text string>, withheld struct<country_codes array<string>>, "
    "entities struct<hashtags array<struct<tag string>>, mentions array<struct<id string, username string>>, "
    "urls array<struct<expanded_url string, unwound_url string, url string>>, "
    "url struct<urls array<struct<expanded_url string>>>>, "  # the last is a user's
    "attachments struct<media_keys array<string>, media array<struct<type string>>>, "
    "geo struct<place_id string, full_name string>, "
    "public_metrics struct<like_count string, retweet_count string, reply_count string, quote_count string, "
    "impression_count string, followers_count string, following_count string, tweet_count string>, "
    f"author struct<{USER}>"
)
# Flattened tweets hold the tweets they refer to; those of pages refer by id only.
TWEET = f"{CORE}, type string, in_reply_to_user struct<{USER}>, referenced_tweets array<struct<{CORE}, type string>>"
INCLUDES = (
    f"struct<users array<struct<{USER}>>, tweets array<struct<{TWEET}>>, media array<struct<media_key string, "
    "type string>>, "
    "places array<struct<id string, full_name string>>>"
)
ROOT = (
    f"{TWEET}, username string, name string, description string, location string, url string, protected string, "
    "data string, "
    f"includes {INCLUDES}, meta struct<newest_id string>, __twarc struct<retrieved_at string>, action string, "
    "tweet string, "
    "reason string, redacted_at string"
)
DATA = f"{TWEET}, username string, name string, description string, location string, url string, protected string"
PERSON = ["id", "username", "name", "description", "location", "url", "created_at", "protected"]
UNIT = (
    f"struct<tweet struct<{TWEET}>, user struct<{USER}>, shared_account string, media array<string>, place string, "
    "observed string, notice struct<kind string, object_id string, at string>>"
)


def items(payloads: DataFrame) -> DataFrame:
    """Split payloads into posts, accounts and retractions.

    Args:
        payloads: the `canonical.META` columns and `payload`.

    Returns:
        Items (`canonical.items`), at least one a payload; all four structs NULL where a payload holds nothing to read.
    """
    roots = payloads.select(*c.META, F.explode_outer(F.from_json("payload", f"array<struct<{ROOT}>>")).alias("root"))
    pages = roots.select(*c.META, "root", _data(F.col("root.data")).alias("data"))
    units = pages.select(*c.META, F.explode_outer(_units(F.col("root"), F.col("data"))).alias("unit"))
    unit = F.col("unit")
    observed_at = F.coalesce(c.moment(unit["observed"]), F.col("modified_at"))
    return c.items(
        units,
        post=_post(unit, observed_at),
        account=_account(unit["user"], observed_at),
        retraction=c.notice(unit["notice"], network=NETWORK),
    )


def _post(unit: Column, observed_at: Column) -> Column:
    tweet, created_at = unit["tweet"], c.moment(unit["tweet"]["created_at"])
    first_id = F.coalesce(c.first_of(tweet["edit_history_tweet_ids"]), tweet["id"])
    retweeted, quoted, replied = (_referenced(tweet, kind) for kind in ("retweeted", "quoted", "replied_to"))
    entities, metrics = tweet["entities"], tweet["public_metrics"]
    return c.post(
        network=NETWORK,
        post_id=first_id,
        version=F.when(first_id != tweet["id"], F.unix_millis(created_at)),
        account_id=F.coalesce(tweet["author_id"], tweet["author"]["id"]),
        created_at=created_at,
        text=c.unescaped(F.coalesce(tweet["note_tweet"]["text"], tweet["text"])),
        observed_at=observed_at,
        language=F.nullif(tweet["lang"], F.lit("und")),
        is_share=retweeted["id"].isNotNull(),
        reply_to=replied["id"],
        reply_to_account=tweet["in_reply_to_user_id"],
        shared=F.coalesce(retweeted["id"], quoted["id"]),
        shared_account=unit["shared_account"],
        root=tweet["conversation_id"],
        mentions=F.transform(
            entities["mentions"],
            lambda mention: F.coalesce(c.qualified(NETWORK, mention["id"]), F.concat(F.lit("@"), mention["username"])),
        ),
        hashtags=F.transform(entities["hashtags"], lambda tag: F.lower(tag["tag"])),
        urls=F.transform(entities["urls"], lambda url: F.coalesce(url["unwound_url"], url["expanded_url"], url["url"])),
        media=unit["media"],
        place=unit["place"],
        source_app=tweet["source"],
        extra=c.extra(
            {
                "possibly_sensitive": tweet["possibly_sensitive"],
                "withheld_in": F.array_join(tweet["withheld"]["country_codes"], ","),
                "native_id": F.when(first_id != tweet["id"], tweet["id"]),
            }
        ),
        counters={
            "likes": metrics["like_count"],
            "shares": metrics["retweet_count"],
            "replies": metrics["reply_count"],
            "quotes": metrics["quote_count"],
            "views": metrics["impression_count"],
        },
    )


def _account(user: Column, observed_at: Column) -> Column:
    url, metrics = c.first_of(user["entities"]["url"]["urls"]), user["public_metrics"]
    return c.account(
        network=NETWORK,
        account_id=user["id"],
        observed_at=observed_at,
        handle=user["username"],
        display_name=user["name"],
        bio=c.unescaped(user["description"]),
        location=user["location"],
        urls=F.when(user["url"].isNotNull(), c.distinct(F.array(F.coalesce(url["expanded_url"], user["url"])))),
        created_at=c.moment(user["created_at"]),
        extra=c.extra({"protected": user["protected"]}),
        counters={
            "followers": metrics["followers_count"],
            "following": metrics["following_count"],
            "posts": metrics["tweet_count"],
        },
    )


def _data(text: Column) -> Column:
    """Return the elements of `data`, a list or one object; where one is malformed, the others one by one."""
    whole = F.from_json(text, f"array<struct<{DATA}>>")
    elements = F.from_json(text, "array<string>")
    return F.coalesce(whole, F.transform(elements, lambda element: F.from_json(element, f"struct<{DATA}>")))


def _units(root: Column, data: Column) -> Column:
    """Return one struct a tweet, user or notice of a payload; its page is what lookups see."""
    seen = F.coalesce(
        root["__twarc"]["retrieved_at"], F.array_max(F.transform(data, lambda d: d["created_at"])), root["created_at"]
    )
    includes = root["includes"]
    none = F.array().cast(f"array<struct<{TWEET}>>")
    no_users = F.array().cast(f"array<struct<{USER}>>")
    is_person = root["username"].isNotNull()
    itself = F.when(root["text"].isNotNull() & ~is_person, F.array(c.fields(root, c.names_of(TWEET)))).otherwise(none)
    of_data = F.transform(F.filter(data, lambda d: d["text"].isNotNull()), lambda d: c.fields(d, c.names_of(TWEET)))
    tweets = F.concat(itself, *(F.coalesce(found, none) for found in (of_data, includes["tweets"])))
    quoted = F.flatten(F.transform(itself, lambda t: F.filter(t["referenced_tweets"], lambda r: r["text"].isNotNull())))
    embedded = F.transform(quoted, _whole)
    all_tweets = F.concat(tweets, F.coalesce(embedded, none))
    authors = F.filter(F.transform(all_tweets, lambda t: t["author"]), lambda user: user["id"].isNotNull())
    persons = F.transform(F.filter(data, lambda d: d["username"].isNotNull()), _person)
    users = F.concat(
        *(F.coalesce(found, no_users) for found in (persons, includes["users"], authors)),
        F.when(is_person, F.array(_person(root))).otherwise(no_users),
        F.filter(F.array(root["in_reply_to_user"]), lambda user: user["id"].isNotNull()),
    )
    return F.concat(
        F.transform(all_tweets, lambda tweet: _tweet_unit(tweet, includes, seen)),
        F.transform(users, lambda user: _unit(user=user, observed=seen)),
        F.filter(F.array(_notice(root)), lambda unit: unit.isNotNull()),
    )


def _tweet_unit(tweet: Column, includes: Column, seen: Column) -> Column:
    """Return a tweet with what its page knows of it: the author of what it shares, kinds of media, the place."""
    shared = F.coalesce(_referenced(tweet, "retweeted"), _referenced(tweet, "quoted"))
    included = c.first_of(F.filter(includes["tweets"], lambda other: other["id"] == shared["id"]))
    media_keys, place_id = tweet["attachments"]["media_keys"], tweet["geo"]["place_id"]
    media = F.filter(includes["media"], lambda medium: F.array_contains(media_keys, medium["media_key"]))
    place = c.first_of(F.filter(includes["places"], lambda place: place["id"] == place_id))
    return _unit(
        tweet=tweet,
        shared_account=F.coalesce(shared["author_id"], included["author_id"]),
        media=F.transform(
            F.coalesce(tweet["attachments"]["media"], F.transform(media, lambda m: F.struct(m["type"].alias("type")))),
            lambda medium: c.medium(medium["type"]),
        ),
        place=F.coalesce(place["full_name"], tweet["geo"]["full_name"]),
        observed=seen,
    )


def _unit(
    *,
    tweet: Column | None = None,
    user: Column | None = None,
    shared_account: Column | None = None,
    media: Column | None = None,
    place: Column | None = None,
    observed: Column | None = None,
    notice: Column | None = None,
) -> Column:
    parts = (tweet, user, shared_account, media, place, observed, notice)
    return F.struct(*(F.lit(None) if part is None else part for part in parts)).cast(UNIT)


def _notice(root: Column) -> Column:
    """Return a compliance event: a batch row {id, action, …}, or a stream event inside `tweet`.

    A batch row does not say whether its id is a tweet's or a user's: X's ids since November 2010 hold their time, so
    a small id of
    a later time is a user's. Beyond that they share one number space, and a deletion is applied to both.
    """
    at = F.coalesce(root["redacted_at"], root["created_at"])
    is_small = F.length(root["id"]) < 12
    is_late = c.moment(root["created_at"]) > F.timestamp_millis(F.lit(c.X_EPOCH_MS))
    kind = F.when(is_small & is_late, "user_delete").otherwise("delete")
    inner = F.from_json(root["tweet"], "struct<id string, author_id string>")
    stream_at = F.coalesce(F.get_json_object(root["tweet"], "$.event_at"), root["created_at"])
    return F.when(
        root["action"].isNotNull() & root["id"].isNotNull(), _unit(notice=F.struct(kind, root["id"], at))
    ).when(inner["id"].isNotNull(), _unit(notice=F.struct(F.lit("delete"), inner["id"], stream_at)))


def _referenced(tweet: Column, kind: str) -> Column:
    return c.first_of(F.filter(tweet["referenced_tweets"], lambda other: other["type"] == kind))


def _whole(referenced: Column) -> Column:
    """Return a referenced tweet as a tweet; what it refers to in turn is not known."""
    names = c.names_of(TWEET)
    known = {*c.names_of(CORE), "type"}
    return F.struct(*((referenced[n] if n in known else F.lit(None)).alias(n) for n in names)).cast(f"struct<{TWEET}>")


def _person(of: Column) -> Column:
    """Return a user out of an object that could be a tweet or a user."""
    metrics = F.struct(*(of["public_metrics"][name] for name in ("followers_count", "following_count", "tweet_count")))
    entities = F.struct(of["entities"]["url"].alias("url"))
    return F.struct(*(of[name] for name in PERSON), entities, metrics).cast(f"struct<{USER}>")
