from __future__ import annotations

from typing import cast

import pytest
from pyspark.sql import DataFrame

from entourage.ingest.steps import Step
from entourage.landing import Fate, unconserved
from entourage.tables import Merged

NO_FRAME = cast("DataFrame", None)


@pytest.mark.parametrize(
    ("fate", "written", "unchanged", "is_conserved"),
    [
        ((5, 1, 1), 2, 1, True),  # three good ones
        ((5, 1, 1), 1, 0, True),  # three of one key
        ((0, 0, 0), 0, 0, True),
        ((5, 3, 2), 0, 0, True),
        ((5, 1, 1), 0, 0, False),  # all three vanished
        ((5, 1, 1), 3, 1, False),  # one out of nothing
        ((5, 4, 2), 0, 0, False),  # one both refused and left out
    ],
)
def test_what_came_in_and_what_became_of_it_are_held_to_each_other(
    fate: Fate, written: int, unchanged: int, is_conserved: bool
) -> None:
    step = Step("bronze.events", NO_FRAME, "payload", is_each=True)
    problems = unconserved(step, {"posts": fate}, Merged(written, unchanged, {}))

    assert (problems == []) is is_conserved
    assert all(sentence.startswith("bronze.events: ") for sentence in problems)


def test_rows_of_a_merge_that_holds_stored_ones_too_are_not_held_to_the_items() -> None:
    step = Step("silver.posts", NO_FRAME, "post")

    assert unconserved(step, {"posts": (1, 0, 0)}, Merged(0, 7, {})) == []
