"""Queries of insights. They are stored exactly as sent; only those of agents that announce themselves are wrapped."""

from collections.abc import Iterator
from typing import Any

from dashboards_api.errors import Invalid

# A query lies in at most this many nodes that only show it; what is deeper is not looked for.
MAX_WRAPPERS = 5
# Nodes that only show another query.
WRAPPERS = frozenset({"InsightVizNode", "DataTableNode", "DataVisualizationNode"})
# What lists call an insight by the kind of its query; any other query is JSON.
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
# In the order in which a refusal lists them.
INSIGHT_KINDS = sorted({*KINDS.values(), OTHER_KIND})


def nodes_of(query: Any) -> Iterator[dict[str, Any]]:
    """A query and those in its `source`, the outermost first."""
    for _ in range(MAX_WRAPPERS + 1):
        if not isinstance(query, dict):
            return
        yield query
        query = query.get("source")


def shown_source(query: Any) -> dict[str, Any]:
    """Return the query that nodes show, or a query as it is; empty where there is none."""
    node: dict[str, Any] = {}
    for node in nodes_of(query):
        if _kind(node) not in WRAPPERS:
            break
    return node


def source_kind(query: Any) -> str:
    """Return the kind of the query that nodes show; empty where there is none."""
    return _kind(shown_source(query))


def _kind(node: dict[str, Any]) -> str:
    kind = node.get("kind")
    return kind if isinstance(kind, str) else ""


def kind_of(query: Any, filters: Any) -> str:
    """Return what lists call an insight: by its query, else by its filters of the older form; empty without either."""
    if query:
        return KINDS.get(source_kind(query), OTHER_KIND)
    kind = filters.get("insight") if isinstance(filters, dict) else None
    return kind if isinstance(kind, str) and kind in INSIGHT_KINDS else ""


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
