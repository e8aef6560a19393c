"""Queries as a share link shows them: without SQL, unless its details are shown."""

from itertools import pairwise
from typing import Any, NamedTuple

import orjson

from dashboards_api.db.fields import dump_json
from queries.nodes import iter_nodes
from users.readers import Row

HIDDEN_ERROR = "This insight could not be computed."
# The text of SQL and its values, in a query, in a property filter, and in a series.
_SQL_OF_QUERY = frozenset({"query", "values", "variables"})
_SQL_OF_FILTER = frozenset({"key", "value"})
_SQL_OF_SERIES = frozenset({"math_hogql"})
# The parts of a query that say how its result is drawn.
_VISUALIZATION = ("kind", "display", "chartSettings", "trendsFilter", "stickinessFilter")


class QueryDisplay(NamedTuple):
    """The parts of queries that a shared page shows. SQL is shown with the other details only."""

    has_queries: bool
    has_sql: bool
    has_visualization: bool = False  # whether hidden queries keep their visualization, which pages draw and do not show

    @classmethod
    def from_settings(cls, settings: Row, *, is_page: bool = False) -> "QueryDisplay":
        has_queries = not settings.get("hideQueries", False)
        return cls(has_queries, has_queries and bool(settings.get("detailed", False)), is_page)

    def hide_texts(self, *texts: str | None) -> list[str | None]:
        """Return a query and its legacy filters, both JSON texts, as the page shows them."""
        if not self.has_queries:
            return [_reduce_to_visualization(text) if self.has_visualization else None for text in texts]
        return [text if self.has_sql else _hide_sql(text) for text in texts]

    def hide_fields(self, result: Row) -> Row:
        """Return the fields of a result without SQL. The text of an error repeats names of tables and columns."""
        if self.has_sql:
            return result
        status = result["query_status"]
        if status and status["error"]:
            status = {**status, "error_message": HIDDEN_ERROR}
        return {**result, "hogql": None, "query_status": status}


def _reduce_to_visualization(text: str | None) -> str | None:
    """Return the parts of a query that say how its result is drawn."""
    try:
        query = orjson.loads(text) if text else None
    except orjson.JSONDecodeError:
        return None
    nodes = [{name: node[name] for name in _VISUALIZATION if name in node} for node in iter_nodes(query)]
    for outer, inner in pairwise(nodes):
        outer["source"] = inner
    return dump_json(nodes[0]) if nodes else None


def _hide_sql(text: str | None) -> str | None:
    if not text or "hogql" not in text.lower():
        return text
    try:
        return dump_json(_remove_sql(orjson.loads(text)))
    except orjson.JSONDecodeError:
        return None


def _remove_sql(value: Any) -> Any:
    """Return JSON without SQL. Stored JSON is at most 64 levels deep."""
    if isinstance(value, list):
        return [_remove_sql(item) for item in value]
    if not isinstance(value, dict):
        return value
    hidden = _SQL_OF_SERIES
    if value.get("kind") == "HogQLQuery":
        hidden |= _SQL_OF_QUERY
    if value.get("type") == "hogql":
        hidden |= _SQL_OF_FILTER
    return {name: _remove_sql(item) for name, item in value.items() if name not in hidden}
