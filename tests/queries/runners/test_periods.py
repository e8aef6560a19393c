"""Periods of queries: intervals, the previous period of a comparison, days of the week, and limits."""

from datetime import UTC, datetime
from typing import Any

import pytest

from queries.runners.compiled import Rows, read_nothing
from queries.runners.context import QueryContext
from queries.runners.errors import InvalidQuery
from queries.runners.periods import Period, PeriodReader
from tests.queries.hogql.store import Store
from tests.queries.runners.helpers import run
from tests.queries.runners.insights import Event, ask_data, build_trends, make_context, make_project, refuse

# A Tuesday. Clocks in Berlin change on 29 March and on 25 October.
NOW = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
EVENTS: list[Event] = [
    ("2026-02-28 10:00:00", "ann", "view", {}),
    ("2026-03-01 00:00:00", "ann", "view", {}),
    ("2026-03-01 23:59:59.999999", "ann", "view", {}),
    ("2026-03-02 12:00:00", "ann", "view", {}),
]


@pytest.fixture(scope="module")
def project(store: Store) -> int:
    return make_project(store, EVENTS)


def make_reader(source: dict[str, Any], first: str = "", **changes: Any) -> PeriodReader:
    """Return a reader for a project whose first event is at `first`, or for a project without events."""

    def read_rows(statement: Any) -> Rows:
        return [(first, 1)] if first else [(None, 0)]

    return PeriodReader(source, QueryContext(1, **({"now": NOW} | changes)), read_rows)


def describe(period: Period) -> tuple[str, str, int]:
    """Return the start and the end of a period in local time, and the number of its intervals."""
    first, end = (moment.replace(tzinfo=None).isoformat() for moment in (period.first, period.end))
    return first, end, len(period.buckets)


CURRENT: list[tuple[dict[str, Any], str | None, tuple[str, str, int]]] = [
    ({}, None, ("2026-03-03T00:00:00", "2026-03-10T23:59:59.999999", 8)),
    ({"date_from": "-1w"}, "week", ("2026-03-03T00:00:00", "2026-03-10T23:59:59.999999", 2)),
    ({"date_from": "mStart"}, "month", ("2026-03-01T00:00:00", "2026-03-10T23:59:59.999999", 1)),
    ({"date_from": "-2h"}, "hour", ("2026-03-10T10:00:00", "2026-03-10T12:59:59.999999", 3)),
    ({"date_from": "-2h"}, "day", ("2026-03-10T10:00:00", "2026-03-10T23:59:59.999999", 1)),
    ({"date_from": "all"}, "day", ("2026-02-28T00:00:00", "2026-03-10T23:59:59.999999", 11)),
    ({"date_from": "all", "date_to": "all"}, "day", ("2026-02-28T00:00:00", "2026-03-10T12:30:00", 11)),
    ({"date_from": "all"}, "month", ("2026-02-28T00:00:00", "2026-03-10T23:59:59.999999", 2)),
]


@pytest.mark.parametrize(("dates", "interval", "expected"), CURRENT)
def test_current_period(dates: dict[str, Any], interval: str | None, expected: tuple[str, str, int]) -> None:
    reader = make_reader({"dateRange": dates, "interval": interval}, "2026-02-28T10:00:00Z")
    assert describe(reader.read_current()) == expected


WHOLE: list[tuple[str, str, str, tuple[str, str, int]]] = [
    ("all", "week", "2026-02-28T10:00:00Z", ("2026-03-01T00:00:00", "2026-03-07T23:59:59.999999", 1)),
    ("all", "month", "2026-01-10T10:00:00Z", ("2026-02-01T00:00:00", "2026-02-28T23:59:59.999999", 1)),
    # The range is kept, since no whole interval has ended.
    ("all", "day", "2026-03-10T10:00:00Z", ("2026-03-10T00:00:00", "2026-03-10T23:59:59.999999", 1)),
    ("all", "day", "", ("2026-03-10T00:00:00", "2026-03-10T23:59:59.999999", 1)),
    ("-7d", "day", "", ("2026-03-03T00:00:00", "2026-03-09T23:59:59.999999", 7)),
    ("dStart", "day", "", ("2026-03-10T00:00:00", "2026-03-10T23:59:59.999999", 1)),
]


