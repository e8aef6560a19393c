"""Replacement of nodes in a syntax tree."""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from queries.hogql.ast import Node

NodeT = TypeVar("NodeT", bound=Node)


def map_children(node: NodeT, function: Callable[[Node], Node]) -> NodeT:
    """Return a node with its direct children replaced by the return values of a function."""
    parts = (part.name for part in fields(node) if part.name != "span")
    return replace(node, **{name: _map_nodes(getattr(node, name), function) for name in parts})


def _map_nodes(value: Any, function: Callable[[Node], Node]) -> Any:
    match value:
        case Node():
            return function(value)
        case tuple():
            return tuple(_map_nodes(item, function) for item in value)
        case Mapping():
            return {name: _map_nodes(item, function) for name, item in value.items()}
        case _:
            return value
