"""Know what the house sells, and how it courts and rewards its customers.

in: tables/business.yaml ▶ out: plain values on the driver, small.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from entourage.simulate import lists
from entourage.simulate.people import TOPIC_NAMES

# GS1 keeps numbers that begin with 2 for use inside a company: no article of the world bears one.
GTIN_PREFIX = "29"


@dataclass(frozen=True)
class Department:
    """What is bought together, how often, and how long a nudge lasts (days)."""

    name: str
    rate: float
    window: int
    code: str


@dataclass(frozen=True)
class Product:
    """One article in one size; price in cents of euros."""

    department: int
    code: str
    gtin: str
    category: str
    en: str
    fr: str
    size_rank: int
    price_cents: int


@dataclass(frozen=True)
class Campaign:
    """One campaign; days from the world's start, `variants` as (name, share, lift)."""

    id: str
    name: str
    channel: str
    departments: tuple[int, ...]
    from_day: int
    to_day: int
    reach: float
    hold_out: float
    discount: float
    cost_a_day: int
    variants: tuple[tuple[str, float, float], ...]

    @property
    def mechanism(self) -> str:
        """The word that switches it off."""
        return f"campaign:{self.id}"


@dataclass(frozen=True)
class Program:
    """One program; days from the world's start."""

    id: str
    name: str
    departments: tuple[int, ...]
    from_day: int
    to_day: int
    linger_days: int
    guests_share: float
    guests_factor: float
    followers_lift: float
    discount: float
    reward: int
    referral_factor: float = 1.0

    @property
    def mechanism(self) -> str:
        """The word that switches it off."""
        return f"program:{self.id}"


@dataclass(frozen=True)
class Plan:
    """What people subscribe to; price in cents of euros a month, shares of customers and of leavers a month."""

    id: str
    name: str
    department: int
    price_cents: int
    share: float
    leave: float


@cache
def departments() -> tuple[Department, ...]:
    """Return the departments, in the order of the communities of taste that they serve."""
    table = _table()["departments"]
    return tuple(Department(name=name, **table[name]) for name in TOPIC_NAMES[: len(table)])


@cache
def products() -> tuple[Product, ...]:
    """Return all articles, department by department, cheapest size first."""
    made: list[Product] = []
    for number, department in enumerate(departments()):
        sizes = [
            (kind, rank, price)
            for kind in _table()["products"][department.name]
            for rank, price in enumerate(kind["prices"], start=1)
        ]
        for serial, (kind, rank, price) in enumerate(sizes, start=1):
            made.append(
                Product(
                    department=number,
                    code=department.code.format(serial * 7),
                    gtin=_gtin(number * 1_000 + serial),
                    category=kind["category"],
                    en=kind["en"],
                    fr=kind["fr"],
                    size_rank=rank,
                    price_cents=round(price * 100),
                )
            )
    return tuple(made)


@cache
def campaigns() -> tuple[Campaign, ...]:
    """Return the campaigns in the order of their first day."""
    return tuple(
        Campaign(
            **{
                **each,
                "departments": _numbers(each["departments"]),
                "variants": tuple((name, share, lift) for name, (share, lift) in each["variants"].items()),
            }
        )
        for each in sorted(_table()["campaigns"], key=lambda each: int(each["from_day"]))
    )


@cache
def programs() -> tuple[Program, ...]:
    """Return the programs."""
    return tuple(
        Program(id=key, **{**each, "departments": _numbers(each["departments"])})
        for key, each in _table()["programs"].items()
    )


def friends_program() -> Program:
    """Return the program that rewards who brings a friend."""
    return next(program for program in programs() if program.reward)


@cache
def plans() -> tuple[Plan, ...]:
    """Return the plans."""
    return tuple(
        Plan(
            id=each["id"],
            name=each["name"],
            department=TOPIC_NAMES.index(each["department"]),
            price_cents=round(each["price"] * 100),
            share=each["share"],
            leave=each["leave"],
        )
        for each in _table()["plans"]
    )


def stores(country: str) -> tuple[str, ...]:
    """Return the shops of a country."""
    return tuple(_table()["stores"][country])


def seasons() -> tuple[float, ...]:
    """Return how much more than usual is bought in each month, January first."""
    return tuple(_table()["seasons"])


def currency(country: str) -> tuple[str, float]:
    """Return a country's currency and what a euro is in it."""
    code, rate = _table()["currencies"][country]
    return str(code), float(rate)


def _numbers(names: list[str]) -> tuple[int, ...]:
    return tuple(TOPIC_NAMES.index(name) for name in names)


def _gtin(serial: int) -> str:
    """Return a GTIN-13 with its check digit (GS1 General Specifications, 7.9)."""
    digits = f"{GTIN_PREFIX}{serial:010d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def _table() -> dict[str, Any]:
    table: dict[str, Any] = lists.read("tables", "business.yaml")
    return table
