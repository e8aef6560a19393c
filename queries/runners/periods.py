"""Periods: the date range of a query, divided into intervals, and the comparison period."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from dashboards_api.dates import ALL, add_units, get_end_of_unit, get_start_of_unit
from queries.hogql.ast import Alias, Call, Compare, Constant, Expr, Integers, Select, TableSource, Tuple
from queries.runners.compiled import ReadRows, ResolvedRange
from queries.runners.context import QueryContext
from queries.runners.dates import (
    DATE_RANGE,
    INTERVALS,
    SHORT_UNITS,
    YEARS,
    check_interval,
    list_buckets,
    resolve_date_range,
    to_utc,
)
from queries.runners.errors import InvalidQuery
from queries.runners.json_values import describe, get_boolean, get_object
from queries.runners.series import TIMESTAMP, join_and
from queries.runners.statements import print_tree

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_OFFSET = re.compile(r"-?(?P<number>[0-9]{1,5})(?P<unit>[hdwmqy])", re.ASCII)
WEEK = 7
_SUPPORTED_YEARS = f"between the years {YEARS[0]} and {YEARS[-1]}"


@dataclass(frozen=True)
class Period:
    """A range of times, both ends included, and its intervals.

    `buckets` are the starts of the intervals; the first start may be before the range. `days` are the included days of
    the week, where 1 is Monday. Without `days`, all days are included.
    """

    first: datetime
    end: datetime
    interval: str
    buckets: tuple[datetime, ...]
    days: tuple[int, ...] = ()

    @property
    def range(self) -> ResolvedRange:
        return ResolvedRange(self.first, self.end)

    @property
    def start(self) -> datetime:
        """Return the start of the period. If intervals are weeks or longer, the whole first day is included."""
        return self.first if INTERVALS[self.interval] in (*SHORT_UNITS, "d") else get_start_of_unit(self.first, "d")

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Return the starts of the intervals as Unix time in microseconds."""
        return tuple(to_microseconds(bucket) for bucket in self.buckets)

    def build_condition(self, time: Expr = TIMESTAMP, *, start: datetime | None = None) -> Expr:
        """Return the condition that a time is in the period. `start` replaces the start for look-back windows."""
        bounds = (Compare(">=", time, Constant(start or self.start)), Compare("<=", time, Constant(self.end)))
        return join_and(*bounds, *self.build_day_conditions(time))

    def build_day_conditions(self, time: Expr = TIMESTAMP) -> list[Expr]:
        if not self.days:
            return []
        return [Compare("in", Call("toDayOfWeek", (time,)), Tuple(tuple(Constant(day) for day in self.days)))]

    def build_bucket(self, time: Expr = TIMESTAMP) -> Expr:
        """Return the start of the interval of a time, as Unix time in microseconds.

        The starts are computed in Python, so an hour that is repeated at the end of daylight saving time remains two
        intervals. The intervals in SQL are also equal to the intervals for which gaps are filled.
        """
        return Call("roundDown", (Call("toUnixTimestamp64Micro", (time,)), Integers(self.starts)))

    def build_index(self, time: Expr = TIMESTAMP) -> Expr:
        """Return the index of the interval of a time, from 0."""
        numbers = Integers(tuple(range(len(self.starts))))
        return Call("transform", (self.build_bucket(time), Integers(self.starts), numbers, Constant(-1)))


