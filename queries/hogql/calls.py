"""Printing of function calls: a general form, and handlers for functions that are printed in another form."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from queries.hogql import ast
from queries.hogql.comparisons import adapt_property
from queries.hogql.errors import InvalidArguments, UnsupportedSyntax
from queries.hogql.functions import Function, Kind, find_allowed_function
from queries.hogql.time_calls import TIME_HANDLERS, Handler
from queries.hogql.values import Sql, ValueType

if TYPE_CHECKING:
    from queries.hogql.expressions import ExpressionPrinter

NUMBER = Sql("", ValueType.NUMBER)
# Arithmetic functions, for which the text of a property is converted to a number.
NUMERIC = frozenset({"round", "floor", "ceil", "abs", "sqrt", "trunc", "pow", "exp", "log", "log2", "log10", "intDiv"})
# Functions that return one of their arguments. The result has the type of the first argument.
PICKERS = frozenset({"min", "max", "any", "anyLast", "argMin", "argMax", "first_value", "last_value", "nullIf"})


def print_call(printer: ExpressionPrinter, node: ast.Call, *, in_window: bool = False) -> Sql:
    """Return a printed call. Raises UnknownFunction and InvalidArguments."""
    function = find_allowed_function(node.name, node.span)
    if function.stored == "count" and node.distinct:
        function, node = find_allowed_function("uniqExact", node.span), replace(node, distinct=False)
    if node.stage in (ast.Stage.FINAL, ast.Stage.MERGE):
        return print_number_of_state(printer, node, function)
    function.check_counts(len(node.args), None if node.params is None else len(node.params), node.span)
    if function.kind is Kind.WINDOW and not in_window:
        raise InvalidArguments(f"{function.name} requires OVER (…).", span=node.span)
    if function.kind is Kind.PLAIN and (node.distinct or node.condition or in_window):
        raise InvalidArguments(f"{function.name} is not an aggregate function.", span=node.span)
    handler = HANDLERS.get(function.stored)
    return handler(printer, node, function) if handler else print_plain(printer, node, function)


def print_plain(printer: ExpressionPrinter, node: ast.Call, function: Function) -> Sql:
    args = [printer.print(arg) for arg in node.args if not isinstance(arg, ast.Star)]
    calculates = function.kind is Kind.AGGREGATE and function.type is ValueType.NUMBER and not function.is_counting
    if args and (calculates or function.stored in NUMERIC):
        args[0] = adapt_property(args[0], NUMBER)
    return build_call(printer, node, function, args)


def build_call(printer: ExpressionPrinter, node: ast.Call, function: Function, args: list[Sql]) -> Sql:
    """Return a call with printed arguments. DISTINCT and FILTER become suffixes of the function name."""
    stored = _name_stored(node, function)
    texts = [arg.text for arg in args]
    if node.condition is not None:
        texts.append(printer.print_condition(node.condition).text)
    if node.stage is ast.Stage.STATE:
        return Sql(f"{stored}State{_print_params(printer, node)}({', '.join(texts)})", nullable=False)
    nullable = any(arg.nullable for arg in args) if function.nullable is None else function.nullable
    kind = args[0].type if args and function.stored in PICKERS else function.type
    return Sql(f"{stored}{_print_params(printer, node)}({', '.join(texts)})", kind, nullable)


def print_number_of_state(printer: ExpressionPrinter, node: ast.Call, function: Function) -> Sql:
    """Return the call that finalizes an aggregation state, or merges several states into one number."""
    state = printer.print(node.args[0]).text
    if node.stage is ast.Stage.FINAL:
        return Sql(f"finalizeAggregation({state})", function.type)
    return Sql(f"{_name_stored(node, function)}Merge{_print_params(printer, node)}({state})", function.type)


def _name_stored(node: ast.Call, function: Function) -> str:
    return function.stored + ("Distinct" if node.distinct else "") + ("If" if node.condition is not None else "")


def _print_params(printer: ExpressionPrinter, node: ast.Call) -> str:
    if not node.params:
        return ""
    if not all(isinstance(param, ast.Constant) for param in node.params):
        raise InvalidArguments(f"The first parentheses of {node.name} must contain constants.", span=node.span)
    return f"({', '.join(printer.print(param).text for param in node.params)})"


def _print_cast(target: str, kind: ValueType) -> Handler:
    def print_cast(printer: ExpressionPrinter, node: ast.Call, function: Function) -> Sql:
        value = printer.print(node.args[0]).text
        return Sql(f"accurateCastOrNull({value}, '{target}')", kind)

    return print_cast


def _print_cast_or_default(target: str) -> Handler:
    def print_cast(printer: ExpressionPrinter, node: ast.Call, function: Function) -> Sql:
        default = printer.print(node.args[1]).text if len(node.args) > 1 else "0"
        value = printer.print(node.args[0]).text
        return Sql(f"ifNull(accurateCastOrNull({value}, '{target}'), {default})", ValueType.NUMBER, nullable=False)

    return print_cast


def _print_to_decimal(printer: ExpressionPrinter, node: ast.Call, function: Function) -> Sql:
    scale = node.args[1]
    if not isinstance(scale, ast.Constant) or type(scale.value) is not int or not 0 <= scale.value <= 18:
        raise InvalidArguments("The second argument of toDecimal must be a number from 0 to 18.", span=node.span)
    value = printer.print(node.args[0]).text
    return Sql(f"accurateCastOrNull({value}, 'Decimal64({int(scale.value)})')", ValueType.NUMBER)


def _print_concat(printer: ExpressionPrinter, node: ast.Call, function: Function) -> Sql:
    """Print `concat`. A null argument becomes an empty string; in ClickHouse the whole result would be null."""
    args = [_print_as_text(printer.print(arg)) for arg in node.args]
    return Sql(f"{function.stored}({', '.join(args)})", ValueType.TEXT, nullable=False)


def _print_as_text(value: Sql) -> str:
    text = value.text if value.type is ValueType.TEXT else f"toString({value.text})"
    return f"ifNull({text}, '')" if value.nullable else text


def _print_branches(printer: ExpressionPrinter, node: ast.Call, function: Function) -> Sql:
    """Print conditional functions, such as `if` and `coalesce`.

    If all arguments have the same type, the result also has this type.
    """
    if function.stored in ("if", "multiIf"):
        args = [
            printer.print(arg) if index == len(node.args) - 1 or index % 2 else printer.print_condition(arg)
            for index, arg in enumerate(node.args)
        ]
        if function.stored == "if":
            args = [printer.print_condition(node.args[0]), *(printer.print(arg) for arg in node.args[1:])]
        values = args[1:] if function.stored == "if" else [*args[1:-1:2], args[-1]]
        nullable = any(value.nullable for value in values)
    else:
        args = [printer.print(arg) for arg in node.args]
        if function.stored in ("ifNull", "coalesce") and any(arg.type is ValueType.NUMBER for arg in args):
            args = [adapt_property(arg, NUMBER) for arg in args]
        values, nullable = args, all(arg.nullable for arg in args)
    kinds = {value.type for value in values if value.text != "NULL"}
    kind = kinds.pop() if len(kinds) == 1 else ValueType.ANY
    is_property = kind is ValueType.TEXT and all(value.is_property for value in values)
    text = f"{function.stored}({', '.join(arg.text for arg in args)})"
    return Sql(text, kind, nullable, is_property=is_property)


def _print_exists(printer: ExpressionPrinter, node: ast.Call, function: Function) -> Sql:
    if not isinstance(node.args[0], ast.Query):
        raise InvalidArguments("The argument of exists must be a subquery.", span=node.span)
    query = printer.session.print_subquery(node.args[0], printer.scope)
    return Sql(f"((SELECT count() FROM (SELECT 1 FROM ({query.sql}) LIMIT 1)) > 0)", ValueType.BOOLEAN, nullable=False)


def _print_window_funnel(printer: ExpressionPrinter, node: ast.Call, function: Function) -> Sql:
    """Print `windowFunnel` with its times and its window in microseconds, because ClickHouse reads the window in the
    unit of the times.
    """
    window = node.params[0] if node.params else None
    if not isinstance(window, ast.Constant) or not isinstance(window.value, int | float):
        raise InvalidArguments("The first parentheses of windowFunnel must contain seconds.", span=node.span)
    if len(node.params or ()) > 1:
        raise UnsupportedSyntax("Modes of windowFunnel are not supported.", span=node.span)
    moment = printer.print(node.args[0])
    steps = [printer.print_condition(step).text for step in node.args[1:]]
    micro = f"toUInt64(toUnixTimestamp64Micro(toDateTime64({moment.text}, 6)))"
    size = printer.session.bind(round(window.value * 1_000_000), "UInt64")
    return Sql(f"windowFunnel({size})({', '.join([micro, *steps])})", ValueType.NUMBER, nullable=False)


HANDLERS: dict[str, Handler] = {
    **TIME_HANDLERS,
    **dict.fromkeys(("toInt", "toInt64OrNull"), _print_cast("Int64", ValueType.NUMBER)),
    **dict.fromkeys(("toFloat", "toFloat64OrNull"), _print_cast("Float64", ValueType.NUMBER)),
    **dict.fromkeys(("toUUID", "toUUIDOrNull"), _print_cast("UUID", ValueType.UUID)),
    "toIntOrZero": _print_cast_or_default("Int64"),
    "toFloatOrZero": _print_cast_or_default("Float64"),
    "toFloatOrDefault": _print_cast_or_default("Float64"),
    "toDecimal": _print_to_decimal,
    "concat": _print_concat,
    **dict.fromkeys(("if", "multiIf", "ifNull", "coalesce", "greatest", "least"), _print_branches),
    "exists": _print_exists,
    "windowFunnel": _print_window_funnel,
}
