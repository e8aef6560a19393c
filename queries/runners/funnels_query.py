"""FunnelsQuery: the numbers of persons who complete a sequence of steps, times to convert, and conversion rates.

Each statement has the same stages: events with the steps that they belong to, arrays of the events of each person,
attempts, and counts.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from dashboards_api.dates import add_units
from queries.hogql.ast import Call, Constant, Expr, Select
from queries.results.funnels import Intervals, StepInfo, build_funnel, build_funnels, build_time_bins
from queries.runners import funnel_trees
from queries.runners.breakdowns import BREAKDOWN, BreakdownOptions, read_breakdowns
from queries.runners.compiled import Body, CompiledQuery, ReadRows, Rows
from queries.runners.context import QueryContext
from queries.runners.dates import INTERVALS
from queries.runners.errors import InvalidQuery, UnsupportedPart
from queries.runners.filters import FilterBuilder
from queries.runners.funnel_attempts import AttemptBuilder
from queries.runners.funnel_events import FunnelEvents
from queries.runners.funnel_options import MAX_STEPS, Attribution, FunnelOptions, Order, Visualization, read_options
from queries.runners.kinds import FUNNELS
from queries.runners.periods import PeriodReader
from queries.runners.series import SeriesReader, build_shared_condition
from queries.runners.statements import print_tree


def compile_funnels(source: Mapping[str, Any], context: QueryContext, read_rows: ReadRows) -> CompiledQuery:
    """Return the statement of a FunnelsQuery. Raises HogQLError."""
    compiler = FunnelCompiler(source, context, read_rows)
    return CompiledQuery(FUNNELS, print_tree(compiler.build(), context), compiler.period.range, compiler.shape)


class FunnelCompiler:
    """A compiler of one FunnelsQuery."""

    def __init__(self, source: Mapping[str, Any], context: QueryContext, read_rows: ReadRows) -> None:
        builder = FilterBuilder(context)
        reader = SeriesReader(builder)
        self.context = context
        self.steps = reader.read_all(source, maximum=MAX_STEPS)
        if len(self.steps) == 1:
            raise InvalidQuery("A funnel must have at least two steps.", ("series",))
        self.options = read_options(source, self.steps, reader)
        self.breakdowns = read_breakdowns(source, builder)
        _check_breakdown(self.options, self.breakdowns)
        self.shared = build_shared_condition(source, builder)
        self.period = PeriodReader(source, context, read_rows).read_current()

    @property
    def has_values(self) -> bool:
        """Return whether results are split by breakdown values. Bins of times are never split, as in PostHog."""
        return bool(self.breakdowns.items) and self.options.visualization is not Visualization.TIME_TO_CONVERT

    def build(self) -> Select:
        """Return the tree of the statement."""
        values = _build_values(self.breakdowns) if self.has_values else []
        events = FunnelEvents(self.steps, self.options, self.shared, self.period, values)
        attempts = AttemptBuilder(events).build()
        from_step, to_step, limit = self.options.from_step, self.options.to_step, self.breakdowns.limit
        match self.options.visualization:
            case Visualization.TIME_TO_CONVERT:
                return funnel_trees.build_time_bins(attempts, from_step, to_step, self.options.bin_count)
            case Visualization.TRENDS:
                trends = funnel_trees.TrendsTree(attempts, self.period, from_step, to_step)
                return trends.build_by_value(limit) if self.has_values else trends.build()
            case _:
                steps = funnel_trees.StepsTree(attempts, len(self.steps), events.has_several_values)
                return steps.build_by_value(limit) if self.has_values else steps.build()

    def shape(self, types: Sequence[str], rows: Rows) -> Body:
        return {"results": self._build_results(rows)}

    def _build_results(self, rows: Rows) -> Any:
        match self.options.visualization:
            case Visualization.TIME_TO_CONVERT:
                return build_time_bins(rows)
            case Visualization.TRENDS:
                intervals = self._list_intervals()
                rows = rows[: self.breakdowns.limit]  # a statement reads one row more than its limit
                return intervals.build_by_value(rows) if self.has_values else [intervals.build(rows[0])]
            case _:
                is_unordered = self.options.order is Order.UNORDERED
                steps = [StepInfo(step.node, order, is_unordered) for order, step in enumerate(self.steps)]
                if self.has_values and self.breakdowns.hides_other:
                    rows = [row for row in rows if not row[-1]]  # the last column marks the other values
                return build_funnels(steps, rows) if self.has_values else build_funnel(steps, rows)

    def _list_intervals(self) -> Intervals:
        """Return the intervals. `hides_incomplete_windows` omits intervals whose persons may still convert."""
        period, buckets = self.period, self.period.buckets
        if self.options.hides_incomplete_windows:
            last_end = self.context.now - timedelta(microseconds=self.options.conversion_window)
            ends = [*buckets[1:], add_units(buckets[-1], 1, INTERVALS[period.interval])]
            buckets = tuple(bucket for bucket, end in zip(buckets, ends, strict=True) if end <= last_end)
        return Intervals(buckets, period.starts[: len(buckets)], period.interval)


def _check_breakdown(options: FunnelOptions, breakdowns: BreakdownOptions) -> None:
    """Raise UnsupportedPart for breakdowns that are not computed."""
    if any(item.bins for item in breakdowns.items):
        raise UnsupportedPart("Histogram bins are", (BREAKDOWN, "breakdown_histogram_bin_count"))
    counts_once = options.attribution in (Attribution.FIRST_TOUCH, Attribution.LAST_TOUCH)
    if breakdowns.items and options.visualization is Visualization.TIME_TO_CONVERT and not counts_once:
        raise UnsupportedPart(
            "Times to convert with this attribution are", ("funnelsFilter", "breakdownAttributionType")
        )


def _build_values(breakdowns: BreakdownOptions) -> list[Expr]:
    """Return the breakdown values of an event. Null becomes an empty string, as in PostHog."""
    return [Call("ifNull", (item.text, Constant(""))) for item in breakdowns.items]
