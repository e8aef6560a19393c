"""The nodes of query JSON: visualization nodes around the query that is run. Pure functions on JSON."""

from collections.abc import Iterator
from typing import Any

# The maximum number of nodes around a query. Stored JSON may be nested more deeply.
MAX_WRAPPERS = 5
# Nodes that only visualize the query in their `source`.
WRAPPERS = frozenset({"InsightVizNode", "DataTableNode", "DataVisualizationNode"})
# The kind of our own node around a query that is validated instead of run.
VALIDATION = "QueryValidation"


def iter_nodes(query: Any) -> Iterator[dict[str, Any]]:
    """Yield a query and the queries nested in its `source`, outermost first."""
    for _ in range(MAX_WRAPPERS + 1):
        if not isinstance(query, dict):
            return
        yield query
        query = query.get("source")


def get_source(query: Any) -> dict[str, Any]:
    """Return the query inside visualization nodes, or the query itself, or an empty dictionary without a query."""
    node: dict[str, Any] = query if isinstance(query, dict) else {}
    for _ in range(MAX_WRAPPERS):
        source = node.get("source")
        if not isinstance(source, dict) or get_kind(node) not in WRAPPERS:
            break
        node = source
    return node


def get_source_kind(query: Any) -> str:
    """Return the kind of the query inside visualization nodes, or an empty string."""
    return get_kind(get_source(query))


def get_kind(node: dict[str, Any]) -> str:
    """Return the kind of a node, or an empty string."""
    kind = node.get("kind")
    return kind if isinstance(kind, str) else ""
