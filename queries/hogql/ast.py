"""The syntax tree that HogQL and the JSON query kinds share. Nodes are immutable."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from queries.hogql.errors import Span

ConstantValue = str | int | float | bool | None | date | datetime | UUID


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a query. `span` is its position in the source text, or None if the node was not parsed."""

    span: Span | None = field(default=None, kw_only=True, compare=False, repr=False)

    def iter_children(self) -> Iterator["Node"]:
        """Yield the direct children of this node."""
        for part in fields(self):
            yield from _find_nodes(getattr(self, part.name))


def _find_nodes(value: Any) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple) and not isinstance(value, Span):
        for item in value:
            yield from _find_nodes(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _find_nodes(item)


@dataclass(frozen=True, slots=True)
class Expr(Node):
    """An expression."""


@dataclass(frozen=True, slots=True)
class Constant(Expr):
    value: ConstantValue


@dataclass(frozen=True, slots=True)
class Integers(Expr):
    """An array of integers, bound as one parameter. Only compilers of query JSON create it, not the parser."""

    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Field(Expr):
    """A column, an alias, or a property: `events.properties.$browser` is a chain of three names.

    With `is_untyped`, the text of a property is read, regardless of its definition. Only compilers of query JSON set
    it, not the parser.
    """

    chain: tuple[str, ...]
    is_untyped: bool = False


@dataclass(frozen=True, slots=True)
class Star(Expr):
    """All columns, of one table or of all tables."""

    table: str | None = None
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alias(Expr):
    expr: Expr
    name: str


class Stage(Enum):
    """A stage of an aggregation in several steps. Only compilers of query JSON create stages, not the parser.

    STATE returns an aggregation state, FINAL returns the value of one state, and MERGE merges several states and
    returns their value.
    """

    STATE = "State"
    FINAL = "Final"
    MERGE = "Merge"


@dataclass(frozen=True, slots=True)
class Call(Expr):
    """A function call. `params` are the arguments in the first parentheses of `quantile(0.9)(x)`.

    With the stages FINAL and MERGE, the argument is a state.
    """

    name: str
    args: tuple[Expr, ...] = ()
    params: tuple[Expr, ...] | None = None
    distinct: bool = False
    condition: Expr | None = None
    stage: Stage | None = None


@dataclass(frozen=True, slots=True)
class FrameBound(Node):
    """A bound of a window frame. Without an offset, the bound is UNBOUNDED or the current row."""

    kind: str
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class OrderBy(Node):
    expr: Expr
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Window(Node):
    partition_by: tuple[Expr, ...] = ()
    order_by: tuple[OrderBy, ...] = ()
    frame_method: str | None = None
    frame_start: FrameBound | None = None
    frame_end: FrameBound | None = None


@dataclass(frozen=True, slots=True)
class WindowCall(Expr):
    """A function call over a window, which is defined inline or named."""

    call: Call
    window: Window | str


@dataclass(frozen=True, slots=True)
class Arithmetic(Expr):
    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Compare(Expr):
    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Between(Expr):
    expr: Expr
    low: Expr
    high: Expr
    negated: bool = False


@dataclass(frozen=True, slots=True)
class And(Expr):
    exprs: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Or(Expr):
    exprs: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Not(Expr):
    expr: Expr


@dataclass(frozen=True, slots=True)
class Tuple(Expr):
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Array(Expr):
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class ArrayAccess(Expr):
    """An access to an element: `array[index]` or `properties['name']`."""

    array: Expr
    index: Expr


@dataclass(frozen=True, slots=True)
class TupleAccess(Expr):
    tuple: Expr
    index: int


@dataclass(frozen=True, slots=True)
class Lambda(Expr):
    args: tuple[str, ...]
    body: Expr


@dataclass(frozen=True, slots=True)
class Placeholder(Expr):
    """A placeholder, such as `{filters}` or `{variables.name}`. It is replaced before the query is printed."""

    chain: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query(Expr):
    """A SELECT, or a combination of SELECTs. Inside an expression, it is a subquery."""


@dataclass(frozen=True, slots=True)
class TableSource(Node):
    name: tuple[str, ...]
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class QuerySource(Node):
    query: Query
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Join(Node):
    """A joined source. `using` are the columns of a USING clause, which replaces the condition."""

    kind: str
    source: TableSource | QuerySource
    condition: Expr | None = None
    using: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ArrayJoin(Node):
    items: tuple[Alias, ...]
    left: bool = False


@dataclass(frozen=True, slots=True)
class LimitBy(Node):
    count: Expr
    exprs: tuple[Expr, ...]
    offset: Expr | None = None


@dataclass(frozen=True, slots=True)
class CommonTable(Node):
    """A common table expression `WITH name AS (SELECT …)`, or a scalar `WITH expression AS name`."""

    name: str
    value: Expr
    scalar: bool = False
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Select(Query):
    columns: tuple[Expr, ...]
    source: TableSource | QuerySource | None = None
    joins: tuple[Join, ...] = ()
    array_join: ArrayJoin | None = None
    where: Expr | None = None
    group_by: tuple[Expr, ...] = ()
    group_mode: str | None = None
    having: Expr | None = None
    qualify: Expr | None = None
    order_by: tuple[OrderBy, ...] = ()
    limit_by: LimitBy | None = None
    limit: Expr | None = None
    offset: Expr | None = None
    distinct: bool = False
    common_tables: tuple[CommonTable, ...] = ()
    windows: Mapping[str, Window] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SetPart(Node):
    op: str
    query: Query


@dataclass(frozen=True, slots=True)
class SetQuery(Query):
    """A combination of queries with UNION, INTERSECT and EXCEPT, in the order of the text."""

    first: Query
    rest: tuple[SetPart, ...]
    order_by: tuple[OrderBy, ...] = ()
    limit: Expr | None = None
    offset: Expr | None = None
    common_tables: tuple[CommonTable, ...] = ()
