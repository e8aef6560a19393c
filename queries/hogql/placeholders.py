"""Replacement of placeholders by nodes of the tree. A value is never inserted into the text of a query."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

from queries.hogql.ast import Array, Compare, Constant, ConstantValue, Expr, Node, Placeholder
from queries.hogql.errors import Span, UnknownPlaceholder, refuse_deep_recursion

PlaceholderValue = ConstantValue | Expr | Sequence[ConstantValue]
RANGE_ENDS = frozenset({"filters.dateRange.from", "filters.dateRange.to"})
NodeT = TypeVar("NodeT", bound=Node)


def replace_placeholders(node: NodeT, values: Mapping[str, PlaceholderValue]) -> NodeT:
    """Return a tree with values for `{filters}`, `{filters.dateRange.from}`, `{variables.name}` and others.

    The keys are the names without their braces. If an end of the date range is None, a comparison with it is always
    true. Raises UnknownPlaceholder.
    """
    with refuse_deep_recursion():
        return _replace_node(node, values)  # type: ignore[no-any-return]  # a node stays of its type, but a placeholder


def find_placeholders(node: Node) -> set[str]:
    """Return the names of all placeholders, so that a caller need not compute other values."""
    found, waiting = set(), [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Placeholder):
            found.add(".".join(part.chain))
        waiting.extend(part.children())
    return found


def _replace_node(node: Node, values: Mapping[str, PlaceholderValue]) -> Any:
    if isinstance(node, Placeholder):
        return _find_value(node, values)
    if isinstance(node, Compare) and any(_is_open_end(side, values) for side in (node.left, node.right)):
        return Constant(True, span=node.span)
    changes = {
        part.name: _replace_part(getattr(node, part.name), values) for part in fields(node) if part.name != "span"
    }
    return replace(node, **changes)


def _replace_part(part: Any, values: Mapping[str, PlaceholderValue]) -> Any:
    match part:
        case Node():
            return _replace_node(part, values)
        case tuple():
            return tuple(_replace_part(item, values) for item in part)
        case Mapping():
            return {name: _replace_part(item, values) for name, item in part.items()}
        case _:
            return part


def _find_value(node: Placeholder, values: Mapping[str, PlaceholderValue]) -> Expr:
    name = ".".join(node.chain)
    if name not in values:
        raise UnknownPlaceholder(name, values, span=node.span)
    return _build_value(values[name], node.span)


def _build_value(value: PlaceholderValue, span: Span | None) -> Expr:
    if isinstance(value, Expr):
        return value
    if isinstance(value, Sequence) and not isinstance(value, str):
        return Array(tuple(Constant(item, span=span) for item in value), span=span)
    return Constant(value, span=span)


def _is_open_end(node: Expr, values: Mapping[str, PlaceholderValue]) -> bool:
    if not isinstance(node, Placeholder):
        return False
    name = ".".join(node.chain)
    return name in RANGE_ENDS and name in values and values[name] is None
