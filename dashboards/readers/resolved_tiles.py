"""Tiles as a dashboard shows them: stored JSON with the filters and variables that override the queries of insights."""

import json
from typing import Any, NamedTuple

import orjson

from dashboards.query_overrides import (
    VariableLayers,
    VariableValues,
    apply_overrides,
    apply_overrides_to_filters,
    has_overrides,
)
from dashboards.request_overrides import NO_REQUEST_OVERRIDES, RequestOverrides, match_variables, merge_variable
from dashboards_api.db.fields import dump_json

EMPTY_OBJECT = "{}"
DAMAGED = {"type": "damaged_tile", "message": "What is stored for this tile cannot be read."}

# The characters that overrides may add to all the insights of one answer. Beyond it queries stay as they are stored: a
# megabyte of properties on a hundred insights would be a hundred megabytes for each reader.
MAX_ADDED_CHARACTERS = 2 * 1024 * 1024


class QueryOverrides(NamedTuple):
    """The filters and variables of a dashboard, which override those of the insights on it."""

    filters: dict[str, Any]
    variables: dict[str, Any]
    variable_layers: VariableLayers = ()  # the variables, indexed for look-ups

    def limited_to(self, tiles: int) -> "QueryOverrides":
        """Return these overrides, or none if they would make an answer with so many tiles too large."""
        if not (self.filters or self.variables):
            return self
        added = (len(dump_json(self.filters)) + len(dump_json(self.variables))) * tiles
        return self if added <= MAX_ADDED_CHARACTERS else NO_OVERRIDES


NO_OVERRIDES = QueryOverrides({}, {})


def load_query_overrides(filters: str, variables: str, request: RequestOverrides) -> QueryOverrides:
    """Return the overrides of a dashboard from its stored JSON texts, with those of a request merged into them."""
    if filters == variables == EMPTY_OBJECT and request == NO_REQUEST_OVERRIDES:
        return NO_OVERRIDES
    return build_query_overrides(json.loads(filters), json.loads(variables), request)


def build_query_overrides(
    filters: dict[str, Any], variables: dict[str, Any], request: RequestOverrides = NO_REQUEST_OVERRIDES
) -> QueryOverrides:
    """Return the overrides of a dashboard, with those of a request merged into them.

    Raises Invalid if the request overrides one variable twice.
    """
    merged, unmatched = dict(variables), {}
    for name, id_, given in match_variables(variables, request.variables or {}):
        if id_ in variables:
            merged[id_] = merge_variable(variables[id_], given)
        else:
            # It matches no variable of the dashboard, but may match one of an insight.
            unmatched[name] = given
    layers = [VariableValues(each) for each in (merged, unmatched) if each]
    return QueryOverrides({**filters, **(request.filters or {})}, {**merged, **unmatched}, layers)


class StoredTile(NamedTuple):
    """The free JSON of a tile and of its insight, as the texts that are stored."""

    layouts: str
    filters_overrides: str
    query: str | None
    filters: str | None


class ResolvedTile(NamedTuple):
    """The free JSON of a tile and of its insight as texts, with the overrides applied."""

    layouts: str
    filters_overrides: str
    query: str | None
    filters: str | None
    is_damaged: bool


def resolve_tile(stored: StoredTile, overrides: QueryOverrides) -> ResolvedTile:
    """Return a tile with the filters of its dashboard, and then its own, applied to the query of its insight.

    JSON that cannot be parsed is replaced, so that the other tiles of a dashboard can still be answered.
    """
    layouts = stored.layouts if _is_json(stored.layouts) else EMPTY_OBJECT
    own_filters = stored.filters_overrides if _is_json(stored.filters_overrides) else EMPTY_OBJECT
    query = stored.query if _is_json(stored.query) else None
    filters = stored.filters if _is_json(stored.filters) else EMPTY_OBJECT
    is_damaged = (layouts, own_filters, query, filters) != stored
    if overrides.filters or overrides.variable_layers or own_filters != EMPTY_OBJECT:
        merged = {**overrides.filters, **orjson.loads(own_filters)}
        if has_overrides(merged, overrides.variable_layers):
            query = query and dump_json(apply_overrides(json.loads(query), merged, overrides.variable_layers))
            filters = filters and dump_json(apply_overrides_to_filters(json.loads(filters), merged))
    return ResolvedTile(layouts, own_filters, query, filters, is_damaged)


def _is_json(text: str | None) -> bool:
    if text is None or text == EMPTY_OBJECT:
        return True
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
