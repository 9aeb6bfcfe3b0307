"""The commands about what ingest does not write: quarantine, replay, suppress.

in: a command line ▶ out: what is refused and why; refusals brought back; people left out from now on.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import typer

from entourage import keys, refusals, runs
from entourage.errors import UsageError, nearest
from entourage.ingest.suppressions import KINDS, keyed_hash, plain
from entourage.options import Options
from entourage.rows import local_frame
from entourage.schemas import NETWORKS, spark_schema

TABLE = "ops.suppressions"


def quarantine(
    command: typer.Context,
    reason: Annotated[str, typer.Option(help="Only this reason_code.")] = "",
    source: Annotated[str, typer.Option(help="Only this source: posts, or the name of a mapping.")] = "",
    examples: Annotated[int, typer.Option(min=0, help="Examples of each, those refused last.")] = 1,
    reveal: Annotated[bool, typer.Option(help="Show the heads of the payloads instead of masking them.")] = False,
) -> None:
    """List what ingest refused and nothing has mended yet: how much, why, and where to look."""
    options: Options = command.obj
    with options.opened() as context:
        rows = refusals.summary(context.tables, reason=reason, source=source, examples=examples, reveal=reveal)
        if options.printer.as_json:
            options.printer.result(rows)
            return
        shown = ("source", "reason_code", "format", "refused")
        table = [{name: row[name] for name in shown} | {"last seen": f"{row['last_seen_at']:%Y-%m-%d}"} for row in rows]
        options.printer.result(table, title="Refused, and open")
        options.printer.paragraphs([(f"{row['source']}: {row['reason_code']}", _lines(row)) for row in rows])
        if rows:
            options.printer.paragraphs([("entourage replay --reason CODE", ["brings them back after a fix."])])


def _lines(row: dict[str, Any]) -> list[str]:
    lines = [
        row["reason"],
        f"Seen from {row['first_seen_at']:%Y-%m-%d %H:%M} to {row['last_seen_at']:%Y-%m-%d %H:%M} UTC.",
    ]
    for example in row["examples"]:
        place = f"line or row {example['position']:,}" if example["position"] else "the whole file"
        lines.append(f"{example['file']}, {place}")
        lines += [f"  {example['payload']}"] if example["payload"] else []
    return lines


def replay(
    command: typer.Context,
    reason: Annotated[str, typer.Option(help="reason_code of what is read again (see: entourage quarantine).")],
    source: Annotated[
        str | None, typer.Option(help="Only this source: posts, or a mapping's name or path; all by default.")
    ] = None,
    format_: Annotated[str | None, typer.Option("--format", help="Wire format or mapping of refused posts.")] = None,
) -> None:
    """Read again what was refused for one reason, after a fix; what succeeds leaves the quarantine."""
    options: Options = command.obj
    given = {"ingest__replay_reason": reason, "ingest__source": source, "ingest__format": format_}
    with options.opened(locked=True, **given) as context:
        runs.carry_out("replay", context, as_of=options.as_of)


def suppress(
    command: typer.Context,
    kind: Annotated[str, typer.Option(help=f"What the identifier is: {', '.join(KINDS)}.")],
    identifier: Annotated[str, typer.Option(help="network:id, an e-mail address, a phone number, or system:id.")],
    reason: Annotated[str, typer.Option(help="Why, such as objection; kept, so never the identifier.")],
) -> None:
    """Leave a person out of every ingest from now on; the lake keeps a keyed hash, never the identifier."""
    options: Options = command.obj
    _require_identifier(kind, identifier)
    if plain(kind, identifier).lower() in reason.lower():
        raise UsageError("--reason: it holds the identifier, and it is kept as it is; name the cause only")
    with options.opened(locked=True) as context:
        key = keys.suppression_key(context.tables, create=True)
        row = (kind, keyed_hash(kind, identifier, key=key), dt.datetime.now(dt.UTC), reason)
        frame = local_frame(context.tables.spark, [row], spark_schema(TABLE))
        written = context.tables.merge(TABLE, frame, update=False).written
        options.printer.facts({"suppressed": kind, "new": bool(written)})


def _require_identifier(kind: str, identifier: str) -> None:
    if kind not in KINDS:
        raise UsageError(f"--kind: '{kind}' is unknown{nearest(kind, KINDS)}; use {', '.join(KINDS)}")
    text = plain(kind, identifier)
    head, _, rest = text.partition(":")
    fits = {
        "account": head in NETWORKS.split(",") and rest,
        "record": head and rest,
        "email": "@" in text.strip("@"),
        "phone": len(text) >= 5,
    }
    if not fits[kind]:
        expected = {
            "account": f"network:id, of network {NETWORKS}",
            "record": "system:id, as record_id of silver.source_records",
            "email": "an address such as name@example.org",
            "phone": "a number of at least 5 digits",
        }
        raise UsageError(f"--identifier: no {kind}; expected {expected[kind]}")
