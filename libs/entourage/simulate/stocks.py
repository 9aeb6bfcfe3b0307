"""Spell out the written stock: every text with its choices made, several ways each.

in: YAML under simulate/stock ▶ out: `Stock`, plain values on the driver, small. Texts still hold their slots;
texts.py fills them.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from entourage.simulate import lists
from entourage.simulate.names import LANGUAGES
from entourage.simulate.people import TOPIC_NAMES

WAYS = 24  # realizations of one text at most
ANY = len(TOPIC_NAMES)  # number of the wish for a text of any topic
NO_TOPIC = -1  # of replies: they take that of the post above
CLASSES = ("intent", "life_event", "complaint", "question", "experience", "taste", "chatter", "news", "spam", "bot")
USEFUL = CLASSES[:6]
TYPES = ("delivery", "price", "quality", "service", "billing", "bug", "any")
REPLY_KINDS = ("brand", "people", "quote")
TROUBLES = TYPES[:-1]
DEPARTMENTS = 7  # the first of TOPICS: those with products
LIFE_EVENTS = ("birth", "engagement", "wedding", "move", "new_job", "studies", "pet", "trip", "retirement")
TOPICS = (*TOPIC_NAMES, "tv", "work", "weather", "family", "books", "pets", "smalltalk")
_SLOT = re.compile(r"\{(\w+)\}")
_ONCE = {"brand", "competitor", "product", "handle", "place", "name"}


@dataclass(frozen=True)
class Realization:
    """One text with its choices made."""

    number: int
    text: str
    post_class: str
    topic: int
    type: str | None
    sentiment: str
    holder: str | None


@dataclass(frozen=True)
class Stock:
    """All realizations, and where those of each wish lie: `first` and `count` by the wish's number."""

    realizations: tuple[Realization, ...]
    first: tuple[int, ...]
    count: tuple[int, ...]


@cache
def posts() -> Stock:
    """Return the posts' stock; a wish is a language, a class and a topic, or an event of life, or a trouble."""
    entries = {spoken: lists.read("stock", f"posts_{spoken}.yaml") for spoken in LANGUAGES}
    groups = [
        ([e for e in entries[spoken] if e["class"] == wanted], _about(topic))
        for spoken in LANGUAGES
        for wanted in CLASSES
        for topic in range(ANY + 1)
    ]
    groups += [
        ([e for e in entries[spoken] if e["class"] == "life_event"], _of_type(event))
        for spoken in LANGUAGES
        for event in LIFE_EVENTS
    ]
    groups += [
        ([e for e in entries[spoken] if e["class"] == "complaint" and e.get("type") == trouble], _about(department))
        for spoken in LANGUAGES
        for trouble in TROUBLES
        for department in range(DEPARTMENTS)
    ]
    return _stock(groups)


@cache
def replies() -> Stock:
    """Return the replies' stock; a wish is a language, a kind, a class answered and a type, see `reply_wish`."""
    entries = {spoken: lists.read("stock", f"replies_{spoken}.yaml") for spoken in LANGUAGES}
    groups = [
        ([e for e in entries[spoken] if e["kind"] == kind], _answering(answered, kind_of_trouble))
        for spoken in LANGUAGES
        for kind in REPLY_KINDS
        for answered in CLASSES
        for kind_of_trouble in TYPES
    ]
    return _stock(groups)


def post_wish(language: int, wanted: int, topic: int) -> int:
    """Return the number of a wish for a post, from indexes into LANGUAGES, CLASSES and the communities."""
    return (language * len(CLASSES) + wanted) * (ANY + 1) + topic


def life_wish(language: int, event: int) -> int:
    """Return the number of a wish for a post about an event of one's life, from indexes into LANGUAGES, LIFE_EVENTS."""
    return post_wish(len(LANGUAGES), 0, 0) + language * len(LIFE_EVENTS) + event


def trouble_wish(language: int, trouble: int, department: int) -> int:
    """Return the number of a wish for a complaint of a type, from indexes into LANGUAGES, TROUBLES and departments."""
    return life_wish(len(LANGUAGES), 0) + (language * len(TROUBLES) + trouble) * DEPARTMENTS + department


def reply_wish(language: int, kind: int, answered: int, trouble: int) -> int:
    """Return the number of a wish for a reply, from indexes into LANGUAGES, REPLY_KINDS, CLASSES and TYPES."""
    return ((language * len(REPLY_KINDS) + kind) * len(CLASSES) + answered) * len(TYPES) + trouble


def spelled_out(text: str) -> list[str]:
    """Return up to WAYS ways to make the choices `[a|b|]` of a text, spread evenly, always the same."""
    made: dict[str, None] = {}
    for attempt in range(WAYS * 2):
        digest = hashlib.sha256(f"{attempt}:{text}".encode()).digest()
        made.setdefault(_choose(text, iter(digest)))
        if len(made) == WAYS:
            break
    return list(made)


def _choose(text: str, digest: Iterable[int]) -> str:
    bytes_left = iter(digest)
    inner = re.compile(r"\[([^\[\]]*)\]")
    while match := inner.search(text):
        options = match.group(1).split("|")
        text = text[: match.start()] + options[next(bytes_left) % len(options)] + text[match.end() :]
    return _numbered(re.sub(r"\s+", " ", text).strip())


def _numbered(text: str) -> str:
    """Tell a slot's later mentions from its first ({number}, {number2}), where each is drawn anew."""
    seen: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        slot = match.group(1)
        seen[slot] = seen.get(slot, 0) + 1
        return match.group(0) if slot in _ONCE or seen[slot] == 1 else f"{{{slot}{seen[slot]}}}"

    return _SLOT.sub(number, text)


def _about(topic: int) -> Callable[[dict[str, str]], bool]:
    return lambda entry: topic == ANY or entry["topic"] == TOPIC_NAMES[topic]


def _of_type(event: str) -> Callable[[dict[str, str]], bool]:
    return lambda entry: entry.get("type") == event and entry.get("holder") == "self"


def _answering(answered: str, trouble: str) -> Callable[[dict[str, str]], bool]:
    def fits(entry: dict[str, str]) -> bool:
        kind_fits = entry["kind"] != "brand" or entry.get("type") in (trouble, "any")
        return kind_fits and entry["answers"] in (answered, "any")

    return fits


def _stock(groups: list[tuple[list[dict[str, str]], Callable[[dict[str, str]], bool]]]) -> Stock:
    """Lay the groups' realizations one after the other; a wish that few texts fit takes its whole group."""
    realizations: list[Realization] = []
    first, count = [], []
    laid: dict[tuple[str, ...], tuple[int, int]] = {}
    for entries, fits in groups:
        fitting = [entry for entry in entries if fits(entry)]
        chosen = fitting if len(fitting) >= 2 else entries
        identity = tuple(entry["id"] for entry in chosen)
        if identity not in laid:
            made = [_realization(entry, text) for entry in chosen for text in spelled_out(entry["text"])]
            laid[identity] = (len(realizations), len(made))
            realizations += [_renumbered(each, len(realizations) + n) for n, each in enumerate(made)]
        start, size = laid[identity]
        first.append(start)
        count.append(size)
    return Stock(tuple(realizations), tuple(first), tuple(count))


def _realization(entry: dict[str, str], text: str) -> Realization:
    topic = TOPICS.index(entry["topic"]) if "topic" in entry else NO_TOPIC
    return Realization(-1, text, entry["class"], topic, entry.get("type"), entry["sentiment"], entry.get("holder"))


def _renumbered(each: Realization, number: int) -> Realization:
    return dataclasses.replace(each, number=number)
