"""Results of SQL as charts, according to the visualization node of the query, or as tables. Pure functions."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pages.components.charts.formats import PLAIN, NumberFormat, format_number, read_column_format
from pages.components.charts.moments import UTC, format_moments, parse_moment
from pages.components.charts.shapes import (
    AREAS,
    COLORS,
    GROUPED,
    LINES,
    MAX_BARS,
    MAX_POINTS,
    MAX_ROWS,
    MAX_SERIES,
    STACKED,
    Bars,
    Drawable,
    Graph,
    Item,
    Number,
    Pie,
    Series,
    Table,
    build_table,
    describe_rest,
    join_notes,
    shorten,
    to_number,
    to_text,
)
from queries.nodes import iter_nodes

VISUALIZATION = "DataVisualizationNode"
STYLES = {
    "ActionsLineGraph": LINES,
    "ActionsAreaGraph": AREAS,
    "ActionsBar": GROUPED,
    "ActionsUnstackedBar": GROUPED,
    "ActionsStackedBar": STACKED,
}
PIE = "ActionsPie"
NUMBER = "BoldNumber"
MORE = "and more beyond the limit of the query"

Json = dict[str, Any]


class SqlResult(NamedTuple):
    """The rows of a query in SQL with their columns, as in the result of an insight."""

    rows: list[list[Any]]
    columns: list[str]
    kinds: list[str]  # the types of the columns, such as Date; empty strings for unknown types
    has_more: bool
    zone: ZoneInfo

    def find(self, name: Any) -> int | None:
        """Return the index of a column, or None if there is no such column."""
        return self.columns.index(name) if name in self.columns else None


def read_sql_result(result: Mapping[str, Any]) -> SqlResult | None:
    """Return the result of an SQL query, or None if it is not a table of rows and columns."""
    rows, columns = result.get("results"), result.get("columns")
    if not isinstance(rows, list) or not isinstance(columns, list) or not columns:
        return None
    if not all(isinstance(row, list) and len(row) == len(columns) for row in rows):
        return None
    types = result.get("types") or []
    kinds = [str(pair[1]) if isinstance(pair, list) and len(pair) > 1 else "" for pair in types]
    kinds = [*kinds, *[""] * len(columns)][: len(columns)]
    names = [to_text(name) for name in columns]
    return SqlResult(rows, names, kinds, bool(result.get("hasMore")), find_zone(result.get("timezone")))


def find_zone(name: Any) -> ZoneInfo:
    with suppress(ValueError, OSError, TypeError):
        return ZoneInfo(name)
    return UTC


def parse_sql(found: SqlResult, query: Any) -> Drawable:
    """Return the drawable form of a result, which is a table if a chart would omit a value."""
    node = next((node for node in iter_nodes(query) if node.get("kind") == VISUALIZATION), {})
    display = node.get("display")
    if display == NUMBER:
        return _build_number(found, node) if found.rows else build_sql_table(found)
    if found.rows and isinstance(display, str) and display in {*STYLES, PIE}:
        return _build_chart(found, node, display) or build_sql_table(found)
    return build_sql_table(found)


def build_sql_table(found: SqlResult) -> Table:
    """Return the rows as a table, with unformatted numbers."""
    rows = [
        [format_cell(value, kind, found.zone) for value, kind in zip(row, found.kinds, strict=True)]
        for row in found.rows[:MAX_ROWS]
    ]
    table = build_table(found.columns, rows, of=len(found.rows), note=MORE if found.has_more else "")
    numeric = {
        index
        for index in range(len(table.columns))
        if all(_is_number(row[index]) or row[index] is None for row in found.rows[:MAX_ROWS])
    }
    return table._replace(numeric=frozenset(numeric))


def format_cell(value: Any, kind: str, zone: ZoneInfo) -> str | None:
    """Return a value of a row as a string, or None for null. Numbers have no separators, floats at most 15 digits."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, str):
        return to_text(_format_moment(value, zone) if "Date" in kind else value)
    return to_text(json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _build_number(found: SqlResult, node: Json) -> Number:
    """Return the first value of the column on the y axis, or of the first column."""
    index = next((found.columns.index(name) for name in _get_axis(node, "yAxis") if name in found.columns), 0)
    value = found.rows[0][index]
    if not _is_number(value):
        return Number(format_cell(value, found.kinds[index], found.zone))
    number = _get_format(node, found.columns[index])
    return Number(format_number(value) if number == PLAIN else number.write(value), short=shorten(number, value))


def _build_chart(found: SqlResult, node: Json, display: str) -> Drawable | None:
    axes = _find_axes(found, node)
    if axes is None or _get_settings(node).get("seriesBreakdownColumn"):
        return None
    x, ys = axes
    is_temporal = "Date" in found.kinds[x]
    has_bars = STYLES.get(display) in (GROUPED, STACKED)
    if len(ys) == 1 and (display == PIE or (has_bars and not is_temporal)):
        return _build_parts(found, node, x, ys[0], as_pie=display == PIE)
    if display == PIE:
        return None
    rows = found.rows[-MAX_POINTS:]
    notes = [describe_rest(len(found.rows) - len(rows)), describe_rest(len(ys) - MAX_SERIES, "column")]
    series = [
        Series(found.columns[y], [to_number(row[y]) for row in rows], color % COLORS)
        for color, y in enumerate(ys[:MAX_SERIES])
    ]
    return Graph(
        format_labels([row[x] for row in rows], found.kinds[x], found.zone),
        series,
        STYLES[display],
        _get_format(node, found.columns[ys[0]]),
        note=join_notes(*notes, MORE if found.has_more else ""),
        axis=found.columns[x],
    )


def _build_parts(found: SqlResult, node: Json, x: int, y: int, *, as_pie: bool) -> Bars | Pie | None:
    values = [to_number(row[y]) for row in found.rows]
    numbers = [value for value in values if value is not None]
    # The shares of a pie would be wrong with a negative value, or without the rest of the rows.
    if len(numbers) < len(values) or (as_pie and (found.has_more or min(numbers) < 0 or not sum(numbers))):
        return None
    labels = format_labels([row[x] for row in found.rows], found.kinds[x], found.zone)
    items = [Item(label, value) for label, value in zip(labels, numbers, strict=True)]
    number = _get_format(node, found.columns[y])
    if as_pie:
        return Pie(sorted((item for item in items if item.value), key=lambda item: -item.value), number)
    note = join_notes(describe_rest(len(items) - MAX_BARS), MORE if found.has_more else "")
    return Bars(items[:MAX_BARS], number, note, tuple(items[MAX_BARS:]))


def _find_axes(found: SqlResult, node: Json) -> tuple[int, list[int]] | None:
    """Return the columns of the axes in the node, or the first suitable columns, or None if a column is unsuitable."""
    drawn = [index for index in range(len(found.columns)) if _can_be_drawn(found.rows, index)]
    names = [*_get_axis(node, "xAxis"), *_get_axis(node, "yAxis")]
    if any(found.find(name) is None for name in names):
        return None
    given = next(iter(_get_axis(node, "xAxis")), None)
    x = found.find(given) if given is not None else next((i for i in range(len(found.columns)) if i not in drawn), 0)
    ys = [found.columns.index(name) for name in _get_axis(node, "yAxis")] or [index for index in drawn if index != x]
    return (x, ys) if x is not None and ys and all(index in drawn for index in ys) else None


def _can_be_drawn(rows: Sequence[Sequence[Any]], index: int) -> bool:
    """Return whether the values of a column are numbers or null, and at least one of them is a number."""
    values = [row[index] for row in rows if row[index] is not None]
    return bool(values) and all(to_number(value) is not None for value in values)


def _get_axis(node: Json, name: str) -> list[str]:
    """Return the names of the columns on an axis."""
    axis = _get_settings(node).get(name)
    columns = [each.get("column") for each in (axis if isinstance(axis, list) else [axis]) if isinstance(each, dict)]
    return [column for column in columns if isinstance(column, str)]


def _get_format(node: Json, name: str) -> NumberFormat:
    """Return the format of a column on the y axis."""
    axis = _get_settings(node).get("yAxis")
    columns = [each for each in (axis if isinstance(axis, list) else [axis]) if isinstance(each, dict)]
    return next((read_column_format(each.get("settings")) for each in columns if each.get("column") == name), PLAIN)


def _get_settings(node: Json) -> Json:
    settings = node.get("chartSettings")
    return settings if isinstance(settings, dict) else {}


def format_labels(values: Sequence[Any], kind: str, zone: ZoneInfo) -> list[str]:
    """Return the labels of an axis. Dates are short, with the year only if there are several years."""
    written = format_moments(values, zone) if "Date" in kind else None
    if written is not None:
        return written
    return ["null" if (text := format_cell(value, kind, zone)) is None else text for value in values]


def _format_moment(value: str, zone: ZoneInfo) -> str:
    moment = parse_moment(value, zone)
    if moment is None or "T" not in value:
        return value
    return f"{moment:%Y-%m-%d %H:%M:%S}{f'.{moment.microsecond:06}'.rstrip('0') if moment.microsecond else ''}"
