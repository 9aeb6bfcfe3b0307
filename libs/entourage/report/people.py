"""Tell who was found, and whose voice carries.

in: rows of `figures.aggregates`, collected ▶ out: `Section`s; an empty frame becomes a friendly sentence.
"""

from __future__ import annotations

from collections import Counter

from entourage.report import charts, words
from entourage.report.blocks import Block, Chart, Frames, Grid, Rows, Section, bars, pivot, present, sums, total

LARGEST_CLASS = 8


def people(frames: Frames) -> Section:
    """Tell who was found behind records and accounts."""
    persons, records = total(frames["persons"]), total(frames["records"])
    if not persons:
        return Section("people", "People found", "No person has been found yet.")
    links: dict[str, Rows] = {"record": [], "account": []}
    for row in frames["links"]:
        links[row["source_kind"]].append(row)
    accounts, doubts = total(frames["accounts"]), total(frames["doubts"])
    sentence = (
        f"{words.count(records)} records turned out to be {words.count(persons)} persons. "
        f"{words.count(total(links['account']))} of {words.count(accounts)} social accounts belong to one of them; "
        "without consent, or without the owner having given it, an account is never linked. "
        f"{words.count(doubts) if doubts else 'No'} doubtful pairs wait for a human eye."
    )
    blocks: list[Block] = [
        _persons_over_records(frames["persons"]),
        bars(sums(frames["records"], "system"), title="Records by system", word=words.plain),
        bars(sums(links["record"], "how"), title="How records were linked", word=words.link),
        bars(sums(links["account"], "basis"), title="Why accounts may be linked", word=words.basis),
    ]
    return Section("people", "People found", sentence, present(blocks))


def who_matters(frames: Frames, *, is_revealed: bool) -> Section:
    """Tell whose voice carries."""
    if not frames["ranks"]:
        return Section("matters", "Who matters", "No account has been ranked yet.")
    ranked = total(row for row in frames["ranks"] if row["entity_kind"] == "account" and row["network"] != "all")
    sentence = (
        f"{words.count(ranked)} accounts were ranked by who listens to them, and who listens to those. "
        "A score of 99 means: more influence than 99 % of the others."
    )
    masked = "" if is_revealed else "Names are masked; --reveal shows them."
    blocks: list[Block] = [
        _top(frames["top"], kind="account", title="Accounts that carry furthest", note=masked),
        _top(frames["top"], kind="person", title="Customers that carry furthest", note=masked),
        _reach([row for row in frames["ranks"] if row["entity_kind"] == "account" and row["network"] != "all"]),
        _spread(frames["ranks"]),
    ]
    return Section("matters", "Who matters", sentence, present(blocks))


def _persons_over_records(persons: Rows) -> Chart:
    sizes: Counter[int] = Counter()
    for row in persons:
        sizes[min(row["record_count"], LARGEST_CLASS)] += row["count"]
    classes = range(min(sizes), max(sizes) + 1)
    labels = {size: f"{size}+" if size == LARGEST_CLASS else str(size) for size in classes}
    drawn = [{"label": labels[size], "count": sizes[size]} for size in classes]
    table = [(labels[size], words.count(sizes[size])) for size in classes]
    spec = charts.persons_over_records(drawn)
    return Chart("persons", "Records a person", spec, ("Records", "Persons"), table)


def _top(rows: Rows, *, kind: str, title: str, note: str) -> Grid:
    best = sorted((row for row in rows if row["entity_kind"] == kind), key=lambda row: row["rank"])
    columns = ("Account" if kind == "account" else "Person", "Score", "Listeners", "Their listeners")
    found = []
    for row in best:
        where = f" · {words.network(row['network'])}" if row["network"] != "all" else ""
        name = f"{row['rank']}. {row['label'] or 'no name'}{where}"
        found.append((name, words.decimal(row["score"], 1), words.count(row["reach_1"]), words.count(row["reach_2"])))
    return Grid(title, columns, found, note=note)


def _reach(rows: Rows) -> Chart:
    digits = [row["digits"] for row in rows]
    labels = {number: _reach_label(number) for number in range(max(digits, default=-1) + 1)}
    counts: Counter[tuple[int, str]] = Counter()
    for row in rows:
        counts[row["digits"], words.network(row["network"])] += row["count"]
    drawn: Rows = [{"label": labels[key], "network": name, "count": number} for (key, name), number in counts.items()]
    legend = charts.legend(name for _, name in counts)
    columns, table = pivot(counts, labels, [name for name, _ in legend], corner="Followers")
    spec = charts.accounts_over_reach(drawn, labels=list(labels.values()))
    return Chart("reach", "How many followers accounts have", spec, columns, table, legend)


def _reach_label(digits: int) -> str:
    short = {0: "0", 1: "1+", 2: "10+", 3: "100+", 4: "1k+", 5: "10k+", 6: "100k+", 7: "1M+", 8: "10M+"}
    return short.get(digits, "100M+")


def _spread(ranks: Rows) -> Grid:
    networks: dict[str, Rows] = {}
    for row in ranks:
        if row["entity_kind"] == "account":
            networks.setdefault(row["network"], []).append(row)
    rows = [
        (
            words.network(code),
            words.count(total(found)),
            words.count(max(row["reach_1"] for row in found)),
            words.ratio(sum(row["top_ratio"] for row in found)),
        )
        for code, found in sorted(networks.items(), key=lambda pair: (-total(pair[1]), pair[0]))
    ]
    columns = ("Network", "Accounts", "Most listeners", "Held by the top 1 %")
    note = "The last column: share of all influence that the best 1 % hold."
    return Grid("How influence is spread", columns, rows, note=note)
