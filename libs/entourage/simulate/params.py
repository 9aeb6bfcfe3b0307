"""What a made-up world is made from, and what it is made of.

in: numbers as a user typed them ▶ out: `SimulateParams`, checked, and `Output`, one folder of the world.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from pyspark.sql import DataFrame

from entourage.errors import UsageError, nearest

LAYERS = ("people", "graph", "posts", "consent")
MECHANISMS = ("bots", "replies", "shares", "time_effect")
MOST_PEOPLE = 1_000_000_000
MOST_DAYS = 3660


@dataclass(frozen=True)
class SimulateParams:
    """One world: its size, its span and its switches.

    Attributes:
        people: number of persons, all of 16 years or more.
        days: days of posts, from `start`.
        seed: other seeds give other worlds of the same kind.
        start: first day of posts; also the day at which ages are taken.
        layers: what is emitted; `posts` needs `graph` and `graph` needs `people`.
        without: mechanisms switched off; all other draws stay as they are.
    """

    people: int = 10_000
    days: int = 14
    seed: int = 1
    start: dt.date = dt.date(2026, 6, 1)
    layers: tuple[str, ...] = LAYERS
    without: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse nonsense, all problems at once.

        Raises:
            UsageError: with the nearest valid value of each parameter that is wrong.
        """
        problems = [
            *_range_problems("people", self.people, MOST_PEOPLE),
            *_range_problems("days", self.days, MOST_DAYS),
            *_word_problems("layers", self.layers, LAYERS),
            *_word_problems("without", self.without, MECHANISMS),
        ]
        needed = {"posts": "graph", "graph": "people", "consent": "people"}
        problems += [
            f"layers: {layer} needs {below}; add {below}"
            for layer, below in needed.items()
            if layer in self.layers and below not in self.layers
        ]
        if not self.layers:
            problems.append(f"layers: none given; expected some of {', '.join(LAYERS)}; leave the option out for all")
        if problems:
            raise UsageError("simulate: " + "\n          ".join(problems))

    def has(self, mechanism: str) -> bool:
        """Tell whether a mechanism is at work."""
        return mechanism not in self.without

    def emits(self, layer: str) -> bool:
        """Tell whether a layer is wanted."""
        return layer in self.layers

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


def _range_problems(name: str, value: int, most: int) -> list[str]:
    if 1 <= value <= most:
        return []
    return [f"{name}: found {value}, expected 1 to {most}; the nearest is {1 if value < 1 else most}"]


def _word_problems(name: str, words: tuple[str, ...], valid: tuple[str, ...]) -> list[str]:
    unknown = [word for word in words if word not in valid]
    return [
        f"{name}: '{word}' is unknown{nearest(word, valid)}; expected some of {', '.join(valid)}" for word in unknown
    ]
