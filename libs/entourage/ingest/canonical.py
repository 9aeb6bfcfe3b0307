"""Say what an adapter makes of a payload: posts, accounts, acts and retractions in one form for all networks.

in: nothing ▶ out: the types `POST`, `ACCOUNT`, `ACT` and `RETRACTION`, of columns and of what `wire` builds in workers.

An *item* is a row with one or more of the four: what a payload is split into; `META` says where the payload came from.
Ids carry their network from here on.
"""

from __future__ import annotations

from pyspark.sql import Column
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
META = {
    "event_id": "string",
    "source": "string",
    "format": "string",
    "file": "string",
    "position": "bigint",
    "modified_at": "timestamp",
}


def digest(*values: Column) -> Column:
    """Return a 64-bit hash of values; unlike Spark's own it tells which of them are NULL."""
    return F.xxhash64(*values, *(value.isNull() for value in values))


def act(
    *,
    network: Column,
    edge_id: Column,
    src: Column,
    dst: Column,
    verb: Column,
    object_id: Column,
    occurred_at: Column,
) -> Column:
    """Return an `ACT` of weight 1; ids with their network."""
    return F.struct(edge_id, network, src, dst, verb, object_id, F.lit(1.0), occurred_at).cast(ACT)
