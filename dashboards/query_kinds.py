"""Kinds of insight queries, and the nodes that wrap them. Pure functions on JSON."""

from collections.abc import Iterator
from typing import Any

from dashboards_api.errors import ValidationFailed

# The most nodes around a query that are looked through: stored JSON may nest deeper.
MAX_WRAPPERS = 5
# Nodes that only visualize the query in their `source`.
WRAPPERS = frozenset({"InsightVizNode", "DataTableNode", "DataVisualizationNode"})
# The names of query kinds in the `insight` filter of lists; any other query is JSON.
KINDS = {
    "TrendsQuery": "TRENDS",
    "FunnelsQuery": "FUNNELS",
    "RetentionQuery": "RETENTION",
    "PathsQuery": "PATHS",
    "PathsV2Query": "JOURNEYS",
    "LifecycleQuery": "LIFECYCLE",
    "StickinessQuery": "STICKINESS",
    "HogQLQuery": "SQL",
}
OTHER_KIND = "JSON"
# In the order in which error messages list them.
INSIGHT_KINDS = sorted({*KINDS.values(), OTHER_KIND})


def iter_nodes(query: Any) -> Iterator[dict[str, Any]]:
    """Yield a query and the ones nested in its `source`, the outermost first."""
    for _ in range(MAX_WRAPPERS + 1):
        if not isinstance(query, dict):
            return
        yield query
        query = query.get("source")


def get_source(query: Any) -> dict[str, Any]:
    """Return the query inside visualization nodes, or the query itself; empty if there is none."""
    node: dict[str, Any] = {}
    for node in iter_nodes(query):
        if _kind(node) not in WRAPPERS:
            break
    return node


def get_source_kind(query: Any) -> str:
    """Return the kind of the query inside visualization nodes; empty if there is none."""
    return _kind(get_source(query))


def _kind(node: dict[str, Any]) -> str:
    kind = node.get("kind")
    return kind if isinstance(kind, str) else ""


def get_insight_kind(query: Any, filters: Any) -> str:
    """Return the kind of an insight by its query, else by its legacy filters; empty without either."""
    if query:
        return KINDS.get(get_source_kind(query), OTHER_KIND)
    kind = filters.get("insight") if isinstance(filters, dict) else None
    return kind if isinstance(kind, str) and kind in INSIGHT_KINDS else ""


def wrap_query(query: dict[str, Any] | None) -> dict[str, Any]:
    """Return a bare query in its visualization node, as agents of PostHog's MCP server expect; a node stays as it is.

    Raises ValidationFailed for a missing query, and for a kind that names neither a query nor a node.
    """
    if query is None:
        raise ValidationFailed("This field is required.", attr="query", code="required")
    kind = query.get("kind")
    if isinstance(kind, str) and kind.endswith("Node"):
        return query
    if isinstance(kind, str) and kind.endswith("Query"):
        return {"kind": "DataVisualizationNode" if kind == "HogQLQuery" else "InsightVizNode", "source": query}
    raise ValidationFailed("A query needs a kind that ends in Query or Node.", attr="query")
