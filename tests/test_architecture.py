"""Hold the rules of the design that a linter does not know."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "libs" / "entourage"
DOMAINS = ("ingest", "understand", "identity", "influence", "simulate", "evaluation", "report")
DOMAIN_MODULES = sorted(path for domain in DOMAINS for path in (PACKAGE / domain).rglob("*.py"))
JOBS = sorted((ROOT / "jobs").glob("*.py"))

# Solvers need actions; each is named here with the reason. Everything else in a domain is lazy.
SOLVERS: dict[str, str] = {
    "evaluation/clustering.py": "figures are aggregates, collected",
    "evaluation/labels.py": "labels are checked before they are used",
    "evaluation/relevance.py": "figures are aggregates, collected",
    "evaluation/sentiment.py": "figures are aggregates, collected",
    "identity/account_links.py": "parameters of the match model",
    "identity/clusters.py": "connected components, cut until none is too large",
    "identity/resolve.py": "EM over counted patterns",
    "influence/reach.py": "counts paths to choose between exact and sketch",
    "influence/scores.py": "PageRank needs a graph that is not empty",
    "understand/entities.py": "the pipeline of entity rules is fitted",
    "understand/relevance.py": "training",
    "understand/signals.py": "the threshold is a quantile",
}

ACTIONS = {"collect", "count", "first", "head", "show", "toPandas", "toLocalIterator", "foreach", "isEmpty"}
STATEFUL = {"persist", "cache", "checkpoint", "localCheckpoint"}
FORBIDDEN_CALLS = {"rand", "randn", "uuid", "current_timestamp", "current_date", "now", "monotonically_increasing_id"}


def _calls(path: Path) -> list[tuple[str, int, int]]:
    """Return each called attribute with its line and its number of arguments."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        (node.func.attr, node.lineno, len(node.args) + len(node.keywords))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]


def _name(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", DOMAIN_MODULES, ids=_name)
def test_transformations_run_no_actions_and_know_no_clock_or_chance(path: Path) -> None:
    calls = _calls(path)
    # `count` and `first` with an argument are aggregate functions of F, not actions.
    actions = {name for name, _, width in calls if name in ACTIONS and not (name in {"count", "first"} and width)}
    stateful = {name for name, _, _ in calls if name in STATEFUL}
    forbidden = {name for name, _, _ in calls if name in FORBIDDEN_CALLS}

    assert not forbidden, f"{_name(path)}: {forbidden}"
    assert not (actions | stateful) or _name(path) in SOLVERS, f"{_name(path)}: {actions | stateful}"


@pytest.mark.parametrize("name", SOLVERS)
def test_a_listed_solver_exists_and_says_that_it_runs_actions(name: str) -> None:
    assert re.search(r"solver|\bactions?\b", (PACKAGE / name).read_text(encoding="utf-8"), re.IGNORECASE)


@pytest.mark.parametrize("path", JOBS, ids=lambda path: path.name)
def test_a_job_is_short_and_has_the_one_signature(path: Path) -> None:
    source = path.read_text(encoding="utf-8")

    assert len(source.splitlines()) <= 40
    assert "def run(context: Context, as_of: dt.date) -> None:" in source
    assert "main(run)" in source


def test_only_the_session_module_reaches_into_the_jvm() -> None:
    offenders = [
        _name(path)
        for path in PACKAGE.rglob("*.py")
        if path.name != "session.py" and any(word in path.read_text(encoding="utf-8") for word in ("._jvm", "._jsc"))
    ]

    assert offenders == []


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=_name)
def test_every_join_says_how(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    joins = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "join"
        # "sep".join(words) is a text, not a join of frames
        and not isinstance(node.func.value, ast.Constant)
        and len(node.args) + len(node.keywords) > 1
    ]

    assert all(any(keyword.arg == "how" for keyword in node.keywords) for node in joins)


def test_every_job_of_the_command_line_has_its_file() -> None:
    from entourage import runs

    assert sorted((*runs.JOBS, *runs.STREAMS)) == [path.stem for path in JOBS]
