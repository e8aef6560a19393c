"""RetentionQuery: the numbers of persons of each cohort who return, by the number of intervals since they started."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from queries.exceptions import ResultTooLarge
from queries.results.labels import BREAKDOWN_OTHER
from queries.results.retention import RetentionTable
from queries.runners.compiled import Body, CompiledQuery, ReadRows, Rows
from queries.runners.context import QueryContext
from queries.runners.dates import DATE_RANGE
from queries.runners.errors import InvalidQuery
from queries.runners.filters import FilterBuilder
from queries.runners.kinds import RETENTION
from queries.runners.periods import Period, PeriodReader
from queries.runners.retention_options import Breakdown, RetentionOptions, read_entity, read_options
from queries.runners.retention_tree import RetentionTree
from queries.runners.series import SeriesReader, build_shared_condition
from queries.runners.statements import check_row_count, print_tree

MAX_CELLS = 100_000


def compile_retention(source: Mapping[str, Any], context: QueryContext, read_rows: ReadRows) -> CompiledQuery:
    """Return the statement of a RetentionQuery. Raises HogQLError."""
    builder = FilterBuilder(context)
    reader, options = SeriesReader(builder), read_options(source, builder)
    period = read_period(source, context, read_rows, options)
    target, returning = (read_entity(source, name, reader) for name in ("targetEntity", "returningEntity"))
    shared = build_shared_condition(source, builder)
    tree = RetentionTree(options, period, target, returning, shared).build()
    table = RetentionTable(period.buckets, options.period, options.columns)
    shape = partial(shape_retention, table, options.breakdown)
    return CompiledQuery(RETENTION, print_tree(tree, context), period.range, shape)


def read_period(
    source: Mapping[str, Any], context: QueryContext, read_rows: ReadRows, options: RetentionOptions
) -> Period:
    """Return the period of the cohorts: the date range, or one interval for each column if the range has no start.

    Raises InvalidQuery.
    """
    reader = PeriodReader(source, context, read_rows, interval=options.period.lower())
    has_start = bool(reader.date_range.get("date_from"))
    period = reader.widen(reader.read_current() if has_start else reader.read_last(options.columns))
    if len(period.buckets) * options.columns > MAX_CELLS:
        detail = f"The result has more than {MAX_CELLS:,} cells. Choose a longer period or a shorter range."
        raise InvalidQuery(detail, DATE_RANGE)
    return period


def shape_retention(table: RetentionTable, breakdown: Breakdown | None, types: Sequence[str], rows: Rows) -> Body:
    """Return the rows of a table or, with a breakdown, of a table for each value and a table for all other values."""
    check_row_count(rows)
    if breakdown is None:
        return {"results": table.build({(start, back): number for start, back, number in rows})}
    tables: dict[int, tuple[str, dict[tuple[int, int], int]]] = {}
    for place, value, start, back, number in rows:
        is_other = place > breakdown.limit
        if not (is_other and breakdown.hides_other):
            _, cells = tables.setdefault(place, (BREAKDOWN_OTHER if is_other else value, {}))
            cells[start, back] = number
    if len(tables) * len(table.starts) * table.columns > MAX_CELLS:
        raise ResultTooLarge(f"The result has more than {MAX_CELLS:,} cells. Choose a smaller breakdown limit.")
    return {"results": [row for _, (value, cells) in sorted(tables.items()) for row in table.build(cells, value)]}
