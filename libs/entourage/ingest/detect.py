"""Find the wire format of each payload, and refuse what is not JSON.

in: pieces (payload, reason_code, reason) ▶ out: payloads with `format`, `event_id`, or a reason.

Formats are told by the keys of the object (of an array's first object), so files may mix them.
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.ingest import reasons

FORMATS = ("x_v1", "x_v2", "bluesky", "facebook", "mastodon", "reddit")


def payloads(pieces: DataFrame) -> DataFrame:
    """Give each piece its format and digests.

    Args:
        pieces: `source`, `file`, `modified_at`, `position`, `payload`, `reason_code`, `reason`, `is_marker`, and
            `given`: the format or mapping that is known beforehand (NULL: found by the keys).

    Returns:
        The pieces, markers among them, and `format` (NULL where refused before), `event_id` (SHA-256 of format and
        payload), `reason_code`, `reason`.
    """
    keyed = pieces.withColumn("keys", F.when(~F.col("is_marker"), _keys(F.col("payload"))))
    found = keyed.withColumn("format", F.coalesce("given", _format(F.col("keys"), F.col("payload"))))
    is_json = F.col("keys").isNotNull()
    code = (
        F.when(F.col("reason_code").isNotNull(), F.col("reason_code"))
        .when(~is_json, "bad_json")
        .when(F.col("format").isNull(), "unknown_format")
    )
    reason = (
        F.when(F.col("reason_code").isNotNull(), F.col("reason"))
        .when(~is_json, reasons.sentence("bad_json"))
        .when(F.col("format").isNull(), reasons.sentence("unknown_format", F.array_join(F.slice("keys", 1, 8), ", ")))
    )
    known = F.when(is_json, F.col("format"))
    return found.select(
        F.sha2(F.concat_ws("\n", known, "payload"), 256).alias("event_id"),
        "source",
        known.alias("format"),
        "file",
        "position",
        "modified_at",
        "payload",
        code.alias("reason_code"),
        reason.alias("reason"),
        "is_marker",
    )


def opened(payloads: DataFrame, *, files: DataFrame) -> DataFrame:
    """Drop the markers, and add a refusal for each file without one: it could not be opened.

    Args:
        payloads: `payloads`, staged.
        files: `source`, `file`, `modified_at`.
    """
    code, sentence = reasons.unreadable()
    seen = payloads.select("file").distinct()
    lost = files.alias("f").join(seen.alias("p"), on=F.col("f.file") == F.col("p.file"), how="left_anti")
    known = {
        "file": F.col("file"),
        "modified_at": F.col("modified_at"),
        "position": F.lit(0).cast("bigint"),
        "payload": F.lit(""),
        "source": F.col("source"),
        "reason_code": F.lit(code),
        "reason": F.lit(sentence),
    }
    kept = payloads.where(~F.col("is_marker")).drop("is_marker")
    refused = lost.select(*(known.get(name, F.lit(None).cast("string")).alias(name) for name in kept.columns))
    return kept.unionByName(refused)


def _keys(payload: Column) -> Column:
    """Return the keys of the object, or of an array's first object; an empty array has no keys; NULL: not JSON.

    Reading the keys reads the whole object, so that one that is cut short has none; what follows it is looked at apart.
    """
    is_closed = F.substring(F.rtrim(payload), -1, 1).isin("}", "]")
    first = F.json_object_keys(F.get_json_object(payload, "$[0]"))
    of_array = F.when(
        F.from_json(payload, "array<string>").isNotNull(), F.coalesce(first, F.array().cast("array<string>"))
    )
    opening = F.substring(payload, 1, 1)
    return F.when(is_closed & (opening == "{"), F.json_object_keys(payload)).when(
        is_closed & (opening == "["), of_array
    )


def _format(keys: Column, payload: Column) -> Column:
    """Return a format's name by the keys that only it has, the more telling ones first; NULL: none."""
    rules = {
        "bluesky": _all(keys, "did", "time_us") | _all(keys, "did", "commit"),
        "mastodon": _all(keys, "uri", "account", "content") | _all(keys, "uri", "account", "reblog"),
        "reddit": _any(keys, "subreddit", "subreddit_id", "link_id"),
        "facebook": _any(keys, "paging") | _all(keys, "created_time", "id") | _is_facebook_page(keys, payload),
        "x_v2": _any(keys, "author_id", "edit_history_tweet_ids", "includes", "matching_rules", "username")
        | (_any(keys, "data") & ~_any(keys, "kind"))
        | _all(keys, "id", "action", "created_at")
        | _any(keys, "tweet"),
        "x_v1": _any(keys, "statuses", "results", "users", "ids", "screen_name", "id_str")
        | (_all(keys, "user") & _any(keys, "text", "full_text"))
        | _any(keys, "delete", "scrub_geo", "limit", "status_withheld", "user_withheld")
        | _any(keys, "completed_in", "search_metadata", "requestParameters"),
    }
    return F.coalesce(*(F.when(rule, name) for name, rule in rules.items()))


def _is_facebook_page(keys: Column, payload: Column) -> Column:
    return (
        F.array_contains(keys, "data") & ~_any(keys, "includes", "meta") & F.contains(payload, F.lit('"created_time"'))
    )


def _all(keys: Column, *names: str) -> Column:
    return reduce(lambda left, right: left & right, (F.array_contains(keys, name) for name in names))


def _any(keys: Column, *names: str) -> Column:
    return F.arrays_overlap(keys, F.array(*(F.lit(name) for name in names)))
