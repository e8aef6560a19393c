"""Shortcuts from the text of a HogQL query to its statement and its rows."""

from datetime import UTC, datetime
from typing import Any

from queries.hogql.parser import parse_select
from queries.hogql.placeholders import PlaceholderValue, replace_placeholders
from queries.hogql.printer import print_query
from queries.hogql.properties import PropertyType, PropertyTypes
from queries.hogql.session import PrintContext
from queries.hogql.statement import Statement
from queries.hogql.tables import build_user_table
from tests.queries.hogql.store import OURS, Store

ORDERS = build_user_table(
    "orders",
    "table_orders",
    {"order id": "Int64", "total": "Nullable(Float64)", "placed_at": "DateTime64(6, 'UTC')"},
)
PROPERTY_TYPES = PropertyTypes(
    event={"amount": PropertyType.NUMERIC, "beta": PropertyType.BOOLEAN, "due": PropertyType.DATETIME}
)
NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


def make_context(project_id: int = OURS, **changes: Any) -> PrintContext:
    options: dict[str, Any] = {
        "time_zone": "Europe/Berlin",
        "now": NOW,
        "property_types": PROPERTY_TYPES,
        "tables": {"orders": ORDERS},
    }
    return PrintContext(project_id, **(options | changes))


def print_text(text: str, values: dict[str, PlaceholderValue] | None = None, **changes: Any) -> Statement:
    return print_query(replace_placeholders(parse_select(text), values or {}), make_context(**changes))


def read(store: Store, text: str, values: dict[str, PlaceholderValue] | None = None, **changes: Any) -> list[list[Any]]:
    """Return the rows of a query."""
    return store.read(print_text(text, values, **changes))
