"""The HTML of chart elements that occur hundreds of times.

A template engine would take ten times as long to render them.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from django.utils.html import escape
from django.utils.safestring import SafeString

from pages.components.charts.plot import Bar, Mark, Path
from pages.components.charts.shapes import Table
from pages.components.charts.ticks import Tick

HEIGHT = 200  # of all view boxes, so that whole numbers are exact to half a pixel in tiles of the usual height
# A label, the values of six series, and a cell for a note that there are more series.
MAX_TIP_CELLS = 8

_ANCHORS = {"start": "", "middle": ' text-anchor="middle"', "end": ' text-anchor="end"'}
_END = 'dx="6" dy=".35em"'
_ABOVE = 'dy="-3" text-anchor="middle"'


def write_bars(bars: Iterable[Bar]) -> SafeString:
    return _join(
        f'<rect class="bar {_write_class(bar)}" x="{bar.x:g}%" y="{bar.y:g}%" width="{bar.width:g}%" '
        f'height="{bar.height:g}%"/>'
        for bar in bars
    )


def write_bar_paths(bars: Iterable[Bar], points: int) -> SafeString:
    """Return many bars as one path for each series, in a view box whose width is the number of intervals.

    Each bar is the difference of two shapes down to the edge of the plot. The paths compress well, because the lower
    shapes of a stacked series have the same text as the upper shapes of the series below.
    """
    series: list[list[Bar]] = []
    for bar in bars:
        if series and bar.x > series[-1][-1].x:
            series[-1].append(bar)
        else:
            series.append([bar])
    return _join(f'<path class="bar {_write_class(each[0])}" d="{_write_bars(each, points)}"/>' for each in series)


def _write_bars(bars: Sequence[Bar], points: int) -> str:
    width = round(bars[0].width * points / 100, 2)
    tops = [(bar.x * points / 100, _scale(bar.y)) for bar in bars]
    bottoms = [(bar.x * points / 100, _scale(bar.y + bar.height)) for bar in bars]
    lower = [(x, y) for x, y in bottoms if y < HEIGHT]
    return "".join(_write_shapes(ends, width) for ends in (tops, lower) if ends)


def _write_shapes(ends: Sequence[tuple[float, int]], width: float) -> str:
    """Return a rectangle from the edge of the plot to each end (x, y), with relative steps of whole intervals."""
    moves = [f"M{ends[0][0]:.2f} {HEIGHT}", *(f"m{round(x - before)} 0" for (before, _), (x, _) in pairwise(ends))]
    return "".join(f"{move}V{y}h{width:g}V{HEIGHT}z" for move, (_, y) in zip(moves, ends, strict=True))


def write_lines(lines: Iterable[Path]) -> SafeString:
    """Return lines in a view box whose width is the number of steps between the first and the last interval."""
    return _join(f'<path class="line {_write_class(line)}" d="{_write_steps(line.points)}"/>' for line in lines)


def write_areas(areas: Iterable[Path]) -> SafeString:
    """Return areas as the difference of two shapes down to the edge of the plot, like bars."""
    return _join(f'<path class="area {_write_class(area)}" d="{_write_area(area)}"/>' for area in areas)


def _write_area(area: Path) -> str:
    count = len(area.points) // 2
    top, bottom = area.points[:count], area.points[: count - 1 : -1]
    shapes = [top, *([bottom] if any(y < 100 for _, y in bottom) else [])]
    return "".join(f"{_write_steps(shape)}V{HEIGHT}H0z" for shape in shapes)


def _write_steps(line: Sequence[tuple[int, float]]) -> str:
    """Return a path with relative coordinates, which compress to half the size of absolute coordinates."""
    points = [(x, _scale(y)) for x, y in line]
    steps = [f"{x - before} {y - y_before}" for (before, y_before), (x, y) in pairwise(points)]
    x, y = points[0]
    return f"M{x} {y}{'l' if steps else ''}{' '.join(steps)}".replace(" -", "-")


def _scale(percent: float) -> int:
    """Return the y coordinate in the view box for a percentage."""
    return round(percent * HEIGHT / 100)


def write_dots(dots: Iterable[Mark]) -> SafeString:
    return _join(f'<circle class="dot {_write_class(dot)}" cx="{dot.x:g}%" cy="{dot.y:g}%" r="2.5"/>' for dot in dots)


def _write_class(mark: Bar | Path | Mark) -> str:
    return f"c{mark.color}{' earlier' if mark.is_previous else ''}{' open' if mark.is_incomplete else ''}"


def write_letters(letters: Iterable[Mark]) -> SafeString:
    """Return letters beside the end of the plot, or above bars."""
    return _join(
        f'<text class="letter" x="{letter.x:g}%" y="{letter.y:g}%" '
        f'{_END if letter.x == 100 else _ABOVE} aria-hidden="true">{letter.text}</text>'
        for letter in letters
    )


def write_ticks(ticks: Iterable[Tick]) -> SafeString:
    return _join(
        f'<text class="tick {_write_sizes(tick)}" x="{tick.x:g}%" y="12"{_ANCHORS[tick.anchor]}>'
        f"{escape(tick.label)}</text>"
        for tick in ticks
    )


def _write_sizes(tick: Tick) -> str:
    return " ".join(f"w{size}" for size in tick.sizes)


def write_rows(table: Table, *, has_headers: bool) -> SafeString:
    """Return the rows of a table. Their first cells are headers if `has_headers` is set."""
    numeric = ["grid__number" if place in table.numeric else "" for place in range(len(table.columns))]
    colors = ["", *(f" c{color}" for color in table.colors)] if table.colors else [""] * len(numeric)
    classes = [f"{first}{second}".strip() for first, second in zip(numeric, colors, strict=True)]
    openings = [f'<td class="{each}">' if each else "<td>" for each in classes]
    return _join(f"<tr>{_write_cells(row, openings, has_headers=has_headers)}</tr>" for row in table.rows)


def _write_cells(row: Sequence[str | None], openings: Sequence[str], *, has_headers: bool) -> str:
    cells = []
    for place, (cell, opening) in enumerate(zip(row, openings, strict=True)):
        text = '<span class="null">null</span>' if cell is None else escape(cell)
        cells.append(f'<th scope="row">{text}</th>' if has_headers and not place else f"{opening}{text}</td>")
    return "".join(cells)


def write_tips(data: Table) -> SafeString:
    """Return the rows of the data as tooltips. These copies of the rows take almost no space when compressed.

    Tooltips have the cells of the first series only. The rows of the right half are a separate group, because the
    style sheet places their tooltips on the left.
    """
    columns, colors = data.columns[:MAX_TIP_CELLS], data.colors[: MAX_TIP_CELLS - 1]
    rows = [row[:MAX_TIP_CELLS] for row in data.rows]
    middle = (len(rows) + 1) // 2
    halves = (
        data._replace(columns=columns, rows=half, colors=colors) for half in (rows[:middle], rows[middle:]) if half
    )
    return _join(f"<tbody>{write_rows(half, has_headers=True)}</tbody>" for half in halves)


def _join(texts: Iterable[str]) -> SafeString:
    return SafeString("".join(texts))
