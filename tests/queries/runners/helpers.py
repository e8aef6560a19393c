"""Shortcuts from the JSON of a query to its statement and its result."""

from typing import Any

from engine.interface import Limits, Result
from queries.hogql.statement import Statement
from queries.runners.compile import compile_query
from queries.runners.compiled import CompiledQuery, Rows
from queries.runners.context import QueryContext, TableDescription
from tests.queries.hogql.helpers import NOW, PROPERTY_TYPES
from tests.queries.hogql.store import OURS, Store

ORDERS = TableDescription(
    "orders", "table_orders", {"order id": "Int64", "total": "Nullable(Float64)", "placed_at": "DateTime64(6, 'UTC')"}
)
CONTEXT = QueryContext(
    OURS, time_zone="Europe/Berlin", week_start_day=1, now=NOW, property_types=PROPERTY_TYPES, tables=(ORDERS,)
)


def build_hogql(text: str, **fields: Any) -> dict[str, Any]:
    """Return the JSON of a HogQLQuery."""
    return {"kind": "HogQLQuery", "query": text, **fields}


def compile_text(text: str, context: QueryContext = CONTEXT, **fields: Any) -> CompiledQuery:
    return compile_query(build_hogql(text, **fields), context)


def run(store: Store, source: dict[str, Any], context: QueryContext = CONTEXT) -> dict[str, Any]:
    """Return the body of the response to a query."""
    compiled, result = compute(store, source, context)
    return compiled.shape(result.types, result.rows)


def compute(
    store: Store, source: dict[str, Any], context: QueryContext = CONTEXT, limits: Limits | None = None
) -> tuple[CompiledQuery, Result]:
    """Return a compiled query and its result from the engine."""

    def read_rows(statement: Statement) -> Rows:
        return store.client.read(statement.sql, dict(statement.parameters)).rows

    compiled = compile_query(source, context, read_rows)
    return compiled, store.client.read(compiled.statement.sql, dict(compiled.statement.parameters), limits=limits)


def read(store: Store, text: str, context: QueryContext = CONTEXT, **fields: Any) -> list[list[Any]]:
    """Return the rows of a HogQL query."""
    rows: list[list[Any]] = run(store, build_hogql(text, **fields), context)["results"]
    return rows
