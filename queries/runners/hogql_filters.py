"""The placeholders of a HogQLQuery that its `filters` replace: `{filters}` and the ends of the date range."""

from collections.abc import Mapping
from typing import Any

from queries.hogql.ast import And, Compare, Constant, Expr, Field, Select, TableSource
from queries.hogql.errors import InvalidArguments
from queries.hogql.placeholders import PlaceholderValue, replace_placeholders
from queries.runners.compiled import ResolvedRange
from queries.runners.context import QueryContext
from queries.runners.dates import resolve_given_range
from queries.runners.filters import FilterBuilder
from queries.runners.json_values import get_boolean, get_object
from queries.runners.operands import FilterScope

FILTERS = "filters"
DATE_RANGE = (FILTERS, "dateRange")
NO_TABLE = "{filters} filters events or sessions, so its SELECT must read one of these tables by name."


def build_filter_values(
    source: Mapping[str, Any], context: QueryContext, others: Mapping[str, PlaceholderValue]
) -> dict[str, PlaceholderValue]:
    """Return the values of the placeholders. `others` are the values of placeholders in expressions of filters.

    Raises HogQLError.
    """
    filters = get_object(source, FILTERS)
    found = resolve_given_range(filters.get("dateRange"), context, DATE_RANGE)
    return {
        FILTERS: SelectFilters(filters, found, context, others).build,
        "filters.dateRange.from": found.start,
        "filters.dateRange.to": found.end,
    }


class SelectFilters:
    """The condition that replaces `{filters}` in a SELECT, depending on the table that the SELECT reads."""

    def __init__(
        self,
        filters: Mapping[str, Any],
        found: ResolvedRange,
        context: QueryContext,
        others: Mapping[str, PlaceholderValue],
    ) -> None:
        self.filters = filters
        self.range = found
        self.builder = FilterBuilder(context, lambda expr: replace_placeholders(expr, others))
        self.filters_test_accounts = get_boolean(filters, "filterTestAccounts", (FILTERS,))
        self._built: dict[FilterScope, Expr] = {}

    def build(self, select: Select | None) -> Expr:
        """Return the condition for a SELECT. Raises InvalidArguments for a SELECT of neither events nor sessions."""
        scope = find_scope(select)
        if scope is None:
            raise InvalidArguments(NO_TABLE, span=select.span if select else None)
        if scope not in self._built:
            self._built[scope] = And(tuple(self._build_parts(scope)))
        return self._built[scope]

    def _build_parts(self, scope: FilterScope) -> list[Expr]:
        parts = [self.builder.build(self.filters.get("properties"), scope, (FILTERS, "properties"))]
        if self.filters_test_accounts:
            parts.append(self.builder.build_test_account_filters(scope, (FILTERS, "filterTestAccounts")))
        time = Field((scope.source, "$start_timestamp" if scope.is_sessions else "timestamp"))
        if self.range.start is not None:
            parts.append(Compare(">=", time, Constant(self.range.start)))
        if self.range.end is not None:
            parts.append(Compare("<=", time, Constant(self.range.end)))
        return parts


def find_scope(select: Select | None) -> FilterScope | None:
    """Return the table of a SELECT to which filters apply, events or else sessions, with its name or alias."""
    if select is None:
        return None
    sources = [select.source, *(join.source for join in select.joins)]
    tables = {source.name: source for source in reversed(sources) if isinstance(source, TableSource)}
    for name in ("events", "sessions"):
        if table := tables.get((name,)):
            return FilterScope(table.alias or name, is_sessions=name == "sessions")
    return None
