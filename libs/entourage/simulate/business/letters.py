"""Word what customers write to the service desk, and what it answers.

in: stock/letters.yaml, columns ▶ out: Columns. Chosen by key from a fixed list, its slots filled.
"""

from __future__ import annotations

from functools import cache

from pyspark.sql import Column
from pyspark.sql import functions as F

from entourage.simulate import draw, lists
from entourage.simulate.names import LANGUAGES
from entourage.simulate.stocks import spelled_out

TROUBLES = ("delivery", "quality", "service", "billing", "bug", "question")
ANSWERS = ("solved", "unsolved")


def complaint(u: Column, *, language: Column, trouble: Column) -> Column:
    """Return what a customer writes of a trouble, its slots open."""
    return _chosen("customer", TROUBLES, u, language, draw.number_of(TROUBLES, trouble))


def answer(u: Column, *, language: Column, is_solved: Column) -> Column:
    """Return what the desk answers, its slots open."""
    return _chosen("desk", ANSWERS, u, language, F.when(is_solved, 0).otherwise(1))


def filled(text: Column, *, order_id: Column, product: Column, name: Column, days: Column) -> Column:
    """Fill a letter's slots."""
    values = {"{order}": order_id, "{product}": product, "{name}": name, "{days}": days.cast("string")}
    for slot, value in values.items():
        text = F.replace(text, F.lit(slot), F.coalesce(value, F.lit("")))
    return text


def _chosen(side: str, kinds: tuple[str, ...], u: Column, language: Column, kind: Column) -> Column:
    texts, first, count = _laid_out(side, kinds)
    group = F.when(language == LANGUAGES[0], 0).otherwise(len(kinds)) + kind
    return draw.lookup(texts, draw.lookup_number(first, group) + F.floor(u * draw.lookup_number(count, group)))


@cache
def _laid_out(side: str, kinds: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[int, ...], tuple[int, ...]]:
    """Return all texts, and where those of each language and kind begin and how many they are."""
    stock = lists.read("stock", "letters.yaml")[side]
    texts: list[str] = []
    first, count = [], []
    for spoken in LANGUAGES:
        for kind in kinds:
            made = [way for text in stock[spoken][kind] for way in spelled_out(text)]
            first.append(len(texts))
            count.append(len(made))
            texts += made
    return tuple(texts), tuple(first), tuple(count)
