"""Say which landing file a payload lay in.

in: what was seen, by `file`, which names files in archives as ``PATH!/MEMBER`` ▶ out: the same by landing file.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

# A folder's name may end with an exclamation mark too: every beginning of a path may be that of the landing file.
BEGINNINGS = "transform(sequence(1, size(split(file, '!/'))), n -> substring_index(file, '!/', n))"


def by_landing_file(seen: DataFrame) -> DataFrame:
    """Add up what was seen of the files in each archive.

    Args:
        seen: by `file`: `payload_count`, `formats` (a list), `reason`.

    Returns:
        The same by `file`, and for each beginning of a path that may be a landing file's: those that are none, and only
        those, match none.
    """
    return (
        seen.select(F.explode(F.expr(BEGINNINGS)).alias("file"), "payload_count", "formats", "reason")
        .groupBy("file")
        .agg(
            F.sum("payload_count").alias("payload_count"),
            F.array_sort(F.array_distinct(F.flatten(F.collect_list("formats")))).alias("formats"),
            F.min("reason").alias("reason"),
        )
    )
