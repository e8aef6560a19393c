"""Aggregation of events by interval and breakdown: the statement of one series in one period.

The columns of the statement are the breakdown values, the start of the interval if there are intervals, and a number.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from queries.hogql.ast import (
    Alias,
    Arithmetic,
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
    TableSource,
    Window,
    WindowCall,
)
from queries.results.labels import BREAKDOWN_NULL, BREAKDOWN_OTHER
from queries.runners.maths import NUMBER, Math, PerUnit
from queries.runners.stages import StagedExpression

BUCKET = "bucket"
UNIT = "unit"
TOTAL = "total"
RANK = "rank"
# Events without a session have the unit null. Null is not counted, but the breakdown values of these events are shown.
IS_UNIT = Compare("!=", Field((UNIT,)), Constant(None))
COUNT_UNITS = Call("count", (Field((UNIT,)),))
Source = TableSource | QuerySource


@dataclass(frozen=True)
class Grouping:
    """The groups of an aggregation.

    `values` are breakdown values; the `limit` values with the largest totals are kept. `bucket` is None for the whole
    period. `weights` are the weights of the intervals in a total, by their starts; without weights, each interval
    counts once.
    """

    values: tuple[Expr, ...] = ()
    bucket: Expr | None = None
    limit: int = 0
    weights: tuple[tuple[int, int], ...] = ()

    @property
    def names(self) -> list[str]:
        return [f"value{number}" for number in range(1, len(self.values) + 1)]

    @property
    def aliases(self) -> list[Alias]:
        aliases = [Alias(value, name) for value, name in zip(self.values, self.names, strict=True)]
        return aliases if self.bucket is None else [*aliases, Alias(self.bucket, BUCKET)]

    @property
    def keys(self) -> list[str]:
        return [alias.name for alias in self.aliases]


@dataclass(frozen=True)
class EventRows:
    """Rows of events, or of a subquery over events."""

    source: Source
    where: Expr | None = None


def aggregate(rows: EventRows, grouping: Grouping, math: Math) -> Select:
    """Return the statement with the grouping columns and the column NUMBER, the aggregate."""
    if math.per_unit is not None:
        return _aggregate_units(rows, grouping, math.per_unit)
    if not grouping.values:
        return group(rows.source, grouping.aliases, [Alias(math.expr, NUMBER)], where=rows.where)
    staged = StagedExpression(math.expr)
    states = group(rows.source, grouping.aliases, staged.build_states(), where=rows.where)
    ranked = _rank(states, grouping, staged.finish(Stage.FINAL))
    return group(QuerySource(ranked), _group_breakdown_other(grouping), [Alias(staged.finish(Stage.MERGE), NUMBER)])


def count_first_buckets(rows: EventRows, grouping: Grouping, unit: Expr) -> Select:
    """Return the statement for the numbers of units by the interval of their first event."""
    by_value = Grouping(grouping.values)
    first = [Alias(Call("min", (grouping.bucket or Constant(0),)), BUCKET)]
    seen = group(rows.source, [*by_value.aliases, Alias(unit, UNIT)], first, where=rows.where)
    if grouping.values:
        ranked = _rank(seen, grouping, IS_UNIT)
        kept = _group_breakdown_other(Grouping(grouping.values, None, grouping.limit))
        seen = group(QuerySource(ranked), [*kept, _keep(UNIT)], [Alias(Call("min", (Field((BUCKET,)),)), BUCKET)])
    return group(QuerySource(seen), [_keep(name) for name in grouping.keys], [Alias(COUNT_UNITS, NUMBER)])


def _aggregate_units(rows: EventRows, grouping: Grouping, math: PerUnit) -> Select:
    """Return a SELECT that aggregates one number per unit. Breakdown values are ranked by the sum over all units."""
    units = group(
        rows.source, [*grouping.aliases, Alias(math.unit, UNIT)], [Alias(math.first, NUMBER)], where=rows.where
    )
    if grouping.values:
        ranked = _rank(units, grouping, Field((NUMBER,)))
        combined = Alias(Call(math.combine, (Field((NUMBER,)),)), NUMBER)
        units = group(QuerySource(ranked), [*_group_breakdown_other(grouping), _keep(UNIT)], [combined])
    keys = [_keep(name) for name in grouping.keys]
    return group(QuerySource(units), keys, [Alias(math.last, NUMBER)])


def group(source: Source, keys: Sequence[Alias], columns: Sequence[Alias], *, where: Expr | None = None) -> Select:
    """Return a SELECT of keys and aggregated columns."""
    by = tuple(Field((key.name,)) for key in keys)
    return Select((*keys, *columns), source, where=where, group_by=by)


def _rank(rows: Select, grouping: Grouping, number: Expr) -> Select:
    """Return rows with the rank of their breakdown values: by descending total, then by name, with null last."""
    values = tuple(Field((name,)) for name in grouping.names)
    total = WindowCall(Call("sum", (_weight(number, grouping),)), Window(partition_by=values))
    columns = [_keep(column.name) for column in rows.columns if isinstance(column, Alias)]
    with_total = Select((*columns, Alias(total, TOTAL)), QuerySource(rows))
    orders = [OrderBy(Field((TOTAL,)), descending=True), *map(OrderBy, values)]
    if len(values) == 1:
        orders.insert(0, OrderBy(Compare("==", values[0], Constant(BREAKDOWN_NULL))))
    rank = WindowCall(Call("dense_rank"), Window(order_by=tuple(orders)))
    return Select((*columns, Alias(rank, RANK)), QuerySource(with_total))


def _weight(number: Expr, grouping: Grouping) -> Expr:
    number = Call("ifNull", (Call("toFloat", (number,)), Constant(0.0)))
    if not grouping.weights:
        return number
    starts, weights = (Integers(column) for column in zip(*grouping.weights, strict=True))
    return Arithmetic("*", number, Call("transform", (Field((BUCKET,)), starts, weights)))


def _group_breakdown_other(grouping: Grouping) -> list[Alias]:
    """Return the keys, with BREAKDOWN_OTHER in place of the values beyond the limit."""
    is_kept = Compare("<=", Field((RANK,)), Constant(grouping.limit))
    values = [Alias(Call("if", (is_kept, Field((name,)), Constant(BREAKDOWN_OTHER))), name) for name in grouping.names]
    return values if grouping.bucket is None else [*values, _keep(BUCKET)]


def _keep(name: str) -> Alias:
    return Alias(Field((name,)), name)
