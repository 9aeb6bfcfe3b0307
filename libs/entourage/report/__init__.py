"""Show a person what the lake holds: one self-contained page."""

from entourage.report.figures import FiguresParams, aggregates
from entourage.report.page import PageParams, render

__all__ = ["FiguresParams", "PageParams", "aggregates", "render"]
