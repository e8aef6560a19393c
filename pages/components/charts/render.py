"""Render charts as SVG: geometry here, markup in `pages/components/charts/` of the templates. No scripts or styles."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from pages.components.charts.results import MAX_SLICES, Lines, Number, Parts, Series, Table, format_number, parse_result

LEFT, RIGHT, TOP, BOTTOM = 44, 8, 8, 22
GRID_LINES = 4
# The number of colours for series in the style sheet.
COLORS = 8
RADIUS = 80


class Size(NamedTuple):
    """The approximate size of a chart in pixels; it is scaled to the available space."""

    width: int = 480
    height: int = 200


def render_chart(
    result: Any,
    query: Any,
    name: str,
    size: Size = Size(),  # noqa: B008  it is a tuple
    *,
    has_table: bool = False,
) -> SafeString | None:
    """Return a result as HTML, or None for an unknown shape.

    A chart comes with its data as a table: visible with `has_table`, else for screen readers only.
    """
    found = parse_result(result, query)
    if isinstance(found, Lines):
        return _render("lines", name, {**_lines(found, size), "has_table": has_table})
    if isinstance(found, Parts):
        pie = found.as_pie and sum(value for _, value in found.items if value > 0) > 0
        return _render("pie", name, _pie(found)) if pie else _render("bars", name, _bars(found))
    if isinstance(found, Number):
        return _render("number", name, {"value": format_number(found.value)})
    if isinstance(found, Table):
        return _render("table", name, {"table": found})
    return None


def _render(template: str, name: str, context: dict[str, Any]) -> SafeString:
    return render_to_string(f"pages/components/charts/{template}.html", {"name": name, **context})


def _lines(found: Lines, size: Size) -> dict[str, Any]:
    values = [value for series in found.series for value in series.values if value is not None]
    low, high = min([0.0, *values]), max([0.0, *values])
    step = nice_step((high - low) / GRID_LINES)
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step or step

    def y(value: float) -> float:
        return round(TOP + (high - value) / (high - low) * (size.height - TOP - BOTTOM), 1)

    points = len(found.labels)
    drawn = _bar_groups(found, y, size.width) if found.as_bars else None
    return {
        "grid": [{"y": y(value), "label": format_short(value)} for value in _steps(low, high, step)],
        "left": LEFT,
        "right": size.width - RIGHT,
        "base": size.height - 6,
        "size": size,
        "ends": _axis_labels(found.labels, size.width),
        "series": [
            {
                "color": index % COLORS,
                "label": series.label,
                "total": format_number(sum(value for value in series.values if value is not None)),
                "paths": [] if drawn else list(_iter_paths(series, points, y, size.width)),
            }
            for index, series in enumerate(found.series)
        ],
        "bars": drawn or [],
        "rows": [
            [label, *("" if value is None else format_number(value) for value in line)]
            for label, *line in zip(found.labels, *(_pad(series, points) for series in found.series), strict=True)
        ],
    }


def _iter_paths(series: Series, points: int, y: Any, width: int) -> Iterator[str]:
    """Yield the line of a series as one path for each stretch without a gap."""
    stretch: list[str] = []
    for index, value in enumerate([*_pad(series, points), None]):
        if value is not None:
            stretch.append(f"{_x(index, points, width)},{y(value)}")
        elif stretch:
            # A single point is drawn as a line of length zero, which round line ends turn into a dot.
            yield " ".join(stretch if len(stretch) > 1 else stretch * 2)
            stretch = []


def _bar_groups(found: Lines, y: Any, full_width: int) -> list[dict[str, Any]]:
    slot = (full_width - LEFT - RIGHT) / len(found.labels)
    width = slot * 0.8 / len(found.series)
    return [
        {
            "x": round(LEFT + slot * (position + 0.1) + width * index, 1),
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


def _x(index: int, points: int, width: int) -> float:
    return round(LEFT + (width - LEFT - RIGHT) * (index / (points - 1) if points > 1 else 0.5), 1)


def _axis_labels(labels: list[str], width: int) -> list[dict[str, Any]]:
    """Return the first, the middle and the last label, since more would not fit."""
    places = sorted({0, len(labels) // 2, len(labels) - 1}) if len(labels) > 2 else range(len(labels))
    anchors = {0: "start", len(labels) - 1: "end"} if len(labels) > 1 else {}
    return [
        {"x": _x(index, len(labels), width), "label": labels[index], "anchor": anchors.get(index, "middle")}
        for index in places
    ]


def _bars(found: Parts) -> dict[str, Any]:
    largest = max((abs(value) for _, value in found.items), default=0) or 1
    first = found.items[0][1]
    return {
        "items": [
            {
                "label": label,
                "value": format_number(value),
                "length": round(abs(value) / largest * 100, 2),
                "share": f"{value / first:.0%}" if found.of_first and first else "",
                "color": 0 if found.of_first else index % COLORS,
            }
            for index, (label, value) in enumerate(found.items)
        ]
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
