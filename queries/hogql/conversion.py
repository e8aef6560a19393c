"""Conversion of expressions from the parser's JSON to the syntax tree. Unknown nodes are refused."""

from collections.abc import Callable
from typing import Any

from queries.hogql import ast
from queries.hogql.errors import Span, UnsupportedSyntax

Json = dict[str, Any]

# Casts become the conversion functions of the same types.
CASTS = {
    **dict.fromkeys(("int", "integer", "int64", "bigint", "int32"), "toInt"),
    **dict.fromkeys(("float", "float64", "double", "real"), "toFloat"),
    **dict.fromkeys(("string", "text", "varchar", "char"), "toString"),
    **dict.fromkeys(("datetime", "timestamp", "datetime64"), "toDateTime"),
    **dict.fromkeys(("bool", "boolean"), "toBool"),
    "date": "toDate",
    "uuid": "toUUID",
}
# Functions that are equivalent to operators are converted to these operators, so that both are printed in the same way.
COMPARISON_FUNCTIONS = {
    "equals": "==",
    "notEquals": "!=",
    "less": "<",
    "lessOrEquals": "<=",
    "greater": ">",
    "greaterOrEquals": ">=",
    "like": "like",
    "ilike": "ilike",
    "notLike": "not like",
    "notILike": "not ilike",
    "match": "=~",
    "in": "in",
    "notIn": "not in",
}
ARITHMETIC_FUNCTIONS = {"plus": "+", "minus": "-", "multiply": "*", "divide": "/", "modulo": "%"}


def get_span(node: Json) -> Span | None:
    start, end = node.get("start"), node.get("end")
    return Span(start["offset"], end["offset"]) if start and end else None


def build_refusal(node: Json, what: str) -> UnsupportedSyntax:
    return UnsupportedSyntax(f"{what} is not supported.", span=get_span(node))


def convert_expression(node: Json, text: str) -> ast.Expr:
    converter = CONVERTERS.get(node["node"])
    if converter is None:
        raise build_refusal(node, node["node"])
    return converter(node, text)


def convert_all(nodes: list[Json] | None, text: str) -> tuple[ast.Expr, ...]:
    return tuple(convert_expression(node, text) for node in nodes or ())


def convert_optional(node: Json | None, text: str) -> ast.Expr | None:
    return None if node is None else convert_expression(node, text)


def convert_orders(nodes: list[Json] | None, text: str) -> tuple[ast.OrderBy, ...]:
    for node in nodes or ():
        if node.get("with_fill"):
            raise build_refusal(node, "WITH FILL")
    return tuple(
        ast.OrderBy(convert_expression(node["expr"], text), node["order"] == "DESC", span=get_span(node))
        for node in nodes or ()
    )


def convert_window(node: Json, text: str) -> ast.Window:
    return ast.Window(
        partition_by=convert_all(node.get("partition_by"), text),
        order_by=convert_orders(node.get("order_by"), text),
        frame_method=node.get("frame_method"),
        frame_start=_convert_bound(node.get("frame_start")),
        frame_end=_convert_bound(node.get("frame_end")),
        span=get_span(node),
    )


def _convert_bound(node: Json | None) -> ast.FrameBound | None:
    if node is None:
        return None
    return ast.FrameBound(node["frame_type"], node.get("frame_value"), span=get_span(node))


def _convert_constant(node: Json, text: str) -> ast.Expr:
    value = node.get("value")
    if node.get("value_type") == "number":  # a number that JSON cannot express
        raise UnsupportedSyntax(f"The number {str(value)[:40]} is not supported.", span=get_span(node))
    return ast.Constant(value, span=get_span(node))


def _convert_field(node: Json, text: str) -> ast.Expr:
    chain = tuple(str(part) for part in node["chain"])
    if chain[-1] == "*":
        return ast.Star(chain[0] if len(chain) == 2 else None, span=get_span(node))
    return ast.Field(chain, span=get_span(node))


def _convert_columns(node: Json, text: str) -> ast.Expr:
    if not node.get("all_columns") or node.get("replace"):
        raise build_refusal(node, "COLUMNS(…)")
    return ast.Star(None, tuple(str(name) for name in node.get("exclude") or ()), span=get_span(node))


