"""The geometry of graphs in percent of the plot, for HTML pages and for files. Pure functions."""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise, product
from typing import NamedTuple

from pages.components.charts.formats import NumberFormat
from pages.components.charts.shapes import AREAS, GROUPED, LINES, STACKED, Graph, Series

GRID_LINES = 4
LETTERS = "ABCDEFGHIJKL"
# Charts with more points have no dots.
MAX_DOTS = 40
# The axis of lines need not begin at zero if the values differ by less than this share of the largest value.
FLAT = 0.1
# The minimum distance between letters at the ends of lines.
LETTER_HEIGHT = 18.0
LETTER_WIDTH = 2.0
_DURATION_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)

Scale = Callable[[float], float]


class GridLine(NamedTuple):
    y: float
    label: str


class Bar(NamedTuple):
    x: float
    y: float
    width: float
    height: float
    color: int
    is_previous: bool = False
    is_incomplete: bool = False


class Path(NamedTuple):
    """A line, or the outline of an area. A point consists of the index of an interval, and y in percent."""

    points: list[tuple[int, float]]
    color: int
    is_previous: bool = False
    is_incomplete: bool = False


class Mark(NamedTuple):
    """A dot on a line, or the letter of a series beside its end."""

    x: float
    y: float
    color: int
    text: str = ""
    is_previous: bool = False
    is_incomplete: bool = False


class Plot(NamedTuple):
    grid: list[GridLine]
    bars: list[Bar]
    areas: list[Path]
    lines: list[Path]
    dots: list[Mark]
    letters: list[Mark]
    points: int

    def get_x(self, index: int) -> float:
        return _get_band_center(index, self.points) if self.bars else _get_point_x(index, self.points)


def build_plot(graph: Graph) -> Plot:
    points = len(graph.labels)
    layers = stack(graph.series, points) if graph.style in (STACKED, AREAS) else None
    low, high, step = find_bounds(graph, layers)
    grid_values = [low + step * index for index in range(round((high - low) / step) + 1)]

    def y(value: float) -> float:
        return round((high - value) / (high - low) * 100, 2)

    bars = list(_iter_bars(graph, layers, y)) if graph.has_bars else []
    has_lines = graph.style in (LINES, AREAS)
    tops: list[list[float | None]] = (
        [[top for _, top in layer] for layer in layers] if layers else [_pad(each, points) for each in graph.series]
    )
    return Plot(
        [GridLine(y(value), graph.number.write_short(value)) for value in reversed(grid_values)],
        bars,
        _build_areas(graph, layers, y) if layers and graph.style == AREAS else [],
        [path for each, top in zip(graph.series, tops, strict=True) for path in _iter_lines(graph, each, top, y)]
        if has_lines
        else [],
        _build_dots(graph, tops, y) if has_lines else [],
        _build_letters(graph, layers, y),
        points,
    )


def stack(series: Sequence[Series], points: int) -> list[list[tuple[float, float]]]:
    """Return the lower and upper value of each series at each point. Negative values are stacked below zero.

    The current and the previous period have separate stacks.
    """
    stacks = {key: [0.0] * points for key in product((False, True), repeat=2)}
    layers = []
    for each in series:
        layer = []
        for place, value in enumerate(_pad(each, points)):
            sums = stacks[each.is_previous, (value or 0) < 0]
            layer.append((sums[place], sums[place] + (value or 0)))
            sums[place] += value or 0
        layers.append(layer)
    return layers


def find_bounds(graph: Graph, layers: list[list[tuple[float, float]]] | None) -> tuple[float, float, float]:
    """Return the smallest and the largest value of the axis, and the step of the grid."""
    values = [value for each in graph.series for value in each.values if value is not None]
    if layers:
        values = [value for layer in layers for pair in layer for value in pair]
    low, high = min(values, default=0.0), max(values, default=0.0)
    is_flat = graph.style == LINES and low > 0 and high > low and (high - low) < FLAT * high
    if not is_flat:
        low, high = min(0.0, low), max(0.0, high)
    step = find_step((high - low) / GRID_LINES, graph.number)
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step
    return low, high if high > low else low + step, step


def find_step(rough: float, number: NumberFormat) -> float:
    """Return a round step for the grid. Steps of durations are round numbers of seconds, minutes or hours."""
    scale = 1000 if number.style == "duration_ms" else 1
    if number.is_duration and scale < rough <= _DURATION_STEPS[-1] * scale:
        return float(next(step for step in _DURATION_STEPS if step * scale >= rough) * scale)
    return round_up_step(rough)


def round_up_step(rough: float) -> float:
    """Return 1, 2 or 5 times a power of ten, at least as large as `rough`."""
    if rough <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next((factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.9999), 10 * power)


def _pad(series: Series, points: int) -> list[float | None]:
    return [*series.values, *[None] * (points - len(series.values))]


def _get_point_x(index: int, points: int) -> float:
    return round(100 * (index / (points - 1) if points > 1 else 0.5), 2)


def _get_band_center(index: int, points: int) -> float:
    """Return the x of the middle of an interval in a chart with bars."""
    return round(100 * (index + 0.5) / points, 2)


def _is_open(graph: Graph, series: Series, place: int) -> bool:
    """Return whether a value belongs to an incomplete interval."""
    return graph.is_incomplete and not series.is_previous and place == len(graph.labels) - 1


