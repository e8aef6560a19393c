"""Date ranges in the project's time zone, including DST transitions. Golden cases test the rules in UTC."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from queries.hogql.errors import HogQLError
from queries.runners.compiled import ResolvedRange
from queries.runners.context import QueryContext
from queries.runners.dates import list_buckets, resolve_date_range, resolve_given_range


def make_context(zone: str, now: str, week_start_day: int = 0) -> QueryContext:
    """Return a context whose current time is a local time in a time zone."""
    context = QueryContext(1, time_zone=zone, week_start_day=week_start_day)
    return replace(context, now=datetime.fromisoformat(now).replace(tzinfo=context.zone).astimezone(UTC))


def resolve(context: QueryContext, start: str | None, end: str | None = None, interval: str = "day") -> tuple[str, str]:
    """Return both ends of a range in UTC, to the second."""
    found = resolve_date_range({"date_from": start, "date_to": end}, context, interval=interval)
    assert found.start is not None
    assert found.end is not None
    return tuple(f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}" for moment in (found.start, found.end))  # type: ignore[return-value]  # a pair


BERLIN, NEW_YORK, KOLKATA, AUCKLAND = "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"
# The day of a DST transition: its local date, its first and its last second in UTC, and its number of hours.
DAYS = [
    (BERLIN, "2026-03-29", "2026-03-28T23:00:00", "2026-03-29T21:59:59", 23),
    (BERLIN, "2026-10-25", "2026-10-24T22:00:00", "2026-10-25T22:59:59", 25),
    (NEW_YORK, "2026-03-08", "2026-03-08T05:00:00", "2026-03-09T03:59:59", 23),
    (NEW_YORK, "2026-11-01", "2026-11-01T04:00:00", "2026-11-02T04:59:59", 25),
    (KOLKATA, "2026-03-29", "2026-03-28T18:30:00", "2026-03-29T18:29:59", 24),
    (AUCKLAND, "2026-09-27", "2026-09-26T12:00:00", "2026-09-27T10:59:59", 23),
    (AUCKLAND, "2026-04-05", "2026-04-04T11:00:00", "2026-04-05T11:59:59", 25),
    # In Havana, clocks change at midnight. In spring the day begins at one, and in autumn its first hour occurs twice.
    ("America/Havana", "2026-03-08", "2026-03-08T05:00:00", "2026-03-09T03:59:59", 23),
    ("America/Havana", "2026-11-01", "2026-11-01T04:00:00", "2026-11-02T04:59:59", 25),
]


@pytest.mark.parametrize(("zone", "day", "start", "end", "hours"), DAYS)
def test_day_on_which_clocks_change_is_whole(zone: str, day: str, start: str, end: str, hours: int) -> None:
    context = make_context(zone, f"{day} 22:00")
    for first, last in ((day, day), ("dStart", None), ("dStart", "dEnd"), ("-0d", "-0d"), ("-0dStart", day)):
        assert resolve(context, first, last) == (start, end)
    found = resolve_date_range({"date_from": day, "date_to": day}, context)
    assert len(list_buckets(found, "day", context)) == 1
    buckets = list_buckets(found, "hour", context)
    assert len(buckets) == hours
    assert len({bucket.astimezone(UTC) for bucket in buckets}) == hours


@pytest.mark.parametrize(("zone", "day", "start", "end", "hours"), DAYS)
def test_range_across_the_change_has_a_bucket_for_each_day(
    zone: str, day: str, start: str, end: str, hours: int
) -> None:
    context = make_context(zone, f"{day[:8]}28 22:00")
    buckets = list_buckets(resolve_date_range({"date_from": "-30d"}, context), "day", context)
    assert {bucket.hour for bucket in buckets if bucket.date().isoformat() != day} == {0}
    assert len({bucket.date() for bucket in buckets}) == len(buckets) == 31


@pytest.mark.parametrize(
    ("zone", "now", "start", "expected"),
    [
        # `-24h` is counted in elapsed time, and `-1d` on the calendar.
        (BERLIN, "2026-03-29 12:30", "-24h", "2026-03-28T10:00:00"),
        (BERLIN, "2026-10-25 12:30", "-24h", "2026-10-24T11:00:00"),
        (BERLIN, "2026-03-29 12:30", "-1d", "2026-03-27T23:00:00"),
        (BERLIN, "2026-10-26 12:30", "-1d", "2026-10-24T22:00:00"),
        (KOLKATA, "2026-03-29 12:10", "-3h", "2026-03-29T03:30:00"),
        (KOLKATA, "2026-03-29 12:10", "-90M", "2026-03-29T05:10:00"),
        (NEW_YORK, "2026-03-31 01:00", "-1m", "2026-02-28T05:00:00"),
        (NEW_YORK, "2026-03-31 01:00", "-1q", "2025-12-31T05:00:00"),
        (AUCKLAND, "2026-03-31 01:00", "-1y", "2025-03-30T11:00:00"),
        (AUCKLAND, "2026-03-31 01:00", "mStart", "2026-02-28T11:00:00"),
        (AUCKLAND, "2026-03-31 01:00", "-1mStart", "2026-01-31T11:00:00"),
        (AUCKLAND, "2026-03-31 01:00", "qStart", "2025-12-31T11:00:00"),
        (AUCKLAND, "2026-03-31 01:00", "yStart", "2025-12-31T11:00:00"),
        (AUCKLAND, "2026-03-31 01:00", "wStart", "2026-03-28T11:00:00"),
        (BERLIN, "2026-03-31 01:00", "2026-03-30T23:30", "2026-03-30T21:30:00"),
        (BERLIN, "2026-03-31 01:00", "2026-03-30T23:30Z", "2026-03-30T23:30:00"),
        (BERLIN, "2026-03-31 01:00", "2026-03-30T23:30-05:00", "2026-03-31T04:30:00"),
        (BERLIN, "2026-03-29 12:00", "2026-03-29T02:30", "2026-03-29T01:30:00"),  # clocks skip this time
        (BERLIN, "2026-10-25 12:00", "2026-10-25T02:30", "2026-10-25T00:30:00"),  # the first of two occurrences
    ],
)
def test_start(zone: str, now: str, start: str, expected: str) -> None:
    assert resolve(make_context(zone, now), start)[0] == expected


@pytest.mark.parametrize(
    ("end", "interval", "expected"),
    [
        (None, "day", "2026-03-31T21:59:59"),
        (None, "month", "2026-03-31T21:59:59"),
        (None, "hour", "2026-03-31T12:59:59"),
        (None, "minute", "2026-03-31T12:20:59"),
        ("-1d", "day", "2026-03-30T21:59:59"),
        ("-2h", "hour", "2026-03-31T10:59:59"),
        ("-1mEnd", "day", "2026-02-28T22:59:59"),
        ("2026-03-29", "hour", "2026-03-29T21:59:59"),
        ("2026-03-29T12:00", "hour", "2026-03-29T10:00:00"),
        ("2026-03-29T12:00", "week", "2026-03-29T21:59:59"),
    ],
)
def test_end(end: str | None, interval: str, expected: str) -> None:
    assert resolve(make_context(BERLIN, "2026-03-31 14:20:30"), "-7d", end, interval)[1] == expected


@pytest.mark.parametrize(("week_start_day", "first"), [(0, "2026-03-29"), (1, "2026-03-23")])
def test_weeks_start_on_the_project_s_day(week_start_day: int, first: str) -> None:
    context = make_context(BERLIN, "2026-03-29 12:00", week_start_day)
    found = resolve_date_range({"date_from": "wStart"}, context)
    assert found.start is not None
    assert found.start.date().isoformat() == first
    buckets = list_buckets(resolve_date_range({"date_from": "-14d"}, context), "week", context)
    assert buckets[-1].date().isoformat() == first


@pytest.mark.parametrize("given", [None, {}, {"date_from": None}, {"date_from": ""}, {"date_to": ""}])
def test_default_is_the_last_seven_days_and_today(given: Any) -> None:
    context = make_context(BERLIN, "2026-03-31 14:00")
    assert resolve_date_range(given, context) == resolve_date_range({"date_from": "-7d"}, context)
    assert resolve_given_range(given, context, ("dateRange",)) == ResolvedRange(None, None)


def test_all_is_open() -> None:
    context = make_context(BERLIN, "2026-03-31 14:00")
    assert resolve_date_range({"date_from": "all", "date_to": "all"}, context) == (None, None)
    assert resolve_date_range({"date_from": "all"}, context).end == resolve_date_range(None, context).end


@pytest.mark.parametrize(
    ("given", "attr"),
    [
        ([], "query__dateRange"),
        ("-7d", "query__dateRange"),
        ({"date_from": 7}, "query__dateRange__date_from"),
        ({"date_from": ["-7d"]}, "query__dateRange__date_from"),
        ({"date_from": {"x": 1}}, "query__dateRange__date_from"),
        ({"date_from": "yesterday"}, "query__dateRange__date_from"),
        ({"date_from": "-99999y"}, "query__dateRange__date_from"),
        ({"date_from": "-7d" + " " * 1_000_000}, "query__dateRange__date_from"),
        ({"date_to": "2026-02-30"}, "query__dateRange__date_to"),
        ({"date_to": "2026-01-01\0"}, "query__dateRange__date_to"),
        ({"date_to": "\ud800"}, "query__dateRange__date_to"),
        ({"date_to": "0001-01-01T00:00+14:00"}, "query__dateRange__date_to"),
        ({"date_to": "9999-12-31T23:59-14:00"}, "query__dateRange__date_to"),
        ({"explicitDate": "yes"}, "query__dateRange__explicitDate"),
        ({"excludeIncompletePeriods": 1}, "query__dateRange__excludeIncompletePeriods"),
    ],
)
def test_refusal_names_the_place(given: Any, attr: str) -> None:
    with pytest.raises(HogQLError) as caught:
        resolve_date_range(given, make_context(BERLIN, "2026-03-31 14:00"))
    assert (caught.value.code, caught.value.attr) == ("invalid_query", attr)


@pytest.mark.parametrize("text", ["0001-01-01", "1900-12-31", "2299-01-01", "9999-12-31T23:59:59Z", "-200yStart"])
@pytest.mark.parametrize("name", ["date_from", "date_to"])
def test_years_that_the_engine_does_not_store_are_refused(text: str, name: str) -> None:
    with pytest.raises(HogQLError, match=r"is out of range|is not a date") as caught:
        resolve_date_range({name: text}, make_context(AUCKLAND, "2026-03-31 14:00"))
    assert caught.value.attr == f"query__dateRange__{name}"


@pytest.mark.parametrize("interval", ["fortnight", "", 1, ["day"], {}])
def test_unknown_interval_is_refused(interval: Any) -> None:
    with pytest.raises(HogQLError) as caught:
        resolve_date_range({}, make_context(BERLIN, "2026-03-31 14:00"), interval=interval)
    assert caught.value.attr == "query__interval"


def test_number_of_buckets_is_limited() -> None:
    context = make_context(BERLIN, "2026-03-31 14:00")
    with pytest.raises(HogQLError, match="more than 10,000 intervals"):
        list_buckets(resolve_date_range({"date_from": "-50y"}, context), "hour", context)
    assert (
        len(list_buckets(resolve_date_range({"date_from": "-9998h"}, context, interval="hour"), "hour", context))
        == 9_999
    )
