"""Lay out the page: one HTML file that needs nothing else.

in: collected frames, the scorecard ▶ out: HTML with style, drawings and the Vega library inside. No clock, no network:
its content security policy allows only the two scripts whose digests it names, and no connection.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import jinja2
import vl_convert
from markupsafe import Markup

from entourage.report import operations, people, posts, scorecard, words
from entourage.report.blocks import Frames, Section


@dataclass(frozen=True)
class PageParams:
    """What the page says beside its figures."""

    as_of: dt.date
    target_ratio: float
    is_revealed: bool = False


def render(frames: Frames, *, params: PageParams, truth: Mapping[str, Mapping[str, Any]] | None = None) -> str:
    """Return the page.

    Args:
        frames: the rows of each frame of `figures.aggregates`.
        params: the day, the share of posts to keep, whether identifiers are shown.
        truth: figures against a known truth by question (relevance, identities, influence); they come first.
    """
    script, bundle = _asset("page.js.j2"), vega_bundle()
    return _template().render(
        title="Entourage: what was found",
        day=words.day(params.as_of),
        run=_run(frames),
        is_revealed=params.is_revealed,
        tiles=operations.tiles(frames),
        sections=sections(frames, params=params, truth=truth),
        run_times=operations.run_times(frames),
        style=Markup(_asset("page.css.j2")),
        script=Markup(script),
        bundle=Markup(bundle),
        digests=" ".join(f"'{_digest(text)}'" for text in (bundle, script)),
    )


def sections(frames: Frames, *, params: PageParams, truth: Mapping[str, Mapping[str, Any]] | None) -> list[Section]:
    """Return the page's sections in their order."""
    found = [
        posts.came_in(frames),
        posts.was_kept(frames, target_ratio=params.target_ratio),
        people.people(frames),
        people.who_matters(frames, is_revealed=params.is_revealed),
        operations.quality(frames),
    ]
    return found if truth is None else [scorecard.section(truth), *found]


@cache
def vega_bundle() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script that sets window.vegaEmbed."""
    bundle: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return bundle.replace("</script", r"<\/script").replace("<!--", r"<\!--")


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["embedded"] = _embedded
    return environment.from_string(_asset("page.html.j2"))


def _asset(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _embedded(spec: Mapping[str, Any]) -> Markup:
    """Return JSON that cannot end the script element it stands in."""
    text = json.dumps(spec, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return Markup(text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026"))


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _run(frames: Frames) -> str:
    runs = sorted(frames["runs"], key=lambda row: (row["finished_at"], row["run_id"]))
    if not runs:
        return ""
    newest = runs[-1]
    return f"run {newest['run_id'][:8]}, {newest['finished_at']:%Y-%m-%d %H:%M} UTC, Entourage {newest['code_version']}"
