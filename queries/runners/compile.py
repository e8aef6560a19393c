"""The compiler of each kind of query."""

from collections.abc import Callable, Mapping
from typing import Any

from queries.runners import (
    funnels_query,
    hogql_query,
    kinds,
    lifecycle_query,
    retention_query,
    stickiness_query,
    trends_query,
)
from queries.runners.compiled import CompiledQuery, ReadRows, read_nothing
from queries.runners.context import QueryContext
from queries.runners.json_values import check_size

Compiler = Callable[[Mapping[str, Any], QueryContext, ReadRows], CompiledQuery]

COMPILERS: dict[str, Compiler] = {
    kinds.FUNNELS: funnels_query.compile_funnels,
    kinds.HOGQL: hogql_query.compile_hogql,
    kinds.LIFECYCLE: lifecycle_query.compile_lifecycle,
    kinds.RETENTION: retention_query.compile_retention,
    kinds.STICKINESS: stickiness_query.compile_stickiness,
    kinds.TRENDS: trends_query.compile_trends,
}


def compile_query(source: Any, context: QueryContext, read_rows: ReadRows = read_nothing) -> CompiledQuery:
    """Return the compiled query. Raises HogQLError and UnsupportedQueryKind.

    Some queries depend on values of the store, such as the time of the first event, which `read_rows` reads. Parsing
    may take seconds, so call this function in a child process of the query worker.
    """
    kind = kinds.check_query_kind(source)
    if kind != kinds.HOGQL:  # HogQL has limits of its own
        check_size(source, ())
    return COMPILERS[kind](source, context, read_rows)
