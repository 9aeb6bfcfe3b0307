"""Tell what came in, and what of it was kept.

in: rows of `figures.aggregates`, collected ▶ out: `Section`s; an empty frame becomes a friendly sentence.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter

from entourage.report import charts, words
from entourage.report.blocks import (
    Bar,
    Bars,
    Block,
    Chart,
    Frames,
    Grid,
    Rows,
    Section,
    bars,
    pivot,
    present,
    sums,
    total,
)
from entourage.report.figures import BUCKETS


def came_in(frames: Frames) -> Section:
    """Tell what arrived, and what was refused."""
    posts, records = total(frames["posts"]), total(frames["records"])
    refused = total(frames["refusals"])
    if not frames["items"] and not posts and not records:
        return Section(
            "came-in", "What came in", "Nothing has come in yet. Start with: entourage run ingest_posts --input …"
        )
    refusals = sums(frames["refusals"], "reason_code")
    sentence = (
        f"The lake holds {words.count(posts)} posts and {words.count(records)} business records. {_refused(refused)}"
    )
    blocks: list[Block] = [
        *_posts_over_time(frames["posts"]),
        _items(frames["items"]),
        bars(refusals, title="Why items were refused", word=words.plain, color="dropped"),
    ]
    return Section("came-in", "What came in", sentence, present(blocks))


def was_kept(frames: Frames, *, target_ratio: float) -> Section:
    """Tell which posts were kept, and why."""
    signals = frames["signals"]
    read = total(signals)
    if not read:
        return Section("kept", "What was kept, and why", "No post has been read for its use yet.")
    kept = total(row for row in signals if row["is_useful"])
    sentence = (
        f"Of {words.count(read)} posts that were read, {words.count(kept)} ({words.ratio(kept / read)}) were kept "
        f"for marketing. The aim is {words.ratio(target_ratio)}."
    )
    mark = "The thin line marks the aim."
    blocks: list[Block] = [
        _probabilities(signals),
        _kept_ratios(signals, "network", title="Kept, by network", target=target_ratio, note=mark),
        _kept_ratios(signals, "language", title="Kept, by language", target=target_ratio, note=mark),
        _reasons(frames["reasons"], is_useful=True, of=kept),
        _reasons(frames["reasons"], is_useful=False, of=read - kept),
    ]
    return Section("kept", "What was kept, and why", sentence, present(blocks))


def _refused(refused: int) -> str:
    if not refused:
        return "No item was refused."
    items = "item was" if refused == 1 else "items were"
    return f"{words.count(refused)} {items} refused and set apart, each with its reason."


def _posts_over_time(rows: Rows) -> list[Chart]:
    by_day = _by_day(rows)
    if not by_day:
        return []
    first, last, outside = _span(by_day)
    days = (last - first).days
    unit = "day" if days <= 92 else "month" if days <= 2800 else "year"
    counts: Counter[tuple[str, str]] = Counter()
    for row in rows:
        if first <= row["created_date"] <= last:
            counts[_start(row["created_date"], unit), words.network(row["network"])] += row["count"]
    drawn: Rows = [{"start": start, "network": name, "count": number} for (start, name), number in counts.items()]
    starts = {start: words.day(dt.date.fromisoformat(start)) for start, _ in sorted(counts)}
    note = f"{words.count(outside)} posts dated outside this span are not drawn." if outside else ""
    spec = charts.posts_over_time(drawn, unit=unit)
    legend = charts.legend(name for _, name in counts)
    columns, table = pivot(counts, starts, [name for name, _ in legend], corner=unit.capitalize())
    return [Chart("posts", f"Posts a {unit}", spec, columns, table, legend, note)]


def _span(by_day: dict[dt.date, int]) -> tuple[dt.date, dt.date, int]:
    """Return first and last day to draw, and the posts outside: a few strange dates must not flatten years."""
    days = sorted(by_day)
    if (days[-1] - days[0]).days <= 400:
        return days[0], days[-1], 0
    allowed = sum(by_day.values()) // 200
    first, last, early, late = 0, len(days) - 1, 0, 0
    while first < last and early + by_day[days[first]] <= allowed:
        early += by_day[days[first]]
        first += 1
    while last > first and late + by_day[days[last]] <= allowed:
        late += by_day[days[last]]
        last -= 1
    return days[first], days[last], early + late


def _start(date: dt.date, unit: str) -> str:
    starts = {"day": date, "month": date.replace(day=1), "year": date.replace(day=1, month=1)}
    return starts[unit].isoformat()


def _items(rows: Rows) -> Grid:
    has_suppressed = any(row["suppressed_count"] for row in rows)
    columns = ("Items", "Read", "New", "Known", "Refused", *(("Left out",) if has_suppressed else ()))
    names = ("item_count", "written_count", "duplicate_count", "quarantined_count", "suppressed_count")
    found = []
    for row in sorted(rows, key=lambda row: (row["table_name"], row["source"])):
        numbers = tuple(words.count(row[name]) for name in names[: len(columns) - 1])
        found.append((words.items(row["table_name"], row["source"]), *numbers))
    is_whole = all(row[names[0]] == sum(row[name] for name in names[1:]) for row in rows)
    note = (
        "Over all runs. Every item read is accounted for: new, known already, or refused."
        if is_whole
        else ("Over all runs. Some items are not accounted for: please report this.")
    )
    return Grid("What became of each item", columns, found, note=note)


def _probabilities(signals: Rows) -> Chart:
    counts: Counter[tuple[int, str]] = Counter()
    for row in signals:
        counts[row["bucket"], "kept" if row["is_useful"] else "left out"] += row["count"]
    drawn: Rows = [
        {"start": bucket / BUCKETS, "end": (bucket + 1) / BUCKETS, "decision": decision, "count": number}
        for (bucket, decision), number in sorted(counts.items())
    ]
    legend = charts.legend(["kept", "left out"])
    bounds = {bucket: f"{100 * bucket // BUCKETS} to {100 * (bucket + 1) // BUCKETS} %" for bucket in range(BUCKETS)}
    columns, table = pivot(counts, bounds, [name for name, _ in legend], corner="Probability")
    spec = charts.posts_over_probability(drawn)
    return Chart("probability", "How likely posts are of use", spec, columns, table, legend)


def _kept_ratios(signals: Rows, column: str, *, title: str, target: float, note: str) -> Bars:
    word = words.network if column == "network" else words.language
    read = sums(signals, column)
    kept = sums((row for row in signals if row["is_useful"]), column)
    ratios = {code: kept.get(code, 0) / number for code, number in read.items() if number}
    longest = 1.1 * max(*ratios.values(), target) or 1.0  # room beyond the mark
    rows = [
        Bar(
            word(code),
            f"{words.ratio(ratios[code])} of {words.count(read[code])}",
            ratios[code] / longest,
            target / longest,
        )
        for code in sorted(ratios, key=lambda code: (-read[code], code))
    ]
    return Bars(title, rows, note=note, color="kept")


def _reasons(rows: Rows, *, is_useful: bool, of: int) -> Bars:
    counts = sums((row for row in rows if row["is_useful"] is is_useful), "reason")
    title, note, color = ("Why posts were left out", "Of the posts left out.", "dropped")
    if is_useful:
        title, color = "Why posts were kept", "kept"
        note = "Of the posts kept; a post may have several reasons."
    return bars(counts, title=title, word=words.reason, of=of, note=note, color=color)


def _by_day(rows: Rows) -> dict[dt.date, int]:
    days: Counter[dt.date] = Counter()
    for row in rows:
        days[row["created_date"]] += row["count"]
    return dict(days)
