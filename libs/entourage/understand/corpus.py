"""Read the training corpus: made-up posts written for this project, each with its class.

package data ▶ examples: text, class, language. Their texts come from nowhere else; the made-up world has its own stock.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib import resources

USEFUL = ("complaint", "experience", "intent", "life_event", "question", "taste")
USELESS = ("bot", "chatter", "news", "spam")
CLASSES = tuple(sorted((*USEFUL, *USELESS)))
# Names that the examples made up: no term of the model may hold one, since no real post does.
MADE_UP_NAMES = frozenset(
    (
        *("brightwell", "lumio", "norrsken", "vandelle", "aldine", "ardenne", "corsano", "corva", "cragmoor", "dalby"),
        *("delaney", "fenwick", "kestrel", "marlow", "mirabeau", "moonfall", "osteria", "pellano", "rockspot", "rossi"),
        *("tuftie", "zephyr"),
    )
)


@dataclass(frozen=True)
class Example:
    """One written post."""

    text: str
    label: str
    language: str


def read() -> tuple[Example, ...]:
    """Return every example, in the order of language and text."""
    examples = set()
    for language in ("en", "fr"):
        lines = (
            resources.files("entourage.understand")
            .joinpath("corpus", f"posts_{language}.jsonl")
            .read_text(encoding="utf-8")
        )
        for line in lines.splitlines():
            row = json.loads(line)
            examples.add((language, str(row["text"]), str(row["class"])))
    return tuple(Example(text, label, language) for language, text, label in sorted(examples))


def digest(examples: tuple[Example, ...]) -> str:
    """Return a SHA-256 that changes with any text or class, not with their order."""
    lines = sorted(json.dumps([one.language, one.label, one.text]) for one in examples)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
