"""Turn payloads of any format into items.

in: payloads with `format` ▶ out: items, and what of them is refused.

A new format is one module, its line in `adapters.ADAPTERS` and one test.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from entourage.ingest import canonical, documents, mapped, mapping, reasons, suppressions, workers
from entourage.ingest.adapters import ADAPTERS
from entourage.ingest.wire import EMPTY, Item
from entourage.schemas import table

Items = Callable[..., Iterator[Item]]
Mappings = Mapping[str, mapping.Mapping]
KINDS = {
    "post": canonical.POST,
    "account": canonical.ACCOUNT,
    "act": canonical.ACT,
    "retraction": canonical.RETRACTION,
}
COLUMNS = {**KINDS, "reason_code": "string", "reason": "string", "is_withheld": "boolean"}
VERBS = next(column.allowed for column in table("silver.edges").columns if column.name == "verb")
BATCH_ITEMS = 4_000  # of a batch that a worker gives back
NOBODY = suppressions.Suppressions()


def items(
    payloads: DataFrame, *, present: list[str], mappings: Mappings, left_out: suppressions.Suppressions = NOBODY
) -> DataFrame:
    """Split payloads into items, in Python workers (see `wire`).

    Args:
        payloads: `canonical.META`, `payload` and `reason_code`; refused ones are left out.
        present: the formats that occur; payloads of others are left out.
        mappings: the sources described by files that occur, by name.
        left_out: whose items are left out.

    Returns:
        Items: `canonical.META` and the structs of `KINDS`; at least one a payload: `reason_code` and `reason` where one
        is refused; all four structs NULL where a payload holds nothing to read; `is_withheld` where the payload names
        somebody who is left out.
    """
    described = {name: mappings[name] for name in present if name not in ADAPTERS}
    good = payloads.where(F.col("reason_code").isNull() & F.col("format").isin(*present))
    return workers.made(good, partial(_read, mappings=described, left_out=left_out), COLUMNS)


def _read(
    batches: Iterable[pa.RecordBatch],
    *,
    mappings: Mappings,
    left_out: suppressions.Suppressions,
    types: workers.Types,
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        rows: list[int] = []
        found: list[dict[str, Any]] = []
        named = {name: batch.column(name).to_pylist() for name in ("format", "payload", "modified_at", "file")}
        for row, (form, payload, modified_at, file) in enumerate(zip(*named.values(), strict=True)):
            for item, fault in read(form, payload, modified_at=modified_at, file=file, mappings=mappings):
                kept, is_theirs, is_withheld = left_out.item(item)
                said = reasons.named("suppressed") if is_theirs else refusal(kept, form=form, fault=fault)
                code, reason = said or (None, None)
                rows.append(row)
                found.append({**kept, "reason_code": code, "reason": reason, "is_withheld": is_withheld})
            if len(found) >= BATCH_ITEMS:
                yield _batch(batch, rows, found, types)
                rows, found = [], []
        if found:
            yield _batch(batch, rows, found, types)


def _batch(batch: pa.RecordBatch, rows: list[int], found: list[dict[str, Any]], types: workers.Types) -> pa.RecordBatch:
    taken = batch.select(list(canonical.META)).take(pa.array(rows, pa.int32()))
    return workers.batch(taken, {name: [item[name] for item in found] for name in COLUMNS}, types)


def read(
    form: str, payload: str, *, modified_at: dt.datetime, file: str = "", mappings: Mappings | None = None
) -> Iterator[tuple[Item, str | None]]:
    """Yield the items of one payload, at least one an object of it, and the fault where an adapter gave up.

    Args:
        form: a wire format, or one of the mappings.
        payload: a text.
        modified_at: when its file was written: what says no time of its own was seen then.
        file: path of its file, in which a folder may say what a page does not (see `x_follows`).
        mappings: by name.
    """
    described = (mappings or {}).get(form)
    adapter = ADAPTERS[form].items if described is None else partial(mapped.items, mapping=described)
    items_of = partial(adapter, modified_at=modified_at, file=file)
    try:
        document = documents.loads(payload)
        # A row of a mapped source is one object; the networks deliver lists of them too.
        roots = document if isinstance(document, list) and described is None else [document]
        found = [item for root in roots or [None] for item in _of_root(items_of, root)]
    except Exception as error:  # whatever a document does to an adapter, only the document is refused
        yield EMPTY, type(error).__name__
    else:
        # What is private is kept nowhere: the payload that holds it is left out whole.
        private = [item for item in found if item["suppressed"] == "private"]
        yield from ((item, None) for item in private[:1] or found)


def _of_root(items_of: Items, root: Any) -> list[Item]:
    found = list(items_of(root)) if isinstance(root, dict) else []
    return found or [EMPTY]


def refusal(item: Item, *, form: str, fault: str | None) -> reasons.Reason | None:
    """Return the code and the sentence of an item that cannot, or must not, become rows; None where it can."""
    post, edge = item["post"], item["act"]
    code, detail = item["suppressed"], ""
    if fault is not None:
        code, detail = "bad_shape", fault
    elif code is not None:  # it asks to be left out, whatever else it lacks
        pass
    elif all(struct is None for struct in item.values()):
        code, detail = "no_items", form
    elif post is not None and None in (post["post_id"], post["account_id"], post["created_at"]):
        is_named = post["post_id"] is not None
        code = "missing_author" if is_named and post["account_id"] is None else "bad_time" if is_named else "missing_id"
    elif edge is not None and None in (edge["edge_id"], edge["src_account_id"]):
        code = "bad_edge"
    elif edge is not None and edge["verb"] not in VERBS:
        code, detail = "bad_value", f"verb {edge['verb']}"
    elif edge is not None and edge["weight"] < 0:
        code, detail = "bad_value", f"weight {edge['weight']:g}"
    return None if code is None else reasons.named(code, detail)
