"""Turn payloads of any wire format into items.

in: payloads with `format` ▶ out: items, and what of them is refused. A new format is one module and one line here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.ingest import bluesky, canonical, facebook, mapped, mapping, mastodon, reasons, reddit, x_v1, x_v2

ADAPTERS: dict[str, Callable[[DataFrame], DataFrame]] = {
    "x_v1": x_v1.items,
    "x_v2": x_v2.items,
    "bluesky": bluesky.items,
    "facebook": facebook.items,
    "mastodon": mastodon.items,
    "reddit": reddit.items,
}


def items(payloads: DataFrame, *, present: list[str], mappings: Mapping[str, mapping.Mapping]) -> DataFrame:
    """Split payloads into items.

    Args:
        payloads: `canonical.META`, `payload` and `reason_code`; refused ones are left out.
        present: the formats that occur, so that absent ones cost no pass.
        mappings: the sources described by files that occur, by name.

    Returns:
        Items with `item` (number within the payload, from 0 in no order) and `reason_code`, `reason` where one is
        refused.
    """
    good = payloads.where(F.col("reason_code").isNull())
    frames = [canonical.items(good.where(F.lit(False)))]
    for name in present:
        rows = good.where(F.col("format") == name)
        frames.append(ADAPTERS[name](rows) if name in ADAPTERS else mapped.items(rows, mapping=mappings[name]))
    return refused(reduce(DataFrame.unionByName, frames))


def refused(found: DataFrame) -> DataFrame:
    """Add `reason_code` and `reason` to items that cannot become rows; all else of them is as it was."""
    code = _code()
    sentences = {name: reasons.sentence(name) for name in ("missing_id", "missing_author", "bad_time", "bad_edge")}
    sentences["no_items"] = reasons.sentence("no_items", F.col("format"))
    reason = F.coalesce(*(F.when(code == name, text) for name, text in sentences.items()))
    return found.select(
        *canonical.META, "post", "account", "act", "retraction", code.alias("reason_code"), reason.alias("reason")
    )


def _code() -> Column:
    post, edge = F.col("post"), F.col("act")
    is_empty = post.isNull() & F.col("account").isNull() & edge.isNull() & F.col("retraction").isNull()
    return (
        F.when(is_empty, "no_items")
        .when(post.isNotNull() & post["post_id"].isNull(), "missing_id")
        .when(post.isNotNull() & post["account_id"].isNull(), "missing_author")
        .when(post.isNotNull() & post["created_at"].isNull(), "bad_time")
        .when(edge.isNotNull() & (edge["edge_id"].isNull() | edge["src_account_id"].isNull()), "bad_edge")
    )
