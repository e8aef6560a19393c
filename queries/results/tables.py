"""Results as tables: the columns and rows of any result, for plain text and files."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from queries.results.numbers import Number

Cell = str | Number | None


class ResultTable(NamedTuple):
    columns: list[str]
    rows: list[list[Any]]


EMPTY = ResultTable([], [])


def build_table(results: Any, columns: Sequence[str] | None = None) -> ResultTable:
    """Return a result as a table. `columns` are the columns of an SQL query, whose result is a list of rows.

    The table of a result of an unknown shape is empty.
    """
    if columns:
        return ResultTable(list(columns), [row if isinstance(row, list) else [row] for row in results or ()])
    if isinstance(results, dict):
        return _build_histogram(results)
    if not isinstance(results, list) or not results:
        return EMPTY
    first = results[0]
    if isinstance(first, list) and first and isinstance(first[0], dict):
        return _build_funnels(results)
    if not isinstance(first, dict):
        return EMPTY
    if isinstance(first.get("values"), list):
        return _build_retention(results)
    if "aggregated_value" in first:
        return ResultTable(
            ["Series", "Value"], [[_name_series(item), item.get("aggregated_value")] for item in results]
        )
    if isinstance(first.get("data"), list):
        return _build_series(results)
    return _build_funnels([results]) if "average_conversion_time" in first else EMPTY


def _build_series(results: Sequence[dict[str, Any]]) -> ResultTable:
    """Return a row for each interval. Intervals of a compared period share the rows of the current intervals."""
    days = max((item.get("days") or range(1, len(item["data"]) + 1) for item in results), key=len)
    is_number = bool(days) and not isinstance(days[0], str)
    rows = [[day, *(_get(item.get("data"), place) for item in results)] for place, day in enumerate(days)]
    return ResultTable(["Intervals" if is_number else "Date", *map(_name_series, results)], rows)


def _name_series(item: dict[str, Any]) -> str:
    label = str(item.get("label") or "")
    if item.get("action", item) is None and "breakdown_value" in item:  # a formula has one label for all values
        label = f"{label} - {_join(item['breakdown_value'])}"
    return f"{label} ({item['compare_label']})" if item.get("compare_label") == "previous" else label


def _build_funnels(groups: Sequence[Sequence[dict[str, Any]]]) -> ResultTable:
    has_breakdown = any("breakdown_value" in step for steps in groups for step in steps)
    columns = ["Step", "Persons", "Share of the first step, %", "Average seconds", "Median seconds"]
    rows = [
        [*([_join(step.get("breakdown_value"))] if has_breakdown else []), *_build_step(step, steps)]
        for steps in groups
        for step in steps
    ]
    return ResultTable(["Breakdown", *columns] if has_breakdown else columns, rows)


def _build_step(step: dict[str, Any], steps: Sequence[dict[str, Any]]) -> Iterable[Cell]:
    count, first = step.get("count") or 0, steps[0].get("count") or 0
    yield step.get("custom_name") or step.get("name")
    yield count
    yield round(100 * count / first, 2) if first else 0
    yield step.get("average_conversion_time")
    yield step.get("median_conversion_time")


def _build_retention(results: Sequence[dict[str, Any]]) -> ResultTable:
    has_breakdown = any(row.get("breakdown_value") is not None for row in results)
    width = max(len(row["values"]) for row in results)
    labels = [_get(results[0]["values"], place) for place in range(width)]
    columns = [str((label or {}).get("label", place)) for place, label in enumerate(labels)]
    rows = [
        [
            *([_join(row.get("breakdown_value"))] if has_breakdown else []),
            row.get("date"),
            *((_get(row["values"], place) or {}).get("count") for place in range(width)),
        ]
        for row in results
    ]
    return ResultTable([*(["Breakdown"] if has_breakdown else []), "Date", *columns], rows)


def _build_histogram(results: dict[str, Any]) -> ResultTable:
    bins = results.get("bins")
    return ResultTable(["Seconds from", "Persons"], [list(pair) for pair in bins]) if isinstance(bins, list) else EMPTY


def _join(value: Any) -> str:
    return "::".join(map(str, value)) if isinstance(value, list) else str(value)


def _get(values: Any, place: int) -> Any:
    return values[place] if isinstance(values, list) and place < len(values) else None
