"""Queries of insights. They are stored exactly as sent; only those of agents that announce themselves are wrapped."""

from collections.abc import Iterator
from typing import Any

from dashboards_api.errors import Invalid

# A query lies in at most this many nodes that only show it; what is deeper is not looked for.
MAX_WRAPPERS = 5


def nodes_of(query: Any) -> Iterator[dict[str, Any]]:
    """A query and those in its `source`, the outermost first."""
    for _ in range(MAX_WRAPPERS + 1):
        if not isinstance(query, dict):
            return
        yield query
        query = query.get("source")


def wrapped(query: dict[str, Any] | None) -> dict[str, Any]:
    """A bare query in the node that shows it, as agents of PostHog's MCP server expect; a node as it is.

    Raises Invalid for no query, and for one whose kind is neither a query nor a node.
    """
    if query is None:
        raise Invalid("This field is required.", attr="query", code="required")
    kind = query.get("kind")
    if isinstance(kind, str) and kind.endswith("Node"):
        return query
    if isinstance(kind, str) and kind.endswith("Query"):
        return {"kind": "DataVisualizationNode" if kind == "HogQLQuery" else "InsightVizNode", "source": query}
    raise Invalid("A query needs a kind that ends in Query or Node.", attr="query")
