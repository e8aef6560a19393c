"""Printing of expressions. Names from a query are looked up and never printed. Values become parameters."""

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from queries.hogql import ast
from queries.hogql.calls import print_call
from queries.hogql.comparisons import (
    adapt_constant,
    adapt_property,
    get_operator,
    print_comparison,
    print_date,
    print_join_comparison,
)
from queries.hogql.errors import InvalidValue, UnknownColumn, UnknownPlaceholder, UnsupportedSyntax
from queries.hogql.properties import print_property_text
from queries.hogql.scopes import CommonTableInScope, Scope
from queries.hogql.session import PrintedQuery
from queries.hogql.values import Sql, ValueType

ARITHMETIC = {"+": "plus", "-": "minus", "*": "multiply", "/": "divide", "%": "modulo"}
# An integer has the smallest possible type, like a literal in ClickHouse. A larger type may have no common type with a
# count.
INTEGER_TYPES = [
    *((0, 2**bits, f"UInt{bits}") for bits in (8, 16, 32, 64)),
    *((-(2 ** (bits - 1)), 0, f"Int{bits}") for bits in (8, 16, 32, 64)),
]
FRAME_METHODS = frozenset({"ROWS", "RANGE"})
FRAME_BOUNDS = frozenset({"CURRENT ROW", "PRECEDING", "FOLLOWING"})
TRUE = Sql("true", ValueType.BOOLEAN, nullable=False)
FALSE = Sql("false", ValueType.BOOLEAN, nullable=False)