def _convert_call(node: Json, text: str) -> ast.Expr:
    if node.get("order_by") or node.get("within_group"):
        raise build_refusal(node, "ORDER BY in a function call")
    name, span, args = node["name"], get_span(node), convert_all(node.get("args"), text)
    if not node.get("params") and len(args) == 2 and not node.get("filter_expr"):
        if name in COMPARISON_FUNCTIONS:
            return ast.Compare(COMPARISON_FUNCTIONS[name], *args, span=span)
        if name in ARITHMETIC_FUNCTIONS:
            return ast.Arithmetic(ARITHMETIC_FUNCTIONS[name], *args, span=span)
    if name.lower() == "cast" and len(args) == 2 and isinstance(args[1], ast.Constant):
        return _build_cast(node, args[0], str(args[1].value))
    params = node.get("params")
    return ast.Call(
        "caseWithExpression" if name == "_caseWithExpression" else name,  # CASE x WHEN …
        args,
        params=None if params is None else convert_all(params, text),
        distinct=bool(node.get("distinct")),
        condition=convert_optional(node.get("filter_expr"), text),
        span=span,
    )


def _convert_window_call(node: Json, text: str) -> ast.Expr:
    """Convert a window call. For `f(x)`, the library returns x in `exprs`, but for `f(p)(x)` in `args`."""
    exprs, args, span = convert_all(node.get("exprs"), text), convert_all(node.get("args"), text), get_span(node)
    call = ast.Call(node["name"], args or exprs, params=exprs if args else None, span=span)
    if node.get("over_identifier"):
        return ast.WindowCall(call, node["over_identifier"], span=span)
    return ast.WindowCall(call, convert_window(node.get("over_expr") or {}, text), span=span)


def _convert_placeholder(node: Json, text: str) -> ast.Expr:
    inner = node["expr"]
    if inner["node"] != "Field":
        raise build_refusal(node, "A placeholder other than a name")
    return ast.Placeholder(tuple(str(part) for part in inner["chain"]), span=get_span(node))


def _convert_cast(node: Json, text: str) -> ast.Expr:
    return _build_cast(node, convert_expression(node["expr"], text), node["type_name"])


def _build_cast(node: Json, expr: ast.Expr, type_name: str) -> ast.Expr:
    name = CASTS.get(type_name.lower())
    if name is None:
        raise build_refusal(node, f"A cast to {type_name[:40]}")
    return ast.Call(name, (expr,), span=get_span(node))


def _convert_between(node: Json, text: str) -> ast.Expr:
    expr, low, high = (convert_expression(node[name], text) for name in ("expr", "low", "high"))
    return ast.Between(expr, low, high, bool(node.get("negated")), span=get_span(node))


def _convert_distinct_from(node: Json, text: str) -> ast.Expr:
    left, right = convert_expression(node["left"], text), convert_expression(node["right"], text)
    return ast.Compare("==" if node.get("negated") else "!=", left, right, span=get_span(node))


def _convert_sides(kind: Callable[..., ast.Expr]) -> Callable[[Json, str], ast.Expr]:
    def convert(node: Json, text: str) -> ast.Expr:
        left, right = convert_expression(node["left"], text), convert_expression(node["right"], text)
        return kind(node["op"], left, right, span=get_span(node))

    return convert


def _convert_list(kind: Callable[..., ast.Expr]) -> Callable[[Json, str], ast.Expr]:
    return lambda node, text: kind(convert_all(node.get("exprs"), text), span=get_span(node))


CONVERTERS: dict[str, Callable[[Json, str], ast.Expr]] = {
    "Constant": _convert_constant,
    "Field": _convert_field,
    "ColumnsExpr": _convert_columns,
    "Call": _convert_call,
    "WindowFunction": _convert_window_call,
    "Placeholder": _convert_placeholder,
    "TypeCast": _convert_cast,
    "TryCast": _convert_cast,
    "BetweenExpr": _convert_between,
    "IsDistinctFrom": _convert_distinct_from,
    "CompareOperation": _convert_sides(ast.Compare),
    "ArithmeticOperation": _convert_sides(ast.Arithmetic),
    "And": _convert_list(ast.And),
    "Or": _convert_list(ast.Or),
    "Tuple": _convert_list(ast.Tuple),
    "Array": _convert_list(ast.Array),
    "Not": lambda node, text: ast.Not(convert_expression(node["expr"], text), span=get_span(node)),
    "Alias": lambda node, text: ast.Alias(convert_expression(node["expr"], text), node["alias"], span=get_span(node)),
    "ArrayAccess": lambda node, text: ast.ArrayAccess(
        convert_expression(node["array"], text), convert_expression(node["property"], text), span=get_span(node)
    ),
    "TupleAccess": lambda node, text: ast.TupleAccess(
        convert_expression(node["tuple"], text), int(node["index"]), span=get_span(node)
    ),
    "Lambda": lambda node, text: ast.Lambda(
        tuple(node.get("args") or ()), convert_expression(node["expr"], text), span=get_span(node)
    ),
}
