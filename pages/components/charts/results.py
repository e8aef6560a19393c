"""Parse results of queries, in the shapes of PostHog's responses, for charts. Pure functions.

| Query | Shape of the result |
| --- | --- |
| trends and the like | `[{label, data: […], labels: […], days: […], count}]`, or `[{label, aggregated_value}]` |
| funnel | `[{name, order, count, average_conversion_time}]`, or a list of such lists, one for each breakdown |
| retention | `[{date, label, values: [{count}]}]` |
| SQL | `{results: [[…]], columns: […]}` |

Results of other shapes are not drawn. The numbers of series, points and rows are limited.
"""

from typing import Any, NamedTuple

from queries.nodes import iter_nodes

MAX_SERIES = 12
MAX_POINTS = 400
MAX_BARS = 25
MAX_SLICES = 9
MAX_ROWS = 100
MAX_COLUMNS = 20
LARGEST = 1e18

Json = dict[str, Any]


class Series(NamedTuple):
    """Values at each label of a chart; None for a missing value."""

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
    of_first: bool  # show each as a share of the first, as in a funnel


class Number(NamedTuple):
    value: float


class Table(NamedTuple):
    columns: list[str]
    rows: list[list[str]]
    left_out: int


Drawable = Lines | Parts | Number | Table


def parse_result(result: Any, query: Any) -> Drawable | None:
    """Return the drawable form of a result, or None if it is empty or of an unknown shape."""
    if isinstance(result, dict):
        return _parse_sql(result)
    if not isinstance(result, list) or not result:
        return None
    if all(isinstance(each, list) for each in result):
        result = [step for steps in result for step in steps]
    rows = [each for each in result if isinstance(each, dict)]
    if not rows or len(rows) < len(result):
        return None
    if all(isinstance(row.get("values"), list) for row in rows):
        return _parse_retention(rows)
    if all("order" in row and "name" in row for row in rows):
        return _parse_funnel(rows)
    return _parse_trends(rows, get_display(query))


def get_display(query: Any) -> str:
    """Return the display type of a query, such as `ActionsPie`, or an empty text."""
    filters = (node.get(name) for node in iter_nodes(query) for name in ("trendsFilter", "stickinessFilter"))
    displays = (each.get("display") for each in filters if isinstance(each, dict))
    return next((display for display in displays if isinstance(display, str)), "")


def to_number(value: Any) -> float | None:
    """Return a number that can be drawn, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:  # false for NaN, too
        return None
    return float(value)


def to_text(value: Any) -> str:
    """Return a label or a cell, shortened to fit."""
    if value is None:
        return ""
    return (value if isinstance(value, str) else str(value))[:200]


def _parse_trends(rows: list[Json], display: str) -> Drawable | None:
    totals = [(_get_label(row), value) for row in rows if (value := _get_total(row)) is not None]
    if display == "BoldNumber":
        return Number(totals[0][1]) if totals else None
    if display == "ActionsTable":
        return _build_table(["", "Total"], [[label, format_number(value)] for label, value in totals])
    over_time = [row for row in rows if isinstance(row.get("data"), list) and row["data"]]
    if display in ("ActionsPie", "ActionsBarValue") or not over_time:
        totals.sort(key=lambda pair: -pair[1])
        return Parts(totals[:MAX_BARS], as_pie=display == "ActionsPie", of_first=False) if totals else None
    longest = max((row.get("labels") or row.get("days") or [] for row in over_time), key=_length)
    series = [Series(_get_label(row), [to_number(value) for value in row["data"]][-MAX_POINTS:]) for row in over_time]
    points = max(len(each.values) for each in series)
    labels = [to_text(label) for label in longest][-points:] if isinstance(longest, list) else []
    labels += [""] * (points - len(labels))
    return Lines(labels, series[:MAX_SERIES], as_bars=display in ("ActionsBar", "ActionsUnstackedBar"))


def _parse_funnel(rows: list[Json]) -> Parts | None:
    steps = [(to_text(row["name"]), value) for row in rows if (value := to_number(row.get("count"))) is not None]
    return Parts(steps[:MAX_BARS], as_pie=False, of_first=True) if steps else None


def _parse_retention(rows: list[Json]) -> Table:
    cells = [
        [to_number(cell.get("count")) if isinstance(cell, dict) else None for cell in row["values"]] for row in rows
    ]
    width = min(max(map(len, cells)), MAX_COLUMNS - 1)
    columns = ["", *(str(index) for index in range(width))]
    return _build_table(
        columns,
        [
            [
                to_text(row.get("label") or row.get("date")),
                *("" if value is None else format_number(value) for value in line[:width]),
            ]
            for row, line in zip(rows, cells, strict=True)
        ],
    )


def _parse_sql(result: Json) -> Table | None:
    rows, columns = result.get("results"), result.get("columns")
    if not isinstance(rows, list) or not isinstance(columns, list) or not columns:
        return None
    cells = [[_format_cell(value) for value in row] for row in rows[:MAX_ROWS] if isinstance(row, list)]
    return _build_table([to_text(name) for name in columns], cells, of=len(rows))


def _build_table(columns: list[str], rows: list[list[str]], of: int | None = None) -> Table:
    columns = columns[:MAX_COLUMNS]
    shown = [[*row, *[""] * (len(columns) - len(row))][: len(columns)] for row in rows[:MAX_ROWS]]
    return Table(columns, shown, (len(rows) if of is None else of) - len(shown))


def _format_cell(value: Any) -> str:
    amount = to_number(value)
    return to_text(value) if amount is None else format_number(amount)


def format_number(value: float) -> str:
    """Return a number with separators, rounded for reading."""
    return f"{value:,.0f}" if value == round(value) or abs(value) >= 1000 else f"{value:,.2f}"


def _get_label(row: Json) -> str:
    return to_text(row.get("label") or row.get("breakdown_value") or "Value")


def _get_total(row: Json) -> float | None:
    aggregated = to_number(row.get("aggregated_value"))
    return to_number(row.get("count")) if aggregated is None else aggregated


def _length(value: Any) -> int:
    return len(value) if isinstance(value, list) else 0
