"""Set what was found next to the truth.

in: figures of `evaluation` by subject ▶ out: a `Section`, each figure with a plain sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from entourage.report import words
from entourage.report.blocks import Block, Score, Scores, Section, present

Figures = Mapping[str, Any]

TITLE = "What was found, next to the truth"
SENTENCE = (
    "Here the true answers are known, so we can compare. On a made-up world this shows that every part works; a "
    "score on made-up posts says nothing about the quality on real ones."
)
NOTHING = "The truth that was given could not be compared with anything found yet."


def section(scorecard: Mapping[str, Figures]) -> Section:
    """Return the scorecard: relevance, influence, identities, sentiment; what was not measured is left out."""
    makers = {"relevance": _relevance, "influence": _influence, "identities": _identities, "sentiment": _sentiment}
    found: list[Block] = [make(scorecard[subject]) for subject, make in makers.items() if subject in scorecard]
    blocks = present(found)
    return Section("scorecard", TITLE, SENTENCE if blocks else NOTHING, blocks)


def _relevance(figures: Figures) -> Scores:
    useful = _number(figures, "decisions.share_useful")
    truth = f" In truth {words.ratio(useful)} are of use." if useful is not None else ""
    kept = _score(figures, "decisions.share_kept", "Share kept", f"Of 100 posts, {{n}} were kept.{truth}")
    rows = [
        kept and Score(kept.label, words.ratio(kept.length), kept.length, kept.sentence),
        _score(figures, "decisions.precision", "Precision", "Of 100 posts that were kept, {n} are of use."),
        _score(figures, "decisions.recall", "Recall", "Of 100 posts of use, {n} were kept."),
    ]
    return _scores("Were the right posts kept?", rows, figures, of="posts")


def _influence(figures: Figures) -> Scores:
    size = words.count(_number(figures, "top_100.size"))
    rows = [
        _score(
            figures,
            "spearman",
            "Rank correlation (Spearman)",
            "1 means that our order of accounts is the true one, 0 that it has nothing to do with it.",
        ),
        _score(
            figures,
            "top_100.overlap",
            f"Shared among the first {size}",
            f"Of the {size} accounts that truly matter most, {{n}} % are among our first {size}.",
        ),
    ]
    return _scores("Do the right people matter?", rows, figures, of="accounts")


def _identities(figures: Figures) -> Scores:
    rows = [
        _score(figures, f"clusters.{path}", label, sentence)
        for path, label, sentence in (
            ("pairwise_precision", "Pairs: precision", "Of 100 pairs that were put together, {n} are one person."),
            ("pairwise_recall", "Pairs: recall", "Of 100 pairs that are one person, {n} were put together."),
            ("pairwise_f1", "Pairs: F1", "Both in one number; people with many records weigh more."),
            ("bcubed_precision", "B-cubed: precision", "Of what a record was put with, {n} % is the same person."),
            ("bcubed_recall", "B-cubed: recall", "Of what belongs with a record, {n} % was found."),
            ("bcubed_f1", "B-cubed: F1", "Both in one number; every record weighs the same."),
        )
    ]
    found, true = _number(figures, "clusters.found_clusters"), _number(figures, "clusters.true_clusters")
    note = f"{words.count(found)} persons were found where there are {words.count(true)}. " if found and true else ""
    return _scores("Were people recognized?", rows, figures, of="records and accounts", note=note)


def _sentiment(figures: Figures) -> Scores:
    rows = [_score(figures, "accuracy", "Accuracy", "Of 100 posts, the mood of {n} was read as a person would.")]
    return _scores("Was the mood read?", rows, figures, of="posts")


def _scores(title: str, rows: list[Score | None], figures: Figures, *, of: str, note: str = "") -> Scores:
    evaluated = _number(figures, "coverage.evaluated")
    over = f"Measured on {words.count(evaluated)} {of}." if evaluated is not None else ""
    return Scores(title, [row for row in rows if row], note=f"{note}{over}")


def _score(figures: Figures, path: str, label: str, sentence: str) -> Score | None:
    value = _number(figures, path)
    if value is None:
        return None
    low, high = _number(figures, f"{path}.low"), _number(figures, f"{path}.high")
    between = (
        "" if low is None or high is None else f"95 % sure between {words.decimal(low, 3)} and {words.decimal(high, 3)}"
    )
    length = min(max(value, 0.0), 1.0)
    return Score(label, words.decimal(value), length, sentence.format(n=round(100 * value)), between)


def _number(figures: Figures, path: str) -> float | None:
    """Return the figure at a dotted path; of an interval its value; None where it was not measured."""
    found: Any = figures
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    if isinstance(found, Mapping):
        found = found.get("value")
    return float(found) if isinstance(found, int | float) else None
