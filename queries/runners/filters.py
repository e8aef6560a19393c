"""Property filters of queries and dashboards, whose JSON is compiled into a condition of the syntax tree."""

from collections.abc import Callable, Mapping
from typing import Any

from queries.hogql.ast import And, Expr, Or
from queries.hogql.errors import QueryTooComplex
from queries.hogql.parser import parse_expression
from queries.runners.context import QueryContext
from queries.runners.errors import InvalidQuery, Path, UnsupportedFilter
from queries.runners.json_values import check_size, describe, read_value
from queries.runners.operands import BUILDERS, TRUE, FilterScope, build_operand
from queries.runners.operators import OPERATORS, FilterValues
from queries.runners.stages import find_aggregates

PROPERTY_TYPES = (*BUILDERS, "session")
EXPRESSION = "hogql"
EMPTY = "empty"
# Each expression is a string for the parser, which may take seconds.
MAX_EXPRESSIONS = 20
GROUP_TYPES = ("AND", "OR")
KEY_MAX_LENGTH = 1_000
WITHOUT_VALUE = frozenset({"is_set", "is_not_set"})


class FilterBuilder:
    """A builder of the conditions of filters in one query."""

    def __init__(self, context: QueryContext, finish: Callable[[Expr], Expr] = lambda expr: expr) -> None:
        """Create a builder. `finish` converts the tree of each expression of HogQL, which may contain placeholders."""
        self.context = context
        self.finish = finish
        self._expressions: dict[str, Expr] = {}

    def build(self, properties: Any, scope: FilterScope, path: Path) -> Expr:
        """Return the condition of a group of filters, or of a list of filters that are combined with AND.

        Raises HogQLError: InvalidQuery, UnsupportedFilter, QueryTooComplex, and the errors of expressions.
        """
        check_size(properties, path)
        if properties is None:
            return TRUE
        if isinstance(properties, list | tuple):
            return self._build_all(list(properties), And, scope, path)
        return self._build_item(properties, scope, path)

    def build_test_account_filters(self, scope: FilterScope, path: Path) -> Expr:
        return self.build(self.context.test_account_filters, scope, path)

    def _build_all(self, items: list[Any], kind: type[And] | type[Or], scope: FilterScope, path: Path) -> Expr:
        parts = tuple(self._build_item(item, scope, (*path, index)) for index, item in enumerate(items))
        if not parts:
            return TRUE
        return parts[0] if len(parts) == 1 else kind(parts)

    def _build_item(self, item: Any, scope: FilterScope, path: Path) -> Expr:
        if not isinstance(item, dict):
            raise InvalidQuery(f"This must be a filter, not {describe(item)}.", path)
        if "values" in item or item.get("type") in GROUP_TYPES:
            return self._build_group(item, scope, path)
        return self._build_filter(item, scope, path)

    def _build_group(self, group: Mapping[str, Any], scope: FilterScope, path: Path) -> Expr:
        kind, values = group.get("type"), group.get("values")
        if kind not in GROUP_TYPES:
            raise InvalidQuery("The type of a group must be AND or OR.", (*path, "type"))
        if not isinstance(values, list):
            raise InvalidQuery(f"This must be a list of filters, not {describe(values)}.", (*path, "values"))
        return self._build_all(values, And if kind == "AND" else Or, scope, (*path, "values"))

    def _build_filter(self, item: Mapping[str, Any], scope: FilterScope, path: Path) -> Expr:
        kind = item.get("type", EMPTY if not item else "event")
        if kind == EMPTY:
            return TRUE
        if not isinstance(kind, str) or kind not in (*PROPERTY_TYPES, EXPRESSION):
            raise UnsupportedFilter(str(kind), (*PROPERTY_TYPES, EXPRESSION), (*path, "type"))
        key = item.get("key")
        if not isinstance(key, str) or not key:
            raise InvalidQuery("This must be a non-empty string.", (*path, "key"))
        if kind == EXPRESSION:
            return self._build_condition(key, (*path, "key"))
        if len(key) > KEY_MAX_LENGTH:
            raise InvalidQuery(f"This has more than {KEY_MAX_LENGTH:,} characters.", (*path, "key"))
        return self._build_property(kind, key, item, scope, path)

    def _build_property(self, kind: str, key: str, item: Mapping[str, Any], scope: FilterScope, path: Path) -> Expr:
        operator = item.get("operator") or "exact"
        if not isinstance(operator, str) or operator not in OPERATORS:
            raise UnsupportedFilter(str(operator), OPERATORS, (*path, "operator"))
        operand = build_operand(kind, key, scope, self.context, path)
        value = None if operator in WITHOUT_VALUE else read_value(item.get("value"), (*path, "value"))
        values = value if isinstance(value, list) else [] if value is None else [value]
        return OPERATORS[operator](operand, FilterValues(values, self.context, (*path, "value")))

    def _build_condition(self, text: str, path: Path) -> Expr:
        """Return the syntax tree of a condition on single events. Raises InvalidQuery for an aggregate function."""
        expr = self.build_expression(text)
        if find_aggregates(expr):
            raise InvalidQuery("A filter applies to single events, and cannot contain aggregate functions.", path)
        return expr

    def build_expression(self, text: str) -> Expr:
        """Return the tree of an expression of HogQL. Raises HogQLError."""
        if text not in self._expressions:
            if len(self._expressions) == MAX_EXPRESSIONS:
                raise QueryTooComplex(f"The filters contain more than {MAX_EXPRESSIONS} HogQL expressions.")
            self._expressions[text] = self.finish(parse_expression(text))
        return self._expressions[text]
