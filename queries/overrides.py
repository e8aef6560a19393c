"""Application of dashboard filters and variables to the query of an insight. Pure functions on JSON.

The rules are PostHog's. Each kind of query has its own fields for the date range and the properties. Queries of an
unknown kind or shape are not changed. The stored insight is never changed.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from dashboards_api.db.fields import dump_json
from queries.nodes import MAX_WRAPPERS, WRAPPERS, get_source, get_source_kind
from queries.request_overrides import VALUE_KEYS, Json, as_variable, get_code_name

# Queries with `dateRange` and `properties` of their own.
INSIGHT_QUERIES = frozenset(
    {"TrendsQuery", "FunnelsQuery", "RetentionQuery", "PathsQuery", "StickinessQuery", "LifecycleQuery"}
)
# Queries that support breakdowns.
BREAKDOWN_QUERIES = frozenset({"TrendsQuery", "FunnelsQuery"})
# Queries with other fields for filters.
OTHER_QUERIES = frozenset({"HogQLQuery", "EventsQuery"})
_DATES_AND_PROPERTIES = frozenset({"date_from", "date_to", "properties"})


class VariableValues:
    """Values of SQL variables, indexed by id and by code name."""

    def __init__(self, variables: Json) -> None:
        self.by_id = {id_: as_variable(variable) for id_, variable in variables.items() if variable is not None}
        names = ((get_code_name(variable), variable) for variable in self.by_id.values())
        self.by_code_name = {name: variable for name, variable in names if name}
        self.sizes: dict[int, int] = {}

    def find(self, id_: str, variable: Json) -> Json:
        """Return the value for a variable of a query by its id or its code name, or an empty dictionary."""
        name = get_code_name(variable) or ""
        found = self.by_id.get(id_) or self.by_code_name.get(name)
        if found is None:
            found = self.by_id.get(name, {})  # the name of an override may be a code name
            return found if get_code_name(found) is None else {}
        return found

    def get_size(self, found: Json) -> int:
        """Return the number of characters in a value that `find` returned. The number is cached, because a
        large value may be found thousands of times.
        """
        key = id(found)
        if key not in self.sizes:
            self.sizes[key] = sum(len(dump_json(found[name])) for name in VALUE_KEYS if name in found)
        return self.sizes[key]


# Values of later layers replace those of earlier layers.
VariableLayers = Sequence[VariableValues]


def merge_filters_and_variables(query: Json, filters: Json, variables: VariableLayers) -> Json:
    """Return a query with filters and variables applied. `filters` are the merged filters of dashboard and tile."""
    return _apply(query, filters, variables, MAX_WRAPPERS)


def find_applicable_filters(query: Json | None, stored: Json) -> frozenset[str]:
    """Return the names of the filters that can have an effect on an insight: on its query, or on its legacy filters."""
    kind = get_source_kind(query)
    if kind in BREAKDOWN_QUERIES:
        return _DATES_AND_PROPERTIES | {"breakdown_filter"}
    return _DATES_AND_PROPERTIES if stored or kind in INSIGHT_QUERIES | OTHER_QUERIES else frozenset()


def iter_variables(query: Json | None) -> Iterator[tuple[str, Json]]:
    """Yield (id, variable) for the variables that the SQL of an insight uses."""
    used = get_source(query).get("variables") if get_source_kind(query) == "HogQLQuery" else None
    if isinstance(used, dict):
        yield from ((id_, variable) for id_, variable in used.items() if isinstance(variable, dict))


def count_variable_characters(query: Json, variables: VariableLayers) -> int:
    """Return the maximum number of characters that `merge_filters_and_variables` writes for the variables of a query.

    An override by code name is written once for each variable with that code name, so many variables with the same code
    name multiply the size of the query.
    """
    return sum(
        layer.get_size(found)
        for id_, variable in iter_variables(query)
        for layer in variables
        if (found := layer.find(id_, variable))
    )


def apply_overrides_to_filters(stored: Json, filters: Json) -> Json:
    """Return a query in the legacy form (flat `filters`) with overrides applied. An empty legacy form stays empty."""
    if not stored:
        return stored
    return _add_properties({**stored, **_get_dates(filters)}, filters, as_group=True)


def has_overrides(filters: Json, variables: VariableLayers) -> bool:
    """Return whether the filters or variables can change any query."""
    has_values = any(layer.by_id for layer in variables)
    return bool(has_values or _get_dates(filters) or _get_properties(filters) or _get_breakdown(filters))


def _apply(query: Json, filters: Json, variables: VariableLayers, depth: int) -> Json:
    kind, source = query.get("kind"), query.get("source")
    if not isinstance(kind, str):
        return query
    if kind in WRAPPERS and isinstance(source, dict) and depth:
        return {**query, "source": _apply(source, filters, variables, depth - 1)}
    if kind == "HogQLQuery":
        return _apply_to_hogql(query, filters, variables)
    if kind == "EventsQuery":
        dates = _get_dates(filters)
        moved = {"after": dates["date_from"], "before": dates["date_to"]} if dates else {}
        return _add_properties({**query, **moved}, filters, as_group=False)
    if kind in INSIGHT_QUERIES:
        shown = _add_properties(_add_date_range(query, filters), filters, as_group=True)
        breakdown = _get_breakdown(filters) if kind in BREAKDOWN_QUERIES else None
        return {**shown, "breakdownFilter": breakdown} if breakdown else shown
    return query


def _apply_to_hogql(query: Json, filters: Json, variables: VariableLayers) -> Json:
    """Apply filters and variables to SQL. The dates and properties below `filters` replace `{filters}` in the SQL."""
    own = query.get("filters")
    own = own if isinstance(own, dict) else {}
    shown = _add_properties(_add_date_range(own, filters), filters, as_group=False)
    query = {**query, "filters": shown} if shown != own else query
    used = query.get("variables")
    if not isinstance(used, dict):
        return query
    values = {id_: _apply_to_variable(id_, variable, variables) for id_, variable in used.items()}
    return {**query, "variables": values} if values != used else query


def _apply_to_variable(id_: str, variable: Any, layers: VariableLayers) -> Any:
    """Return a variable with the overriding value, if there is one. An overriding `value` removes `isNull`."""
    if not isinstance(variable, dict):
        return variable
    for layer in layers:
        found = layer.find(id_, variable)
        if "value" in found:
            variable = {key: each for key, each in variable.items() if key != "isNull"}
        variable = {**variable, **{key: found[key] for key in VALUE_KEYS if key in found}}
    return variable


def _add_date_range(query: Json, filters: Json) -> Json:
    dates = _get_dates(filters)
    if not dates:
        return query
    own = query.get("dateRange")
    return {**query, "dateRange": {**(own if isinstance(own, dict) else {}), **dates}}


def _add_properties(query: Json, filters: Json, *, as_group: bool) -> Json:
    """Combine the properties of the query and of the dashboard with AND."""
    added = _get_properties(filters)
    own = query.get("properties")
    if not added:
        return query
    if not own:
        return {**query, "properties": added}
    if not as_group:
        return {**query, "properties": [*_as_list(own), *_as_list(added)]}
    return {**query, "properties": {"type": "AND", "values": [_as_group(own), _as_group(added)]}}


def _as_list(properties: Any) -> list[Any]:
    return properties if isinstance(properties, list) else [properties]


def _as_group(properties: Any) -> Any:
    return properties if isinstance(properties, dict) else {"type": "AND", "values": properties}


def _get_dates(filters: Json) -> Json:
    """Return both ends of the dashboard's date range, or an empty object. Ends of two ranges are never combined."""
    dates = {name: filters.get(name) for name in ("date_from", "date_to")}
    return dates if any(isinstance(value, str) and value for value in dates.values()) else {}


def _get_properties(filters: Json) -> Any:
    properties = filters.get("properties")
    return properties if isinstance(properties, list | dict) else None


def _get_breakdown(filters: Json) -> Any:
    breakdown = filters.get("breakdown_filter")
    return breakdown if isinstance(breakdown, dict) else None
