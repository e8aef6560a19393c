"""Graphs, pies and single numbers as parts of an image."""

from pages.components.charts.pie import RADIUS, build_pie_view
from pages.components.charts.plot import LETTERS, Mark, Path, Plot, build_plot
from pages.components.charts.shapes import Graph, Number, Pie
from pages.components.charts.svg_canvas import (
    EARLIER,
    INK,
    LINE,
    PALETTE,
    QUIET,
    REST,
    SURFACE,
    Box,
    Canvas,
    estimate_width,
    fit,
)
from pages.components.charts.ticks import CHARACTER, choose_ticks, get_anchor, shorten

SIZE = 14
LEGEND_LINE = 24
MAX_LEGEND_LINES = 4


def draw_graph(canvas: Canvas, box: Box, graph: Graph) -> None:
    plot = build_plot(graph)
    if len(graph.series) > 1:
        box = box.cut(bottom=_draw_legend(canvas, box, graph, has_letters=bool(plot.letters)))
    gutter = max(estimate_width(line.label, SIZE) for line in plot.grid) + 12
    area = box.cut(top=8, bottom=32, left=gutter, right=24 if plot.letters else 8)
    _draw_axes(canvas, area, graph, plot)
    for bar in plot.bars:
        part = Box(
            _get_x(area, bar.x), _get_y(area, bar.y), bar.width / 100 * area.width, bar.height / 100 * area.height
        )
        color = PALETTE[bar.color]
        open_style = {"fill_opacity": 0.3, "stroke": color, "stroke_dasharray": "4 3"} if bar.is_incomplete else {}
        canvas.add_rectangle(part, color, opacity=EARLIER if bar.is_previous else 1, **open_style)
    for path in plot.areas:
        canvas.add_points("polygon", _place(area, plot, path), fill=PALETTE[path.color], fill_opacity=0.55)
    for path in plot.lines:
        _draw_line(canvas, area, plot, path)
    for dot in plot.dots:
        _draw_dot(canvas, area, dot)
    for letter in plot.letters:
        is_end = letter.x == 100
        x, y = _get_x(area, letter.x) + (8 if is_end else 0), _get_y(area, letter.y) + (5 if is_end else -4)
        canvas.add_text(x, y, letter.text, size=SIZE, anchor="start" if is_end else "middle", is_bold=True)


def _get_x(area: Box, percent: float) -> float:
    return area.x + percent / 100 * area.width


def _get_y(area: Box, percent: float) -> float:
    return area.y + percent / 100 * area.height


def _place(area: Box, plot: Plot, path: Path) -> list[tuple[float, float]]:
    return [(_get_x(area, plot.get_x(place)), _get_y(area, y)) for place, y in path.points]


def _draw_axes(canvas: Canvas, area: Box, graph: Graph, plot: Plot) -> None:
    for line in plot.grid:
        y = _get_y(area, line.y)
        canvas.add_line((area.x, y), (area.right, y))
        canvas.add_text(area.x - 10, y + 5, line.label, size=SIZE, color=QUIET, anchor="end")
    labels = [shorten(label) for label in graph.labels]
    places = [plot.get_x(index) for index in range(plot.points)]
    # The width is scaled, because `choose_ticks` assumes the character width of a smaller font.
    for index in choose_ticks(labels, places, area.width * CHARACTER / (SIZE * 0.58)):
        x, anchor = _get_x(area, places[index]), get_anchor(places[index])
        canvas.add_text(x, area.bottom + 24, labels[index], size=SIZE, color=QUIET, anchor=anchor)


def _draw_line(canvas: Canvas, area: Box, plot: Plot, path: Path) -> None:
    style: dict[str, object] = {"stroke_dasharray": "1 6"} if path.is_incomplete else {}
    canvas.add_points(
        "polyline",
        _place(area, plot, path),
        fill="none",
        stroke=PALETTE[path.color],
        stroke_width=1.5 if path.is_previous else 2.5,
        stroke_linecap="round",
        stroke_linejoin="round",
        opacity=EARLIER if path.is_previous else 1,
        **style,
    )


