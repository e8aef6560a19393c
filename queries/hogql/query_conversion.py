"""Conversion of SELECT statements from the parser's JSON to the syntax tree. Unknown nodes are refused."""

from dataclasses import replace

from queries.hogql import ast
from queries.hogql.conversion import (
    CONVERTERS,
    Json,
    build_refusal,
    convert_all,
    convert_expression,
    convert_optional,
    convert_orders,
    convert_window,
    get_span,
)
from queries.hogql.errors import UnsupportedSyntax

NAME_MAX_LENGTH = 200  # characters of an expression that becomes the name of its column
JOINS = {
    "JOIN": "INNER",
    "INNER JOIN": "INNER",
    "LEFT JOIN": "LEFT",
    "LEFT OUTER JOIN": "LEFT",
    "RIGHT JOIN": "RIGHT",
    "RIGHT OUTER JOIN": "RIGHT",
    "FULL JOIN": "FULL",
    "FULL OUTER JOIN": "FULL",
    "CROSS JOIN": "CROSS",
    "LEFT ANY JOIN": "LEFT ANY",
    "INNER ANY JOIN": "INNER ANY",
    "ANY INNER JOIN": "INNER ANY",
    "LEFT SEMI JOIN": "LEFT SEMI",
    "LEFT ANTI JOIN": "LEFT ANTI",
}
SET_OPERATORS = frozenset({"UNION ALL", "UNION DISTINCT", "INTERSECT", "INTERSECT DISTINCT", "EXCEPT"})
GROUP_MODES = {None: None, "rollup": "ROLLUP", "cube": "CUBE", "all": "ALL"}
# Fields without an equivalent in the syntax tree. A query that contains one of them is refused.
REFUSED = {
    "limit_with_ties": "WITH TIES",
    "limit_percent": "LIMIT … PERCENT",
    "interpolate": "INTERPOLATE",
    "settings": "SETTINGS",
    "distinct_on": "DISTINCT ON",
}


def convert_query(node: Json, text: str) -> ast.Query:
    for key, name in REFUSED.items():
        if node.get(key):
            raise build_refusal(node, name)
    match node["node"]:
        case "SelectQuery":
            return _convert_select(node, text)
        case "SelectSetQuery":
            return _convert_set(node, text)
        case other:
            raise build_refusal(node, other)


def _convert_set(node: Json, text: str) -> ast.Query:
    """Convert a set of queries. The library attaches the WITH clause of the whole set to the first query."""
    first, common_tables = convert_query(node["initial_select_query"], text), _convert_common_tables(node, text)
    if isinstance(first, ast.Select):
        common_tables += first.common_tables
        first = replace(first, common_tables=())
    return ast.SetQuery(
        first,
        tuple(_convert_part(part, text) for part in node["subsequent_select_queries"]),
        order_by=convert_orders(node.get("order_by"), text),
        limit=convert_optional(node.get("limit"), text),
        offset=convert_optional(node.get("offset"), text),
        common_tables=common_tables,
        span=get_span(node),
    )


def _convert_part(node: Json, text: str) -> ast.SetPart:
    if node["set_operator"] not in SET_OPERATORS:
        raise build_refusal(node["select_query"], node["set_operator"])
    return ast.SetPart(node["set_operator"], convert_query(node["select_query"], text))


def _convert_select(node: Json, text: str) -> ast.Query:
    source, joins = _convert_sources(node.get("select_from"), text)
    return ast.Select(
        tuple(_convert_column(column, text) for column in node["select"]),
        source,
        joins,
        array_join=_convert_array_join(node, text),
        where=_convert_where(node, text),
        group_by=convert_all(node.get("group_by"), text),
        group_mode=_convert_group_mode(node),
        having=convert_optional(node.get("having"), text),
        qualify=convert_optional(node.get("qualify"), text),
        order_by=convert_orders(node.get("order_by"), text),
        limit_by=_convert_limit_by(node.get("limit_by"), text),
        limit=convert_optional(node.get("limit"), text),
        offset=convert_optional(node.get("offset"), text),
        distinct=bool(node.get("distinct")),
        common_tables=_convert_common_tables(node, text),
        windows={name: convert_window(window, text) for name, window in (node.get("window_exprs") or {}).items()},
        span=get_span(node),
    )


def _convert_column(node: Json, text: str) -> ast.Expr:
    """Convert a column. A column without an alias is named after its text, such as `count()`."""
    expr = convert_expression(node, text)
    if isinstance(expr, ast.Alias | ast.Field | ast.Star) or expr.span is None:
        return expr
    return ast.Alias(expr, " ".join(text[slice(*expr.span)].split())[:NAME_MAX_LENGTH], span=expr.span)


