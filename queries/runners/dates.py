"""Date ranges of queries: the conversion of strings such as `-7d` to timestamps, and the intervals of a range.

Times of day are in the project's time zone. Timestamps are compared in UTC, because Python would compare local times,
which are ambiguous at the end of daylight saving time.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from dashboards_api.choices import build_invalid_choice_message
from dashboards_api.dates import ALL, DateForm, NamedMoment, add_units, get_end_of_unit, get_start_of_unit, parse_moment
from queries.runners.compiled import ResolvedRange
from queries.runners.context import QueryContext
from queries.runners.errors import InvalidQuery, Path
from queries.runners.json_values import describe, get_boolean

DEFAULT_START = "-7d"
DEFAULT_INTERVAL = "day"
# The intervals of queries, and their letters in relative dates.
INTERVALS = {
    "second": "s",
    "minute": "M",
    "hour": "h",
    "day": "d",
    "week": "w",
    "month": "m",
    "quarter": "q",
    "year": "y",
}
SHORT_UNITS = frozenset("sMh")
MAX_BUCKETS = 10_000
TEXT_MAX_LENGTH = 100
YEARS = range(1901, 2299)  # ClickHouse clamps other timestamps to its range without an error
DATE_RANGE = ("dateRange",)
_TICK = timedelta(microseconds=1)

FindFirst = Callable[[], datetime | None]
"""A function that returns the time of the first event in the project's time zone."""


def check_interval(interval: Any) -> str:
    """Return the name of an interval, or the default interval for null. Raises InvalidQuery."""
    if interval is None:
        return DEFAULT_INTERVAL
    if not isinstance(interval, str) or interval not in INTERVALS:
        raise InvalidQuery(build_invalid_choice_message(interval, INTERVALS), ("interval",))
    return interval


def resolve_date_range(
    date_range: Any,
    context: QueryContext,
    *,
    interval: str | None = DEFAULT_INTERVAL,
    path: Path = DATE_RANGE,
    find_first: FindFirst | None = None,
) -> ResolvedRange:
    """Return the start and the end of a date range, both included. For `all`, `find_first` determines the start.

    Without a start, the range covers the last seven days and today. Without an end, the range ends with today, or with
    the current interval for hours and shorter intervals. Raises InvalidQuery.
    """
    reader = DateRangeReader(context, check_interval(interval), path, find_first)
    return reader.read(date_range, default_start=DEFAULT_START)


def resolve_given_range(date_range: Any, context: QueryContext, path: Path) -> ResolvedRange:
    """Return the start and the end of a range. Without dates, both ends are open. Raises InvalidQuery."""
    reader = DateRangeReader(context, DEFAULT_INTERVAL, path)
    has_dates = isinstance(date_range, dict) and (date_range.get("date_from") or date_range.get("date_to"))
    if has_dates or not isinstance(date_range, dict | None):
        return reader.read(date_range, default_start=ALL)
    return ResolvedRange(None, None)


