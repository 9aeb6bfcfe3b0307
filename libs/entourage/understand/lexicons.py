"""Read the lexicons that marketers edit, and compile them into entity rules.

YAML texts ▶ `Lexicon` ▶ patterns of Spark NLP's EntityRuler.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from entourage.errors import UsageError, nearest

FILES = ("brands", "complaints", "experiences", "intents", "life_events", "noise", "questions", "tastes", "things")
LABELS = (
    *("brand", "complaint", "experience", "intent", "life_event", "news"),
    *("not_intent", "question", "spam", "taste", "thing"),
)
LANGUAGES = ("en", "fr")


@dataclass(frozen=True)
class Phrase:
    """One phrase as a marketer wrote it, and the labels it stands for (``brand:lumio`` for a brand)."""

    text: str
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Lexicon:
    """All phrases, in the order of their text."""

    phrases: tuple[Phrase, ...]

    @property
    def digest(self) -> str:
        """Return a SHA-256 that changes when a phrase or label does."""
        lines = "\n".join(f"{phrase.text}\t{','.join(phrase.labels)}" for phrase in self.phrases)
        return hashlib.sha256(lines.encode()).hexdigest()

    @property
    def brands(self) -> list[str]:
        """Return the spellings of brands: they say who is meant, not that a post is useful."""
        return [phrase.text for phrase in self.phrases if any(label.startswith("brand:") for label in phrase.labels)]


def parse(files: Mapping[str, str]) -> Lexicon:
    """Parse lexicon files.

    Args:
        files: file name to YAML text: ``label: {language or brand: [phrase or [phrases]]}``.

    Raises:
        UsageError: broken YAML, unknown labels or languages, or a phrase that is no text; all problems at once.
    """
    labels: dict[str, set[str]] = {}
    problems: list[str] = []
    for name, text in sorted(files.items()):
        for label, group, phrase in _entries(name, text, problems):
            for spelling in _spellings(label, group, phrase):
                labels.setdefault(spelling, set()).add(f"brand:{group}" if label == "brand" else label)
    if problems:
        raise UsageError("lexicons: " + "\n          ".join(problems))
    return Lexicon(tuple(Phrase(text, tuple(sorted(found))) for text, found in sorted(labels.items())))


def patterns(phrases: Mapping[str, Phrase]) -> str:
    """Return the rules as the JSON that EntityRulerApproach reads.

    A phrase that begins another ("want to", "want to buy") would be lost where a text follows the longer one for some
    letters and then leaves it: the automaton reports only the state it leaves. So each such state gets the shorter
    phrase's label, with the phrase itself as id.

    Args:
        phrases: the phrase by its line as `shadow.windows` writes it (``<want to buy ``).
    """
    rules: dict[tuple[str, str], set[str]] = {}
    for line, phrase in phrases.items():
        rules.setdefault(("+".join(phrase.labels), phrase.text), set()).add(line)
        covering: Phrase | None = None
        for end in range(1, len(line)):
            covering = phrases.get(line[:end], covering)
            if covering is not None and line[:end] not in phrases:
                rules.setdefault(("+".join(covering.labels), covering.text), set()).add(line[:end])
    return json.dumps([{"label": k[0], "id": k[1], "patterns": sorted(v)} for k, v in sorted(rules.items())])


def _entries(name: str, text: str, problems: list[str]) -> list[tuple[str, str, str]]:
    try:
        tree: Any = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        problems.append(f"{name}{line}: not valid YAML: {getattr(error, 'problem', error)}")
        return []
    entries: list[tuple[str, str, str]] = []
    for label, groups in tree.items() if isinstance(tree, dict) else [(None, None)]:
        if label not in LABELS or not isinstance(groups, dict):
            problems.append(
                f"{name}: found '{label}', expected one of {', '.join(LABELS)}{nearest(str(label), LABELS)}"
            )
            continue
        for group, listed in groups.items():
            if label != "brand" and group not in LANGUAGES:
                problems.append(f"{name}: {label}: language '{group}' is unknown; use {' or '.join(LANGUAGES)}")
                continue
            flat = [one for item in listed or [] for one in (item if isinstance(item, list) else [item])]
            problems.extend(
                f"{name}: {label}.{group}: {one!r} is no text; put it in quotes"
                for one in flat
                if not isinstance(one, str)
            )
            entries.extend((label, str(group), one) for one in flat if isinstance(one, str) and one.strip())
    return entries


def _spellings(label: str, group: str, phrase: str) -> list[str]:
    if label != "thing" or phrase.endswith(("s", "x", "ing")):
        return [phrase]
    is_es = group == "en" and phrase.endswith(("ch", "sh", "ss", "z"))
    is_ies = group == "en" and phrase.endswith("y") and phrase[-2:-1] not in "aeiou"
    plural = (
        f"{phrase[:-1]}ies"
        if is_ies
        else f"{phrase}es"
        if is_es
        else f"{phrase}x"
        if phrase.endswith(("eau", "eu"))
        else f"{phrase}s"
    )
    return [phrase, plural]
