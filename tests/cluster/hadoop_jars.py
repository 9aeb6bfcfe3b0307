"""Name the jars of Hadoop (HDFS and YARN) that tests run for real.

in: conf/hadoop.lock.toml ▶ out: a folder of jars. `python -m tests.cluster.hadoop_jars --lock` writes the lock anew.
"""

from __future__ import annotations

from tests.cluster.maven_jars import JarSet

VERSION = "3.3.6"
JARS = JarSet(
    name="hadoop",
    title=f"Hadoop {VERSION} (HDFS and YARN)",
    roots=tuple(
        f"org.apache.hadoop:{artifact}:{VERSION}"
        for artifact in (
            "hadoop-common",
            "hadoop-hdfs",
            "hadoop-hdfs-client",
            "hadoop-yarn-client",
            "hadoop-yarn-server-nodemanager",
            "hadoop-yarn-server-resourcemanager",
            "hadoop-yarn-server-timelineservice",  # the ResourceManager dies without its classes
        )
    ),
    excluded="org.apache.hbase",
)

if __name__ == "__main__":
    JARS.main()
