"""Results of trends and similar queries: graphs along an axis, or one value for each series. Pure functions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pages.components.charts.countries import get_country_name
from pages.components.charts.formats import format_share
from pages.components.charts.moments import contains_moment, format_moments, guess_interval
from pages.components.charts.options import Options
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
from queries.results.labels import BREAKDOWN_NULL, BREAKDOWN_OTHER

NULL_TEXT = "(none)"
OTHER_TEXT = "Other"
NUMBER_DISPLAYS = frozenset({"BoldNumber", "Metric"})
STYLES = {
    "ActionsBar": STACKED,
    "ActionsStackedBar": STACKED,
    "ActionsUnstackedBar": GROUPED,
    "ActionsAreaGraph": AREAS,
}
# The maths whose values can be added up. Counts of persons cannot, because the same person may be active on two days.
ADDITIVE_MATHS = frozenset({"total", "sum"})

Json = dict[str, Any]


def parse_trends(rows: list[Json], options: Options, moment: datetime | None) -> Drawable | None:
    display = options.display
    over_time = [row for row in rows if isinstance(row.get("data"), list) and row["data"]]
    items = [Item(get_label(row), value, is_previous(row)) for row in rows if (value := _get_total(row)) is not None]
    if display in NUMBER_DISPLAYS:
        return _build_number(items, options)
    if display == "ActionsTable":
        return _build_totals_table(rows, options)
    if display == "WorldMap":
        return _rank_countries(rows, options)
    if display == "ActionsPie" and (pie := _build_pie(items, options)):
        return pie
    if display in ("ActionsPie", "ActionsBarValue") or not over_time:
        return build_bars(sorted(items, key=lambda item: -item.value), options) if items else None
    return build_graph(over_time, options, moment)


def _build_pie(items: list[Item], options: Options) -> Pie | None:
    """Return the shares of the current period only, because two periods are not parts of one whole."""
    current = [item for item in items if not item.is_previous]
    positive = sorted((item for item in current if item.value > 0), key=lambda item: -item.value)
    left_out = describe_rest(len(current) - len(positive), "value of zero or less", "values of zero or less")
    previous = "the previous period is not shown" if len(current) < len(items) else ""
    return Pie(positive, options.number, join_notes(left_out, previous)) if positive else None


def build_bars(items: list[Item], options: Options) -> Bars:
    rest = items[MAX_BARS:]
    note = f"{describe_rest(len(rest))}, see the data" if rest else ""
    return Bars(items[:MAX_BARS], options.number, note, tuple(rest))


def build_graph(
    rows: list[Json], options: Options, moment: datetime | None, style: str = "", *, has_totals: bool = True
) -> Graph:
    """Return series along the axis of the longest series. The series beyond the limit are hidden."""
    days = _get_axis(rows)
    interval = options.interval or guess_interval(days)
    is_incomplete = bool(days) and contains_moment(days[-1], interval, moment)
    series = [
        _build_series(row, color, options, is_incomplete=is_incomplete, has_totals=has_totals)
        for row, color in zip(rows, _assign_colors(rows), strict=True)
    ]
    points = max(len(each.values) for each in series)
    left_out = len(days) - MAX_POINTS if len(days) > MAX_POINTS else 0
    labels = _write_labels(rows, days)[-points:]
    hidden = series[MAX_SERIES:]
    return Graph(
        [*labels, *[""] * (points - len(labels))],
        series[:MAX_SERIES],
        style or STYLES.get(options.display, LINES),
        options.number,
        is_incomplete,
        join_notes(
            f"{describe_rest(len(hidden), 'series', 'series')}, see the data" if hidden else "",
            f"{left_out:,} earlier intervals are not shown" if left_out else "",
        ),
        tuple(hidden),
    )


def _build_series(row: Json, color: int, options: Options, *, is_incomplete: bool, has_totals: bool) -> Series:
    values = [to_number(value) for value in row["data"]][-MAX_POINTS:]
    has_open_end = is_incomplete and not is_previous(row)
    summary = _summarize(row, values, options, has_open_end=has_open_end) if has_totals else ""
    return Series(get_label(row), values, color, summary, is_previous(row))


def _summarize(row: Json, values: Sequence[float | None], options: Options, *, has_open_end: bool) -> str:
    """Return the last value of a cumulative series, the total of an additive series, or else the average."""
    found = [value for value in (values[:-1] if has_open_end and len(values) > 1 else values) if value is not None]
    if not found:
        return ""
    if options.is_cumulative:
        return f"last {options.number.write(next(value for value in reversed(values) if value is not None))}"
    if _is_additive(row, options):
        total = to_number(row.get("count"))
        return options.number.write(sum(value or 0 for value in values) if total is None else total)
    return f"average {options.number.write(sum(found) / len(found))}"


def _is_additive(row: Json, options: Options) -> bool:
    """Return whether the sum of a row's values is meaningful. The row of a formula has no action."""
    if options.kind == "FunnelsQuery" or options.number.is_percentage:
        return False
    action = row.get("action")
    if isinstance(action, dict):
        return str(action.get("math") or "total") in ADDITIVE_MATHS
    return not options.has_formula and ADDITIVE_MATHS.issuperset(options.maths)


def _assign_colors(rows: list[Json]) -> list[int]:
    """Return a color for each row. The two periods of a series have the same color."""
    colors: dict[str, int] = {}
    if not any(is_previous(row) for row in rows):
        return [index % COLORS for index in range(len(rows))]
    return [colors.setdefault(_get_name(row), len(colors)) % COLORS for row in rows]


