"""Tiles as a dashboard shows them: stored JSON with the filters and variables that override the queries of insights."""

import json
from typing import Any, NamedTuple

import orjson

from dashboards_api.db.fields import dump_json
from dashboards_api.errors import ValidationFailed
from queries.overrides import (
    VariableLayers,
    VariableValues,
    apply_overrides_to_filters,
    count_variable_characters,
    has_overrides,
    merge_filters_and_variables,
)
from queries.request_overrides import (
    FILTERS_OVERRIDE,
    NO_REQUEST_OVERRIDES,
    VARIABLES_OVERRIDE,
    RequestOverrides,
    match_variables,
    merge_variable,
)

EMPTY_OBJECT = "{}"
DAMAGED = {"type": "damaged_tile", "message": "The stored JSON of this tile cannot be parsed."}

# Maximum number of characters that overrides may add to all insights of one response. Without this limit, a megabyte
# of properties on a hundred insights would become a response of a hundred megabytes for each reader. Beyond the limit,
# queries are returned as stored, and requests with overrides are refused.
MAX_ADDED_CHARACTERS = 2 * 1024 * 1024


class CharacterBudget:
    """The remaining number of characters that variables may add to one response."""

    def __init__(self, left: int = MAX_ADDED_CHARACTERS) -> None:
        self.left = left

    def consume(self, characters: int) -> bool:
        """Subtract characters from the budget, and return whether the budget was sufficient."""
        self.left -= characters
        return self.left >= 0


class QueryOverrides(NamedTuple):
    """The filters and variables of a dashboard, which override the filters and variables of its insights."""

    filters: dict[str, Any]
    variables: dict[str, Any]
    variable_layers: VariableLayers  # the variables, indexed for look-ups
    request: RequestOverrides  # already merged into `filters` and `variables`
    budget: CharacterBudget

    def limited_to(self, tiles: int) -> "QueryOverrides":
        """Return the overrides, or no overrides if a response with the given number of tiles would become too large.

        Raises ValidationFailed instead if the request contains overrides.
        """
        if not (self.filters or self.variables):
            return self
        added = (len(dump_json(self.filters)) + len(dump_json(self.variables))) * tiles
        if added > MAX_ADDED_CHARACTERS:
            self.refuse_request()
            return NO_OVERRIDES
        return self

    def can_apply_to(self, query: dict[str, Any]) -> bool:
        """Return whether the budget is sufficient for the variables of another query.

        Raises ValidationFailed instead of returning False if the request contains overrides.
        """
        if not self.variable_layers or self.budget.consume(count_variable_characters(query, self.variable_layers)):
            return True
        self.refuse_request()
        return False

    def refuse_request(self) -> None:
        """Raise ValidationFailed for the larger override of the request, if the request contains overrides."""
        given = {FILTERS_OVERRIDE: self.request.filters, VARIABLES_OVERRIDE: self.request.variables}
        sizes = {name: len(dump_json(value)) for name, value in given.items() if value}
        if sizes:
            detail = "With this override, filters and variables would add more than 2 MB to the response."
            raise ValidationFailed(detail, attr=max(sizes, key=lambda name: sizes[name]), code="too_large")


NO_OVERRIDES = QueryOverrides({}, {}, (), NO_REQUEST_OVERRIDES, CharacterBudget())


def load_query_overrides(filters: str, variables: str, request: RequestOverrides) -> QueryOverrides:
    """Return the overrides of a dashboard from its stored JSON strings, with those in a request merged into them."""
    if filters == variables == EMPTY_OBJECT and request == NO_REQUEST_OVERRIDES:
        return NO_OVERRIDES
    return build_query_overrides(json.loads(filters), json.loads(variables), request)


def build_query_overrides(
    filters: dict[str, Any], variables: dict[str, Any], request: RequestOverrides = NO_REQUEST_OVERRIDES
) -> QueryOverrides:
    """Return the overrides of a dashboard, with the overrides of a request merged into them.

    Raises ValidationFailed if the request overrides one variable twice.
    """
    merged, unmatched = dict(variables), {}
    for name, id_, given in match_variables(variables, request.variables or {}):
        if id_ in variables:
            merged[id_] = merge_variable(variables[id_], given)
        else:
            # The override matches no variable of the dashboard, but may match a variable of an insight.
            unmatched[name] = given
    layers = [VariableValues(each) for each in (merged, unmatched) if each]
    return QueryOverrides(
        {**filters, **(request.filters or {})}, {**merged, **unmatched}, layers, request, CharacterBudget()
    )


class StoredTile(NamedTuple):
    """The free JSON of a tile and of its insight, as stored strings."""

    layouts: str
    filters_overrides: str
    query: str | None
    filters: str | None


class ResolvedTile(NamedTuple):
    """The free JSON of a tile and of its insight as strings, with the overrides applied."""

    layouts: str
    filters_overrides: str
    query: str | None
    filters: str | None
    parsed_query: Any
    is_damaged: bool


def resolve_tile(stored: StoredTile, overrides: QueryOverrides) -> ResolvedTile:
    """Return a tile with the filters of its dashboard, and then its own filters, applied to the query of its insight.

    JSON that cannot be parsed is replaced, so that the other tiles of the dashboard can still be returned.
    """
    layouts = stored.layouts if _is_json(stored.layouts) else EMPTY_OBJECT
    own_filters = stored.filters_overrides if _is_json(stored.filters_overrides) else EMPTY_OBJECT
    query, parsed_query = parse_stored_json(stored.query)
    filters = stored.filters if _is_json(stored.filters) else EMPTY_OBJECT
    is_damaged = (layouts, own_filters, query, filters) != stored
    if overrides.filters or overrides.variable_layers or own_filters != EMPTY_OBJECT:
        merged = {**overrides.filters, **orjson.loads(own_filters)}
        if has_overrides(merged, overrides.variable_layers):
            exact = json.loads(query) if query else None  # with integers of any size
            if exact and overrides.can_apply_to(exact):
                parsed_query = merge_filters_and_variables(exact, merged, overrides.variable_layers)
                query = dump_json(parsed_query)
            filters = filters and dump_json(apply_overrides_to_filters(json.loads(filters), merged))
    return ResolvedTile(layouts, own_filters, query, filters, parsed_query, is_damaged)


def parse_stored_json(text: str | None) -> tuple[str | None, Any]:
    """Return a stored JSON string and its value. Both are None if nothing is stored or the string cannot be parsed."""
    try:
        return text, None if text is None else orjson.loads(text)
    except orjson.JSONDecodeError:
        return None, None


def _is_json(text: str | None) -> bool:
    return text is None or text == EMPTY_OBJECT or parse_stored_json(text)[0] is not None