class ExpressionPrinter:
    """A printer of the expressions of one SELECT."""

    def __init__(self, scope: Scope, windows: dict[str, ast.Window] | None = None) -> None:
        self.scope = scope
        self.session = scope.session
        self.windows = windows or {}
        self._in_join = False

    def print(self, node: ast.Expr) -> Sql:
        self.session.count_node()
        printer = PRINTERS.get(type(node))
        if printer is None:
            raise UnsupportedSyntax(f"{type(node).__name__} is not supported here.", span=node.span)
        return printer(self, node)

    def print_condition(self, node: ast.Expr) -> Sql:
        """Return an expression as a condition. The text of a property is true if it equals `true`."""
        sql = self.print(node)
        if sql.is_property:
            return print_comparison("==", sql, self.session.bind_text("true"))
        return sql

    def print_join_condition(self, node: ast.Expr) -> str:
        self._in_join = True
        try:
            return self.print_condition(node).text
        finally:
            self._in_join = False

    def print_constant(self, node: ast.Constant) -> Sql:
        match node.value:
            case None:
                return Sql("NULL")
            case bool():
                return TRUE if node.value else FALSE
            case str():
                return self.session.bind_text(node.value)
            case datetime():
                return self.session.print_datetime(node.value)
            case date():
                return print_date(self.session, node.value)
            case UUID():
                return Sql(f"toUUID({self.session.bind(str(node.value), 'String')})", ValueType.UUID, nullable=False)
            case _:
                return self._print_number(node, node.value)

    def _print_number(self, node: ast.Constant, value: int | float) -> Sql:
        if isinstance(value, int):
            kinds = [kind for low, high, kind in INTEGER_TYPES if low <= value < high]
            if kinds:
                return Sql(self.session.bind(value, kinds[0]), ValueType.NUMBER, nullable=False)
        elif math.isfinite(value):
            return Sql(self.session.bind(value, "Float64"), ValueType.NUMBER, nullable=False)
        raise InvalidValue("The number is out of range.", span=node.span)

    def print_integers(self, node: ast.Integers) -> Sql:
        return Sql(self.session.bind(node.values, "Array(Int64)"), ValueType.ARRAY, nullable=False)

    def print_field(self, node: ast.Field) -> Sql:
        scalar = self.scope.scalars.get(node.chain[0]) if len(node.chain) == 1 else None
        if scalar is None or node.chain[0] in self.scope.arguments:
            return self._print_untyped(node) if node.is_untyped else self.scope.find_field(node.chain, node.span)
        name = node.chain[0]
        del self.scope.scalars[name]  # an expression may use a column with the name of its alias
        try:
            return replace(self.print(scalar), instant=None)
        finally:
            self.scope.scalars[name] = scalar

    def _print_untyped(self, node: ast.Field) -> Sql:
        """Print the text of a property. In a subquery, the JSON may be an ordinary text column."""
        try:
            found = self.scope.find_field(node.chain, node.span)
        except UnknownColumn:
            *chain, key = node.chain
            column = self.scope.find_field(tuple(chain), node.span)
            return Sql(print_property_text(column.text, [self.session.bind(key, "String")]))
        return Sql(found.untyped or found.text)

    def print_alias(self, node: ast.Alias) -> Sql:
        """Print an alias inside an expression. Aliases of columns are printed by the SELECT."""
        inner, name = self.print(node.expr), self.session.make_name("c")
        self.scope.aliases[node.name] = replace(inner, text=name, instant=None, untyped=None)
        return replace(inner, text=f"({inner.text} AS {name})", instant=None, untyped=None)

    def print_placeholder(self, node: ast.Placeholder) -> Sql:
        raise UnknownPlaceholder(".".join(node.chain), (), span=node.span)

    def print_arithmetic(self, node: ast.Arithmetic) -> Sql:
        left, right = self.print(node.left), self.print(node.right)
        left, right = adapt_property(left, right), adapt_property(right, left)
        if left.is_property and right.is_property:
            number = Sql("", ValueType.NUMBER)
            left, right = adapt_property(left, number), adapt_property(right, number)
        times = [side.type for side in (left, right) if side.type in (ValueType.DATETIME, ValueType.DATE)]
        is_number = len(times) == 2 or left.type is right.type is ValueType.NUMBER
        kind = ValueType.NUMBER if is_number else ValueType.DATETIME if ValueType.DATETIME in times else ValueType.ANY
        return Sql(f"{ARITHMETIC[node.op]}({left.text}, {right.text})", kind, left.nullable or right.nullable)

    def print_compare(self, node: ast.Compare) -> Sql:
        get_operator(node)
        left = self.print(node.left)
        if node.op.endswith("in"):
            return self._print_in(node, left)
        right = self.print(node.right)
        left, right = (
            adapt_constant(self.session, node.left, right) or adapt_property(left, right),
            adapt_constant(self.session, node.right, left) or adapt_property(right, left),
        )
        return (print_join_comparison if self._in_join else print_comparison)(node.op, left, right)

    def _print_in(self, node: ast.Compare, left: Sql) -> Sql:
        negated = node.op.endswith("not in")
        match node.right:
            case ast.Query():
                right = self.session.print_subquery(node.right, self.scope)
                return print_comparison(node.op, left, Sql(f"({right.sql})", nullable=False))
            case ast.Field(chain) if len(chain) == 1 and chain[0] in self.scope.common_tables:
                return print_comparison(node.op, left, self._print_common_table(self.scope.common_tables[chain[0]]))
            case ast.Tuple(items) | ast.Array(items):
                return self._print_in_list(node, left, items)
            case ast.Constant():
                return self._print_in_list(node, left, (node.right,))
            case _:
                found = print_comparison("==", Sql(f"has({self.print(node.right).text}, {left.text})"), TRUE)
                return replace(found, text=f"not({found.text})") if negated else found

    def _print_in_list(self, node: ast.Compare, left: Sql, items: tuple[ast.Expr, ...]) -> Sql:
        if not items:
            return TRUE if node.op.endswith("not in") else FALSE
        values = [adapt_constant(self.session, item, left) or self.print(item) for item in items]
        if any(value.type is ValueType.NUMBER for value in values):
            left = adapt_property(left, Sql("", ValueType.NUMBER))
        text = ", ".join(value.instant or value.text for value in values)
        return print_comparison(node.op, left, Sql(f"tuple({text})", nullable=False))

    def _print_common_table(self, table: CommonTableInScope) -> Sql:
        columns = ", ".join(column.text for column in table.columns.values())
        return Sql(f"(SELECT {columns} FROM {table.name})", nullable=False)

    def print_between(self, node: ast.Between) -> Sql:
        bounds = (ast.Compare(">=", node.expr, node.low), ast.Compare("<=", node.expr, node.high))
        both = self.print(ast.And(bounds))
        return replace(both, text=f"not({both.text})") if node.negated else both

    def print_logic(self, node: ast.And | ast.Or) -> Sql:
        if not node.exprs:
            return TRUE if isinstance(node, ast.And) else FALSE
        parts = [self.print_condition(expr) for expr in node.exprs]
        word = " AND " if isinstance(node, ast.And) else " OR "
        return Sql(f"({word.join(part.text for part in parts)})", ValueType.BOOLEAN, any(p.nullable for p in parts))

    def print_not(self, node: ast.Not) -> Sql:
        inner = self.print_condition(node.expr)
        return Sql(f"not({inner.text})", ValueType.BOOLEAN, inner.nullable)

    def print_items(self, node: ast.Tuple | ast.Array) -> Sql:
        is_array = isinstance(node, ast.Array)
        text = ", ".join(self.print(item).text for item in node.items)
        kind = ValueType.ARRAY if is_array else ValueType.ANY
        return Sql(f"{'array' if is_array else 'tuple'}({text})", kind, nullable=False)

    def print_array_access(self, node: ast.ArrayAccess) -> Sql:
        key = node.index.value if isinstance(node.index, ast.Constant) else None
        if isinstance(node.array, ast.Field) and isinstance(key, str):
            return self.print(ast.Field((*node.array.chain, key), span=node.span))
        array, index = self.print(node.array), self.print(node.index)
        return self._print_access(array, index.text, "arrayElement")

    def print_tuple_access(self, node: ast.TupleAccess) -> Sql:
        return self._print_access(self.print(node.tuple), str(int(node.index)), "tupleElement")

    def _print_access(self, whole: Sql, index: str, function: str) -> Sql:
        if whole.is_property or whole.json:
            return Sql(f"JSONExtract({whole.text}, {index}, 'Nullable(String)')", ValueType.TEXT, is_property=True)
        return Sql(f"{function}({whole.text}, {index})")

    def print_lambda(self, node: ast.Lambda) -> Sql:
        """Print a lambda. Its arguments shadow columns with the same names."""
        outer, names = dict(self.scope.arguments), {arg: self.session.make_name("x") for arg in node.args}
        self.scope.arguments.update({arg: Sql(name) for arg, name in names.items()})
        try:
            body = self.print(node.body)
        finally:
            self.scope.arguments = outer
        return Sql(f"({', '.join(names.values())}) -> {body.text}", nullable=False)

    def print_query(self, node: ast.Query) -> Sql:
        query: PrintedQuery = self.session.print_subquery(node, self.scope)
        if len(query.columns) != 1:
            return Sql(f"({query.sql})")
        return replace(query.columns[0][1], text=f"({query.sql})", nullable=True, instant=None)

    def print_window_call(self, node: ast.WindowCall) -> Sql:
        call = print_call(self, node.call, in_window=True)
        window = self.windows.get(node.window) if isinstance(node.window, str) else node.window
        if window is None:
            raise UnsupportedSyntax(f'Unknown window "{str(node.window)[:80]}".', span=node.span)
        return replace(call, text=f"{call.text} OVER ({self.print_window(window)})")

    def print_window(self, window: ast.Window) -> str:
        parts = []
        if window.partition_by:
            parts.append("PARTITION BY " + ", ".join(self.print(expr).text for expr in window.partition_by))
        if window.order_by:
            parts.append("ORDER BY " + ", ".join(self.print_order(order) for order in window.order_by))
        if window.frame_method:
            parts.append(self._print_frame(window))
        return " ".join(parts)

    def print_order(self, order: ast.OrderBy) -> str:
        return f"{self.print(order.expr).text} {'DESC' if order.descending else 'ASC'}"

    def _print_frame(self, window: ast.Window) -> str:
        if window.frame_method not in FRAME_METHODS:
            raise UnsupportedSyntax(f"A window frame of {window.frame_method} is not supported.", span=window.span)
        start = self._print_bound(window.frame_start)
        if window.frame_end is None:
            return f"{window.frame_method} {start}"
        return f"{window.frame_method} BETWEEN {start} AND {self._print_bound(window.frame_end)}"

    def _print_bound(self, bound: ast.FrameBound | None) -> str:
        if bound is None or bound.kind not in FRAME_BOUNDS:
            raise UnsupportedSyntax(
                "This bound of a window frame is not supported.", span=bound.span if bound else None
            )
        if bound.kind == "CURRENT ROW":
            return bound.kind
        return f"{'UNBOUNDED' if bound.offset is None else int(bound.offset)} {bound.kind}"


