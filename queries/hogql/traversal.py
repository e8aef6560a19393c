"""Traversal of syntax trees."""

from collections.abc import Iterator

from queries.hogql.ast import Node


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all its descendants, without recursion, because trees can be deep."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(found.iter_children())
