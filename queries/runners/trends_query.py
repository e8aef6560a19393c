"""TrendsQuery: aggregates of event series by interval or in total, by breakdown, and compared with another period.

One statement computes all series in all periods. Each row has the indexes of the series and the period, the breakdown
values, the start of the interval, and a number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from queries.hogql.ast import Alias, Call, Constant, Expr, Field, Query, QuerySource, Select, SetPart, SetQuery
from queries.results.labels import BREAKDOWN_NULL, BREAKDOWN_OTHER
from queries.results.trends import FormulaInfo, PeriodInfo, SeriesInfo, TrendsResult, TrendsShape
from queries.runners.aggregation import Grouping, aggregate, count_first_buckets
from queries.runners.breakdowns import DEFAULT_BREAKDOWN_LIMIT, Breakdown, read_breakdowns
from queries.runners.compiled import Body, CompiledQuery, ReadRows, Rows
from queries.runners.context import QueryContext
from queries.runners.event_rows import SeriesInPeriod
from queries.runners.filters import FilterBuilder
from queries.runners.histograms import read_bins
from queries.runners.kinds import TRENDS
from queries.runners.maths import NUMBER, read_math
from queries.runners.periods import Period, PeriodReader
from queries.runners.series import SeriesReader, build_shared_condition
from queries.runners.statements import check_row_count, print_tree
from queries.runners.trends_options import read_options

COUNTRIES = 250  # a map of the world shows all countries


def compile_trends(source: Mapping[str, Any], context: QueryContext, read_rows: ReadRows) -> CompiledQuery:
    """Return the statement of a TrendsQuery. Raises HogQLError."""
    compiler = TrendsCompiler(source, context, read_rows)
    statement = print_tree(compiler.build(), context)
    return CompiledQuery(TRENDS, statement, compiler.periods[0].range, compiler.shape)


class TrendsCompiler:
    """A compiler of one TrendsQuery."""

    def __init__(self, source: Mapping[str, Any], context: QueryContext, read_rows: ReadRows) -> None:
        builder = FilterBuilder(context)
        self.context = context
        self.read_rows = read_rows
        self.series = SeriesReader(builder).read_all(source)
        self.maths = [read_math(series, builder) for series in self.series]
        self.shared = build_shared_condition(source, builder)
        self.options = read_options(source, len(self.series))
        default_limit = COUNTRIES if self.options.display == "WorldMap" else DEFAULT_BREAKDOWN_LIMIT
        self.breakdowns = read_breakdowns(source, builder, default_limit=default_limit)
        self.periods = _read_periods(source, context, read_rows, is_total=self.options.is_total)
        self.bins: dict[tuple[int, int], list[str]] = {}

    def build(self) -> Query:
        """Return the tree of the statement."""
        parts = [
            self._build_part(series, period)
            for period in range(len(self.periods))
            for series in range(len(self.series))
        ]
        return join_queries(parts)

    def _build_part(self, series: int, period: int) -> Select:
        values = tuple(item.value for item in self.breakdowns.items)
        item = self._build_item(series, period, values)
        if bins := [number for number, breakdown in enumerate(self.breakdowns.items) if breakdown.bins]:
            item = self._cut_into_bins(item, bins, (series, period))
        rows = item.build_rows()
        grouping = Grouping(rows.values, rows.bucket, self.breakdowns.limit, self._list_weights(item.period))
        if self.options.is_cumulative and rows.math.unique is not None:
            counted = count_first_buckets(rows.rows, grouping, rows.math.unique)
        else:
            counted = aggregate(rows.rows, grouping, rows.math)
        keys = [Alias(Field((name,)), name) for name in grouping.keys]
        number = Alias(Call("toFloat", (Field((NUMBER,)),)), NUMBER)
        places = (Alias(Constant(series), "series"), Alias(Constant(period), "period"))
        return Select((*places, *keys, number), QuerySource(counted))

    def _build_item(self, series: int, period: int, values: tuple[Expr, ...]) -> SeriesInPeriod:
        has_intervals = not self.options.is_total
        return SeriesInPeriod(
            self.series[series], self.shared, self.periods[period], self.maths[series], values, has_intervals
        )

    def _cut_into_bins(self, item: SeriesInPeriod, numbers: Sequence[int], place: tuple[int, int]) -> SeriesInPeriod:
        values = list(item.values)
        for number in numbers:
            breakdown: Breakdown = self.breakdowns.items[number]
            bins = read_bins(item, breakdown, self.context, self.read_rows)
            values[number] = bins.build_value(breakdown.number) if bins else Constant(BREAKDOWN_NULL)
            if bins and len(values) == 1:
                self.bins[place] = bins.labels
        return replace(item, values=tuple(values))

    def _list_weights(self, period: Period) -> tuple[tuple[int, int], ...]:
        """Return the start of each interval with its weight in the sum of running totals."""
        if not self.options.is_cumulative:
            return ()
        return tuple((start, len(period.starts) - place) for place, start in enumerate(period.starts))

    def shape(self, types: Sequence[str], rows: Rows) -> Body:
        check_row_count(rows)
        result = TrendsResult(self._build_shape(), rows)
        return {"results": result.build(), "hasMore": result.has_other}

    def _build_shape(self) -> TrendsShape:
        nodes = enumerate(self.series)
        return TrendsShape(
            series=[SeriesInfo(series.name, series.node, order) for order, series in nodes],
            periods=[PeriodInfo(period.buckets, period.starts) for period in self.periods],
            interval=self.periods[0].interval,
            display=self.options.display,
            formulas=[FormulaInfo(formula.label, formula.compute, formula.size) for formula in self.options.formulas],
            smoothing=self.options.smoothing,
            key_length=len(self.breakdowns.items),
            is_list=self.breakdowns.is_list,
            hides_other=self.breakdowns.hides_other,
            null_value=BREAKDOWN_NULL,
            other_value=BREAKDOWN_OTHER,
            bins=self.bins,
        )


def _read_periods(
    source: Mapping[str, Any], context: QueryContext, read_rows: ReadRows, *, is_total: bool
) -> list[Period]:
    """Return the period of a query and its comparison period. Totals have no intervals, but cover whole days."""
    reader = PeriodReader(source, context, read_rows, interval="day" if is_total else None)
    current = reader.read_current()
    previous = reader.read_comparison_period(current)
    return [current] if previous is None else [current, previous]


def join_queries(parts: Sequence[Query]) -> Query:
    """Return one query with the rows of all queries."""
    first, *rest = parts
    return SetQuery(first, tuple(SetPart("UNION ALL", part) for part in rest)) if rest else first
