"""The stock is spelled out the same way each time, and every wish is met."""

from __future__ import annotations

import re

from entourage.simulate import stocks


def test_choices_are_made_in_so_many_ways_at_most_without_doubles() -> None:
    text = "[a|b|c] and [d|e|f|g] or [h|i|j|k]"
    ways = stocks.spelled_out(text)
    assert len(ways) == len(set(ways)) == stocks.WAYS == 24
    assert ways == stocks.spelled_out(text)


def test_an_empty_choice_leaves_no_double_blank() -> None:
    assert set(stocks.spelled_out("yes [really|] now")) == {"yes really now", "yes now"}


def test_a_nested_choice_is_resolved() -> None:
    assert set(stocks.spelled_out("[a [x|y]|b]")) == {"a x", "a y", "b"}


def test_slots_drawn_at_each_mention_are_numbered_and_others_are_not() -> None:
    assert stocks.spelled_out("{number} of {number}, {brand} {brand}") == ["{number} of {number2}, {brand} {brand}"]


def test_every_wish_is_met_by_at_least_two_texts() -> None:
    for stock in (stocks.posts(), stocks.replies()):
        assert min(stock.count) >= 2
        assert max(first + count for first, count in zip(stock.first, stock.count, strict=True)) == len(
            stock.realizations
        )


def test_no_choice_is_left_open() -> None:
    texts = [each.text for stock in (stocks.posts(), stocks.replies()) for each in stock.realizations]
    assert [text for text in texts if re.search(r"[\[\]]", text)] == []
    assert all(text == text.strip() and text for text in texts)
