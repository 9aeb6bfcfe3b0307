"""The `entourage` command, and the door of every job file: its `Context` and its `main`.

in: a command line ▶ out: jobs run (see runs.py), results on standard output, an exit code.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import logging
import sys
from pathlib import Path
from typing import Annotated

import typer
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame

from entourage import config, doctor, evaluation, export, jars, refusal_commands, runs, schemas, simulate, worlds
from entourage.console import Printer
from entourage.errors import EntourageError, UsageError
from entourage.options import Options
from entourage.runs import Context, Run
from entourage.simulate import SimulateParams

__all__ = ["Context", "app", "main"]

GLOBAL_OPTIONS = {"--lake": 1, "--env": 1, "--set": 1, "--as-of": 1, "--json": 0}


app = typer.Typer(
    help="Who a brand's customers are, who listens to them, and who listens to those.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _globals(
    command: typer.Context,
    lake: Annotated[str, typer.Option(help="Folder of the tables, local or hdfs://.")] = "./lake",
    env: Annotated[str, typer.Option(help="local or yarn: which conf/ENV.yaml is laid over conf/base.yaml.")] = "local",
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="key=value over the configuration; may be repeated.")
    ] = None,
    as_of: Annotated[str | None, typer.Option(help="Day to run for, YYYY-MM-DD; today in UTC by default.")] = None,
    json_: Annotated[
        bool, typer.Option("--json", help="Results as JSON on standard output, nothing else there.")
    ] = False,
) -> None:
    """Read the global options; they may stand before or after the command."""
    day = _day("--as-of", as_of) if as_of else dt.datetime.now(dt.UTC).date()
    lake_folder = lake.rstrip("/") if "://" in lake else str(Path(lake).expanduser().resolve())
    command.obj = Options(lake_folder, env, config.parse_assignments(set_ or []), day, Printer(json_))


@app.command(name="doctor")
def doctor_command(command: typer.Context) -> None:
    """Look at this machine: can Entourage run here, and if not, what to do."""
    options: Options = command.obj
    findings = doctor.examine(options.config())
    rows = [
        {"what": f.subject, "good": f.is_good, "found": f.found, "remedy": "" if f.is_good else f.remedy}
        for f in findings
    ]
    options.printer.result(rows)
    if not all(f.is_good for f in findings):
        raise typer.Exit(1)


@app.command(name="jars")
def jars_command(command: typer.Context) -> None:
    """Print the locked jars, separated by commas, as spark-submit --jars takes them."""
    options: Options = command.obj
    found = [str(path) for path in jars.paths(options.config()["spark.graphframes_jar"])]
    print(json.dumps(found) if options.printer.as_json else ",".join(found))


@app.command(name="simulate")
def simulate_command(
    command: typer.Context,
    to: Annotated[str, typer.Option(help="Folder to write: landing/ for the jobs, truth/ for the scorecard.")],
    people: Annotated[int, typer.Option(help="How many people live in the world.")] = 10_000,
    days: Annotated[int, typer.Option(help="Days of posts.")] = 14,
    seed: Annotated[int, typer.Option(help="Another seed, another world.")] = 1,
    start: Annotated[str, typer.Option(help="First day of posts, YYYY-MM-DD.")] = "2026-06-01",
    history_months: Annotated[int, typer.Option(help="Months of orders, campaigns and consents before it.")] = 24,
    layers: Annotated[str, typer.Option(help="Layers to emit, separated by commas; all by default.")] = "",
    without: Annotated[str, typer.Option(help="Mechanisms to switch off, separated by commas.")] = "",
    force: Annotated[bool, typer.Option(help="Overwrite a folder that is not empty.")] = False,
) -> None:
    """Make a world of people, accounts, records and posts in the formats of real systems, the truth apart."""
    options: Options = command.obj
    params = SimulateParams(
        people=people,
        days=days,
        seed=seed,
        start=_day("--start", start),
        history_months=history_months,
        layers=_listed(layers) or simulate.LAYERS,
        without=_listed(without),
    )
    with options.opened() as context:
        folder = to.rstrip("/") if "://" in to else str(Path(to).expanduser().resolve())
        worlds.write(context.tables.spark, params, folder=folder, force=force, say=context.say)
        options.printer.facts({"world": folder, "people": people, "days": days, "seed": seed})


@app.command(name="run")
def run_command(
    command: typer.Context,
    job: Annotated[str, typer.Argument(help=f"all, or one of: {', '.join((*runs.JOBS, *runs.APART))}.")],
    input_: Annotated[
        str | None,
        typer.Option(
            "--input", help="File, folder or glob to ingest; for all: a folder with posts/ and folders of records."
        ),
    ] = None,
    format_: Annotated[
        str | None, typer.Option("--format", help="Wire format of posts; found by itself when not given.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Mapping conf/sources/NAME.yaml, or a path to one.")] = None,
    truth: Annotated[str | None, typer.Option(help="Folder of the truth, for the report's scorecard.")] = None,
    to: Annotated[str | None, typer.Option(help="File of the report.")] = None,
    reveal: Annotated[bool, typer.Option(help="Show identifiers in the report.")] = False,
    again: Annotated[bool, typer.Option(help="Read files again that are done, as after mending a mapping.")] = False,
    restart: Annotated[
        bool, typer.Option(help="Begin a stream anew: read again all that its input still has.")
    ] = False,
) -> None:
    """Run one job, or all of them in their order."""
    options: Options = command.obj
    given = {"report__truth": truth, "report__path": to, "report__reveal": reveal or None}
    steps = runs.steps(job)
    if job == "all" and source:
        raise UsageError("run all: --source names one source; the folders of records name theirs themselves")
    given |= {"ingest__format": format_, "ingest__source": source}
    given |= {"ingest__again": again or None, "ingest__restart": restart or None}
    settings = options.config(**given)
    with runs.opened(options.lake, settings, say=options.printer.say, locked=True) as context:
        for step in steps:
            assigned = runs.assigned(context, step, input_, is_all=job == "all")
            if assigned is None:
                context.say(f"– {step}: nothing is delivered for it")
                continue
            given |= assigned
            runs.carry_out(step, dataclasses.replace(context, config=options.config(**given)), as_of=options.as_of)


@app.command(name="tables")
def tables_command(command: typer.Context) -> None:
    """List every table: what one row is, and how many there are."""
    options: Options = command.obj
    with options.opened() as context:
        options.printer.result(
            [
                {
                    "table": name,
                    "rows": context.tables.read(name).count() if context.tables.exists(name) else None,
                    "one row is": table.grain,
                    "key": ", ".join(table.key),
                }
                for name, table in schemas.TABLES.items()
            ],
            title=f"Tables of {options.lake}",
        )


@app.command(name="show")
def show_command(
    command: typer.Context,
    table: Annotated[str, typer.Argument(help="Table, such as gold.persons (see: entourage tables).")],
    limit: Annotated[int, typer.Option(help="Rows to show.")] = 10,
    where: Annotated[str | None, typer.Option(help="SQL condition on its columns.")] = None,
    reveal: Annotated[bool, typer.Option(help="Show direct identifiers instead of masking them.")] = False,
) -> None:
    """Show some rows of a table, in the order of its key, direct identifiers masked."""
    options: Options = command.obj
    declared = schemas.table(table)
    with options.opened() as context:
        rows = _chosen(context, table, where)
        first = rows.orderBy(*declared.key).limit(limit)
        shown = first if reveal else export.masked(first, table=declared)
        options.printer.result([row.asDict(recursive=True) for row in shown.collect()], title=table)


@app.command(name="export")
def export_command(
    command: typer.Context,
    table: Annotated[str, typer.Argument(help="Table, such as gold.persons.")],
    to: Annotated[Path, typer.Option(help="File to write: .csv, .parquet or .jsonl.")],
    where: Annotated[str | None, typer.Option(help="SQL condition on its columns.")] = None,
) -> None:
    """Write a table to one file; spreadsheet formulas are escaped."""
    options: Options = command.obj
    schemas.table(table)
    with options.opened() as context:
        count = export.write(_chosen(context, table, where), path=to)
        options.printer.facts({"table": table, "file": str(to), "rows": count})


@app.command(name="report")
def report_command(
    command: typer.Context,
    to: Annotated[str | None, typer.Option(help="File to write.")] = None,
    truth: Annotated[str | None, typer.Option(help="Folder of the truth, for a scorecard.")] = None,
    reveal: Annotated[bool, typer.Option(help="Show identifiers.")] = False,
) -> None:
    """Write the report: one page, readable without a network."""
    run_command(command, "report", truth=truth, to=to, reveal=reveal)


@app.command(name="evaluate")
def evaluate_command(
    command: typer.Context,
    what: Annotated[str, typer.Argument(help="relevance, sentiment, identities or influence.")],
    truth: Annotated[str, typer.Option(help="Labelled file: CSV, Parquet or JSON lines (docs/evaluation.md).")],
    predictions: Annotated[str | None, typer.Option(help="Predictions in a file instead of the lake's tables.")] = None,
) -> None:
    """Measure what was found against a labelled file."""
    options: Options = command.obj
    with options.opened() as context:
        labels = context.sources.read_labels(truth)
        predicted = context.sources.read_labels(predictions) if predictions else None
        options.printer.facts(evaluation.evaluate(what, truth=labels, read=context.tables.read, predictions=predicted))


for _command in (refusal_commands.quarantine, refusal_commands.replay, refusal_commands.suppress):
    app.command()(_command)


def main(run: Run | None = None) -> None:
    """Run the command line; a job file passes its own `run`, so that spark-submit reaches the same code."""
    arguments = sys.argv[1:]
    if run is not None:
        arguments = ["run", runs.submit(run), *arguments]
    printer = Printer("--json" in arguments)
    logging.getLogger("py4j").setLevel(logging.CRITICAL)
    try:
        code = app(args=_globals_first(arguments), prog_name="entourage", standalone_mode=False)
    except EntourageError as error:
        printer.fail(str(error))
        code = error.exit_code
    except typer.Abort:
        code = 130
    except Exception as error:
        if not hasattr(error, "exit_code"):  # not a usage error of the command line: an error of ours
            raise
        error.show()  # type: ignore[attr-defined]
        code = error.exit_code
    sys.exit(code if isinstance(code, int) else 0)


def _globals_first(arguments: list[str]) -> list[str]:
    moved: list[str] = []
    rest: list[str] = []
    position = 0
    while position < len(arguments):
        name = arguments[position].split("=", 1)[0]
        width = 1 + (GLOBAL_OPTIONS.get(name, 0) if "=" not in arguments[position] or name == "--set" else 0)
        width = 1 if name in GLOBAL_OPTIONS and arguments[position].startswith(f"{name}=") else width
        (moved if name in GLOBAL_OPTIONS else rest).extend(arguments[position : position + width])
        position += width
    return [*moved, *rest]


def _chosen(context: Context, table: str, where: str | None) -> DataFrame:
    rows = context.tables.read(table)
    try:
        return rows.where(where) if where else rows
    except AnalysisException as error:
        raise UsageError(f"--where: '{where}' is no condition on {table}: {str(error).splitlines()[0]}") from None


def _day(option: str, text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option}: '{text}' is not a day; expected YYYY-MM-DD such as 2026-06-15") from None


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