def _iter_bars(graph: Graph, layers: list[list[tuple[float, float]]] | None, y: Scale) -> Iterator[Bar]:
    slot = 100 / len(graph.labels)
    # The stacks of two periods are side by side.
    has_previous = layers is not None and any(each.is_previous for each in graph.series)
    sides = 2 if has_previous else len(graph.series)
    columns = 1 if layers and not has_previous else sides
    width = slot * 0.8 / columns
    for index, series in enumerate(graph.series):
        column = (0 if not has_previous else int(not series.is_previous)) if layers else index
        for place, value in enumerate(series.values[: len(graph.labels)]):
            if not value:
                continue
            start, end = layers[index][place] if layers else (0.0, value)
            top, bottom = sorted((y(start), y(end)))
            yield Bar(
                round(slot * (place + 0.1) + width * column, 2),
                top,
                round(max(width, 0.05), 2),
                round(bottom - top, 2),
                series.color,
                series.is_previous,
                _is_open(graph, series, place),
            )


def _build_areas(graph: Graph, layers: list[list[tuple[float, float]]], y: Scale) -> list[Path]:
    return [
        Path(
            [(place, y(top)) for place, (_, top) in enumerate(layer)]
            + [(place, y(bottom)) for place, (bottom, _) in reversed(list(enumerate(layer)))],
            series.color,
            series.is_previous,
        )
        for series, layer in zip(graph.series, layers, strict=True)
    ]


def _iter_lines(graph: Graph, series: Series, values: Sequence[float | None], y: Scale) -> Iterator[Path]:
    """Yield a path for each stretch without a gap, and a separate path for the segment to an incomplete interval."""
    points = len(graph.labels)
    found = [None if value is None else (place, y(value)) for place, value in enumerate(values)]
    is_open = _is_open(graph, series, points - 1) and points > 1
    for stretch in _iter_stretches(found[:-1] if is_open else found):
        yield Path(stretch, series.color, series.is_previous)
    if is_open and found[-1] is not None and found[-2] is not None:
        yield Path([found[-2], found[-1]], series.color, series.is_previous, is_incomplete=True)


def _iter_stretches(found: Sequence[tuple[int, float] | None]) -> Iterator[list[tuple[int, float]]]:
    stretch: list[tuple[int, float]] = []
    for point in [*found, None]:
        if point is not None:
            stretch.append(point)
            continue
        if len(stretch) > 1:
            yield stretch
        stretch = []


def _build_dots(graph: Graph, tops: Sequence[Sequence[float | None]], y: Scale) -> list[Mark]:
    """Return a dot for each value, or in long series only for values without neighbors, which are not on a line."""
    points = len(graph.labels)
    dots = []
    for series, values in zip(graph.series, tops, strict=True):
        neighbours = pairwise([None, *values, None])
        alone = [before is None and after is None for (before, _), (_, after) in pairwise(neighbours)]
        for place, value in enumerate(values):
            if value is not None and (points <= MAX_DOTS or alone[place]):
                is_open = _is_open(graph, series, place)
                dots.append(Mark(_get_point_x(place, points), y(value), series.color, "", series.is_previous, is_open))
    return dots


def _build_letters(graph: Graph, layers: list[list[tuple[float, float]]] | None, y: Scale) -> list[Mark]:
    """Return the letters beside the last values, so that series can be distinguished without colors."""
    if len(graph.series) < 2:
        return []
    if graph.style == GROUPED:
        return _build_bar_letters(graph, y)
    ends = []
    for index, series in enumerate(graph.series):
        # The bars of an incomplete interval may be too low to distinguish their letters.
        count = len(graph.labels) - (graph.style == STACKED and _is_open(graph, series, len(graph.labels) - 1))
        place = next((at for at, value in reversed(list(enumerate(series.values[:count]))) if value is not None), None)
        if place is not None:
            value = sum(layers[index][place]) / 2 if layers else series.values[place] or 0
            ends.append((y(value), index))
    ends.sort()
    heights = spread([height for height, _ in ends])
    return [
        Mark(100, height, graph.series[index].color, LETTERS[index])
        for height, (_, index) in zip(heights, ends, strict=True)
    ]


def _build_bar_letters(graph: Graph, y: Scale) -> list[Mark]:
    """Return the letters above the bars of the last group without a missing bar, if the bars are wide enough."""
    slot = 100 / len(graph.labels)
    width = slot * 0.8 / len(graph.series)
    groups = [
        [each.values[place] if place < len(each.values) else None for each in graph.series]
        for place in range(len(graph.labels))
    ]
    place = next((place for place in reversed(range(len(groups))) if all(groups[place])), None)
    if width < LETTER_WIDTH or place is None:
        return []
    return [
        Mark(
            round(slot * (place + 0.1) + width * (index + 0.5), 2),
            y(max(value or 0, 0)),
            series.color,
            LETTERS[index],
        )
        for index, (series, value) in enumerate(zip(graph.series, groups[place], strict=True))
    ]


def spread(heights: Sequence[float]) -> list[float]:
    """Return ascending heights, moved apart within the plot so that letters at these heights do not overlap."""
    gap = min(LETTER_HEIGHT, 100 / max(1, len(heights)))
    moved: list[float] = []
    for height in heights:
        moved.append(max(height, moved[-1] + gap) if moved else max(0.0, height))
    limit = 100.0
    for place in reversed(range(len(moved))):
        moved[place] = round(min(moved[place], limit), 2)
        limit = moved[place] - gap
    return moved
