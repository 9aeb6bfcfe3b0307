from __future__ import annotations

from pathlib import Path

import pytest

from entourage import archive, config, jars
from tests.cluster import delta_files, spark_yarn
from tests.cluster.hadoop import HadoopCluster
from tests.cluster.spark_yarn import Submission

pytestmark = pytest.mark.cluster

# Three customers, one of them twice, and a row that lost its last fields.
CUSTOMERS = """\
customer_no,first_name,last_name,email,phone,street,postcode,city,country,birthdate,modified
1,Ada,Example,ada@example.com,+33 1 99 00 12 34,1 rue Imaginaire,75001,Paris,FR,1980-02-03,2026-06-01T08:00:00Z
2,Zoé,Exemple,zoe@example.org,,2 rue Imaginaire,69001,Lyon,FR,1990-04-05,2026-06-02T08:00:00Z
2,Zoé,Exemple,zoe@example.org,,2 rue Imaginaire,69001,Lyon,FR,1990-04-05,2026-06-02T08:00:00Z
3,"Bo, Jr.",Sample,bo@example.net,020 7946 0999,3 Nowhere Lane,N1 1AA,London,GB,,2026-06-03T08:00:00Z
4,Truncated
"""


def ingest(cluster: HadoopCluster, given: str, *, deploy_mode: str) -> Submission:
    root = config.project_root()
    return spark_yarn.submit(
        cluster,
        root / "jobs" / "ingest_records.py",
        [
            *("--env", "yarn", "--lake", f"{cluster.hdfs_uri}/lake/{deploy_mode}", "--as-of", "2026-06-15"),
            *("--source", "crm", "--input", given, "--set", "spark.shuffle_partitions=2"),
        ],
        deploy_mode=deploy_mode,
        jars=jars.paths(),
        py_files=[archive.build(root)],
    )


def landed(cluster: HadoopCluster, tmp_path: Path) -> str:
    local = tmp_path / "customers.csv"
    local.write_text(CUSTOMERS, encoding="utf-8")
    return cluster.put(local, "/landing/customers.csv")


def assert_ingested(cluster: HadoopCluster, submission: Submission, *, lake: str) -> None:
    assert submission.exit_code == 0, submission.explained(cluster)
    assert submission.final_status == "SUCCEEDED", submission.explained(cluster)
    records = delta_files.rows(cluster, f"{lake}/silver/source_records")
    assert sorted((row["record_id"], row["given_name"]) for row in records) == [
        ("crm:1", "Ada"),
        ("crm:2", "Zoé"),
        ("crm:3", "Bo, Jr."),
    ]
    assert len(delta_files.rows(cluster, f"{lake}/bronze/quarantine")) == 1
    runs = delta_files.rows(cluster, f"{lake}/ops/runs")
    assert [(row["job"], row["is_complete"]) for row in runs] == [("ingest_records", True)]


def test_a_job_submitted_in_client_mode_writes_its_tables_on_hdfs(cluster: HadoopCluster, tmp_path: Path) -> None:
    submission = ingest(cluster, landed(cluster, tmp_path), deploy_mode="client")

    assert_ingested(cluster, submission, lake="/lake/client")


@pytest.mark.slow
def test_a_job_submitted_in_cluster_mode_writes_its_tables_on_hdfs(packed: HadoopCluster, tmp_path: Path) -> None:
    submission = ingest(packed, landed(packed, tmp_path), deploy_mode="cluster")

    assert_ingested(packed, submission, lake="/lake/cluster")


@pytest.mark.slow
def test_a_job_that_fails_in_cluster_mode_runs_once_and_leaves_its_exit_code_in_the_log(packed: HadoopCluster) -> None:
    submission = ingest(packed, f"{packed.hdfs_uri}/landing/nothing-here", deploy_mode="cluster")

    assert submission.exit_code == 1, submission.explained(packed)
    assert submission.final_status == "FAILED", submission.explained(packed)
    assert "User application exited with status 2" in packed.tail(lines=5_000)
    assert packed.attempts(submission.application_id) == 1
