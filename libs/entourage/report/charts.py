"""Draw the page's charts with Vega-Altair.

in: small rows ▶ out: Vega-Lite specifications (dicts). Colors are Okabe and Ito's, told apart by color-blind
readers too; text and lines take the page's own colors from its style sheet: one drawing serves light, dark and print.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import altair as alt

from entourage.report.words import NETWORKS

Rows = list[dict[str, Any]]
Spec = dict[str, Any]

# Okabe & Ito (2008), Color Universal Design; black and yellow left out, which vanish on one of the two backgrounds.
BLUE, ORANGE, GREEN, SKY, VERMILION, PURPLE, GRAY, BROWN = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#56B4E9",
    "#D55E00",
    "#CC79A7",
    "#999999",
    "#8C6D46",
)
NETWORK_COLORS = (BLUE, SKY, ORANGE, PURPLE, VERMILION, GREEN, BROWN, "#5F6B76", GRAY)
COLORS = {**dict(zip(NETWORKS.values(), NETWORK_COLORS, strict=True)), "kept": GREEN, "left out": "#85888C"}

CONFIG = {
    "background": "transparent",
    "font": "system-ui, sans-serif",
    "autosize": {"type": "fit-x", "contains": "padding"},
    "axis": {"aria": False, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "gridDash": [2, 3]},
    "view": {"stroke": None},
    # A screen reader gets the drawing's description and the table below it, not hundreds of bars.
    "mark": {"aria": False},
}


def legend(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return the color of each name shown, in one order on every chart."""
    shown = set(names)
    return [(name, color) for name, color in COLORS.items() if name in shown]


def posts_over_time(rows: Rows, *, unit: str) -> Spec:
    """Draw posts a day, month or year, stacked by network (`start`, `network`, `count`)."""
    axis_format, tooltip_format = {
        "day": ("%-d %b", "%a %-d %b %Y"),
        "month": ("%b %y", "%B %Y"),
        "year": ("%Y", "%Y"),
    }[unit]
    time_unit = {"unit": {"day": "yearmonthdate", "month": "yearmonth", "year": "year"}[unit], "utc": True}
    axis = alt.Axis(format=axis_format, labelOverlap=True, grid=False, tickCount={"expr": "max(2, width / 90)"})
    return _spec(
        _chart(rows)
        .mark_bar()
        .encode(
            x=alt.X("start:T", timeUnit=time_unit, title=None, axis=axis),
            y=alt.Y("sum(count):Q", title="posts", axis=_counts()),
            color=_colors("network", [row["network"] for row in rows]),
            tooltip=[
                alt.Tooltip("start:T", title=unit, format=tooltip_format, timeUnit=time_unit),
                alt.Tooltip("network:N"),
                alt.Tooltip("count:Q", title="posts", format=","),
            ],
        ),
        description=f"Bars: posts of each {unit}, stacked by network.",
    )


def posts_over_probability(rows: Rows) -> Spec:
    """Draw how many posts have which probability of use (`start`, `end`, `decision`, `count`)."""
    return _spec(
        _chart(rows)
        .mark_bar()
        .encode(
            x=alt.X("start:Q", bin="binned", title="probability that marketing can use it", axis=_ratios()),
            x2="end:Q",
            y=alt.Y("count:Q", title="posts", axis=_counts(), stack="zero"),
            color=_colors("decision", ["kept", "left out"]),
            tooltip=[
                alt.Tooltip("start:Q", title="from", format=".0%"),
                alt.Tooltip("end:Q", title="to", format=".0%"),
                alt.Tooltip("decision:N", title="decision"),
                alt.Tooltip("count:Q", title="posts", format=","),
            ],
        ),
        description="Bars: posts by the probability that marketing can use them; kept ones and the rest.",
    )


def persons_over_records(rows: Rows) -> Spec:
    """Draw how many persons are made of how many records (`label` in its order, `count`)."""
    return _spec(
        _chart(rows)
        .mark_bar(color=BLUE)
        .encode(
            x=alt.X("label:O", title="business records of a person", sort=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("count:Q", title="persons", axis=_counts()),
            tooltip=[alt.Tooltip("label:O", title="records"), alt.Tooltip("count:Q", title="persons", format=",")],
        ),
        description="Bars: persons by the number of business records that belong to them.",
    )


def accounts_over_reach(rows: Rows, *, labels: list[str]) -> Spec:
    """Draw how many accounts have how many followers (`label`, `network`, `count`)."""
    return _spec(
        _chart(rows)
        .mark_bar()
        .encode(
            x=alt.X("label:O", title="followers", sort=labels, axis=alt.Axis(labelAngle=0, labelOverlap=False)),
            y=alt.Y("sum(count):Q", title="accounts", axis=_counts()),
            color=_colors("network", [row["network"] for row in rows]),
            tooltip=[
                alt.Tooltip("label:O", title="followers"),
                alt.Tooltip("network:N"),
                alt.Tooltip("count:Q", title="accounts", format=","),
            ],
        ),
        description="Bars: accounts by the number of their followers, stacked by network.",
    )


def _chart(rows: Rows) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=rows), width="container", height=220)


def _counts() -> alt.Axis:
    # The title lies flat above the numbers: a sideways one costs a phone its width.
    return alt.Axis(
        format="~s", tickCount=4, domain=False, ticks=False, titleAngle=0, titleAlign="left", titleX=-28, titleY=-12
    )


def _ratios() -> alt.Axis:
    return alt.Axis(format="%", values=[0, 0.25, 0.5, 0.75, 1], grid=False)


def _colors(column: str, names: list[str]) -> alt.Color:
    # The legend stands in the page, where it wraps on a phone.
    shown = legend(names)
    scale = alt.Scale(domain=[name for name, _ in shown], range=[color for _, color in shown])
    return alt.Color(f"{column}:N", legend=None, scale=scale)


def _spec(chart: alt.Chart, *, description: str) -> Spec:
    spec: Spec = chart.properties(description=description).to_dict()
    return {**spec, "config": CONFIG}
