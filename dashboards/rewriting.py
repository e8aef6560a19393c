"""What a tile shows of an insight: its query with the filters and variables of the dashboard. Pure functions on JSON.

The rules are PostHog's: each kind of query keeps its date range and its properties in its own place. What is of another
kind, or of another shape, stays as it is. The insight itself is never changed.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from dashboards.overrides import VALUE_KEYS, Json, code_name_of, entry_of
from dashboards.queries import MAX_WRAPPERS, WRAPPERS, shown_source, source_kind

# Queries with `dateRange` and `properties` of their own.
INSIGHT_QUERIES = frozenset(
    {"TrendsQuery", "FunnelsQuery", "RetentionQuery", "PathsQuery", "StickinessQuery", "LifecycleQuery"}
)
# Queries that can be broken down.
BREAKDOWN_QUERIES = frozenset({"TrendsQuery", "FunnelsQuery"})
# Queries that keep filters in places of their own.
OTHER_QUERIES = frozenset({"HogQLQuery", "EventsQuery"})
_DATES_AND_PROPERTIES = frozenset({"date_from", "date_to", "properties"})


class Values:
    """Values for the variables of SQL, found by the id of a variable or by its code name."""

    def __init__(self, variables: Json) -> None:
        self.by_id = {id_: entry_of(variable) for id_, variable in variables.items() if variable is not None}
        names = ((code_name_of(variable), variable) for variable in self.by_id.values())
        self.by_code_name = {name: variable for name, variable in names if name}

    def find(self, id_: str, variable: Json) -> Json:
        """Return what there is for a variable of a query: by its id, or by its code name; empty where there is none."""
        name = code_name_of(variable) or ""
        found = self.by_id.get(id_) or self.by_code_name.get(name)
        if found is None:
            found = self.by_id.get(name, {})  # an override may be named by the code name
            return found if code_name_of(found) is None else {}
        return found


# The later ones win.
Layers = Sequence[Values]


def shown_query(query: Json, filters: Json, variables: Layers) -> Json:
    """The query of an insight as a tile shows it. `filters` are the dashboard's, with the tile's own laid over them."""
    return _rewritten(query, filters, variables, MAX_WRAPPERS)


def filters_taken(query: Json | None, stored: Json) -> frozenset[str]:
    """Return the filters that can have an effect on an insight: on its query, or on filters of the older form."""
    kind = source_kind(query)
    if kind in BREAKDOWN_QUERIES:
        return _DATES_AND_PROPERTIES | {"breakdown_filter"}
    return _DATES_AND_PROPERTIES if stored or kind in INSIGHT_QUERIES | OTHER_QUERIES else frozenset()


def variables_used(query: Json | None) -> Iterator[tuple[str, Json]]:
    """Yield the variables that the SQL of an insight uses, by their ids."""
    used = shown_source(query).get("variables") if source_kind(query) == "HogQLQuery" else None
    if isinstance(used, dict):
        yield from ((id_, variable) for id_, variable in used.items() if isinstance(variable, dict))


def shown_filters(stored: Json, filters: Json) -> Json:
    """The older form of a query, flat `filters`, as a tile shows it. Empty ones stay empty."""
    if not stored:
        return stored
    return _with_properties({**stored, **_dates(filters)}, filters, as_group=True)


def has_effect(filters: Json, variables: Layers) -> bool:
    """Whether anything can be rewritten."""
    has_values = any(layer.by_id for layer in variables)
    return bool(has_values or _dates(filters) or _properties(filters) or _breakdown(filters))


def _rewritten(query: Json, filters: Json, variables: Layers, depth: int) -> Json:
    kind, source = query.get("kind"), query.get("source")
    if not isinstance(kind, str):
        return query
    if kind in WRAPPERS and isinstance(source, dict) and depth:
        return {**query, "source": _rewritten(source, filters, variables, depth - 1)}
    if kind == "HogQLQuery":
        return _hogql(query, filters, variables)
    if kind == "EventsQuery":
        dates = _dates(filters)
        moved = {"after": dates["date_from"], "before": dates["date_to"]} if dates else {}
        return _with_properties({**query, **moved}, filters, as_group=False)
    if kind in INSIGHT_QUERIES:
        shown = _with_properties(_with_date_range(query, filters), filters, as_group=True)
        breakdown = _breakdown(filters) if kind in BREAKDOWN_QUERIES else None
        return {**shown, "breakdownFilter": breakdown} if breakdown else shown
    return query


def _hogql(query: Json, filters: Json, variables: Layers) -> Json:
    """SQL keeps both below `filters`, which take effect where its text says `{filters}`."""
    own = query.get("filters")
    own = own if isinstance(own, dict) else {}
    shown = _with_properties(_with_date_range(own, filters), filters, as_group=False)
    query = {**query, "filters": shown} if shown != own else query
    used = query.get("variables")
    if not isinstance(used, dict):
        return query
    values = {id_: _value(id_, variable, variables) for id_, variable in used.items()}
    return {**query, "variables": values} if values != used else query


def _value(id_: str, variable: Any, layers: Layers) -> Any:
    """A variable of a query with the value that is laid over it. A value ends that it is null."""
    if not isinstance(variable, dict):
        return variable
    for layer in layers:
        found = layer.find(id_, variable)
        if "value" in found:
            variable = {key: each for key, each in variable.items() if key != "isNull"}
        variable = {**variable, **{key: found[key] for key in VALUE_KEYS if key in found}}
    return variable


def _with_date_range(query: Json, filters: Json) -> Json:
    dates = _dates(filters)
    if not dates:
        return query
    own = query.get("dateRange")
    return {**query, "dateRange": {**(own if isinstance(own, dict) else {}), **dates}}


def _with_properties(query: Json, filters: Json, *, as_group: bool) -> Json:
    """Both the query's own properties and the dashboard's must hold."""
    added = _properties(filters)
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


def _dates(filters: Json) -> Json:
    """Both ends of the dashboard's date range, where it has one: a range is never made of two."""
    dates = {name: filters.get(name) for name in ("date_from", "date_to")}
    return dates if any(isinstance(value, str) and value for value in dates.values()) else {}


def _properties(filters: Json) -> Any:
    properties = filters.get("properties")
    return properties if isinstance(properties, list | dict) else None


def _breakdown(filters: Json) -> Any:
    breakdown = filters.get("breakdown_filter")
    return breakdown if isinstance(breakdown, dict) else None
