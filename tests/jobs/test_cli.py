"""The command as a user meets it: results, errors, exit codes."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from entourage.cli import _globals_first

from .conftest import AS_OF, Lake, entourage, environment


def _json(*arguments: str) -> object:
    done = entourage("--json", *arguments)
    assert done.code == 0, done.err
    return json.loads(done.out)


def test_global_options_may_follow_the_command() -> None:
    typed = ["run", "all", "--lake", "here", "--input", "x", "--set", "a=b", "--json", "--as-of=2026-01-01"]

    moved = _globals_first(typed)

    assert moved[:6] == ["--lake", "here", "--set", "a=b", "--json", "--as-of=2026-01-01"]
    assert moved[6:] == ["run", "all", "--input", "x"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run", "score_influense"], "did you mean 'score_influence'"),
        (["show", "gold.person"], "did you mean 'gold.persons'"),
        (["--set", "spark.mastr=x", "doctor"], "did you mean 'spark.master'"),
        (["--as-of", "yesterday", "tables"], "expected YYYY-MM-DD"),
        (["--env", "yran", "doctor"], "did you mean 'yarn'"),
        (["--env", "yarn", "--lake", "here", "tables"], "expected with --env yarn: hdfs://"),
        (["simulate", "--people", "0", "--to", "nowhere"], "the nearest is 1"),
        (["simulate", "--layers", "poste", "--to", "nowhere"], "did you mean 'posts'"),
        (["shwo"], "shwo"),
    ],
)
def test_a_wrong_word_is_refused_with_code_2_and_a_hint(arguments: list[str], sentence: str) -> None:
    done = entourage(*arguments)

    assert done.code == 2
    assert sentence in done.err
    assert done.out == ""
    assert "Traceback" not in done.err


def test_the_doctor_finds_this_machine_fit() -> None:
    findings = _json("doctor")

    assert isinstance(findings, list)
    assert [f["what"] for f in findings if not f["good"]] == []


def test_the_doctor_names_the_remedy(tmp_path: Path) -> None:
    env = {**environment(), "ENTOURAGE_CACHE": str(tmp_path)}
    command = [str(Path(sys.executable).parent / "entourage"), "doctor"]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)

    assert done.returncode == 1
    assert "make setup" in done.stdout


def test_run_all_filled_every_layer_and_wrote_the_report(filled: Lake) -> None:
    rows = {row["table"]: row["rows"] for row in _json("--lake", str(filled.folder), "tables")}  # type: ignore[union-attr]

    full = ["bronze.events", "silver.posts", "silver.edges", "silver.source_records", "silver.post_signals"]
    full += ["silver.match_pairs", "gold.crosswalk", "gold.persons", "gold.person_values", "gold.influence"]
    assert {name: rows[name] for name in full if not rows[name]} == {}
    assert (filled.folder.parent / "report.html").stat().st_size > 100_000


def test_items_are_conserved_in_every_run(filled: Lake) -> None:
    counts = _json("--lake", str(filled.folder), "show", "ops.run_counts", "--limit", "1000")

    parts = ("written_count", "duplicate_count", "quarantined_count", "suppressed_count")
    assert counts
    assert [c for c in counts if c["item_count"] != sum(c[part] for part in parts)] == []  # type: ignore[union-attr]


def test_show_masks_direct_identifiers_unless_revealed(filled: Lake) -> None:
    lake = ["--lake", str(filled.folder)]
    masked = _json(*lake, "show", "gold.persons", "--limit", "5")
    revealed = _json(*lake, "show", "gold.persons", "--limit", "5", "--reveal")

    assert [row["person_id"] for row in masked] == [row["person_id"] for row in revealed]  # type: ignore[union-attr]
    names = [(m["family_name"], r["family_name"]) for m, r in zip(masked, revealed, strict=True)]  # type: ignore[call-overload]
    assert any(revealed_name for _, revealed_name in names)
    assert all(m is None or (m.endswith("…") and len(m) <= 3) for m, _ in names)


def test_export_writes_one_file_with_every_row_and_a_header(filled: Lake, tmp_path: Path) -> None:
    target = tmp_path / "persons.csv"
    told = _json("--lake", str(filled.folder), "export", "gold.persons", "--to", str(target))

    with target.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert told["rows"] == len(rows) > 100  # type: ignore[call-overload,index]
    assert list(tmp_path.iterdir()) == [target]


def test_an_unknown_export_suffix_is_refused(filled: Lake, tmp_path: Path) -> None:
    done = entourage("--lake", str(filled.folder), "export", "gold.persons", "--to", str(tmp_path / "persons.xlsx"))

    assert done.code == 2
    assert ".csv, .parquet, .jsonl" in done.err


def test_evaluate_measures_identities_against_the_worlds_truth(world: Path, filled: Lake) -> None:
    lake = ["--lake", str(filled.folder), "--as-of", AS_OF]
    found = _json(*lake, "evaluate", "identities", "--truth", str(world / "truth" / "identities.csv"))

    assert found["clusters"]["pairwise_precision"]["value"] > 0.8  # type: ignore[call-overload,index]


def test_a_world_is_not_overwritten_without_force(world: Path) -> None:
    done = entourage("simulate", "--people", "10", "--to", str(world))

    assert done.code == 2
    assert "--force" in done.err


def test_a_held_lake_ends_with_code_5(filled: Lake) -> None:
    lease = filled.folder / "_lease"
    lease.write_text('{"owner": "o", "host": "elsewhere", "pid": 1, "expires_at": 4102444800}')
    try:
        done = entourage("--lake", str(filled.folder), "run", "score_influence")
    finally:
        lease.unlink()

    assert done.code == 5
    assert "elsewhere" in done.err


@pytest.mark.parametrize("job", ["ingest_records", pytest.param("score_influence", marks=pytest.mark.slow)])
def test_a_job_runs_by_spark_submit(world: Path, tmp_path: Path, job: str) -> None:
    root = Path(__file__).resolve().parents[2]
    tools = Path(sys.executable).parent
    jars = subprocess.run([str(tools / "entourage"), "jars"], capture_output=True, text=True, check=True).stdout.strip()
    options = ["--source", "crm", "--input", f"{world}/landing/records/crm"] if job == "ingest_records" else []
    command = [str(tools / "spark-submit"), "--master", "local[2]", "--driver-memory", "2g", "--jars", jars]
    command += [
        "--properties-file",
        str(root / "conf/spark/local.conf"),
        "--py-files",
        str(root / "dist/entourage.zip"),
    ]
    command += [str(root / "jobs" / f"{job}.py"), "--lake", str(tmp_path / "lake"), *options]
    env = {**environment(), "PYSPARK_PYTHON": sys.executable, "ENTOURAGE_HOME": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False, cwd=tmp_path)

    assert done.returncode == 0, done.stdout[-3000:]
    assert f"✓ {job}" in done.stdout  # spark-submit puts a Python driver's two streams into one
