"""Validation of a query without running it. This is a task of query workers, because only they load the parser."""

from typing import Any

from dashboards_api.errors import DomainError
from queries.hogql.errors import HogQLError, Span
from queries.nodes import get_source
from queries.runners.compile import compile_query
from queries.runners.context import QueryContext

Problem = dict[str, Any]


def validate_query(query: Any, context: QueryContext) -> list[Problem]:
    """Return the problems of a query, or an empty list if it can be run. The compiler finds only the first problem."""
    source = get_source(query)
    try:
        compile_query(source, context)
    except DomainError as error:
        return [_describe(error, source)]
    return []


def _describe(error: DomainError, source: dict[str, Any]) -> Problem:
    """Return a problem with its position in the SQL, if known: the start and end offsets, the line and the column."""
    place: Problem = dict.fromkeys(("start", "end", "line", "column"))
    if found := _find_place(error, source):
        span, (line, column) = found
        place = {"start": span.start, "end": span.end, "line": line, "column": column}
    return {"code": error.code, "detail": error.detail, "attr": error.attr or "query", **place}


def describe_error(error: DomainError, source: dict[str, Any]) -> str:
    """Return the text of an error with its position: the line and column in the SQL, or the field of the query."""
    found = _find_place(error, source)
    if found is None and "__" in (error.attr or ""):
        return f"{error.detail} ({error.attr})"
    if found is None or " at line " in error.detail:
        return error.detail
    return f"{error.detail} (line {found[1][0]}, column {found[1][1]})"


def _find_place(error: DomainError, source: dict[str, Any]) -> tuple[Span, tuple[int, int]] | None:
    text, span = source.get("query"), error.span if isinstance(error, HogQLError) else None
    return (span, span.find_line(text)) if span is not None and isinstance(text, str) else None