def _convert_where(node: Json, text: str) -> ast.Expr | None:
    """Convert WHERE and PREWHERE. PREWHERE is only an optimization, which the engine applies automatically."""
    conditions = [convert_expression(node[key], text) for key in ("prewhere", "where") if node.get(key)]
    if len(conditions) == 2:
        return ast.And(tuple(conditions))
    return conditions[0] if conditions else None


def _convert_group_mode(node: Json) -> str | None:
    mode = node.get("group_by_mode")
    if mode not in GROUP_MODES:
        raise build_refusal(node, f"GROUP BY {mode}")
    return GROUP_MODES[mode]


def _convert_limit_by(node: Json | None, text: str) -> ast.LimitBy | None:
    if node is None:
        return None
    count, offset = convert_expression(node["n"], text), convert_optional(node.get("offset_value"), text)
    return ast.LimitBy(count, convert_all(node.get("exprs"), text), offset, span=get_span(node))


def _convert_array_join(node: Json, text: str) -> ast.ArrayJoin | None:
    if not node.get("array_join_op"):
        return None
    items = convert_all(node["array_join_list"], text)
    aliases = tuple(item for item in items if isinstance(item, ast.Alias))
    if len(aliases) != len(items):
        raise build_refusal(node, "ARRAY JOIN without AS")
    return ast.ArrayJoin(aliases, left=node["array_join_op"].startswith("LEFT"))


def _convert_common_tables(node: Json, text: str) -> tuple[ast.CommonTable, ...]:
    """Convert the common table expressions, which the library returns as a list in their original order."""
    return tuple(_convert_common_table(table, text) for table in node.get("ctes") or ())


def _convert_common_table(node: Json, text: str) -> ast.CommonTable:
    if node.get("recursive"):
        raise UnsupportedSyntax(f"WITH RECURSIVE {node['name'][:40]} is not supported.", span=get_span(node))
    value = convert_expression(node["expr"], text)
    scalar = node["cte_type"] == "column"
    return ast.CommonTable(node["name"], value, scalar, tuple(node.get("columns") or ()), span=get_span(node))


def _convert_sources(
    node: Json | None, text: str
) -> tuple[ast.TableSource | ast.QuerySource | None, tuple[ast.Join, ...]]:
    if node is None:
        return None, ()
    first, joins = _convert_source(node, text), []
    while node := node.get("next_join"):
        joins.append(_convert_join(node, text))
    return first, tuple(joins)


def _convert_source(node: Json, text: str) -> ast.TableSource | ast.QuerySource:
    for key, name in (("sample", "SAMPLE"), ("table_args", "A table function"), ("column_aliases", "A column list")):
        if node.get(key):
            raise build_refusal(node, name)
    table, alias = node["table"], node.get("alias")
    match table["node"]:
        case "Field":
            return ast.TableSource(tuple(str(part) for part in table["chain"]), alias, span=get_span(table))
        case "SelectQuery" | "SelectSetQuery":
            return ast.QuerySource(convert_query(table, text), alias, span=get_span(table))
        case other:
            raise build_refusal(table, f"{other} in FROM")


def _convert_join(node: Json, text: str) -> ast.Join:
    kind = JOINS.get(node["join_type"])
    if kind is None:
        raise build_refusal(node, node["join_type"])
    source, constraint = _convert_source(node, text), node.get("constraint")
    if (constraint is None) != (kind == "CROSS"):
        raise build_refusal(node, f"{node['join_type']} {'without' if constraint is None else 'with'} a condition")
    if constraint is None:
        return ast.Join(kind, source, span=get_span(node))
    condition = convert_expression(constraint["expr"], text)
    if constraint["constraint_type"] == "USING":
        return ast.Join(kind, source, using=_get_using(condition, node), span=get_span(node))
    return ast.Join(kind, source, condition, span=get_span(node))


def _get_using(columns: ast.Expr, node: Json) -> tuple[str, ...]:
    fields = columns.items if isinstance(columns, ast.Tuple) else (columns,)
    names = tuple(field.chain[0] for field in fields if isinstance(field, ast.Field) and len(field.chain) == 1)
    if len(names) != len(fields):
        raise build_refusal(node, "USING with expressions")
    return names


CONVERTERS.update({"SelectQuery": convert_query, "SelectSetQuery": convert_query})
