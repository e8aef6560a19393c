"""Render charts as SVG: geometry here, markup in `pages/components/charts/` of the templates. No scripts or styles."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from pages.components.charts.results import parse_result
from pages.components.charts.shapes import MAX_SLICES, Lines, Number, Parts, Series, Table, format_number

# The coordinates of a chart. The browser stretches it to the available space, and draws labels beside it as text.
WIDTH, HEIGHT = 1000, 300
GRID_LINES = 4
# The number of colours for series in the style sheet.
COLORS = 8
RADIUS = 80
# Up to so many bars have a label each; other charts have one at the beginning, in the middle and at the end.
MAX_SLOTS = 14


class Chart(NamedTuple):
    """A result as HTML, and the data of a chart as a table, for readers who want the numbers."""

    picture: SafeString
    data: SafeString | None = None


def render_chart(result: Any, query: Any, name: str, *, has_table: bool = False) -> Chart | None:
    """Return a result as HTML, or None for an unknown shape.

    The data of a chart comes by itself with `has_table`, else inside of the picture, for screen readers only.
    """
    found = parse_result(result, query)
    if isinstance(found, Lines):
        drawn = _lines(found)
        picture = _render("lines", name, {**drawn, "has_table": has_table})
        return Chart(picture, _render("data", name, drawn) if has_table else None)
    if isinstance(found, Parts):
        pie = found.as_pie and sum(value for _, value in found.items if value > 0) > 0
        return Chart(_render("pie", name, _pie(found)) if pie else _render("bars", name, _bars(found)))
    if isinstance(found, Number):
        return Chart(_render("number", name, {"value": found.text}))
    return Chart(_render("table", name, _table(found))) if isinstance(found, Table) else None


def _render(template: str, name: str, context: dict[str, Any]) -> SafeString:
    return render_to_string(f"pages/components/charts/{template}.html", {"name": name, **context})


def _table(found: Table) -> dict[str, Any]:
    """Return the cells of a table, each with whether its column contains numbers."""
    numeric = [index in found.numeric for index in range(len(found.columns))]
    rows = [list(zip(row, numeric, strict=True)) for row in found.rows]
    return {"columns": list(zip(found.columns, numeric, strict=True)), "rows": rows, "note": found.note}


def _lines(found: Lines) -> dict[str, Any]:
    values = [value for series in found.series for value in series.values if value is not None]
    low, high = min([0.0, *values]), max([0.0, *values])
    step = nice_step((high - low) / GRID_LINES)
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step or step

    def y(value: float) -> float:
        return round((high - value) / (high - low) * HEIGHT, 1)

    points = len(found.labels)
    drawn = _bar_groups(found, y) if found.as_bars else None
    return {
        "grid": [{"y": y(value), "label": format_short(value)} for value in reversed(_steps(low, high, step))],
        "width": WIDTH,
        "height": HEIGHT,
        "labels": _axis_labels(found),
        "has_slots": found.as_bars and points <= MAX_SLOTS,
        "series": [
            {
                "color": index % COLORS,
                "label": series.label,
                "total": _sum(series) if found.has_totals else "",
                "paths": [] if drawn else list(_iter_paths(series, points, y)),
            }
            for index, series in enumerate(found.series)
        ],
        "bars": drawn or [],
        "rows": [
            list(line) for line in zip(found.labels, *(_cells(series, points) for series in found.series), strict=True)
        ],
        "note": found.note,
    }


def _cells(series: Series, points: int) -> list[str]:
    """Return the values of a series as texts, which are empty after its end."""
    texts = ["null" if value is None else format_number(value) for value in series.values]
    return [*texts, *[""] * (points - len(texts))]


def _sum(series: Series) -> str:
    return format_number(sum(value for value in series.values if value is not None))


def _iter_paths(series: Series, points: int, y: Any) -> Iterator[str]:
    """Yield the line of a series as one path for each stretch without a gap."""
    stretch: list[str] = []
    for index, value in enumerate([*_pad(series, points), None]):
        if value is not None:
            stretch.append(f"{_x(index, points)},{y(value)}")
        elif stretch:
            # A single point is drawn as a line of length zero, which round line ends turn into a dot.
            yield " ".join(stretch if len(stretch) > 1 else stretch * 2)
            stretch = []


def _bar_groups(found: Lines, y: Any) -> list[dict[str, Any]]:
    slot = WIDTH / len(found.labels)
    width = slot * 0.8 / len(found.series)
    return [
        {
            "x": round(slot * (position + 0.1) + width * index, 1),
            "y": min(y(value), y(0)),
            "width": round(max(width, 0.5), 1),
            "height": round(abs(y(0) - y(value)), 1),
            "color": index % COLORS,
        }
        for index, series in enumerate(found.series)
        for position, value in enumerate(series.values)
        if value is not None
    ]


def _pad(series: Series, points: int) -> list[float | None]:
    return [*series.values, *[None] * (points - len(series.values))]


def _x(index: int, points: int) -> float:
    return round(WIDTH * (index / (points - 1) if points > 1 else 0.5), 1)


def _axis_labels(found: Lines) -> list[str]:
    """Return a label for each bar, or those of both ends and of the middle, if there is a point in the middle."""
    labels = found.labels
    if len(labels) <= 2 or (found.as_bars and len(labels) <= MAX_SLOTS):
        return labels
    middle = [labels[len(labels) // 2]] if len(labels) % 2 or len(labels) > MAX_SLOTS else []
    return [labels[0], *middle, labels[-1]]


def _bars(found: Parts) -> dict[str, Any]:
    largest = max((abs(value) for _, value in found.items), default=0) or 1
    first = found.items[0][1]
    return {
        "note": found.note,
        "items": [
            {
                "label": label,
                "value": format_number(value),
                "length": round(abs(value) / largest * 100, 2),
                "share": f"{value / first:.0%}" if found.of_first and first else "",
                "color": index % COLORS if found.has_colors else 0,
            }
            for index, (label, value) in enumerate(found.items)
        ],
    }


def _pie(found: Parts) -> dict[str, Any]:
    items = [(label, value) for label, value in found.items if value > 0]
    if len(items) > MAX_SLICES:
        items = [*items[: MAX_SLICES - 1], ("Other", sum(value for _, value in items[MAX_SLICES - 1 :]))]
    whole = sum(value for _, value in items)
    slices, start = [], 0.0
    for index, (label, value) in enumerate(items):
        end = start + value / whole
        slices.append(
            {
                "path": _slice(start, end),
                "color": index % COLORS,
                "label": label,
                "value": format_number(value),
                "share": f"{value / whole:.0%}",
            }
        )
        start = end
    return {"slices": slices, "radius": RADIUS, "diameter": 2 * RADIUS}


def _slice(start: float, end: float) -> str:
    """Return the path of a pie slice around (0, 0), between two shares of the whole, clockwise from the top."""
    if end - start > 0.9999:
        return f"M0,{-RADIUS}A{RADIUS},{RADIUS},0,1,1,0,{RADIUS}A{RADIUS},{RADIUS},0,1,1,0,{-RADIUS}Z"
    (x1, y1), (x2, y2) = (
        (round(RADIUS * math.sin(2 * math.pi * share), 2), round(-RADIUS * math.cos(2 * math.pi * share), 2))
        for share in (start, end)
    )
    return f"M0,0L{x1},{y1}A{RADIUS},{RADIUS},0,{int(end - start > 0.5)},1,{x2},{y2}Z"


def nice_step(rough: float) -> float:
    """Return 1, 2 or 5 times a power of ten, at least as large as `rough`."""
    if rough <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next((factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.9999), 10 * power)


def _steps(low: float, high: float, step: float) -> list[float]:
    return [low + step * index for index in range(round((high - low) / step) + 1)]


def format_short(value: float) -> str:
    """Return a number that fits beside an axis: 1500 is 1.5K."""
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")):
        if abs(value) >= size:
            return f"{value / size:.4g}{letter}"
    return f"{value:.4g}"