@pytest.mark.parametrize(("start", "interval", "first", "expected"), WHOLE)
def test_incomplete_intervals_are_left_out(
    start: str, interval: str, first: str, expected: tuple[str, str, int]
) -> None:
    dates = {"date_from": start, "excludeIncompletePeriods": True}
    assert describe(make_reader({"dateRange": dates, "interval": interval}, first).read_current()) == expected


PREVIOUS: list[tuple[dict[str, Any], str, str | None, tuple[str, str, int]]] = [
    ({"date_from": "-7d"}, "day", None, ("2026-02-24T00:00:00", "2026-03-03T23:59:59.999999", 8)),
    ({"date_from": "-14d"}, "day", None, ("2026-02-10T00:00:00", "2026-02-24T23:59:59.999999", 15)),
    ({"date_from": "-7d"}, "week", None, ("2026-02-23T00:00:00", "2026-03-02T23:59:59.999999", 2)),
    ({"date_from": "-3d"}, "day", None, ("2026-03-03T00:00:00", "2026-03-06T23:59:59.999999", 4)),
    (
        {"date_from": "-7d", "date_to": "-1d"},
        "day",
        None,
        ("2026-02-24T00:00:00", "2026-03-02T23:59:59.999999", 7),
    ),
    (
        {"date_from": "2026-03-01", "date_to": "2026-03-05"},
        "day",
        None,
        ("2026-02-24T00:00:00", "2026-02-28T23:59:59.999999", 5),
    ),
    ({"date_from": "-2h"}, "hour", None, ("2026-03-09T10:00:00", "2026-03-09T12:59:59.999999", 3)),
    ({"date_from": "-5M"}, "minute", None, ("2026-03-10T12:19:00", "2026-03-10T12:24:59.999999", 6)),
    ({"date_from": "-7d"}, "day", "-1d", ("2026-03-02T00:00:00", "2026-03-09T23:59:59.999999", 8)),
    ({"date_from": "-7d"}, "day", "-1m", ("2026-02-03T00:00:00", "2026-02-10T23:59:59.999999", 8)),
    ({"date_from": "-7d"}, "day", "1y", ("2025-03-03T00:00:00", "2025-03-10T23:59:59.999999", 8)),
    ({"date_from": "-7d"}, "day", "-30h", ("2026-03-01T18:00:00", "2026-03-09T17:59:59.999999", 9)),
]


@pytest.mark.parametrize(("dates", "interval", "offset", "expected"), PREVIOUS)
def test_previous_period(
    dates: dict[str, Any], interval: str, offset: str | None, expected: tuple[str, str, int]
) -> None:
    compare = {"compare": True, "compare_to": offset}
    reader = make_reader({"dateRange": dates, "interval": interval, "compareFilter": compare})
    found = reader.read_comparison_period(reader.read_current())
    assert found
    assert describe(found) == expected


@pytest.mark.parametrize("offset", ["soon", "-7", "d", "-7D", "-123456d", "-7dStart", "--7d", " -7d", 7, ["-7d"], True])
def test_invalid_offset_is_refused(offset: Any) -> None:
    source = build_trends(compareFilter={"compare": True, "compare_to": offset})
    assert refuse(source) == ("invalid_query", "query__compareFilter__compare_to")


@pytest.mark.parametrize("offset", ["-99999y", "-200y", "-99999m", "-99999d"])
def test_offset_beyond_the_calendar_is_refused(offset: str) -> None:
    source = build_trends(dateRange={"date_from": "1905-01-01", "date_to": "1905-01-02"})
    assert refuse(source | {"compareFilter": {"compare": True, "compare_to": offset}}) == (
        "invalid_query",
        "query__compareFilter__compare_to",
    )


def test_range_before_its_start_is_refused() -> None:
    dates = {"date_from": "2026-03-02", "date_to": "2026-03-01"}
    assert refuse(build_trends(dateRange=dates)) == ("invalid_query", "query__dateRange")


