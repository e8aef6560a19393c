"""StickinessQuery: the numbers of persons by the number of intervals in which they were active."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from queries.hogql.ast import (
    Alias,
    Array,
    Call,
    Compare,
    Constant,
    Expr,
    QuerySource,
    Select,
    SetPart,
    SetQuery,
    Tuple,
    TupleAccess,
)
from queries.results.stickiness import StickinessSeries
from queries.runners.compiled import Body, CompiledQuery, ReadRows, Rows
from queries.runners.context import QueryContext
from queries.runners.dates import MAX_BUCKETS
from queries.runners.errors import UnsupportedPart
from queries.runners.filters import FilterBuilder
from queries.runners.interval_sets import IntervalSets
from queries.runners.json_values import check_choice, get_number, get_object
from queries.runners.kinds import STICKINESS
from queries.runners.periods import EVENTS_TABLE, Period, PeriodReader
from queries.runners.series import (
    PERSON_ID,
    Series,
    SeriesReader,
    build_shared_condition,
    join_and,
    join_or,
)
from queries.runners.statements import build_column, check_row_count, print_tree

FILTER = ("stickinessFilter",)
MAX_COUNT = 1_000_000
OPERATORS = {"gte": ">=", "lte": "<=", "exact": "=="}
MODES = NON_CUMULATIVE, CUMULATIVE = "non_cumulative", "cumulative"
MATHS = ("total", "dau")  # each counts persons here


@dataclass(frozen=True)
class Criterion:
    """The number of events that a person must have in an interval to count as active."""

    operator: str
    value: int

    def build(self, number: Expr) -> Expr:
        is_met = Compare(self.operator, number, Constant(self.value))
        return join_and(Compare(">", number, Constant(0)), is_met)


def compile_stickiness(source: Mapping[str, Any], context: QueryContext, read_rows: ReadRows) -> CompiledQuery:
    """Return the statement of a StickinessQuery. Raises HogQLError."""
    builder = FilterBuilder(context)
    series = SeriesReader(builder).read_all(source)
    for item in series:
        check_math(item)
    shared, criterion = build_shared_condition(source, builder), read_criterion(source)
    reader = PeriodReader(source, context, read_rows)
    current = reader.read_current()
    size = get_number(source, "intervalCount", (), default=1, low=1, high=MAX_BUCKETS)
    previous = reader.read_comparison_period(current)
    periods = [join_intervals(period, size) for period in (current, previous) if period]
    trees = [build_tree(number, period, series, shared, criterion) for number, period in enumerate(periods)]
    tree = trees[0] if len(trees) == 1 else SetQuery(trees[0], (SetPart("UNION ALL", trees[1]),))
    results = build_results(source, series, periods)
    return CompiledQuery(STICKINESS, print_tree(tree, context), current.range, partial(shape_stickiness, results))


def check_math(series: Series) -> None:
    """Raise UnsupportedPart for a series that does not count persons."""
    math = series.node.get("math")
    if math is not None and math not in MATHS:
        raise UnsupportedPart("Series that do not count persons are", (*series.path, "math"))


def read_criterion(source: Mapping[str, Any]) -> Criterion | None:
    """Return the criterion of a query, or None if one event is enough. Raises InvalidQuery."""
    options, path = get_object(source, *FILTER), (*FILTER, "stickinessCriteria")
    criterion = get_object(options, "stickinessCriteria", FILTER)
    if not criterion:
        return None
    operator = check_choice(criterion.get("operator"), OPERATORS, (*path, "operator"))
    value = get_number(criterion, "value", path, default=1, low=0, high=MAX_COUNT)
    return Criterion(OPERATORS[operator], value)


def join_intervals(period: Period, size: int) -> Period:
    """Return a period in which each interval joins `size` intervals. The last interval is complete, as in PostHog."""
    buckets = period.buckets
    first = (len(buckets) - 1) % size + 1
    return replace(period, buckets=(buckets[0], *buckets[first::size]))


def build_tree(
    number: int, period: Period, series: Sequence[Series], shared: Expr, criterion: Criterion | None
) -> Select:
    """Return the tree of a period. Each row has the period, a series, and the numbers of intervals and persons."""
    sizes = _build_sizes if criterion is None else partial(_build_sizes_by_criterion, criterion)
    included_events = join_and(shared, period.build_condition(), join_or(*(item.condition for item in series)))
    names = [build_column(f"n{place}") for place in range(len(series))]
    pairs = Array(tuple(Tuple((Constant(place), name)) for place, name in enumerate(names)))
    persons = QuerySource(sizes(period, series, included_events))
    exploded = Select((Alias(Call("arrayJoin", (pairs,)), "pair"),), persons)
    place, intervals = (TupleAccess(build_column("pair"), item) for item in (1, 2))
    columns = (Alias(place, "place"), Alias(intervals, "intervals"), Alias(Call("count"), "number"))
    counts = Select(columns, QuerySource(exploded), group_by=(build_column("place"), build_column("intervals")))
    shown = (
        Alias(Constant(number), "period"),
        build_column("place"),
        build_column("intervals"),
        build_column("number"),
    )
    return Select(shown, QuerySource(counts), where=Compare(">", build_column("intervals"), Constant(0)))


def _build_sizes(period: Period, series: Sequence[Series], included_events: Expr) -> Select:
    """Return the number of intervals in which each person has events of each series."""
    sets = IntervalSets(period)
    columns = (Alias(sets.collect(item.condition), f"n{place}") for place, item in enumerate(series))
    active = Select(tuple(columns), EVENTS_TABLE, where=included_events, group_by=(PERSON_ID,))
    sizes = (Alias(sets.build_size(build_column(f"n{place}")), f"n{place}") for place in range(len(series)))
    return Select(tuple(sizes), QuerySource(active))


def _build_sizes_by_criterion(
    criterion: Criterion, period: Period, series: Sequence[Series], included_events: Expr
) -> Select:
    """Return the number of intervals in which the events of each person and series meet the criterion."""
    numbers = [Alias(_count_if(item.condition), f"n{place}") for place, item in enumerate(series)]
    columns = (Alias(PERSON_ID, "person"), Alias(period.build_bucket(), "bucket"), *numbers)
    groups = build_column("person"), build_column("bucket")
    events = Select(columns, EVENTS_TABLE, where=included_events, group_by=groups)
    sizes = (Alias(_count_if(criterion.build(build_column(f"n{place}"))), f"n{place}") for place in range(len(series)))
    return Select(tuple(sizes), QuerySource(events), group_by=(build_column("person"),))


def build_results(
    source: Mapping[str, Any], series: Sequence[Series], periods: Sequence[Period]
) -> list[StickinessSeries]:
    """Return results without numbers, sorted by series. The current period of a series precedes the earlier period."""
    mode = get_object(source, *FILTER).get("computedAs")
    is_cumulative = mode is not None and check_choice(mode, MODES, (*FILTER, "computedAs")) == CUMULATIVE
    return [
        StickinessSeries(
            order,
            item.event,
            item.event_label,
            item.node.get("custom_name"),
            period.interval,
            len(period.buckets),
            is_cumulative,
            compare_label if len(periods) > 1 else None,
        )
        for order, item in enumerate(series)
        for period, compare_label in zip(periods, ("current", "previous"), strict=False)
    ]


def shape_stickiness(results: Sequence[StickinessSeries], types: Sequence[str], rows: Rows) -> Body:
    """Return the series. A row has the indexes of a period and a series, and the numbers of intervals and persons."""
    check_row_count(rows)
    periods = 1 if results[0].compare_label is None else 2
    counts: dict[int, dict[int, int]] = {}
    for period, place, intervals, number in rows:
        counts.setdefault(place * periods + period, {})[intervals] = number
    return {"results": [series.build(counts.get(place, {})) for place, series in enumerate(results)]}


def _count_if(condition: Expr) -> Expr:
    return Call("countIf", (condition,))
