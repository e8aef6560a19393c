"""The adapter of PostHog's parser: text in, own syntax tree out. Nothing else imports `hogql_parser`.

Import this module only in a process that may be killed. The parser is a C extension that no signal handler of Python
can interrupt, and seven functions inside each other may take it seconds: the caller has to end the process at its
deadline, or let this module do it (`end_process_after`).
"""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

from queries.hogql.ast import Expr, Query
from queries.hogql.conversion import convert_expression
from queries.hogql.errors import HogQLError, InvalidSyntax, QueryTooComplex, Span, UnsupportedSyntax
from queries.hogql.lexer import check_text, find_phrases
from queries.hogql.query_conversion import convert_query

NODES_MAX = 20_000

_ERROR_NAMES = (
    "BaseHogQLError",
    "ExposedHogQLError",
    "InternalHogQLError",
    "SyntaxError",
    "NotImplementedError",
    "ParsingError",
    "QueryError",
)


def parse_select(text: str) -> Query:
    """Return the tree of a SELECT. Raises HogQLError."""
    check_text(text)
    return convert_query(_read_tree(_load_library().parse_select_json(text), text), text)


def parse_expression(text: str) -> Expr:
    """Return the tree of an expression, such as the `properties.$os = 'Linux'` of a filter. Raises HogQLError."""
    check_text(text)
    return convert_expression(_read_tree(_load_library().parse_expr_json(text), text), text)


@contextmanager
def end_process_after(seconds: float) -> Iterator[None]:
    """End this process by SIGALRM if the block takes longer. It works inside of the parser, too."""
    previous = signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def _load_library() -> ModuleType:
    """Return the parser. It looks for PostHog's exceptions when it is imported, though the JSON functions use none."""
    if "hogql_parser" not in sys.modules and "posthog" not in sys.modules:
        for name in ("posthog", "posthog.hogql", "posthog.hogql.errors"):
            sys.modules[name] = ModuleType(name)
        for name in _ERROR_NAMES:
            setattr(sys.modules["posthog.hogql.errors"], name, type(name, (Exception,), {}))
    return import_module("hogql_parser")


def _read_tree(answer: str, text: str) -> dict[str, Any]:
    try:
        tree: dict[str, Any] = json.loads(answer)
    except RecursionError:
        raise QueryTooComplex("The query is nested too deep.") from None
    if tree.get("error"):
        raise _build_error(tree, text)
    nodes = list(_walk_nodes(tree))
    if len(nodes) > NODES_MAX:
        raise QueryTooComplex(f"The query has more than {NODES_MAX:,} parts.")
    _check_orders(nodes, text)
    return tree


def _check_orders(nodes: list[dict[str, Any]], text: str) -> None:
    """Check that each ORDER BY is in the tree: the library drops those behind a UNION of parentheses."""
    orders = find_phrases(text, "order", "by")
    if sum(bool(node.get("order_by") or node.get("within_group")) for node in nodes) != len(orders):
        detail = "This ORDER BY is not supported. Put a UNION in parentheses into a subquery, and sort outside of it."
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