def test_10_000_intervals_are_the_maximum() -> None:
    dates = {"date_from": "2026-03-01T00:00:00", "date_to": "2026-03-07T22:39:59", "explicitDate": True}
    reader = make_reader({"dateRange": dates, "interval": "minute"})
    assert len(reader.read_current().buckets) == 10_000
    longer = dates | {"date_to": "2026-03-07T22:40:00"}
    assert refuse(build_trends(dateRange=longer, interval="minute")) == ("invalid_query", "query__dateRange")
    with pytest.raises(InvalidQuery, match="10,000 intervals"):
        make_reader({"dateRange": longer, "interval": "minute"}).read_current()


DAYS: list[tuple[Any, list[int]]] = [
    (None, [2, 1, 0]),
    ([], [2, 1, 0]),
    ([7], [2, 0, 0]),
    ([1], [0, 1, 0]),
    ([7, 1, 1], [2, 1, 0]),
    ([2, 3], [0, 0, 0]),
]


@pytest.mark.parametrize(("days", "data"), DAYS)
def test_days_of_the_week(store: Store, project: int, days: Any, data: list[int]) -> None:
    dates = {"date_from": "2026-03-01", "date_to": "2026-03-03", "daysOfWeek": days}
    assert ask_data(store, project, dateRange=dates) == data


@pytest.mark.parametrize("days", [7, "7", [0], [8], ["1"], [True], [1.5], [None]])
def test_invalid_days_are_refused(days: Any) -> None:
    assert refuse(build_trends(dateRange={"daysOfWeek": days})) == ("invalid_query", "query__dateRange__daysOfWeek")


def test_days_are_those_of_the_project(store: Store, project: int) -> None:
    """Query events at midnight and at the end of Sunday in UTC, which are on Sunday and Monday in Auckland."""
    dates = {"date_from": "2026-02-28", "date_to": "2026-03-03", "daysOfWeek": [1]}
    context = make_context(project, time_zone="Pacific/Auckland")
    [found] = run(store, build_trends(dateRange=dates), context)["results"]
    assert dict(zip(found["days"], found["data"], strict=True)) == {
        "2026-02-28": 0,
        "2026-03-01": 0,
        "2026-03-02": 1,
        "2026-03-03": 0,
    }


WEEKS = [
    (0, ["2026-02-22", "2026-03-01"], [1, 3]),
    (1, ["2026-02-23", "2026-03-02"], [3, 1]),
]


@pytest.mark.parametrize(("start_day", "days", "data"), WEEKS)
def test_weeks_begin_on_the_day_of_the_project(
    store: Store, project: int, start_day: int, days: list[str], data: list[int]
) -> None:
    dates = {"date_from": "2026-02-28", "date_to": "2026-03-03"}
    context = make_context(project, week_start_day=start_day)
    [found] = run(store, build_trends(dateRange=dates, interval="week"), context)["results"]
    assert (found["days"], found["data"]) == (days, data)


HOURS = [
    ("2026-03-29", 23, ["2026-03-29 01:00:00", "2026-03-29 03:00:00"]),
    ("2026-10-25", 25, ["2026-10-25 02:00:00", "2026-10-25 02:00:00"]),
]


@pytest.mark.parametrize(("day", "number", "hours"), HOURS)
def test_day_of_a_clock_change_has_its_hours(store: Store, day: str, number: int, hours: list[str]) -> None:
    """In autumn, the two hours with the same name are two intervals."""
    project = make_project(store, [(f"{day} 00:30:00", "ann", "view", {}), (f"{day} 01:30:00", "ann", "view", {})])
    context = make_context(project, time_zone="Europe/Berlin")
    source = build_trends(dateRange={"date_from": f"{day}T00:00:00", "date_to": f"{day}T23:59:59"}, interval="hour")
    [found] = run(store, source, context)["results"]
    assert len(found["days"]) == number
    assert [hour for hour, count in zip(found["days"], found["data"], strict=True) if count] == hours


def test_query_is_compiled_without_an_engine() -> None:
    reader = PeriodReader({"dateRange": {"date_from": "all"}}, QueryContext(1, now=NOW), read_nothing)
    assert describe(reader.read_current()) == ("2026-03-10T00:00:00", "2026-03-10T23:59:59.999999", 1)
