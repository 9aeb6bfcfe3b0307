"""Say what an adapter makes of a payload: posts, accounts, acts and retractions in one form for all networks.

in: columns of a parsed payload ▶ out: the structs `POST`, `ACCOUNT`, `ACT`, `RETRACTION`, and the parsers they share.

An *item* is a row with one or more of the four: what a payload is split into. Ids carry their network from here on.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

POST = (
    "struct<post_id:string,version:bigint,network:string,account_id:string,created_at:timestamp,text:string,"
    "declared_language:string,kind:string,in_reply_to_post_id:string,in_reply_to_account_id:string,"
    "shared_post_id:string,"
    "shared_account_id:string,root_post_id:string,mentions:array<string>,hashtags:array<string>,urls:array<string>,"
    "media:array<string>,place:string,source_app:string,extra:map<string,string>,observed_at:timestamp,"
    "counters:map<string,bigint>>"
)
ACCOUNT = (
    "struct<account_id:string,network:string,handle:string,display_name:string,bio:string,location:string,"
    "urls:array<string>,created_at:timestamp,is_bot:boolean,extra:map<string,string>,observed_at:timestamp,"
    "counters:map<string,bigint>>"
)
ACT = (
    "struct<edge_id:string,network:string,src_account_id:string,dst_account_id:string,verb:string,object_id:string,"
    "weight:double,occurred_at:timestamp>"
)
RETRACTION = "struct<network:string,object_id:string,kind:string,occurred_at:timestamp>"
META = ("event_id", "source", "format", "file", "position", "modified_at")
# A post may not lie outside: such a time is a default or an error, and would live in a partition of its own for ever.
EARLIEST, LATEST = "1990-01-01 00:00:00", "2100-01-01 00:00:00"
# JSON numbers, as Spark writes them where text is asked for (1.48237304E9); short enough for decimal(38,6).
NUMBER = "^-?[0-9]{1,20}([.][0-9]{1,17})?([eE][+]?1?[0-9])?$"


def post(
    *,
    network: str | Column,
    post_id: Column,
    account_id: Column,
    created_at: Column,
    text: Column,
    observed_at: Column,
    version: Column | None = None,
    language: Column | None = None,
    is_share: Column | None = None,
    reply_to: Column | None = None,
    reply_to_account: Column | None = None,
    shared: Column | None = None,
    shared_account: Column | None = None,
    root: Column | None = None,
    mentions: Column | None = None,
    hashtags: Column | None = None,
    urls: Column | None = None,
    media: Column | None = None,
    place: Column | None = None,
    source_app: Column | None = None,
    extra: Column | None = None,
    counters: dict[str, Column] | None = None,
) -> Column:
    """Return a `POST`; ids without their network, NULL for what the source does not say.

    A share is a share; what answers is a reply, even where it quotes; what quotes is a quote; all else is a post.
    """
    kind = F.when(_or(is_share, False), "share").when(_or(reply_to, None).isNotNull(), "reply")
    kind = kind.when(_or(shared, None).isNotNull(), "quote").otherwise("post")
    parts = [
        qualified(network, post_id),
        F.coalesce(_or(version, 0), F.lit(0)),
        _word(network),
        qualified(network, account_id),
        created_at,
        clean(text),
        _or(language, None),
        kind,
        qualified(network, _or(reply_to, None)),
        qualified(network, _or(reply_to_account, None)),
        qualified(network, _or(shared, None)),
        qualified(network, _or(shared_account, None)),
        F.coalesce(qualified(network, _or(root, None)), F.when(kind != "reply", qualified(network, post_id))),
        *(distinct(values) for values in (mentions, hashtags, urls, media)),
        _or(place, None),
        _or(source_app, None),
        _or(extra, None).cast("map<string,string>"),
        observed_at,
        _counters(counters),
    ]
    return F.when(post_id.isNotNull() | text.isNotNull(), F.struct(*parts)).cast(POST)


def account(
    *,
    network: str | Column,
    account_id: Column,
    observed_at: Column,
    handle: Column | None = None,
    display_name: Column | None = None,
    bio: Column | None = None,
    location: Column | None = None,
    urls: Column | None = None,
    created_at: Column | None = None,
    is_bot: Column | None = None,
    extra: Column | None = None,
    counters: dict[str, Column] | None = None,
) -> Column:
    """Return an `ACCOUNT` as it was seen at one time; NULL where there is no id. NULL attributes: not stated."""
    parts = [
        qualified(network, account_id),
        _word(network),
        *(clean(_or(value, None)) for value in (handle, display_name, bio, location)),
        _or(urls, None).cast("array<string>"),
        _or(created_at, None).cast("timestamp"),
        _or(is_bot, None).cast("boolean"),
        _or(extra, None).cast("map<string,string>"),
        observed_at,
        _counters(counters),
    ]
    return F.when(F.nullif(account_id, F.lit("")).isNotNull(), F.struct(*parts)).cast(ACCOUNT)


def act(
    *,
    network: str | Column,
    edge_id: Column,
    src: Column,
    dst: Column,
    verb: Column | str,
    object_id: Column | None = None,
    weight: Column | None = None,
    occurred_at: Column | None = None,
) -> Column:
    """Return an `ACT`; ids with their network."""
    weight = F.coalesce(_or(weight, 1.0), F.lit(1.0))
    return F.struct(
        edge_id, _word(network), src, dst, _word(verb), _or(object_id, None), weight, _or(occurred_at, None)
    ).cast(ACT)


def items(
    units: DataFrame,
    *,
    post: Column | None = None,
    account: Column | None = None,
    act: Column | None = None,
    retraction: Column | None = None,
) -> DataFrame:
    """Return items: the units' `META` columns and the four structs."""
    structs = {
        "post": (post, POST),
        "account": (account, ACCOUNT),
        "act": (act, ACT),
        "retraction": (retraction, RETRACTION),
    }
    return units.select(*META, *(_or(value, None).cast(kind).alias(name) for name, (value, kind) in structs.items()))


