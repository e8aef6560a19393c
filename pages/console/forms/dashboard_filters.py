"""The form of the filters of a dashboard: its date range and property filters. Pure functions."""

from typing import Any

from pages.console.forms.date_range import FIELDS, describe_values, read_range, replace_range
from pages.console.forms.merging import Values
from pages.console.forms.properties import build_properties, list_property_rows, read_properties, read_rows


def read_filters(filters: dict[str, Any]) -> Values:
    """Return the fields for the stored filters."""
    return {**read_range(filters), **read_rows(filters.get("properties"))}


def build_filters(values: Values, stored: dict[str, Any]) -> dict[str, Any]:
    """Return the filters in the fields. Other stored filters are kept. Raises ValidationFailed."""
    filters = dict(stored)
    before = read_filters(stored)
    if any(values.get(name, "") != before.get(name, "") for name in FIELDS):
        filters = replace_range(filters, values)
    if read_properties(stored.get("properties")) is not None:
        filters["properties"] = build_properties(values)
    return {name: value for name, value in filters.items() if value is not None and (name, value) != ("properties", [])}


def describe_filters(values: Values, default: str) -> str:
    """Return the date range and the number of filters in words."""
    count = len(list_property_rows(values, extra=0))
    words = describe_values(values) or default
    return f"{words}, {count} filter{'s' if count > 1 else ''}" if count else words