class DateRangeReader:
    """A reader of one date range."""

    def __init__(self, context: QueryContext, interval: str, path: Path, find_first: FindFirst | None = None) -> None:
        self.find_first = find_first
        self.now = context.local_now
        self.monday = context.week_starts_on_monday
        self.unit = INTERVALS[interval]
        self.path = path

    def read(self, date_range: Any, *, default_start: str) -> ResolvedRange:
        if not isinstance(date_range, dict | None):
            raise InvalidQuery(f"This must be an object, not {describe(date_range)}.", self.path)
        given = date_range or {}
        start = self._parse(given, "date_from", default_start)
        end = self._parse(given, "date_to", "")
        explicit = get_boolean(given, "explicitDate", self.path)
        found = ResolvedRange(start and self._resolve_start(start), self._resolve_end(given, end, explicit))
        if found.start is None and self.find_first is not None:
            last = found.end or self.now
            found = ResolvedRange(self._get_start(self.find_first() or last, "d"), last)
        return self._cut_to_periods(found) if get_boolean(given, "excludeIncompletePeriods", self.path) else found

    def _parse(self, given: Mapping[str, Any], name: str, default: str) -> NamedMoment | None:
        text = given.get(name)
        if text is not None and not isinstance(text, str):
            raise InvalidQuery(f"This must be a string, not {describe(text)}.", (*self.path, name))
        text = text or default
        if text in ("", ALL):
            return None
        try:
            found = parse_moment(text[:TEXT_MAX_LENGTH], self.now, week_starts_on_monday=self.monday)
        except ValueError:
            detail = f'"{text[:80]}" is not a date. Write 2026-01-31, 2026-01-31T12:00:00Z, -7d, mStart, or all.'
            raise InvalidQuery(detail, (*self.path, name)) from None
        if found.moment.year not in YEARS:
            raise InvalidQuery(f'"{text[:80]}" is out of range.', (*self.path, name))
        return found

    def _resolve_start(self, start: NamedMoment) -> datetime:
        """Return the start. An offset in hours or shorter units is cut to the unit, and any other offset to the day."""
        if start.form is not DateForm.OFFSET:
            return start.moment
        return self._get_start(start.moment, start.unit if start.unit in SHORT_UNITS else "d")

    def _resolve_end(self, given: Mapping[str, Any], end: NamedMoment | None, explicit: bool) -> datetime | None:
        unit = self.unit if self.unit in SHORT_UNITS else "d"
        if end is None:
            return None if given.get("date_to") == ALL else self._get_end(self.now, unit)
        match end.form:
            case DateForm.DATE:
                return self._get_end(end.moment, "d")
            case DateForm.OFFSET:
                return self._get_end(end.moment, unit)
            case DateForm.MOMENT if unit == "d" and not explicit:
                return self._get_end(end.moment, "d")
            case _:
                return end.moment

    def _cut_to_periods(self, found: ResolvedRange) -> ResolvedRange:
        """Return the whole intervals of a range that have ended, or the range itself if no interval has ended."""
        last = subtract_tick(self._get_start(self.now, self.unit))
        end = last if found.end is None else min(found.end, last, key=to_utc)
        start = found.start
        if start is not None:
            first = self._get_start(start, self.unit)
            start = add_units(first, 1, self.unit) if to_utc(first) < to_utc(start) else first
            if to_utc(start) > to_utc(end):
                return found
        return ResolvedRange(start, end)

    def _get_start(self, moment: datetime, unit: str) -> datetime:
        return get_start_of_unit(moment, unit, week_starts_on_monday=self.monday)

    def _get_end(self, moment: datetime, unit: str) -> datetime:
        return get_end_of_unit(moment, unit, week_starts_on_monday=self.monday)


def list_buckets(found: ResolvedRange, interval: str, context: QueryContext) -> list[datetime]:
    """Return the starts of the intervals in a range. The first start may be before the range.

    Both ends must be known. Raises InvalidQuery for more than MAX_BUCKETS intervals.
    """
    buckets: list[datetime] = []
    for bucket in _iter_buckets(found, INTERVALS[check_interval(interval)], context):
        if len(buckets) == MAX_BUCKETS:
            detail = f"The range has more than {MAX_BUCKETS:,} intervals. Choose a longer interval or a shorter range."
            raise InvalidQuery(detail, DATE_RANGE)
        buckets.append(bucket)
    return buckets


def _iter_buckets(found: ResolvedRange, unit: str, context: QueryContext) -> Iterator[datetime]:
    if found.start is None or found.end is None:
        raise ValueError("the range is open")
    monday = context.week_starts_on_monday
    bucket = get_start_of_unit(found.start, unit, week_starts_on_monday=monday)
    while to_utc(bucket) <= to_utc(found.end):
        yield bucket
        bucket = add_units(bucket, 1, unit)
        if unit not in SHORT_UNITS:  # daylight saving time may have skipped the previous midnight
            bucket = get_start_of_unit(bucket, unit, week_starts_on_monday=monday)


def to_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def subtract_tick(moment: datetime) -> datetime:
    """Return the last microsecond before `moment`."""
    return (to_utc(moment) - _TICK).astimezone(moment.tzinfo)
