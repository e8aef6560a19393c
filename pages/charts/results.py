"""Results of queries, in the shapes that PostHog answers them in, as what can be drawn. Pure functions.

| Query | Shape of the result |
| --- | --- |
| trends and the like | `[{label, data: […], labels: […], days: […], count}]`, or `[{label, aggregated_value}]` |
| funnel | `[{name, order, count, average_conversion_time}]`, or a list of such lists, one for each breakdown |
| retention | `[{date, label, values: [{count}]}]` |
| SQL | `{results: [[…]], columns: […]}` |

Whatever has another shape is not drawn. How much is drawn is bounded.
"""

from typing import Any, NamedTuple

from dashboards.query_kinds import iter_nodes

MAX_SERIES = 12
MAX_POINTS = 400
MAX_BARS = 25
MAX_SLICES = 9
MAX_ROWS = 100
MAX_COLUMNS = 20
LARGEST = 1e18

Json = dict[str, Any]


class Series(NamedTuple):
    """Values at each of the labels of a chart; None where there is none."""

    label: str
    values: list[float | None]


class Lines(NamedTuple):
    """Values over time."""

    labels: list[str]
    series: list[Series]
    as_bars: bool


class Parts(NamedTuple):
    """One value for each label, the largest first, or in the order of steps."""

    items: list[tuple[str, float]]
    as_pie: bool
    of_first: bool  # each as a share of the first, as in a funnel


class Number(NamedTuple):
    value: float


class Table(NamedTuple):
    columns: list[str]
    rows: list[list[str]]
    left_out: int


Drawable = Lines | Parts | Number | Table


def drawable(result: Any, query: Any) -> Drawable | None:
    """What to draw of a result, or None where there is nothing or its shape is not known."""
    if isinstance(result, dict):
        return _sql(result)
    if not isinstance(result, list) or not result:
        return None
    if all(isinstance(each, list) for each in result):
        result = [step for steps in result for step in steps]
    rows = [each for each in result if isinstance(each, dict)]
    if not rows or len(rows) < len(result):
        return None
    if all(isinstance(row.get("values"), list) for row in rows):
        return _retention(rows)
    if all("order" in row and "name" in row for row in rows):
        return _funnel(rows)
    return _trends(rows, display_of(query))


def display_of(query: Any) -> str:
    """How a query asks to be shown, such as `ActionsPie`, or nothing."""
    filters = (node.get(name) for node in iter_nodes(query) for name in ("trendsFilter", "stickinessFilter"))
    displays = (each.get("display") for each in filters if isinstance(each, dict))
    return next((display for display in displays if isinstance(display, str)), "")


def number(value: Any) -> float | None:
    """A number that can be drawn, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:  # NaN is not either
        return None
    return float(value)


def text(value: Any) -> str:
    """A label or a cell, of a length that fits somewhere."""
    if value is None:
        return ""
    return (value if isinstance(value, str) else str(value))[:200]


def _trends(rows: list[Json], display: str) -> Drawable | None:
    totals = [(_label(row), value) for row in rows if (value := _total(row)) is not None]
    if display == "BoldNumber":
        return Number(totals[0][1]) if totals else None
    if display == "ActionsTable":
        return _table(["", "Total"], [[label, plain(value)] for label, value in totals])
    over_time = [row for row in rows if isinstance(row.get("data"), list) and row["data"]]
    if display in ("ActionsPie", "ActionsBarValue") or not over_time:
        totals.sort(key=lambda pair: -pair[1])
        return Parts(totals[:MAX_BARS], as_pie=display == "ActionsPie", of_first=False) if totals else None
    longest = max((row.get("labels") or row.get("days") or [] for row in over_time), key=_length)
    series = [Series(_label(row), [number(value) for value in row["data"]][-MAX_POINTS:]) for row in over_time]
    points = max(len(each.values) for each in series)
    labels = [text(label) for label in longest][-points:] if isinstance(longest, list) else []
    labels += [""] * (points - len(labels))
    return Lines(labels, series[:MAX_SERIES], as_bars=display in ("ActionsBar", "ActionsUnstackedBar"))


def _funnel(rows: list[Json]) -> Parts | None:
    steps = [(text(row["name"]), value) for row in rows if (value := number(row.get("count"))) is not None]
    return Parts(steps[:MAX_BARS], as_pie=False, of_first=True) if steps else None


def _retention(rows: list[Json]) -> Table:
    cells = [[number(cell.get("count")) if isinstance(cell, dict) else None for cell in row["values"]] for row in rows]
    width = min(max(map(len, cells)), MAX_COLUMNS - 1)
    columns = ["", *(str(index) for index in range(width))]
    return _table(
        columns,
        [
            [
                text(row.get("label") or row.get("date")),
                *("" if value is None else plain(value) for value in line[:width]),
            ]
            for row, line in zip(rows, cells, strict=True)
        ],
    )


def _sql(result: Json) -> Table | None:
    rows, columns = result.get("results"), result.get("columns")
    if not isinstance(rows, list) or not isinstance(columns, list) or not columns:
        return None
    cells = [[_cell(value) for value in row] for row in rows[:MAX_ROWS] if isinstance(row, list)]
    return _table([text(name) for name in columns], cells, of=len(rows))


def _table(columns: list[str], rows: list[list[str]], of: int | None = None) -> Table:
    columns = columns[:MAX_COLUMNS]
    shown = [[*row, *[""] * (len(columns) - len(row))][: len(columns)] for row in rows[:MAX_ROWS]]
    return Table(columns, shown, (len(rows) if of is None else of) - len(shown))


def _cell(value: Any) -> str:
    amount = number(value)
    return text(value) if amount is None else plain(amount)


def plain(value: float) -> str:
    """A number as people read it."""
    return f"{value:,.0f}" if value == round(value) or abs(value) >= 1000 else f"{value:,.2f}"


def _label(row: Json) -> str:
    return text(row.get("label") or row.get("breakdown_value") or "Value")


def _total(row: Json) -> float | None:
    aggregated = number(row.get("aggregated_value"))
    return number(row.get("count")) if aggregated is None else aggregated


def _length(value: Any) -> int:
    return len(value) if isinstance(value, list) else 0
