"""Charts as HTML with SVG. This module builds the contexts of the templates in `pages/components/charts/`.

The markup has no scripts and no styles. Coordinates are attributes, in percent of the available space.
"""

from datetime import datetime
from typing import Any, NamedTuple

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from pages.components.charts.data import SO_FAR, build_data
from pages.components.charts.funnel_view import build_funnel_view
from pages.components.charts.markup import (
    HEIGHT,
    write_areas,
    write_bar_paths,
    write_bars,
    write_dots,
    write_letters,
    write_lines,
    write_rows,
    write_ticks,
    write_tips,
)
from pages.components.charts.pie import build_pie_view
from pages.components.charts.plot import LETTERS, build_plot
from pages.components.charts.results import parse_result
from pages.components.charts.retention_view import build_retention_view
from pages.components.charts.shapes import Bars, Drawable, Funnel, Graph, Number, Pie, Retention, Table
from pages.components.charts.ticks import CHARACTER, build_ticks

# In charts with more points, the bars of a series are one path, without outlines. In 20 charts of three series and
# 90 days, the separate elements of bars took 74 KB of 126 KB.
MAX_SEPARATE_BARS = 60
# Charts with more values have no tooltips, because a browser would have too many elements to lay out.
MAX_TIPS = 600
# The maximum lengths of numbers for which the style sheet has a font size.
LENGTHS = (4, 6, 8, 10, 13, 17, 24, 40)


class Chart(NamedTuple):
    """A chart as HTML, and its data as an HTML table."""

    picture: SafeString
    data: SafeString | None = None


def render_chart(result: Any, query: Any, name: str, moment: datetime | None = None) -> Chart | None:
    """Return a result as HTML, or None for an unknown shape.

    `moment`, the time of the computation in the time zone of the project, determines the incomplete interval.
    """
    found = parse_result(result, query, moment)
    if found is None:
        return None
    data = build_data(found)
    template, context = _build_view(found, data)
    return Chart(
        _render(template, name, context),
        _render("data", name, _build_table_view(data, has_headers=True)) if data else None,
    )


def _render(template: str, name: str, context: dict[str, Any]) -> SafeString:
    return render_to_string(f"pages/components/charts/{template}.html", {"name": name, **context})


def _build_view(found: Drawable, data: Table | None) -> tuple[str, dict[str, Any]]:
    """Return the template for a chart or a table, and its context."""
    if isinstance(found, Graph):
        return "graph", _build_graph_view(found, data)
    if isinstance(found, Bars):
        return "bars", _build_bars_view(found)
    if isinstance(found, Pie):
        return "pie", build_pie_view(found)
    if isinstance(found, Number):
        return "number", _build_number_view(found)
    if isinstance(found, Funnel):
        return "funnel", build_funnel_view(found)
    if isinstance(found, Retention):
        return "retention", build_retention_view(found)
    return "table", _build_table_view(found)


def _build_table_view(found: Table, *, has_headers: bool = False) -> dict[str, Any]:
    numeric = [index in found.numeric for index in range(len(found.columns))]
    return {
        "columns": list(zip(found.columns, numeric, strict=True)),
        "rows": write_rows(found, has_headers=has_headers),
        "note": found.note,
    }


def _build_number_view(found: Number) -> dict[str, Any]:
    return {
        "value": found.text,
        "short": found.short,
        "comparison": found.comparison,
        "note": found.note,
        "length": _get_length(found.text or "null"),
        "short_length": _get_length(found.short),
    }


def _get_length(text: str) -> int:
    return next((length for length in LENGTHS if len(text) <= length), LENGTHS[-1])


def _build_bars_view(found: Bars) -> dict[str, Any]:
    largest = max((abs(item.value) for item in found.items), default=0) or 1
    return {
        "note": found.note,
        "items": [
            {
                "label": item.label,
                "value": found.number.write(item.value),
                "length": round(abs(item.value) / largest * 100, 2),
                "is_previous": item.is_previous,
            }
            for item in found.items
        ],
    }


def _build_graph_view(graph: Graph, data: Table | None) -> dict[str, Any]:
    plot = build_plot(graph)
    gutter = max(len(line.label) for line in plot.grid) * CHARACTER + 8
    has_letters = bool(plot.letters)
    gutter += 16 if has_letters else 0  # as in the style sheet
    is_few = plot.points <= MAX_SEPARATE_BARS
    return {
        "plot": plot,
        "width": max(1, plot.points - 1),
        "height": HEIGHT,
        "is_few": is_few,
        "bars": write_bars(bar for bar in plot.bars if is_few or bar.is_incomplete),
        "bar_paths": write_bar_paths((bar for bar in plot.bars if not is_few and not bar.is_incomplete), plot.points),
        "areas": write_areas(plot.areas),
        "lines": write_lines(plot.lines),
        "dots": write_dots(plot.dots),
        "letters": write_letters(plot.letters),
        "ticks": write_ticks(build_ticks(graph.labels, [plot.get_x(place) for place in range(plot.points)], gutter)),
        "has_bars": graph.has_bars,
        "tips": write_tips(data) if data and plot.points * len(graph.series) <= MAX_TIPS else "",
        "legend": [
            {
                "color": series.color,
                "letter": LETTERS[index] if has_letters else "",
                "label": series.label,
                "summary": series.summary,
                "is_previous": series.is_previous,
            }
            for index, series in enumerate(graph.series)
        ]
        if len(graph.series) > 1
        else [],
        "open": f"{graph.labels[-1]}: {SO_FAR}" if graph.is_incomplete else "",
        "note": graph.note,
    }
