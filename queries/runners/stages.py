"""Aggregation in stages. Larger groups are computed from aggregate states of smaller groups, without another read of
events.
"""

from dataclasses import replace
from typing import cast

from queries.hogql.ast import Alias, Call, Expr, Field, Node, Query, Stage, WindowCall
from queries.hogql.errors import HogQLError
from queries.hogql.functions import Kind, find_allowed_function
from queries.hogql.mapping import map_children


def find_aggregates(expr: Expr) -> list[Call]:
    """Return the distinct outermost calls of aggregate functions in an expression."""
    found: list[Call] = []
    waiting: list[Node] = [expr]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Call) and is_aggregate(node):
            if node not in found:
                found.append(node)
        elif not isinstance(node, Query | WindowCall):
            waiting.extend(node.iter_children())
    return found


def is_aggregate(call: Call) -> bool:
    try:
        return find_allowed_function(call.name, call.span).kind is Kind.AGGREGATE
    except HogQLError:
        return False


class StagedExpression:
    """An expression of aggregates, each of which becomes a column with its state."""

    def __init__(self, expr: Expr) -> None:
        self.expr = expr
        self.calls = find_aggregates(expr)
        self.names = [f"state{number}" for number in range(len(self.calls))]

    def build_states(self) -> list[Alias]:
        """Return the columns of states."""
        pairs = zip(self.calls, self.names, strict=True)
        return [Alias(replace(call, stage=Stage.STATE), name) for call, name in pairs]

    def finish(self, stage: Stage) -> Expr:
        """Return the expression that finalizes aggregate states: of one row with FINAL, of several rows with MERGE."""

        def visit(node: Node) -> Node:
            if isinstance(node, Call) and node in self.calls:
                return replace(node, args=(Field((self.names[self.calls.index(node)],)),), stage=stage)
            return map_children(node, visit)

        return cast("Expr", visit(self.expr))