def _draw_dot(canvas: Canvas, area: Box, dot: Mark) -> None:
    color = PALETTE[dot.color]
    fill = SURFACE if dot.is_incomplete else color
    canvas.add(
        "circle",
        cx=_get_x(area, dot.x),
        cy=_get_y(area, dot.y),
        r=3.5,
        fill=fill,
        stroke=color,
        opacity=EARLIER if dot.is_previous else 1,
    )


def _draw_legend(canvas: Canvas, box: Box, graph: Graph, *, has_letters: bool) -> float:
    """Draw the names of the series at the bottom of a box, and return the height of the legend."""
    entries = []
    for index, series in enumerate(graph.series):
        letter = f"{LETTERS[index]} " if has_letters else ""
        text = fit(f"{letter}{series.label} {series.summary}".strip(), box.width / 2, SIZE)
        entries.append((text, PALETTE[series.color], EARLIER if series.is_previous else 1))
    lines: list[list[tuple[float, str, str, float]]] = [[]]
    x = 0.0
    for text, color, opacity in entries:
        width = estimate_width(text, SIZE) + 40
        if lines[-1] and x + width > box.width:
            lines.append([])
            x = 0.0
        lines[-1].append((x, text, color, opacity))
        x += width
    shown = lines[:MAX_LEGEND_LINES]
    top = box.bottom - LEGEND_LINE * len(shown)
    for number, line in enumerate(shown):
        y = top + LEGEND_LINE * (number + 1) - 6
        for x, text, color, opacity in line:
            canvas.add_rectangle(Box(box.x + x, y - 11, 12, 12), color, opacity=opacity)
            canvas.add_text(box.x + x + 18, y, text, size=SIZE)
    return LEGEND_LINE * len(shown) + 8


def draw_pie(canvas: Canvas, box: Box, found: Pie) -> None:
    view = build_pie_view(found)
    size = min(box.height - 40, box.width / 2 - 40)
    x, y = box.x + 20 + size / 2, box.y + box.height / 2
    scale = size / (2 * RADIUS)
    for part in view["slices"]:
        color = PALETTE[part["color"]] if isinstance(part["color"], int) else REST
        transform = f"translate({x:.2f} {y:.2f}) scale({scale:.4f})"
        canvas.add("path", d=part["path"], fill=color, stroke=SURFACE, stroke_width=1.5, transform=transform)
        if part["has_letter"]:
            place = (x + (part["x"] - 50) / 100 * size, y + (part["y"] - 50) / 100 * size + 5)
            canvas.add_text(*place, part["letter"], size=16, anchor="middle", is_bold=True)
    left, width = x + size / 2 + 60, box.right - (x + size / 2 + 60)
    top = y - (len(view["slices"]) + 1) * 17
    for number, part in enumerate(view["slices"]):
        line = top + number * 34
        color = PALETTE[part["color"]] if isinstance(part["color"], int) else REST
        canvas.add_rectangle(Box(left, line - 12, 14, 14), color)
        canvas.add_text(left + 24, line, fit(f"{part['letter']} {part['label']}", width - 220, 16), size=16)
        canvas.add_text(box.right - 70, line, part["value"], size=16, anchor="end")
        canvas.add_text(box.right, line, part["share"], size=16, color=QUIET, anchor="end")
    line = top + len(view["slices"]) * 34
    canvas.add_line((left, line - 22), (box.right, line - 22), LINE)
    canvas.add_text(left + 24, line, "Total", size=16)
    canvas.add_text(box.right - 70, line, view["total"], size=16, anchor="end")


def draw_number(canvas: Canvas, box: Box, found: Number) -> None:
    text = "null" if found.text is None else found.text
    size = max(16.0, min(160.0, box.width / max(1, len(text)) / 0.62))
    middle = box.y + box.height / 2
    shown = fit(text, box.width, size)
    canvas.add_text(
        box.x + box.width / 2, middle + size / 3, shown, size=size, anchor="middle", is_bold=True, color=INK
    )
    if found.comparison:
        canvas.add_text(
            box.x + box.width / 2, middle + size / 2 + 40, found.comparison, size=24, anchor="middle", color=QUIET
        )
