"""Name the jars of Kafka (one broker, and its own command-line tools) that tests run for real.

in: conf/kafka.lock.toml ▶ out: a folder of jars. `python -m tests.cluster.kafka_jars --lock` writes the lock anew.
"""

from __future__ import annotations

from tests.cluster.maven_jars import JarSet

VERSION = "4.1.2"
JARS = JarSet(
    name="kafka",
    title=f"Kafka {VERSION}",
    roots=(
        f"org.apache.kafka:kafka_2.13:{VERSION}",
        f"org.apache.kafka:kafka-tools:{VERSION}",  # makes topics, deletes records, produces
        "org.apache.logging.log4j:log4j-slf4j-impl:2.25.1",  # without it the broker is mute
    ),
)

if __name__ == "__main__":
    JARS.main()
