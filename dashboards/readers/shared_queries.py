"""Queries for viewers of share links, without SQL unless the setting `detailed` is enabled."""

import json
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from dashboards_api.db.fields import dump_json
from queries.nodes import get_source, iter_nodes
from users.readers import Row

HIDDEN_ERROR = "This insight could not be computed."
# The keys with SQL or its values, in SQL queries, property filters, breakdowns, lists of events and tables.
_SQL_OF_QUERY = frozenset({"query", "values", "variables"})
_SQL_OF_FILTER = frozenset({"key", "value", "property"})
_SQL_OF_BREAKDOWN = frozenset({"breakdown"})
_SQL_OF_EVENTS = frozenset({"select", "where", "orderBy"})
_SQL_OF_TABLE = frozenset({"columns", "hiddenColumns", "pinnedColumns"})
# Most queries of insights contain none of these keys, and are shown as the stored text.
_MAY_HOLD_SQL = re.compile(r'hogql|"(?:query|select|where|orderby)"|datatablenode', re.IGNORECASE)
# The parts of a query that define how its result is drawn.
_VISUALIZATION = ("kind", "display", "interval", "chartSettings", "trendsFilter", "stickinessFilter", "retentionFilter")
# The keys of a visualization that name a column of the result.
_COLUMN_KEYS = frozenset({"column", "columnName", "seriesBreakdownColumn"})
_PLAIN_NAME = re.compile(r"[\w$.]+")


class ColumnNames(NamedTuple):
    """The column names of a result. A column without an alias is named by its expression, which is SQL."""

    sql: str
    columns: Sequence[str]

    def hide(self, name: str) -> str:
        """Return a column name for a share link. A name that is SQL is replaced by the column's number."""
        # A name that is not plain is an alias or a field only if it is quoted in the query.
        if _PLAIN_NAME.fullmatch(name) or any(f"{quote}{name}{quote}" in self.sql for quote in "\"'`"):
            return name
        return f"column_{self.columns.index(name) + 1}" if name in self.columns else "column"

    def hide_in(self, value: Any) -> Any:
        """Return JSON with its column names replaced as in `hide`.

        Stored JSON is at most 64 levels deep, so the recursion is safe.
        """
        if isinstance(value, list):
            return [self.hide_in(item) for item in value]
        if not isinstance(value, dict):
            return value
        return {
            key: self.hide(item) if key in _COLUMN_KEYS and isinstance(item, str) else self.hide_in(item)
            for key, item in value.items()
        }


class QueryDisplay(NamedTuple):
    """The parts of queries that a shared page shows. SQL is shown only if the setting `detailed` is enabled."""

    has_queries: bool
    has_sql: bool
    has_visualization: bool = False  # whether to keep the visualization of hidden queries, which pages draw

    @classmethod
    def from_settings(cls, settings: Row, *, is_page: bool = False) -> "QueryDisplay":
        has_queries = not settings.get("hideQueries", False)
        return cls(has_queries, has_queries and bool(settings.get("detailed", False)), is_page)

    def hide_query(self, text: str | None, columns: Sequence[str] | None = None) -> str | None:
        """Return the parts of a query or of legacy filters that the page shows, as a JSON string.

        `columns` are the column names of the result, if there is a result.
        """
        if text is None:
            return None
        if not self.has_queries:
            return _reduce_to_visualization(text, columns or ()) if self.has_visualization else None
        return self.hide_sql(text, columns or ())

    def hide_sql(self, text: str, columns: Sequence[str] = ()) -> str:
        """Return filters, a JSON string, without SQL unless the page shows SQL. A property filter may contain SQL."""
        if self.has_sql or not _MAY_HOLD_SQL.search(text):
            return text
        return dump_json(_remove_sql(_hide_columns(json.loads(text), columns)))

    def hide_fields(self, result: Row) -> Row:
        """Return the fields of a result without the ids of the project and the query, and without SQL if it is hidden.

        The text of an error is treated like SQL, because it repeats names of tables and columns.
        """
        status = result["query_status"]
        if status is not None:
            hidden = {"error_message": HIDDEN_ERROR} if status["error"] and not self.has_sql else {}
            result = {**result, "query_status": {**status, "id": None, "team_id": None, **hidden}}
        if self.has_sql:
            return result
        names = ColumnNames(result["hogql"] or "", result["columns"] or ())
        shown = {
            "columns": result["columns"] and [names.hide(name) for name in result["columns"]],
            "types": result["types"] and [[names.hide(name), kind] for name, kind in result["types"]],
        }
        return {**result, **shown, "hogql": None}


def _hide_columns(query: Any, columns: Sequence[str]) -> Any:
    """Return a query without SQL in the column names that its visualization refers to."""
    sql = get_source(query).get("query")
    return ColumnNames(sql, columns).hide_in(query) if isinstance(sql, str) else query


def _reduce_to_visualization(text: str, columns: Sequence[str]) -> str | None:
    """Return the parts of a query that define how its result is drawn."""
    query = _hide_columns(json.loads(text), columns)
    nodes = [{name: node[name] for name in _VISUALIZATION if name in node} for node in iter_nodes(query)]
    for outer, inner in pairwise(nodes):
        outer["source"] = inner
    return dump_json(_remove_sql(nodes[0])) if nodes else None


def _remove_sql(value: Any) -> Any:
    """Return JSON without SQL. Stored JSON is at most 64 levels deep, so the recursion is safe."""
    if isinstance(value, str):
        return _remove_sql_of_text(value)
    if isinstance(value, list):
        return [_remove_sql(item) for item in value]
    if not isinstance(value, dict):
        return value
    hidden = _find_sql_keys(value)
    return {name: _remove_sql(item) for name, item in value.items() if name not in hidden and not _is_sql_name(name)}


def _remove_sql_of_text(text: str) -> str | None:
    """Remove SQL from a string if the string is JSON. Return None if the JSON is nested too deeply.

    Some clients encode legacy filters twice.
    """
    if text.lstrip()[:1] not in ("[", "{") or not _MAY_HOLD_SQL.search(text):
        return text
    try:
        return dump_json(_remove_sql(json.loads(text)))
    except ValueError:
        return text
    except RecursionError:
        return None


def _find_sql_keys(value: Row) -> frozenset[str]:
    """Return the keys of an object that contain SQL, depending on its kind or type."""
    hidden: frozenset[str] = frozenset()
    if isinstance(value.get("query"), str):
        hidden |= _SQL_OF_QUERY
    if _is_sql_name(value.get("type")):
        hidden |= _SQL_OF_FILTER
    if _is_sql_name(value.get("breakdown_type")):
        hidden |= _SQL_OF_BREAKDOWN
    if "kind" in value:
        hidden |= _SQL_OF_EVENTS
    if value.get("kind") == "DataTableNode":
        hidden |= _SQL_OF_TABLE
    return hidden


def _is_sql_name(name: Any) -> bool:
    """Return whether a key, such as `math_hogql`, or a type marks a value as SQL."""
    return isinstance(name, str) and "hogql" in name.lower()
