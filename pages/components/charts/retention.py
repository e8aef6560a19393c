"""Results of retention: a table of cohorts with the shares of the persons who returned. Pure functions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pages.components.charts.formats import format_number
from pages.components.charts.moments import add_interval, format_moments, parse_moment
from pages.components.charts.options import Options
from pages.components.charts.shapes import (
    MAX_GROUPS,
    MAX_ROWS,
    Cell,
    Cohort,
    Retention,
    describe_rest,
    join_notes,
    to_number,
    to_text,
)
from pages.components.charts.trends import write_breakdown

MAX_INTERVALS = 32
PERIODS = ("hour", "day", "week", "month")

Json = dict[str, Any]


def parse_retention(rows: list[Json], options: Options, moment: datetime | None) -> Retention:
    groups: dict[str, list[Json]] = {}
    for row in rows:
        groups.setdefault(write_breakdown(row.get("breakdown_value")), []).append(row)
    width = max(len(row["values"]) for row in rows)
    period = _get_period(rows, options)
    is_of_previous = options.filter.get("retentionReference") == "previous"
    reference = "the previous interval" if is_of_previous else "the size of the cohort"
    return Retention(
        _name_columns(rows, period, min(width, MAX_INTERVALS)),
        [
            (name, _build_cohorts(lines[:MAX_ROWS], period, moment, is_of_previous=is_of_previous))
            for name, lines in list(groups.items())[:MAX_GROUPS]
        ],
        reference,
        join_notes(
            describe_rest(len(groups) - MAX_GROUPS, "group"),
            describe_rest(max(map(len, groups.values())) - MAX_ROWS, "cohort"),
            describe_rest(width - MAX_INTERVALS, "interval"),
        ),
    )


def _get_period(rows: list[Json], options: Options) -> str:
    """Return the interval of the query, or the interval in the labels of rows, such as `Week 0`."""
    given = str(options.filter.get("period") or to_text(rows[0].get("label")).partition(" ")[0]).lower()
    return given if given in PERIODS else "day"


def _name_columns(rows: list[Json], period: str, width: int) -> list[str]:
    longest = max((row["values"] for row in rows), key=len)
    labels = [cell.get("label") if isinstance(cell, dict) else None for cell in longest]
    return [to_text(labels[place] or f"{period.capitalize()} {place}") for place in range(width)]


def _build_cohorts(rows: list[Json], period: str, moment: datetime | None, *, is_of_previous: bool) -> list[Cohort]:
    written = format_moments([_get_start(row) for row in rows])
    labels = written or [to_text(row.get("label") or row.get("date")) for row in rows]
    cohorts = []
    for row, label in zip(rows, labels, strict=True):
        counts = [to_number(cell.get("count")) if isinstance(cell, dict) else None for cell in row["values"]]
        cells = _build_cells(counts[:MAX_INTERVALS], row, period, moment, is_of_previous=is_of_previous)
        size = counts[0] if counts else None
        cohorts.append(Cohort(label, "" if size is None else format_number(size), cells))
    return cohorts


def _build_cells(
    counts: Sequence[float | None], row: Json, period: str, moment: datetime | None, *, is_of_previous: bool
) -> list[Cell]:
    """Return the cells of a cohort. Cells of future intervals are empty, although the result has zeros for them."""
    cells = []
    for place, count in enumerate(counts):
        state = _place_in_time(parse_moment(_get_start(row)), period, place, moment)
        whole = counts[max(0, place - 1) if is_of_previous else 0]
        share = count / whole if count is not None and whole else None
        cells.append(Cell(None, None, False) if state > 0 else Cell(count, share, state == 0))
    return cells


def _get_start(row: Json) -> str:
    """Return the start of a cohort in the time zone of the project, without the UTC offset."""
    return to_text(row.get("date"))[: len("2026-11-30T00:00:00")].removesuffix("Z")


def _place_in_time(start: datetime | None, period: str, place: int, moment: datetime | None) -> int:
    """Return -1 for a past interval, 0 for the current interval, and 1 for a future interval."""
    if start is None or moment is None:
        return -1
    local = moment.replace(tzinfo=None)
    try:
        if add_interval(start, period, place) > local:
            return 1
        return 0 if add_interval(start, period, place + 1) > local else -1
    except (ValueError, OverflowError):
        return -1
