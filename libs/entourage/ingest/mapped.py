"""Turn the rows of a source of posts, accounts or edges into items, as its mapping says.

in: payloads (one JSON object a row) and a `Mapping` ▶ out: items.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.ingest import canonical, parsers
from entourage.ingest.mapping import Mapping
from entourage.schemas import NETWORKS


def items(payloads: DataFrame, *, mapping: Mapping) -> DataFrame:
    """Return the items of a source of posts, accounts or edges (`canonical.items`), one a payload."""
    given = parsers.rows(payloads)
    made = {name: parsers.column(name, value) for name, value in mapping.columns.items()}
    network = F.coalesce(made.get("network", F.lit(None)).cast("string"), F.lit(mapping.network))
    if mapping.kind == "edges":
        return canonical.items(given, act=_act(made, network))
    posts = {"post": _post(made, network, parsers.extra(mapping, made))} if mapping.kind == "posts" else {}
    person = _account(made, network, None if posts else parsers.extra(mapping, made))
    return canonical.items(given, account=person, post=posts.get("post"))


def _with_network(network: Column, id_: Column) -> Column:
    """Return an id that names its network; one that does already stays."""
    return F.when(id_.rlike(f"^({NETWORKS.replace(',', '|')}):"), id_).when(
        id_.isNotNull(), F.concat(network, F.lit(":"), id_)
    )


def _network_of(id_: Column) -> Column:
    return F.substring_index(id_, ":", 1)


def _native(network: Column, id_: Column) -> Column:
    return F.regexp_replace(_with_network(network, id_), "^[a-z]+:", "")


def _act(made: dict[str, Column], network: Column) -> Column:
    src, dst = (_with_network(network, made[name].cast("string")) for name in ("src", "dst"))
    verb = F.coalesce(made.get("verb", F.lit(None)).cast("string"), F.lit("follow"))
    object_id = made.get("object_id", F.lit(None)).cast("string")
    edge_id = F.concat_ws(":", _network_of(src), verb, src, dst, object_id)
    return F.struct(
        F.when(src.isNotNull() & dst.isNotNull(), edge_id),
        _network_of(src),
        src,
        dst,
        verb,
        object_id,
        F.coalesce(made.get("weight", F.lit(None)).cast("double"), F.lit(1.0)),
        made.get("occurred_at", F.lit(None)).cast("timestamp"),
    ).cast(canonical.ACT)


def _account(made: dict[str, Column], network: Column, extra: Column | None) -> Column:
    id_ = made["account_id"].cast("string")
    observed_at = F.coalesce(
        *(made.get(name, F.lit(None)).cast("timestamp") for name in ("observed_at",)), F.col("modified_at")
    )
    counters: dict[str, Column] = {}
    counters |= {name: made[name].cast("string") for name in ("followers", "following", "posts") if name in made}
    return canonical.account(
        network=_network_of(_with_network(network, id_)),
        account_id=_native(network, id_),
        observed_at=observed_at,
        handle=made.get("handle"),
        display_name=made.get("display_name"),
        bio=made.get("bio"),
        location=made.get("location"),
        urls=made.get("urls"),
        created_at=made.get("created_at") if extra is not None else None,
        is_bot=made.get("is_bot"),
        extra=extra,
        counters=counters or None,
    )


def _post(made: dict[str, Column], network: Column, extra: Column) -> Column:
    def id_(name: str) -> Column | None:
        return _native(network, made[name].cast("string")) if name in made else None

    created_at = made["created_at"].cast("timestamp")
    counters: dict[str, Column] = {}
    counters |= {name: made[name].cast("string") for name in ("likes", "shares", "replies", "views") if name in made}
    account_id = made["account_id"].cast("string")
    share = made.get("is_share")
    return canonical.post(
        network=_network_of(_with_network(network, account_id)),
        post_id=_native(network, made["post_id"].cast("string")),
        account_id=_native(network, account_id),
        created_at=created_at,
        text=made.get("text", F.lit(None).cast("string")),
        observed_at=F.coalesce(
            made.get("observed_at", F.lit(None)).cast("timestamp"), created_at, F.col("modified_at")
        ),
        language=made.get("language"),
        is_share=None
        if share is None
        else F.coalesce(F.lower(share.cast("string")).isin("true", "1", "yes"), F.lit(False)),
        reply_to=id_("reply_to"),
        reply_to_account=id_("reply_to_account"),
        shared=id_("shared"),
        shared_account=id_("shared_account"),
        mentions=made.get("mentions"),
        hashtags=made.get("hashtags"),
        urls=made.get("urls"),
        media=made.get("media"),
        place=made.get("place"),
        source_app=made.get("source_app"),
        extra=extra,
        counters=counters or None,
    )
