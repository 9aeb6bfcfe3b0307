"""What a made-up world is made from, and what it is made of.

in: numbers as a user typed them ▶ out: `SimulateParams`, checked, and `Output`, one folder of the world.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from pyspark.sql import DataFrame

from entourage.errors import UsageError, nearest
from entourage.simulate import lists

LAYERS = (
    "people", "graph", "posts", "commerce", "service", "campaigns", "consent", "surveys", "organizations",
)  # fmt: skip
_BUSINESS = lists.read("tables", "business.yaml")
MECHANISMS = (
    "bots", "pods", "replies", "shares", "time_effect", "referral",
    *(f"campaign:{each['id']}" for each in _BUSINESS["campaigns"]),
    *(f"program:{name}" for name in _BUSINESS["programs"]),
)  # fmt: skip
MOST_PEOPLE = 1_000_000_000
MOST_DAYS = 3660
MOST_MONTHS = 48  # customers joined within the four years before


@dataclass(frozen=True)
class SimulateParams:
    """One world: its size, its span and its switches.

    Attributes:
        people: number of persons, all of 16 years or more.
        days: days of posts, from `start`.
        seed: other seeds give other worlds of the same kind.
        start: first day of posts; also the day at which ages are taken.
        layers: what is written; never what happens.
        without: mechanisms switched off; all other draws stay as they are.
        history_months: months of business events, consents and brands' posts before `start`.
    """

    people: int = 10_000
    days: int = 14
    seed: int = 1
    start: dt.date = dt.date(2026, 6, 1)
    layers: tuple[str, ...] = LAYERS
    without: tuple[str, ...] = ()
    history_months: int = 24

    def __post_init__(self) -> None:
        """Refuse nonsense, all problems at once.

        Raises:
            UsageError: with the nearest valid value of each parameter that is wrong.
        """
        problems = [
            *_range_problems("people", self.people, MOST_PEOPLE),
            *_range_problems("days", self.days, MOST_DAYS),
            *_range_problems("history_months", self.history_months, MOST_MONTHS, least=0),
            *_word_problems("layers", self.layers, LAYERS),
            *_word_problems("without", self.without, MECHANISMS),
        ]
        if not self.layers:
            problems.append(f"layers: none given; expected some of {', '.join(LAYERS)}; leave the option out for all")
        if problems:
            raise UsageError("simulate: " + "\n          ".join(problems))

    def has(self, mechanism: str) -> bool:
        """Tell whether a mechanism is at work."""
        return mechanism not in self.without

    @property
    def needs_business(self) -> bool:
        """Tell whether what people buy must be made: posts follow from it too."""
        return bool({"posts", "commerce", "service", "surveys"} & set(self.layers))

    @property
    def needs_graph(self) -> bool:
        """Tell whether the graph must be made: guests of programs move those who follow them."""
        return self.needs_business or self.emits("graph")

    def emits(self, layer: str) -> bool:
        """Tell whether a layer is wanted."""
        return layer in self.layers

    @property
    def first_day(self) -> int:
        """First day of the business's history, counted from `start`: 0 or negative."""
        months = self.start.year * 12 + self.start.month - 1 - self.history_months
        first = dt.date(months // 12, months % 12 + 1, min(self.start.day, 28))
        return (first - self.start).days if self.history_months else 0

    @property
    def bots(self) -> int:
        """Number of bot and spam accounts: about 4 % of all accounts."""
        return self.people // PEOPLE_PER_BOT if self.has("bots") else 0

    @property
    def media(self) -> int:
        """Number of news accounts."""
        return FIRST_MEDIA + self.people // PEOPLE_PER_MEDIA

    @property
    def files(self) -> int:
        """Files of a large output: it follows from the size of the world, never from the cores."""
        return 4 * (1 + self.people // 200_000)


PEOPLE_PER_BOT = 18
PEOPLE_PER_MEDIA = 500
FIRST_MEDIA = 3


@dataclass(frozen=True)
class Output:
    """One folder of the world: how and what to write.

    Attributes:
        path: folder below the world's, such as `landing/posts/bluesky`.
        kind: a Spark writer: text (one column, one line a row), csv or parquet.
        frame: rows in their final files and order; write it as it is.
        options: of that writer.
    """

    path: str
    kind: str
    frame: DataFrame
    options: dict[str, str] = field(default_factory=dict)


def _range_problems(name: str, value: int, most: int, *, least: int = 1) -> list[str]:
    if least <= value <= most:
        return []
    return [f"{name}: found {value}, expected {least} to {most}; the nearest is {least if value < least else most}"]


def _word_problems(name: str, words: tuple[str, ...], valid: tuple[str, ...]) -> list[str]:
    unknown = [word for word in words if word not in valid]
    return [
        f"{name}: '{word}' is unknown{nearest(word, valid)}; expected some of {', '.join(valid)}" for word in unknown
    ]
