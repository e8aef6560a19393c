"""The query kinds that are computed: the compiler of each."""

from collections.abc import Callable, Mapping
from typing import Any

from queries.nodes import WRAPPERS
from queries.runners import funnels_query, hogql_query, lifecycle_query, retention_query, stickiness_query, trends_query
from queries.runners.compiled import CompiledQuery, ReadRows, read_nothing
from queries.runners.context import QueryContext
from queries.runners.errors import InvalidQuery, UnsupportedQueryKind
from queries.runners.json_values import check_size, describe

Compiler = Callable[[Mapping[str, Any], QueryContext, ReadRows], CompiledQuery]

COMPILERS: dict[str, Compiler] = {
    funnels_query.KIND: funnels_query.compile_funnels,
    hogql_query.KIND: hogql_query.compile_hogql,
    lifecycle_query.KIND: lifecycle_query.compile_lifecycle,
    retention_query.KIND: retention_query.compile_retention,
    stickiness_query.KIND: stickiness_query.compile_stickiness,
    trends_query.KIND: trends_query.compile_trends,
}


def check_query_kind(source: Any) -> str:
    """Return the kind of a query without the nodes around it. It is cheap, since it reads nothing else of the query.

    Raises UnsupportedQueryKind, and InvalidQuery if the query has no kind.
    """
    if not isinstance(source, dict):
        raise InvalidQuery(f"This must be an object, not {describe(source)}.")
    kind = source.get("kind")
    if not isinstance(kind, str) or not kind:
        raise InvalidQuery('The query has no kind: give one, such as {"kind": "HogQLQuery"}.')
    if kind in WRAPPERS:
        raise InvalidQuery(f"{kind} needs the query that it shows, in its `source`.")
    if kind not in COMPILERS:
        raise UnsupportedQueryKind(kind)
    return kind


def compile_query(source: Any, context: QueryContext, read_rows: ReadRows = read_nothing) -> CompiledQuery:
    """Return the statement of a query. Raises HogQLError and UnsupportedQueryKind.

    Some queries depend on values of the store, such as the time of the first event, which `read_rows` reads. Parsing
    may take seconds, so call it in a worker.
    """
    kind = check_query_kind(source)
    if kind != hogql_query.KIND:  # whose text has limits of its own
        check_size(source, ())
    return COMPILERS[kind](source, context, read_rows)
