"""LifecycleQuery: persons who are new, returning, resurrecting or dormant in each interval."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from queries.results.lifecycle import STATUSES, LifecycleSeries
from queries.runners.compiled import Body, CompiledQuery, ReadRows, Rows
from queries.runners.context import QueryContext
from queries.runners.filters import FilterBuilder
from queries.runners.json_values import get_boolean, get_object
from queries.runners.kinds import LIFECYCLE
from queries.runners.lifecycle_tree import LifecycleTree
from queries.runners.periods import PeriodReader
from queries.runners.series import SeriesReader, build_shared_condition, join_and
from queries.runners.statements import check_row_count, print_tree


def compile_lifecycle(source: Mapping[str, Any], context: QueryContext, read_rows: ReadRows) -> CompiledQuery:
    """Return the statement of a LifecycleQuery. Raises HogQLError.

    The days of the week of the date range are ignored, as in PostHog. If only Mondays counted, a person who is active
    every day would be resurrecting every Monday.
    """
    builder = FilterBuilder(context)
    series = SeriesReader(builder).read_all(source, maximum=1)[0]
    condition = join_and(build_shared_condition(source, builder), series.condition)
    reader = PeriodReader(source, context, read_rows)
    shown = replace(reader.read_current(), days=())
    ignores_earlier_events = get_boolean(
        get_object(source, "lifecycleFilter"), "onlyUseInsightDates", ("lifecycleFilter",)
    )
    tree = LifecycleTree(reader.widen(shown, looks_back=True), condition, ignores_earlier_events).build()
    names = series.event, series.event_label, series.node.get("custom_name")
    results = LifecycleSeries(shown.buckets, shown.interval, *names)
    return CompiledQuery(
        LIFECYCLE, print_tree(tree, context), reader.widen(shown).range, partial(shape_lifecycle, results)
    )


def shape_lifecycle(series: LifecycleSeries, types: Sequence[str], rows: Rows) -> Body:
    """Return the series. Each row has the index of an interval, a status, and the number of persons."""
    check_row_count(rows)
    counts = {status: [0] * len(series.buckets) for status in range(len(STATUSES))}
    for place, status, number in rows:
        counts[status][place - 1] = number  # the first interval is before the range
    return {"results": series.build(counts)}
