from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession
from pyspark.testing import assertDataFrameEqual

from entourage.identity import blocking
from entourage.identity.blocking import BlockingParams
from entourage.rows import local_frame
from tests.unit.identity.conftest import Rows


def _pairs(records: DataFrame, params: BlockingParams) -> DataFrame:
    keys = blocking.record_keys(records)
    caps = dict.fromkeys(blocking.blocking_rules(), params.max_block_size)
    return blocking.candidate_pairs(keys, sizes=blocking.block_sizes(keys), caps=caps)


def test_a_pair_comes_once_under_its_first_agreeing_rule_and_unknown_values_pair_nobody(
    spark: SparkSession, standardized: Rows
) -> None:
    records = standardized(
        [
            {
                "record_id": "a:1",
                "given_name": "Ann",
                "family_name": "Roe",
                "emails": ["ann.roe@example.com"],
                "phones": ["+33199001234"],
            },
            {
                "record_id": "b:1",
                "given_name": "Ann",
                "family_name": "Roe",
                "emails": ["ann.roe@example.com"],
                "phones": ["+33199001234"],
            },
            {"record_id": "c:1", "phones": ["01 99 00 12 34"]},
            {"record_id": "d:1"},
            {"record_id": "d:2"},
        ]
    )
    pairs = _pairs(records, BlockingParams())
    expected = [("a:1", "b:1", "email"), ("a:1", "c:1", "phone"), ("b:1", "c:1", "phone")]
    assertDataFrameEqual(pairs, local_frame(spark, expected, pairs.schema))


def test_a_block_over_the_cap_gives_its_pairs_to_the_next_rule_and_is_reported(
    spark: SparkSession, standardized: Rows
) -> None:
    rows = [{"record_id": f"a:{n:02}", "emails": ["home@example.com"]} for n in range(24)]
    rows[3]["phones"] = rows[7]["phones"] = ["+33199001234"]
    records = standardized(rows)
    params = BlockingParams(max_block_size=20)
    pairs = _pairs(records, params)
    assertDataFrameEqual(pairs, local_frame(spark, [("a:03", "a:07", "phone")], pairs.schema))
    sizes = blocking.block_sizes(blocking.record_keys(records))
    report = {row.rule: row for row in blocking.block_report(sizes, params=params).collect()}
    email, phone = report["email"], report["phone"]
    assert (email.oversized_count, email.largest_block, email.pair_counts[0]) == (1, 24, 0)
    assert (phone.oversized_count, phone.largest_block, phone.pair_counts) == (0, 2, [1] * 7 + [0])


def test_weak_rules_share_a_budget_of_pairs_and_strong_ones_have_none() -> None:
    params = BlockingParams(max_block_size=500, max_pairs_per_record=10)
    counts = {
        "email": [9_999] * 7 + [0],
        "names": [100, 90, 80, 70, 60, 50, 40, 0],
        "any_name": [9_000, 5_000, 600, 300, 200, 100, 50, 0],
        "year": [9_000] * 7 + [0],
    }
    caps = blocking.choose_caps(counts, record_count=100, params=params)
    chosen = [caps[rule] for rule in ("email", "names", "any_name", "year")]
    assert chosen == [500, 500, 50, 0]


def test_no_records_make_no_pairs(standardized: Rows) -> None:
    assert _pairs(standardized([]), BlockingParams()).count() == 0


def test_the_plan_joins_by_hash_keys_never_all_with_all(standardized: Rows) -> None:
    records = standardized([{"record_id": "a:1", "given_name": "Ann"}, {"record_id": "a:2", "given_name": "Ann"}])
    pairs = _pairs(records, BlockingParams())
    plan = pairs._sc._jvm.PythonSQLUtils.explainString(pairs._jdf.queryExecution(), "formatted")  # type: ignore[union-attr]
    assert "CartesianProduct" not in plan
    assert "BroadcastNestedLoopJoin" not in plan.split("Scan")[0]