def _get_axis(rows: list[Json]) -> list[Any]:
    axes = [row.get("days") or row.get("labels") for row in rows if not is_previous(row)] or [rows[0].get("days")]
    return max((axis for axis in axes if isinstance(axis, list)), key=len, default=[])


def _write_labels(rows: list[Json], days: list[Any]) -> list[str]:
    """Return the labels of an axis: short dates if the axis has dates, else the labels of the result."""
    written = format_moments(days[-MAX_POINTS:])
    if written is not None:
        return written
    axes = [row["labels"] for row in rows if isinstance(row.get("labels"), list)] or [days]
    return [to_text(label) for label in max(axes, key=len)][-MAX_POINTS:]


def _build_number(items: list[Item], options: Options) -> Number | None:
    """Return the first series, compared with the same series in the previous period."""
    current = next((item for item in items if not item.is_previous), items[0] if items else None)
    if current is None:
        return None
    name = _mark_previous(current.label)
    previous = next((item for item in items if item.is_previous and item.label == name), None)
    others = [item for item in items if item not in (current, previous)]
    return Number(
        options.number.write(current.value),
        describe_change(current.value, previous.value, options) if previous else "",
        f"{describe_rest(len(others), 'series', 'series')}, see the data" if others else "",
        tuple((item.label, options.number.write(item.value)) for item in items[:MAX_ROWS]) if others else (),
        shorten(options.number, current.value),
    )


def describe_change(value: float, previous: float, options: Options) -> str:
    """Return the change since a previous value, such as `↑ 12% from 340`."""
    written = options.number.write(previous)
    if value == previous:
        return f"no change from {written}"
    arrow = "↑" if value > previous else "↓"
    if previous == 0:
        return f"{arrow} from {written}"
    return f"{arrow} {format_share(abs(value - previous), abs(previous))} from {written}"


def _build_totals_table(rows: list[Json], options: Options) -> Table:
    """Return a column for each series and a row for each value of the breakdown, or a row for each series."""
    write = options.number.write
    totals = [(row, value) for row in rows if (value := _get_total(row)) is not None]
    if not any("breakdown_value" in row for row, _ in totals):
        lines: list[list[str | None]] = [[get_label(row), write(value)] for row, value in totals]
        return build_table(["Series", "Total"], lines)._replace(numeric=frozenset({1}))
    names = list(dict.fromkeys(_name_series(row) for row, _ in totals))
    cells: dict[str, dict[str, float]] = {}
    for row, value in totals:
        cells.setdefault(write_breakdown(row.get("breakdown_value")), {})[_name_series(row)] = value
    body: list[list[str | None]] = [
        [value, *(write(line[name]) if name in line else "" for name in names)] for value, line in cells.items()
    ]
    if all(_is_additive(row, options) for row, _ in totals) and len(body) > 1:
        sums = [sum(line.get(name, 0.0) for line in cells.values()) for name in names]
        body.insert(0, ["Total", *(write(each) for each in sums)])
    table = build_table(["Breakdown", *names], body)
    return table._replace(numeric=frozenset(range(1, len(table.columns))))


def _name_series(row: Json) -> str:
    """Return the name of the series of a row with a breakdown, with a mark for the previous period."""
    action = row.get("action")
    names = (action.get("custom_name"), action.get("name")) if isinstance(action, dict) else (row.get("label"),)
    name = next((to_text(name) for name in names if name), "Total")
    return _mark_previous(name) if is_previous(row) else name


def _mark_previous(name: str) -> str:
    return f"{name} (previous)"


def _rank_countries(rows: list[Json], options: Options) -> Bars | None:
    items = [
        Item(_name_country(row), value, is_previous(row)) for row in rows if (value := _get_total(row)) is not None
    ]
    return build_bars(sorted(items, key=lambda item: -item.value), options) if items else None


def _name_country(row: Json) -> str:
    code = row.get("breakdown_value", row.get("label"))
    code = code[0] if isinstance(code, list) and len(code) == 1 else code
    if not isinstance(code, str) or code in (BREAKDOWN_NULL, BREAKDOWN_OTHER):
        return get_label(row)
    return _mark_previous(get_country_name(code)) if is_previous(row) else get_country_name(code)


def get_label(row: Json) -> str:
    """Return the label of a row, with a mark for the previous period."""
    name = _get_name(row)
    return _mark_previous(name) if is_previous(row) else name


def _get_name(row: Json) -> str:
    label, value = row.get("label"), write_breakdown(row.get("breakdown_value"))
    text = label if isinstance(label, str) and label else value
    if value and text != value and row.get("action", row) is None:
        text = f"{text} - {value}"  # the label of a formula's row is only the name of the formula
    return to_text(text.replace(BREAKDOWN_NULL, NULL_TEXT).replace(BREAKDOWN_OTHER, OTHER_TEXT)) or "Value"


def write_breakdown(value: Any) -> str:
    """Return the values of a breakdown as one text."""
    values = value if isinstance(value, list) else [value]
    names = {BREAKDOWN_NULL: NULL_TEXT, BREAKDOWN_OTHER: OTHER_TEXT, "": NULL_TEXT if isinstance(value, list) else ""}
    return to_text(", ".join(names.get(text, text) for text in map(to_text, values[:MAX_ROWS])))


def is_previous(row: Json) -> bool:
    return row.get("compare_label") == "previous"


def _get_total(row: Json) -> float | None:
    aggregated = to_number(row.get("aggregated_value"))
    return to_number(row.get("count")) if aggregated is None else aggregated
