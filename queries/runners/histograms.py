"""Histograms: breakdowns by bins of a number. The edges of the bins depend on the values in the store."""

from dataclasses import replace

from queries.hogql.ast import Alias, Call, Compare, Constant, Field, QuerySource, Select
from queries.runners.breakdowns import Bins, Breakdown
from queries.runners.compiled import ReadRows
from queries.runners.context import QueryContext
from queries.runners.event_rows import SeriesInPeriod
from queries.runners.statements import print_tree

VALUE = "value"
# Larger numbers have no bin, because the edge between two such numbers could be infinite. Null and "inf" have no bin.
LARGEST = 1e300


def read_bins(item: SeriesInPeriod, breakdown: Breakdown, context: QueryContext, read_rows: ReadRows) -> Bins | None:
    """Return bins with equal numbers of distinct values of a series, or None if the series has no values."""
    # Null is replaced, because argMin skips null and would return the number of an event after the person's first.
    kept = Call("ifNull", (Call("toFloat", (breakdown.number,)), Constant(LARGEST)))
    rows = replace(item, values=(kept,)).build_rows()
    [number] = rows.values
    values = Select((Alias(number, VALUE),), rows.rows.source, where=rows.rows.where, distinct=True)
    shares = tuple(Constant(place / breakdown.bins) for place in range(breakdown.bins + 1))
    edges = Call("quantilesExactInclusive", (Field((VALUE,)),), params=shares)
    has_value = Compare("<", Call("abs", (Field((VALUE,)),)), Constant(LARGEST))
    tree = Select((Alias(edges, "edges"), Alias(Call("count"), "count")), QuerySource(values), where=has_value)
    for found, count in read_rows(print_tree(tree, context)):
        if count:
            return Bins(found)
    return None
