"""The adapter of PostHog's parser, which converts its parse trees to our own syntax trees."""

import json
from collections.abc import Iterator
from typing import Any

from queries.hogql.ast import Expr, Query
from queries.hogql.conversion import convert_expression
from queries.hogql.errors import (
    HogQLError,
    InvalidSyntax,
    QueryTooComplex,
    Span,
    UnsupportedSyntax,
    refuse_deep_recursion,
)
from queries.hogql.lexer import check_text, find_phrases
from queries.hogql.parser_process import PARSER
from queries.hogql.query_conversion import convert_query

MAX_NODES = 20_000


def parse_select(text: str) -> Query:
    """Return the tree of a SELECT. Raises HogQLError."""
    check_text(text)
    with refuse_deep_recursion():
        return convert_query(_read_tree(PARSER.parse(text), text), text)


def parse_expression(text: str) -> Expr:
    """Return the tree of an expression, such as the filter `properties.$os = 'Linux'`. Raises HogQLError."""
    check_text(text)
    with refuse_deep_recursion():
        return convert_expression(_read_tree(PARSER.parse(text, expression=True), text), text)


def _read_tree(answer: str, text: str) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(answer)
    if tree.get("error"):
        raise _build_error(tree, text)
    nodes = list(_walk_nodes(tree))
    if len(nodes) > MAX_NODES:
        raise QueryTooComplex(f"The syntax tree of the query has more than {MAX_NODES:,} nodes.")
    _check_orders(nodes, text)
    return tree


def _check_orders(nodes: list[dict[str, Any]], text: str) -> None:
    """Check that each ORDER BY is in the tree. The library drops it after a UNION of parenthesized queries."""
    orders = find_phrases(text, "order", "by")
    if sum(bool(node.get("order_by") or node.get("within_group")) for node in nodes) != len(orders):
        detail = "This ORDER BY is not supported. Put the parenthesized UNION into a subquery, and sort its result."
        raise UnsupportedSyntax(detail, span=orders[-1] if orders else None)


def _build_error(answer: dict[str, Any], text: str) -> HogQLError:
    start = min(answer["start"]["offset"], len(text))
    span = Span(start, max(start, min(answer["end"]["offset"], len(text))))
    if answer["type"] == "NotImplementedError":
        return UnsupportedSyntax(f"This syntax is not supported ({answer['message']}).", span=span)
    line, column = span.find_line(text)
    return InvalidSyntax(f"Syntax error at line {line}, column {column}: {answer['message']}", span=span)


def _walk_nodes(tree: Any) -> Iterator[dict[str, Any]]:
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if "node" in part:
                yield part
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