PRINTERS: dict[type[ast.Expr], Callable[[ExpressionPrinter, Any], Sql]] = {
    ast.Constant: ExpressionPrinter.print_constant,
    ast.Integers: ExpressionPrinter.print_integers,
    ast.Field: ExpressionPrinter.print_field,
    ast.Alias: ExpressionPrinter.print_alias,
    ast.Call: print_call,
    ast.WindowCall: ExpressionPrinter.print_window_call,
    ast.Placeholder: ExpressionPrinter.print_placeholder,
    ast.Arithmetic: ExpressionPrinter.print_arithmetic,
    ast.Compare: ExpressionPrinter.print_compare,
    ast.Between: ExpressionPrinter.print_between,
    ast.And: ExpressionPrinter.print_logic,
    ast.Or: ExpressionPrinter.print_logic,
    ast.Not: ExpressionPrinter.print_not,
    ast.Tuple: ExpressionPrinter.print_items,
    ast.Array: ExpressionPrinter.print_items,
    ast.ArrayAccess: ExpressionPrinter.print_array_access,
    ast.TupleAccess: ExpressionPrinter.print_tuple_access,
    ast.Lambda: ExpressionPrinter.print_lambda,
    ast.Select: ExpressionPrinter.print_query,
    ast.SetQuery: ExpressionPrinter.print_query,
}
