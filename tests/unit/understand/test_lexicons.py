"""Lexicons: what marketers edit, and how mistakes are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from entourage import config
from entourage.errors import UsageError
from entourage.understand.lexicons import FILES, Phrase, parse, patterns


def test_phrases_are_flattened_and_things_get_their_plural() -> None:
    lexicon = parse(
        {
            "intents.yaml": "intent: {en: [[want to buy, need a], looking for]}",
            "things.yaml": "thing: {en: [bike, watch, battery], fr: [gateau]}",
            "brands.yaml": "brand: {lumio: [lumio, Lumio Care]}",
        }
    )
    assert lexicon.phrases == (
        Phrase("Lumio Care", ("brand:lumio",)),
        Phrase("batteries", ("thing",)),
        Phrase("battery", ("thing",)),
        Phrase("bike", ("thing",)),
        Phrase("bikes", ("thing",)),
        Phrase("gateau", ("thing",)),
        Phrase("gateaux", ("thing",)),
        Phrase("looking for", ("intent",)),
        Phrase("lumio", ("brand:lumio",)),
        Phrase("need a", ("intent",)),
        Phrase("want to buy", ("intent",)),
        Phrase("watch", ("thing",)),
        Phrase("watches", ("thing",)),
    )
    assert lexicon.brands == ["Lumio Care", "lumio"]


def test_a_phrase_of_two_lexicons_keeps_both_labels() -> None:
    lexicon = parse({"a.yaml": "intent: {en: [new house]}", "b.yaml": "life_event: {en: [new house]}"})
    assert lexicon.phrases == (Phrase("new house", ("intent", "life_event")),)


def test_all_mistakes_are_told_at_once_with_file_and_line() -> None:
    with pytest.raises(UsageError) as refused:
        parse(
            {
                "broken.yaml": "intent:\n  en: [a, b\n",
                "label.yaml": "intents: {en: [a]}",
                "language.yaml": "intent: {de: [a]}",
                "type.yaml": "intent: {en: [yes]}",
            }
        )
    message = str(refused.value)
    assert "broken.yaml line 3" in message
    assert "label.yaml: found 'intents'" in message and "did you mean 'intent'?" in message
    assert "language.yaml: intent: language 'de' is unknown" in message
    assert "type.yaml: intent.en: True is no text" in message


def test_a_phrase_that_begins_another_is_found_wherever_a_text_leaves_the_longer_one() -> None:
    short, long = Phrase("new", ("intent",)), Phrase("new car", ("thing",))
    rules = {rule["id"]: rule["patterns"] for rule in json.loads(patterns({"<new ": short, "<new car ": long}))}
    assert rules == {"new": ["<new ", "<new c", "<new ca", "<new car"], "new car": ["<new car "]}


def test_the_lexicons_of_the_project_are_read_whole() -> None:
    folder = Path(config.conf_folder())
    lexicon = parse({name: config.read_text(folder, f"lexicons/{name}.yaml") for name in FILES})
    assert len(lexicon.phrases) > 2_000
    assert {"lumio", "vandelle", "norrsken", "brightwell"} <= set(lexicon.brands)
