"""Conversion of the filters of an insight to a query."""

from collections.abc import Callable, Mapping
from typing import Any

from queries.legacy_filters.options import (
    convert_funnel,
    convert_lifecycle,
    convert_paths,
    convert_retention,
    convert_stickiness,
    convert_trends,
)
from queries.legacy_filters.properties import convert_properties
from queries.legacy_filters.series import convert_series, has_series
from queries.legacy_filters.values import Json, drop_absent, read_boolean, read_number

Converter = Callable[[Mapping[str, Any]], Json]

INSIGHTS: dict[str, tuple[str, Converter]] = {
    "TRENDS": ("TrendsQuery", convert_trends),
    "FUNNELS": ("FunnelsQuery", convert_funnel),
    "RETENTION": ("RetentionQuery", convert_retention),
    "PATHS": ("PathsQuery", convert_paths),
    "LIFECYCLE": ("LifecycleQuery", convert_lifecycle),
    "STICKINESS": ("StickinessQuery", convert_stickiness),
}
DEFAULT_INSIGHT = "TRENDS"
UNKNOWN_INSIGHT = "UNKNOWN"
# Types of insights that were variants of trends in older filters, selected by `shown_as`.
_SHOWN_AS = {"Stickiness": "STICKINESS", "Lifecycle": "LIFECYCLE"}
_WITH_SERIES = frozenset({"TRENDS", "FUNNELS", "LIFECYCLE", "STICKINESS"})


def convert_filters(filters: Any) -> Json | None:
    """Return the query that is equivalent to the filters of an insight, or None for filters without an insight.

    Filters of an unknown insight become a query of an unknown kind, and actions become series that are not supported.
    Both kinds of queries have an error instead of a result. Options that do not change numbers, such as the options of
    a legend, are omitted. `sampling_factor` is also omitted, because all events are read.
    """
    if not isinstance(filters, Mapping) or not (filters.get("insight") or has_series(filters)):
        return None
    insight = get_insight(filters)
    if insight not in INSIGHTS:
        return {"kind": insight}
    kind, convert = INSIGHTS[insight]
    options = {name: value for name, value in convert(filters).items() if value}
    return {"kind": kind, **_convert_series(filters, insight), **_convert_shared(filters), **options}


def get_insight(filters: Mapping[str, Any]) -> str:
    """Return the type of an insight in upper case, such as TRENDS, so that it never equals a kind of query."""
    insight, shown_as = filters.get("insight") or DEFAULT_INSIGHT, filters.get("shown_as")
    if not isinstance(insight, str):
        return UNKNOWN_INSIGHT
    insight = insight.upper()
    if insight == DEFAULT_INSIGHT and isinstance(shown_as, str):
        return _SHOWN_AS.get(shown_as, insight)
    return insight


def _convert_series(filters: Mapping[str, Any], insight: str) -> Json:
    if insight not in _WITH_SERIES:
        return {}
    interval = filters.get("interval")
    interval = interval.lower() if isinstance(interval, str) else interval
    return {"series": convert_series(filters, insight), **drop_absent({"interval": interval})}


def _convert_shared(filters: Mapping[str, Any]) -> Json:
    """Return the fields that all queries have."""
    dates = {name: filters.get(name) for name in ("date_from", "date_to")}
    dates["explicitDate"] = read_boolean(filters.get("explicit_date"))
    fields = {
        "dateRange": drop_absent(dates) or None,
        "properties": convert_properties(filters.get("properties")),
        "filterTestAccounts": read_boolean(filters.get("filter_test_accounts")),
        "aggregation_group_type_index": read_number(filters.get("aggregation_group_type_index")),
    }
    return drop_absent(fields)
