"""The statements of funnels: the numbers of persons by step, by bin of times, and by interval, from attempts."""

from dataclasses import dataclass

from queries.hogql.ast import (
    Alias,
    Arithmetic,
    Array,
    ArrayJoin,
    Call,
    Compare,
    Constant,
    Expr,
    Field,
    Integers,
    OrderBy,
    QuerySource,
    Select,
    Stage,
    Tuple,
    Window,
    WindowCall,
)
from queries.results.funnels import FUNNEL_BREAKDOWN_OTHER
from queries.runners.funnel_arrays import build_fields, group_columns, select_columns
from queries.runners.funnel_attempts import BEST, AttemptRows
from queries.runners.funnel_events import ATTEMPTS, REACHED, VALUE
from queries.runners.periods import Period, to_microseconds

SECOND = 1_000_000
MAX_BINS_WITHOUT_COUNT = 60
EMPTY_WIDTH = 60  # seconds, if all times are equal
_BUCKET = "bucket"
_START = "start"
_FROM = "from_count"
_TO = "to_count"
_TOTAL = "total"
_PLACE = "place"


def count_at_least(steps: int) -> Expr:
    return Compare(">=", Field((REACHED,)), Constant(steps))


def build_duration(attempts: AttemptRows, from_step: int, to_step: int) -> Expr:
    """Return the time from one step of the best attempt to another, in microseconds."""
    best = Field((BEST,))
    return Arithmetic("-", attempts.get_item(best, to_step), attempts.get_item(best, from_step))


def convert_to_seconds(microseconds: Expr) -> Expr:
    return Arithmetic("/", microseconds, Constant(SECOND))


def build_average(expr: Expr, condition: Expr | None = None, stage: Stage | None = None) -> Call:
    return Call("avg", (expr,), condition=condition, stage=stage)


def build_median(expr: Expr, condition: Expr | None = None, stage: Stage | None = None) -> Call:
    return Call("quantileExactInclusive", (expr,), (Constant(0.5),), condition=condition, stage=stage)


@dataclass(frozen=True)
class StepsTree:
    """The tree of the number of persons at each step, and of the average and median times between successive steps."""

    attempts: AttemptRows
    step_count: int
    has_several_values: bool = False

    @property
    def counts(self) -> list[str]:
        return [f"count{step}" for step in range(self.step_count)]

    def build(self) -> Select:
        """Return a SELECT with one row."""
        columns = [Alias(count, name) for name, count in zip(self.counts, self._build_counts(), strict=True)]
        for function in (build_average, build_median):
            for duration, condition in self._list_durations():
                columns.append(Alias(convert_to_seconds(function(duration, condition)), f"time{len(columns)}"))
        return Select(tuple(columns), QuerySource(self.attempts.choose_best()))

    def build_by_value(self, limit: int) -> Select:
        """Return a SELECT with a row for each of the `limit` values with the most conversions, and a row for the rest.

        The last two columns are the value, and whether the row is for the rest.
        """
        ranked = self._rank(self._collect_states())
        is_other = Compare(">", Field((_PLACE,)), Constant(limit))
        value = Call("if", (is_other, self._other, Field((VALUE,))))
        columns: list[Expr] = [Alias(Call("sum", (Field((name,)),)), name) for name in self.counts]
        for function, prefix in ((build_average, "average"), (build_median, "median")):
            for (_, condition), name in zip(self._list_durations(), self._list_states(prefix), strict=True):
                merged = function(Field((name,)), condition, Stage.MERGE)
                columns.append(Alias(convert_to_seconds(merged), name))
        columns += [Alias(value, "shown"), Alias(is_other, "is_other")]
        return Select(tuple(columns), QuerySource(ranked), group_by=(Field(("shown",)), Field(("is_other",))))

    @property
    def _other(self) -> Expr:
        other = Constant(FUNNEL_BREAKDOWN_OTHER)
        return Array((other,)) if self.has_several_values else other

    def _build_counts(self) -> list[Call]:
        return [Call("count", condition=count_at_least(step + 1)) for step in range(self.step_count)]

    def _list_durations(self) -> list[tuple[Expr, Expr]]:
        """Return the time to each step except the first, with the condition that a person reached the step."""
        steps = range(1, self.step_count)
        return [(build_duration(self.attempts, step - 1, step), count_at_least(step + 1)) for step in steps]

    def _list_states(self, prefix: str) -> list[str]:
        return [f"{prefix}{step}" for step in range(1, self.step_count)]

    def _collect_states(self) -> Select:
        columns: dict[str, Expr] = build_fields(VALUE) | dict(zip(self.counts, self._build_counts(), strict=True))
        for function, prefix in ((build_average, "average"), (build_median, "median")):
            for (duration, condition), name in zip(self._list_durations(), self._list_states(prefix), strict=True):
                columns[name] = function(duration, condition, Stage.STATE)
        return group_columns(columns, self.attempts.choose_best(), [VALUE])

    def _rank(self, values: Select) -> Select:
        names = [*self.counts, *self._list_states("average"), *self._list_states("median")]
        order = [OrderBy(Field((name,)), descending=True) for name in reversed(self.counts)]
        place = WindowCall(Call("row_number"), Window(order_by=(*order, OrderBy(Field((VALUE,))))))
        return select_columns(build_fields(VALUE, *names) | {_PLACE: place}, values)


