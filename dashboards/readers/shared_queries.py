"""Queries as a share link shows them: without SQL, unless its details are shown."""

from typing import Any, NamedTuple

import orjson

from dashboards_api.db.fields import dump_json
from users.readers import Row

HIDDEN_ERROR = "This insight could not be computed."
# The text of SQL and its values, in a query, in a property filter, and in a series.
_SQL_OF_QUERY = frozenset({"query", "values", "variables"})
_SQL_OF_FILTER = frozenset({"key", "value"})
_SQL_OF_SERIES = frozenset({"math_hogql"})


class QueryDisplay(NamedTuple):
    """The parts of queries that a shared page shows. SQL is shown with the other details only."""

    has_queries: bool
    has_sql: bool

    @classmethod
    def from_settings(cls, settings: Row) -> "QueryDisplay":
        has_queries = not settings.get("hideQueries", False)
        return cls(has_queries, has_queries and bool(settings.get("detailed", False)))

    def hide_texts(self, *texts: str | None) -> list[str | None]:
        """Return a query and its legacy filters, both JSON texts, as the page shows them."""
        if not self.has_queries:
            return [None for _ in texts]
        return [text if self.has_sql else _hide_sql(text) for text in texts]

    def hide_fields(self, result: Row) -> Row:
        """Return the fields of a result without SQL. The text of an error repeats names of tables and columns."""
        if self.has_sql:
            return result
        status = result["query_status"]
        if status and status["error"]:
            status = {**status, "error_message": HIDDEN_ERROR}
        return {**result, "hogql": None, "query_status": status}


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
