"""Pure functions that determine the kind of an insight from the JSON of its query."""

from typing import Any

from dashboards_api.errors import ValidationFailed
from queries.nodes import get_source_kind

# The names of query kinds in the `insight` filter of lists. Any other query has the kind JSON.
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


def get_insight_kind(query: Any, filters: Any) -> str:
    """Return the kind of an insight from its query or else its legacy filters, or an empty string."""
    if query:
        return KINDS.get(get_source_kind(query), OTHER_KIND)
    kind = filters.get("insight") if isinstance(filters, dict) else None
    return kind if isinstance(kind, str) and kind in INSIGHT_KINDS else ""


def wrap_query(query: dict[str, Any] | None) -> dict[str, Any]:
    """Wrap a bare query in its visualization node, as agents of PostHog's MCP server expect. Return a node unchanged.

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
