"""Read Mastodon statuses: HTML becomes text, ids become the uris that hold on every instance.

in: payloads ▶ out: items. A boosted or quoted status inside a status is an item of its own.

An account is named by its profile's URL, since mentions carry no uri. The numbers in `in_reply_to_id` hold on one
instance only:
such a reply names ``mastodon:local:NUMBER``.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.ingest import canonical as c

NETWORK = "mastodon"
ACCOUNT = (
    "struct<id string, username string, acct string, url string, uri string, display_name string, note string, "
    "bot string, "
    "noindex string, created_at string, followers_count string, following_count string, statuses_count string, "
    "fields array<struct<value string>>>"
)
STATUS = (
    "id string, uri string, url string, created_at string, edited_at string, content string, text string, "
    "language string, "
    "visibility string, spoiler_text string, in_reply_to_id string, in_reply_to_account_id string, "
    f"account {ACCOUNT}, mentions array<struct<id string, url string, acct string>>, tags array<struct<name string>>, "
    "media_attachments array<struct<type string>>, card struct<url string>, application struct<name string>, "
    "replies_count string, reblogs_count string, favourites_count string, quotes_count string"
)
NESTED = f"struct<{STATUS}>"
ROOT = f"{STATUS}, reblog {NESTED}, quote struct<state string, quoted_status {NESTED}>"
UNIT = f"struct<status {NESTED}, shared string, shared_account string, is_share boolean, observed string>"


def items(payloads: DataFrame) -> DataFrame:
    """Split statuses into posts with their authors.

    Args:
        payloads: the `canonical.META` columns and `payload`.

    Returns:
        Items (`canonical.items`), at least one a payload.
    """
    roots = payloads.select(*c.META, F.explode_outer(F.from_json("payload", f"array<struct<{ROOT}>>")).alias("root"))
    units = roots.select(*c.META, F.explode_outer(_units(F.col("root"))).alias("unit"))
    unit = F.col("unit")
    observed_at = F.coalesce(c.moment(unit["observed"]), F.col("modified_at"))
    return c.items(units, post=_post(unit, observed_at), account=_account(unit["status"]["account"], observed_at))


def _units(root: Column) -> Column:
    quoted = root["quote"]["quoted_status"]
    inner = F.coalesce(root["reblog"], quoted)
    itself = F.struct(
        c.fields(root, c.names_of(STATUS)),
        inner["uri"],
        _person(inner["account"]),
        root["reblog"].isNotNull(),
        root["created_at"],
    )
    nothing = F.lit(None)
    nested = [
        F.struct(status, nothing, nothing, F.lit(False), root["created_at"]).cast(UNIT)
        for status in (root["reblog"], quoted)
    ]
    return F.filter(F.array(itself.cast(UNIT), *nested), lambda unit: unit["status"].isNotNull())


def _post(unit: Column, observed_at: Column) -> Column:
    status = unit["status"]
    warning = F.nullif(status["spoiler_text"], F.lit(""))
    answered = c.first_of(F.filter(status["mentions"], lambda m: m["id"] == status["in_reply_to_account_id"]))
    is_to_self = status["in_reply_to_account_id"] == status["account"]["id"]
    return c.post(
        network=NETWORK,
        post_id=F.coalesce(status["uri"], status["url"]),
        version=F.unix_millis(c.moment(status["edited_at"])),
        account_id=_person(status["account"]),
        created_at=c.moment(status["created_at"]),
        text=F.concat_ws("\n", warning, c.without_tags(status["content"])),
        observed_at=observed_at,
        language=status["language"],
        is_share=unit["is_share"],
        reply_to=F.concat(F.lit("local:"), status["in_reply_to_id"]),
        reply_to_account=F.when(is_to_self, _person(status["account"])).otherwise(answered["url"]),
        shared=unit["shared"],
        shared_account=unit["shared_account"],
        mentions=F.transform(status["mentions"], lambda mention: c.qualified(NETWORK, mention["url"])),
        hashtags=F.transform(status["tags"], lambda tag: F.lower(tag["name"])),
        urls=F.array(status["card"]["url"]),
        media=F.transform(status["media_attachments"], lambda medium: c.medium(medium["type"])),
        source_app=status["application"]["name"],
        extra=c.extra({"visibility": status["visibility"], "native_id": status["id"]}),
        counters={
            "likes": status["favourites_count"],
            "shares": status["reblogs_count"],
            "replies": status["replies_count"],
            "quotes": status["quotes_count"],
        },
    )


def _account(person: Column, observed_at: Column) -> Column:
    return c.account(
        network=NETWORK,
        account_id=_person(person),
        observed_at=observed_at,
        handle=person["acct"],
        display_name=person["display_name"],
        bio=c.without_tags(person["note"]),
        urls=c.distinct(
            F.transform(
                person["fields"],
                lambda field: F.nullif(F.regexp_extract(field["value"], 'href="([^"]+)"', 1), F.lit("")),
            )
        ),
        created_at=c.moment(person["created_at"]),
        is_bot=c.truth(person["bot"]),
        extra=c.extra({"noindex": person["noindex"], "uri": person["uri"]}),
        counters={
            "followers": person["followers_count"],
            "following": person["following_count"],
            "posts": person["statuses_count"],
        },
    )


def _person(person: Column) -> Column:
    return F.coalesce(person["url"], person["uri"], person["acct"])
