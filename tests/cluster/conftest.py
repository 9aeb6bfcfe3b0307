from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster import packed_env, spark_yarn
from tests.cluster.hadoop import HadoopCluster
from tests.cluster.kafka import KafkaBroker
from tests.cluster.postgres import Postgres


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HadoopCluster]:
    """Return a running HDFS and YARN with Spark's jars on HDFS; its logs stay in pytest's temporary folder."""
    with HadoopCluster(tmp_path_factory.mktemp("hadoop")) as running:
        spark_yarn.upload_spark(running)
        yield running


@pytest.fixture(scope="session")
def packed(cluster: HadoopCluster) -> HadoopCluster:
    """Return the cluster with the packed Python environment on HDFS, as cluster mode needs it."""
    cluster.put(packed_env.cached(), spark_yarn.PACKED_ENV)
    return cluster


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Return a running PostgreSQL with an empty database."""
    with Postgres() as running:
        yield running


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """Return a running Kafka of one broker; its log stays in pytest's temporary folder."""
    with KafkaBroker(tmp_path_factory.mktemp("kafka")) as running:
        yield running