def build_time_bins(attempts: AttemptRows, from_step: int, to_step: int, bin_count: int | None) -> Select:
    """Return a SELECT with the bins of the times from one step to another, or without rows if there are no conversions.

    The columns are the start of the first bin in seconds, the width of a bin in seconds, the number of bins, the
    average, the median, the index of a bin, and the number of persons in the bin.
    """
    duration = build_duration(attempts, from_step, to_step)
    durations = select_columns({"duration": duration}, attempts.choose_best(), count_at_least(to_step + 1))
    item = Field(("duration",))
    found = select_columns(
        {
            "durations": Call("groupArray", (item,)),
            "low": Call("floor", (convert_to_seconds(Call("min", (item,))),)),
            "high": Call("ceil", (convert_to_seconds(Call("max", (item,))),)),
            "bins": Constant(bin_count) if bin_count else _infer_bin_count(),
            "average": convert_to_seconds(build_average(item)),
            "median": convert_to_seconds(build_median(item)),
        },
        durations,
    )
    width = Call("ceil", (Arithmetic("/", Arithmetic("-", Field(("high",)), Field(("low",))), Field(("bins",))),))
    shared = build_fields("low", "bins", "average", "median", "durations")
    cut = select_columns(shared | {"width": Call("greatest", (width, Constant(0)))}, found)
    width = Call("if", (Compare(">", Field(("width",)), Constant(0)), Field(("width",)), Constant(EMPTY_WIDTH)))
    names = ("low", "width", "bins", "average", "median")
    times = select_columns(
        build_fields("low", "bins", "average", "median")
        | {"width": width, "time": Call("arrayJoin", (Field(("durations",)),))},
        cut,
    )
    offset = Arithmetic("-", Field(("time",)), _convert_to_microseconds("low"))
    place = Call("intDiv", (offset, _convert_to_microseconds("width")))
    columns = build_fields(*names) | {"place": place, "persons": Call("count")}
    return group_columns(columns, times, (*names, "place"))


def _infer_bin_count() -> Expr:
    """Return the cube root of the number of times, rounded up, at most MAX_BINS_WITHOUT_COUNT.

    Without the inner rounding, 27 times might result in 4 bins.
    """
    root = Call("ceil", (Call("round", (Call("cbrt", (Call("count"),)), Constant(9))),))
    return Call("least", (Constant(MAX_BINS_WITHOUT_COUNT), root))


def _convert_to_microseconds(seconds: str) -> Expr:
    return Call("toInt64", (Arithmetic("*", Field((seconds,)), Constant(SECOND)),))


@dataclass(frozen=True)
class TrendsTree:
    """The tree of the numbers of persons who reached the two steps of the conversion, by interval of their start."""

    attempts: AttemptRows
    period: Period
    from_step: int
    to_step: int

    def build(self) -> Select:
        """Return a SELECT with one row: the total, and the array of points.

        A point is (start of the interval, persons at the first step, persons at the second step).
        """
        return Select(self._build_points(), QuerySource(self._count_in_buckets()))

    def build_by_value(self, limit: int) -> Select:
        """Return the row of `build` for each of the values with the most persons, with the value as the last column."""
        columns = (*self._build_points(), Field((VALUE,)))
        order = (OrderBy(Field((_TOTAL,)), descending=True), OrderBy(Field((VALUE,))))
        source = QuerySource(self._count_in_buckets())
        return Select(columns, source, group_by=(Field((VALUE,)),), order_by=order, limit=Constant(limit))

    def _build_points(self) -> tuple[Expr, ...]:
        point = Tuple((Field((_BUCKET,)), Field((_FROM,)), Field((_TO,))))
        return (Alias(Call("sum", (Field((_FROM,)),)), _TOTAL), Alias(Call("groupArray", (point,)), "points"))

    def _count_in_buckets(self) -> Select:
        groups = (*self.attempts.keys[1:], _BUCKET)
        counts = {
            _FROM: Call("count", condition=count_at_least(self.from_step + 1)),
            _TO: Call("count", condition=count_at_least(self.to_step + 1)),
        }
        return group_columns(build_fields(*groups) | counts, self._choose_furthest(), groups)

    def _choose_furthest(self) -> Select:
        """Return the largest number of steps that each person reached in the attempts of each interval."""
        base = Constant(to_microseconds(self.period.start))
        time = Arithmetic("+", Call("toInt64", (Field((_START,)),)), base)
        bucket = Call("roundDown", (time, Integers(self.period.starts)))
        columns = build_fields(*self.attempts.keys) | {_BUCKET: bucket, REACHED: Call("max", (Field((REACHED,)),))}
        return group_columns(columns, self._list_attempts(), (*self.attempts.keys, _BUCKET))

    def _list_attempts(self) -> Select:
        attempt = Alias(Field((ATTEMPTS,)), "attempt")
        steps = Alias(Field((REACHED,)), "steps")
        columns = build_fields(*self.attempts.keys) | {
            _START: self.attempts.get_item(Field(("attempt",)), 0),
            REACHED: Field(("steps",)),
        }
        items = tuple(Alias(expr, name) for name, expr in columns.items())
        return Select(items, QuerySource(self.attempts.rows), array_join=ArrayJoin((attempt, steps)))
