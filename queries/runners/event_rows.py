"""The events that a series counts in a period: all events, first events of persons, or events in look-back windows."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboards_api.dates import add_units, get_start_of_unit
from queries.hogql.ast import (
    Alias,
    Arithmetic,
    Call,
    Compare,
    Constant,
    Expr,
    Field,
    Integers,
    QuerySource,
    Select,
    Tuple,
)
from queries.runners.aggregation import BUCKET, UNIT, EventRows, group
from queries.runners.dates import subtract_tick
from queries.runners.maths import COUNT, FirstEvent, Math, count_unique
from queries.runners.operands import TRUE
from queries.runners.periods import EVENTS_TABLE, Period, to_microseconds
from queries.runners.series import PERSON_ID, TIMESTAMP, Series, join_and

INTERVAL_DAYS = {"second": 0, "minute": 0, "hour": 0, "day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}
FIRST_TIME = "first_time"
MATCHES = "matches"
SEGMENT = "segment"
# Simultaneous events are ordered by id, so that the choice of the first event is deterministic.
EVENT_ORDER = Tuple((TIMESTAMP, Field(("events", "uuid"))))


@dataclass(frozen=True)
class SeriesRows:
    """Rows and the expressions that group them. `bucket` is the interval, or None for the whole period."""

    rows: EventRows
    values: tuple[Expr, ...]
    bucket: Expr | None
    math: Math


@dataclass(frozen=True)
class SeriesInPeriod:
    """A series in one period. `shared` is the condition that all series share. `values` are the breakdown values."""

    series: Series
    shared: Expr
    period: Period
    math: Math
    values: tuple[Expr, ...]
    has_intervals: bool

    @property
    def condition(self) -> Expr:
        return join_and(self.series.condition, self.shared)

    def build_rows(self) -> SeriesRows:
        if self.math.first_event is not None:
            return self._build_first_events(self.math.first_event)
        if not self.math.days:
            return self._build_events(None)
        if not self.has_intervals:
            return self._build_events(get_first_day(self.period.end, self.math.days))
        if self.math.days > INTERVAL_DAYS[self.period.interval]:
            return self._build_active_days()
        return self._build_events(None)

    def _build_events(self, start: datetime | None) -> SeriesRows:
        where = join_and(self.condition, self.period.build_condition(start=start))
        bucket = self.period.build_bucket() if self.has_intervals else None
        return SeriesRows(EventRows(EVENTS_TABLE, where), self.values, bucket, self.math)

    def _build_first_events(self, kind: FirstEvent) -> SeriesRows:
        """Return the first event of each person. A first event before the period is not counted."""
        until = Compare("<=", TIMESTAMP, Constant(self.period.end))
        if kind is FirstEvent.NAMED:
            where, matches = join_and(self.series.names, until), join_and(self.series.filters, self.shared)
        else:
            where, matches = join_and(self.condition, until), TRUE
        columns = [
            Alias(Call("min", (TIMESTAMP,)), FIRST_TIME),
            Alias(Call("argMin", (matches, EVENT_ORDER)), MATCHES),
            *self._name_values([Call("argMin", (value, EVENT_ORDER)) for value in self.values]),
        ]
        first = group(EVENTS_TABLE, [Alias(PERSON_ID, UNIT)], columns, where=where)
        time = Field((FIRST_TIME,))
        counts = join_and(Compare("==", Field((MATCHES,)), TRUE), self.period.build_condition(time))
        bucket = self.period.build_bucket(time) if self.has_intervals else None
        return SeriesRows(EventRows(QuerySource(first), counts), self._list_names(), bucket, Math(COUNT))

    def _build_active_days(self) -> SeriesRows:
        """Return each person once for each interval whose look-back window contains one of the person's events."""
        windows = LookBack(self.period, self.math.days)
        where = join_and(self.condition, self.period.build_condition(start=windows.start))
        names = [name.name for name in self._name_values(self.values)]
        active = Select(
            (*self._name_values(self.values), Alias(PERSON_ID, UNIT), Alias(windows.build_segment(), SEGMENT)),
            EVENTS_TABLE,
            where=where,
            distinct=True,
        )
        columns = [*(Alias(Field((name,)), name) for name in names), Alias(Field((UNIT,)), UNIT)]
        rows = Select((*columns, Alias(windows.build_bucket(Field((SEGMENT,))), BUCKET)), QuerySource(active))
        math = Math(count_unique(Field((UNIT,))))
        return SeriesRows(EventRows(QuerySource(rows)), self._list_names(), Field((BUCKET,)), math)

    def _name_values(self, values: Sequence[Expr]) -> list[Alias]:
        return [Alias(value, f"value{number}") for number, value in enumerate(values, start=1)]

    def _list_names(self) -> tuple[Expr, ...]:
        return tuple(Field((alias.name,)) for alias in self._name_values(self.values))


class LookBack:
    """Intervals with look-back windows: whole days up to the last day of each interval.

    The starts of the windows and the ends of the intervals divide the time into segments. All events of a segment
    belong to the same consecutive intervals.
    """

    def __init__(self, period: Period, days: int) -> None:
        self.period = period
        ends = (*period.starts[1:], to_microseconds(period.end) + 1)
        self.first_days = [get_first_day(moment, days) for moment in self._list_last_moments()]
        starts = [to_microseconds(day) for day in self.first_days]
        self.bounds = tuple(sorted({*starts, *ends[:-1]}))
        self.firsts = tuple(bisect_right(ends, bound) for bound in self.bounds)
        self.lasts = tuple(bisect_right(starts, bound) for bound in self.bounds)

    @property
    def start(self) -> datetime:
        return self.first_days[0]

    def build_segment(self) -> Expr:
        return Call("roundDown", (Call("toUnixTimestamp64Micro", (TIMESTAMP,)), Integers(self.bounds)))

    def build_bucket(self, segment: Expr) -> Expr:
        """Return the starts of the intervals to which a segment belongs, one row for each interval."""
        bounds = Integers(self.bounds)
        first, last = (Call("transform", (segment, bounds, Integers(column))) for column in (self.firsts, self.lasts))
        first_place, length = Arithmetic("+", first, Constant(1)), Arithmetic("-", last, first)
        starts = Call("arraySlice", (Integers(self.period.starts), first_place, length))
        return Call("arrayJoin", (starts,))

    def _list_last_moments(self) -> list[datetime]:
        """Return the last microsecond of each interval. For the last interval, return the end of the period."""
        return [*map(subtract_tick, self.period.buckets[1:]), self.period.end]


def get_first_day(moment: datetime, days: int) -> datetime:
    """Return the start of the period of `days` whole days that ends with the day of `moment`."""
    return add_units(get_start_of_unit(moment, "d"), 1 - days, "d")