class PeriodReader:
    """A reader of the periods of one query."""

    def __init__(
        self, source: Mapping[str, Any], context: QueryContext, read_rows: ReadRows, *, interval: Any = None
    ) -> None:
        self.source = source
        self.context = context
        self.read_rows = read_rows
        self.interval = check_interval(source.get("interval") if interval is None else interval)
        self.date_range = get_object(source, "dateRange")
        self.days = _read_days(self.date_range)

    def read_current(self) -> Period:
        """Return the period of the query's date range. Raises InvalidQuery."""
        read_first = self._read_first_moment
        found = resolve_date_range(self.date_range, self.context, interval=self.interval, find_first=read_first)
        end = found.end or self.context.local_now
        start = found.start or end  # even `all` has a start, the first event
        if to_utc(start) > to_utc(end):
            raise InvalidQuery("The range ends before it starts.", DATE_RANGE)
        return self._build(start, end)

    def read_comparison_period(self, current: Period) -> Period | None:
        """Return the period that the current period is compared with, or None. Raises InvalidQuery."""
        options = get_object(self.source, "compareFilter")
        if not get_boolean(options, "compare", ("compareFilter",)):
            return None
        offset = options.get("compare_to")
        if not offset:
            return self._find_previous(current)
        found = _OFFSET.fullmatch(offset) if isinstance(offset, str) else None
        if found is None:
            raise InvalidQuery('This must be a string such as "-7d" or "-1m".', ("compareFilter", "compare_to"))
        return self._move(current, -int(found["number"]), found["unit"])

    def read_last(self, number: int) -> Period:
        """Return the last intervals up to the end of the date range, whose start is ignored. Raises InvalidQuery."""
        found = resolve_date_range({**self.date_range, "date_from": ALL}, self.context, interval=self.interval)
        last = self._get_start(found.end or self.context.local_now)
        first = self._get_start(add_units(last, 1 - number, INTERVALS[self.interval]))
        if first.year not in YEARS:
            raise InvalidQuery(f"The range must be {_SUPPORTED_YEARS}.", (*DATE_RANGE, "date_to"))
        return self._build(first, last)

    def widen(self, period: Period, *, looks_back: bool = False) -> Period:
        """Return a period with whole first and last intervals. With `looks_back`, one more interval precedes them."""
        unit, monday = INTERVALS[self.interval], self.context.week_starts_on_monday
        end = get_end_of_unit(period.buckets[-1], unit, week_starts_on_monday=monday)
        before = [self._get_start(add_units(period.buckets[0], -1, unit))] if looks_back else []
        buckets = (*before, *period.buckets)
        return Period(buckets[0], end, self.interval, buckets, period.days)

    def _get_start(self, moment: datetime) -> datetime:
        monday = self.context.week_starts_on_monday
        return get_start_of_unit(moment, INTERVALS[self.interval], week_starts_on_monday=monday)

    def _find_previous(self, current: Period) -> Period:
        """Return the previous period, which has the same number of days. For `-7d`, which has eight days, and its
        multiples, the two periods overlap by a day, so that both start on the same day of the week, as in PostHog.
        """
        start, end = current.first.replace(tzinfo=None), current.end.replace(tzinfo=None)
        length = end - start
        if INTERVALS[self.interval] in ("M", "s"):
            moved = (to_utc(side) - length - _TICK for side in (current.first, current.end))
            return self._build(*(side.astimezone(self.context.zone) for side in moved))
        days = (start.date() - (start - length).date()).days
        if self.interval == "hour":
            days = max(days, 1)  # the same hours of an earlier day
        elif self.interval == "day" and self._is_whole_weeks_ago():
            days -= 1
        return self._move(current, -days, "d")

    def _is_whole_weeks_ago(self) -> bool:
        start, end = self.date_range.get("date_from") or "-7d", self.date_range.get("date_to")
        found = _OFFSET.fullmatch(start)
        number = int(found["number"]) if found and found["unit"] == "d" else 0
        return number > 0 and number % WEEK == 0 and not (end and _OFFSET.fullmatch(end))

    def _move(self, current: Period, number: int, unit: str) -> Period:
        try:
            start, end = (add_units(side, number, unit) for side in (current.first, current.end))
        except OverflowError:
            start = end = datetime.min
        if start.year not in YEARS or end.year not in YEARS:
            raise InvalidQuery(f"The previous period must be {_SUPPORTED_YEARS}.", ("compareFilter", "compare_to"))
        return self._build(start, end)

    def _build(self, start: datetime, end: datetime) -> Period:
        buckets = list_buckets(ResolvedRange(start, end), self.interval, self.context)
        return Period(start, end, self.interval, tuple(buckets), self.days)

    def _read_first_moment(self) -> datetime | None:
        """Return the time of the project's first event, in the project's time zone."""
        tree = Select((Alias(Call("min", (TIMESTAMP,)), "first"), Alias(Call("count"), "number")), EVENTS_TABLE)
        for first, number in self.read_rows(print_tree(tree, self.context)):
            if number:
                return datetime.fromisoformat(first).astimezone(self.context.zone)
        return None


EVENTS_TABLE = TableSource(("events",))


def to_microseconds(moment: datetime) -> int:
    """Return a time as Unix time in microseconds."""
    return (moment - _EPOCH) // _TICK


def _read_days(date_range: Mapping[str, Any]) -> tuple[int, ...]:
    days = date_range.get("daysOfWeek")
    if days is None:
        return ()
    if not isinstance(days, list) or not all(type(day) is int and 1 <= day <= WEEK for day in days):
        detail = f"This must be a list of days from 1, Monday, to 7, Sunday, not {describe(days)}."
        raise InvalidQuery(detail, (*DATE_RANGE, "daysOfWeek"))
    return tuple(sorted(set(days)))
