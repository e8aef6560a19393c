"""Parse results of queries, in the shapes of PostHog's responses, for charts. Pure functions.

| Query | Shape of the result |
| --- | --- |
| trends and the like | `[{label, data: […], labels: […], days: […], count}]`, or `[{label, aggregated_value}]` |
| funnel | `[{name, order, count, average_conversion_time}]`, or a list of such lists, one for each breakdown |
| retention | `[{date, label, values: [{count}]}]` |
| SQL | `{results: [[…]], columns: […], types, hasMore, timezone}` |

Results of other shapes are not drawn. The numbers of series, points and rows are limited.
"""

from typing import Any

from pages.components.charts.shapes import (
    MAX_BARS,
    MAX_COLUMNS,
    MAX_POINTS,
    MAX_SERIES,
    Drawable,
    Lines,
    Number,
    Parts,
    Series,
    Table,
    build_table,
    format_number,
    to_number,
    to_text,
)
from pages.components.charts.sql import parse_sql, read_sql_result
from queries.nodes import iter_nodes

Json = dict[str, Any]


def parse_result(result: Any, query: Any) -> Drawable | None:
    """Return the drawable form of a result, or None if it is empty or of an unknown shape."""
    if isinstance(result, dict):
        found = read_sql_result(result)
        return None if found is None else parse_sql(found, query)
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


def _parse_trends(rows: list[Json], display: str) -> Drawable | None:
    totals = [(_get_label(row), value) for row in rows if (value := _get_total(row)) is not None]
    if display == "BoldNumber":
        return Number(format_number(totals[0][1])) if totals else None
    if display == "ActionsTable":
        return build_table(["", "Total"], [[label, format_number(value)] for label, value in totals])
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
    return Parts(steps[:MAX_BARS], as_pie=False, of_first=True, has_colors=False) if steps else None


def _parse_retention(rows: list[Json]) -> Table:
    cells = [
        [to_number(cell.get("count")) if isinstance(cell, dict) else None for cell in row["values"]] for row in rows
    ]
    width = min(max(map(len, cells)), MAX_COLUMNS - 1)
    columns = ["", *(str(index) for index in range(width))]
    return build_table(
        columns,
        [
            [
                to_text(row.get("label") or row.get("date")),
                *("" if value is None else format_number(value) for value in line[:width]),
            ]
            for row, line in zip(rows, cells, strict=True)
        ],
    )


def _get_label(row: Json) -> str:
    return to_text(row.get("label") or row.get("breakdown_value") or "Value")


def _get_total(row: Json) -> float | None:
    aggregated = to_number(row.get("aggregated_value"))
    return to_number(row.get("count")) if aggregated is None else aggregated


def _length(value: Any) -> int:
    return len(value) if isinstance(value, list) else 0
