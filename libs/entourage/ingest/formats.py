"""Turn payloads of any format into items.

in: payloads with `format` ▶ out: items, and what of them is refused. A new format is one module and one line here.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial, reduce

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import to_arrow_type

from entourage.ingest import bluesky, canonical, facebook, mapped, mapping, mastodon, reasons, reddit, x_v1, x_v2
from entourage.ingest.wire import EMPTY, Item, Struct

Adapter = Callable[..., Iterator[Item]]
ADAPTERS: dict[str, Adapter] = {
    "x_v1": x_v1.items,
    "x_v2": x_v2.items,
    "bluesky": bluesky.items,
    "facebook": facebook.items,
    "mastodon": mastodon.items,
    "reddit": reddit.items,
}
KINDS = {
    "post": canonical.POST,
    "account": canonical.ACCOUNT,
    "act": canonical.ACT,
    "retraction": canonical.RETRACTION,
}
MAPS = ("extra", "counters")
BATCH_ITEMS = 4_000  # of a batch that a worker gives back


def items(payloads: DataFrame, *, present: list[str], mappings: Mapping[str, mapping.Mapping]) -> DataFrame:
    """Split payloads into items.

    Args:
        payloads: `canonical.META`, `payload` and `reason_code`; refused ones are left out.
        present: the formats that occur, so that absent ones cost no pass.
        mappings: the sources described by files that occur, by name.

    Returns:
        Items (`canonical.items`), at least one a payload: `reason_code` and `reason` where one is refused; all four
        structs NULL where a payload holds nothing to read.
    """
    good = payloads.where(F.col("reason_code").isNull())
    frames = [wired(good.where(F.col("format").isin(*ADAPTERS)))] if set(present) & set(ADAPTERS) else []
    for name in present:
        if name not in ADAPTERS:
            rows = good.where(F.col("format") == name)
            frames.append(mapped.items(rows, mapping=mappings[name]).select("*", _no_fault()))
    nothing = canonical.items(good.where(F.lit(False))).select("*", _no_fault())
    return refused(reduce(DataFrame.unionByName, frames or [nothing]))


def wired(payloads: DataFrame) -> DataFrame:
    """Take payloads of wire formats apart, in Python workers (see `wire`); `fault` names what stopped an adapter."""
    made = canonical.items(payloads).select("*", _no_fault()).schema
    types = {field.name: to_arrow_type(field.dataType) for field in made}
    return payloads.select(*canonical.META, "payload").mapInArrow(partial(_read, types=types), made)


def _no_fault() -> Column:
    return F.lit(None).cast("string").alias("fault")


def _read(batches: Iterable[pa.RecordBatch], *, types: Mapping[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        rows: list[int] = []
        found: list[Item] = []
        faults: list[str | None] = []
        named = {name: batch.column(name).to_pylist() for name in ("format", "payload", "modified_at")}
        for row, (form, payload, modified_at) in enumerate(zip(*named.values(), strict=True)):
            for item, fault in read(form, payload, modified_at=modified_at):
                rows.append(row)
                found.append(item)
                faults.append(fault)
            if len(found) >= BATCH_ITEMS:
                yield _batch(batch, rows, found, faults, types)
                rows, found, faults = [], [], []
        if found:
            yield _batch(batch, rows, found, faults, types)


def read(form: str, payload: str, *, modified_at: dt.datetime) -> Iterator[tuple[Item, str | None]]:
    """Yield the items of one payload, at least one an object of it, and the fault where an adapter gave up."""
    try:
        document = json.loads(payload)
        roots = document if isinstance(document, list) else [document]
        found = [item for root in roots or [None] for item in _of_root(form, root, modified_at)]
    except Exception as error:  # whatever a document does to an adapter, only the document is refused
        yield EMPTY, type(error).__name__
    else:
        yield from ((item, None) for item in found)


def _of_root(form: str, root: Struct | None, modified_at: dt.datetime) -> list[Item]:
    found = list(ADAPTERS[form](root, modified_at=modified_at)) if isinstance(root, dict) else []
    return found or [EMPTY]


def _batch(
    batch: pa.RecordBatch,
    rows: list[int],
    found: list[Item],
    faults: list[str | None],
    types: Mapping[str, pa.DataType],
) -> pa.RecordBatch:
    """Return items as Arrow has them: maps are lists of pairs there."""
    taken = batch.take(pa.array(rows, pa.int32()))
    columns = {name: taken.column(name).cast(types[name]) for name in canonical.META}
    for kind in KINDS:
        structs = [item[kind] for item in found]
        for struct in structs:
            if struct is not None:
                struct |= {name: list(struct[name].items()) for name in MAPS if struct.get(name) is not None}
        columns[kind] = pa.array(structs, types[kind])
    columns["fault"] = pa.array(faults, pa.string())
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def refused(found: DataFrame) -> DataFrame:
    """Add `reason_code` and `reason` to items that cannot become rows; all else of them is as it was."""
    code = _code()
    sentences = {name: reasons.sentence(name) for name in ("missing_id", "missing_author", "bad_time", "bad_edge")}
    sentences["no_items"] = reasons.sentence("no_items", F.col("format"))
    sentences["bad_shape"] = reasons.sentence("bad_shape", F.col("fault"))
    reason = F.coalesce(*(F.when(code == name, text) for name, text in sentences.items()))
    return found.select(*canonical.META, *KINDS, code.alias("reason_code"), reason.alias("reason"))


def _code() -> Column:
    post, edge = F.col("post"), F.col("act")
    is_empty = post.isNull() & F.col("account").isNull() & edge.isNull() & F.col("retraction").isNull()
    return (
        F.when(F.col("fault").isNotNull(), "bad_shape")
        .when(is_empty, "no_items")
        .when(post.isNotNull() & post["post_id"].isNull(), "missing_id")
        .when(post.isNotNull() & post["account_id"].isNull(), "missing_author")
        .when(post.isNotNull() & post["created_at"].isNull(), "bad_time")
        .when(edge.isNotNull() & (edge["edge_id"].isNull() | edge["src_account_id"].isNull()), "bad_edge")
    )
