"""The data of charts as tables, including values that are not drawn. Pure functions."""

from collections.abc import Iterable

from pages.components.charts.formats import format_duration, format_number, format_share
from pages.components.charts.shapes import (
    MAX_CELLS,
    Bars,
    Drawable,
    Funnel,
    Graph,
    Item,
    Number,
    Pie,
    Step,
    Table,
    describe_rest,
)

SO_FAR = "not complete"
MAX_DATA_ROWS = 1000


def build_data(found: Drawable) -> Table | None:
    """Return the data of a chart, or None for tables, retention tables and single numbers."""
    if isinstance(found, Graph):
        return _list_points(found)
    if isinstance(found, Bars):
        return _list_items([*found.items, *found.rest], found)
    if isinstance(found, Pie):
        return _list_items(found.items, found)
    if isinstance(found, Funnel):
        return _list_steps(found)
    if isinstance(found, Number) and found.others:
        rows: list[list[str | None]] = [list(pair) for pair in found.others]
        return Table(["Series", "Value"], rows, numeric=frozenset({1}))
    return None


def _list_points(graph: Graph) -> Table:
    """Return a row for each label, and a column for each series within the limit of cells."""
    series = [*graph.series, *graph.hidden]
    shown = series[: max(1, MAX_CELLS // max(1, len(graph.labels)))]
    rows: list[list[str | None]] = [
        [label, *(_write(each.values, place, graph) for each in shown)] for place, label in enumerate(graph.labels)
    ]
    if graph.is_incomplete and rows:
        rows[-1][0] = f"{rows[-1][0]} ({SO_FAR})"
    columns = [graph.axis, *(each.label for each in shown)]
    note = describe_rest(len(series) - len(shown), "series", "series")
    return Table(columns, rows, note, frozenset(range(1, len(columns))), tuple(each.color for each in shown))


def _write(values: list[float | None], place: int, graph: Graph) -> str | None:
    """Return a value of a series as a string, None for null, or an empty string after the end of the series."""
    if place >= len(values):
        return ""
    value = values[place]
    return None if value is None else graph.number.write(value)


def _list_items(items: list[Item], found: Bars | Pie) -> Table:
    whole = sum(item.value for item in items) if isinstance(found, Pie) else 0
    rows: list[list[str | None]] = [
        [item.label, found.number.write(item.value), *([format_share(item.value, whole)] if whole else [])]
        for item in items[:MAX_DATA_ROWS]
    ]
    columns = ["Name", "Value", *(["Share"] if whole else [])]
    return Table(columns, rows, describe_rest(len(items) - MAX_DATA_ROWS), frozenset(range(1, len(columns))))


def _list_steps(funnel: Funnel) -> Table:
    has_groups = any(name for name, _ in funnel.groups)
    columns = [*(["Group"] if has_groups else []), "Step", "Persons"]
    columns += ["Share of the first step", "Share of the previous step", "Average time", "Median time"]
    rows: list[list[str | None]] = [
        [*([name] if has_groups else []), *_describe_step(steps, place)]
        for name, steps in funnel.groups
        for place in range(len(steps))
    ]
    return Table(columns, rows, funnel.note, frozenset(range(1 + has_groups, len(columns))))


def _describe_step(steps: list[Step], place: int) -> Iterable[str]:
    step = steps[place]
    yield step.name
    yield format_number(step.persons)
    yield format_share(step.persons, steps[0].persons)
    yield format_share(step.persons, steps[place - 1].persons) if place else ""
    yield "" if step.average is None else format_duration(step.average)
    yield "" if step.median is None else format_duration(step.median)
