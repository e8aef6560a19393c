"""Statements of compiled trees. Trees of query JSON have no LIMIT, so too many rows are an error."""

from dataclasses import replace

from queries.exceptions import ResultTooLarge
from queries.hogql.ast import Field, Query
from queries.hogql.printer import print_query
from queries.hogql.session import MAX_ROW_LIMIT
from queries.hogql.statement import Statement
from queries.runners.compiled import Rows
from queries.runners.context import QueryContext, build_print_context


def build_column(name: str) -> Field:
    """Return the column of a subquery."""
    return Field((name,))


def print_tree(tree: Query, context: QueryContext) -> Statement:
    """Return the statement of a tree. Raises HogQLError."""
    return print_query(tree, replace(build_print_context(context), default_limit=MAX_ROW_LIMIT))


def check_row_count(rows: Rows) -> None:
    """Raise ResultTooLarge if a statement returned more rows than allowed."""
    if len(rows) > MAX_ROW_LIMIT:
        raise ResultTooLarge(
            f"The result has more than {MAX_ROW_LIMIT:,} values."
            " Choose a longer interval, a shorter date range, or a smaller breakdown limit."
        )