def qualified(network: str | Column, native_id: Column) -> Column:
    """Return ``network:native_id``; NULL and empty ids are NULL."""
    return F.when(native_id != "", F.concat(_word(network), F.lit(":"), native_id))


def clean(text: Column) -> Column:
    """Drop NULs, which Parquet bears and most readers behind it do not."""
    return F.translate(text, "\x00", "")


def whole_number(text: Column) -> Column:
    """Return a bigint, or NULL where the text is none (ANSI mode: a bare cast would stop the job)."""
    number = F.when(text.rlike(NUMBER), text.cast("decimal(38,6)"))
    return F.when(text.rlike("^-?[0-9]{1,18}$"), text.cast("bigint")).otherwise(
        F.when(F.abs(number) < 1_000_000_000_000_000_000, number).cast("bigint")
    )


def truth(text: Column) -> Column:
    """Return a boolean, or NULL where the text is none."""
    return F.when(F.lower(text).isin("true", "1", "yes"), True).when(F.lower(text).isin("false", "0", "no"), False)


def moment(text: Column) -> Column:
    """Return a UTC timestamp from ISO 8601, X's and RFC 2822's dates, or an epoch in s, ms or µs.

    Returns:
        NULL where the text is no time (of a day: a bare clock time would mean today), or lies outside 1990 to 2099.
    """
    number = F.when(text.rlike(NUMBER) & ~text.startswith("-"), text.cast("decimal(38,6)"))
    micros = F.when(number < 253_402_300_800_000_000, number) * F.when(number < 100_000_000_000, 1_000_000).when(
        number < 100_000_000_000_000, 1_000
    ).otherwise(1)
    since_epoch = F.timestamp_micros(micros.cast("bigint"))
    iso = F.when(text.rlike("^[0-9]{4}-[0-9]{2}-[0-9]{2}"), F.try_to_timestamp(text))
    # Spark 3 parses no names of weekdays: they are cut off.
    x_date = F.try_to_timestamp(F.substring(text, 5, 26), F.lit("MMM dd HH:mm:ss Z yyyy"))
    mail_date = F.try_to_timestamp(F.regexp_extract(text, "^[A-Za-z]{3}, (.*)$", 1), F.lit("d MMM yyyy HH:mm:ss Z"))
    parsed = (
        F.when(text.rlike("^[A-Z][a-z]{2} "), x_date)
        .when(text.rlike("^[A-Z][a-z]{2}, "), mail_date)
        .otherwise(F.coalesce(iso, since_epoch))
    )
    return F.when(parsed.between(F.lit(EARLIEST).cast("timestamp"), F.lit(LATEST).cast("timestamp")), parsed)


def distinct(values: Column | None) -> Column:
    """Return an array without NULLs, empty strings and repeats; NULL for none at all."""
    if values is None:
        return F.lit(None).cast("array<string>")
    return F.array_distinct(F.filter(values, lambda value: value != "")).cast("array<string>")


def _counters(counters: dict[str, Column] | None) -> Column:
    if not counters:
        return F.lit(None).cast("map<string,bigint>")
    pairs = [part for name, value in counters.items() for part in (F.lit(name), whole_number(value))]
    return F.map_filter(F.create_map(*pairs), lambda _, value: value.isNotNull())


def _word(word: str | Column) -> Column:
    return F.lit(word) if isinstance(word, str) else word


def _or(value: Column | None, default: object) -> Column:
    return F.lit(default) if value is None else value
