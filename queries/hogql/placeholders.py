"""Replacement of placeholders by nodes of the tree. A value is never inserted into the text of a query."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from queries.hogql.ast import (
    And,
    Array,
    Between,
    Compare,
    Constant,
    ConstantValue,
    Expr,
    Node,
    Not,
    Placeholder,
    Select,
)
from queries.hogql.errors import InvalidValue, UnknownPlaceholder, refuse_deep_recursion
from queries.hogql.mapping import NodeT, map_children
from queries.hogql.traversal import walk

SelectValue = Callable[[Select | None], Expr]
"""A function that returns the value for the SELECT that contains the placeholder."""
PlaceholderValue = ConstantValue | Expr | Sequence[ConstantValue] | SelectValue
RANGE_ENDS = frozenset({"filters.dateRange.from", "filters.dateRange.to"})


def replace_placeholders(node: NodeT, values: Mapping[str, PlaceholderValue]) -> NodeT:
    """Return a tree in which placeholders such as `{filters}` or `{variables.name}` are replaced by values.

    The keys of `values` are names without braces. If an end of the date range is None, a comparison with this end is
    always true, and any other use is refused. Raises UnknownPlaceholder and InvalidValue.
    """
    with refuse_deep_recursion():
        return Replacer(values).replace(node)  # type: ignore[no-any-return]  # only a placeholder may change its type


def find_placeholders(node: Node) -> set[str]:
    """Return the names of all placeholders, so that a caller computes only the necessary values."""
    return {".".join(part.chain) for part in walk(node) if isinstance(part, Placeholder)}


class Replacer:
    """A replacer of the placeholders in one tree."""

    def __init__(self, values: Mapping[str, PlaceholderValue]) -> None:
        self.values = values
        self.selects: list[Select] = []

    def replace(self, node: Node) -> Any:
        match node:
            case Placeholder():
                return self._find_value(node)
            case Compare(op=_, left=left, right=right) if self._is_open_end(left) or self._is_open_end(right):
                return Constant(True, span=node.span)
            case Between(expr=_, low=low, high=high) if self._is_open_end(low) or self._is_open_end(high):
                return self.replace(_split_between(node))
            case Select():
                self.selects.append(node)
                replaced = map_children(node, self.replace)
                self.selects.pop()
                return replaced
            case _:
                return map_children(node, self.replace)

    def _find_value(self, node: Placeholder) -> Expr:
        name = ".".join(node.chain)
        if name not in self.values:
            raise UnknownPlaceholder(name, self.values, span=node.span)
        if self._is_open_end(node):
            detail = f"The date range is open at this end, so {{{name}}} is allowed only in comparisons."
            raise InvalidValue(detail, span=node.span)
        value = self.values[name]
        if isinstance(value, Expr):
            return value
        if callable(value):
            return value(self.selects[-1] if self.selects else None)
        if isinstance(value, Sequence) and not isinstance(value, str):
            return Array(tuple(Constant(item, span=node.span) for item in value), span=node.span)
        return Constant(value, span=node.span)

    def _is_open_end(self, node: Expr) -> bool:
        name = ".".join(node.chain) if isinstance(node, Placeholder) else ""
        return name in RANGE_ENDS and name in self.values and self.values[name] is None


def _split_between(node: Between) -> Expr:
    """Return the two comparisons that are equivalent to BETWEEN."""
    low, high = Compare(">=", node.expr, node.low, span=node.span), Compare("<=", node.expr, node.high, span=node.span)
    both = And((low, high), span=node.span)
    return Not(both, span=node.span) if node.negated else both
