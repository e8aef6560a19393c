"""The query kinds that are computed: how each becomes a statement, and its result the body of a response."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from queries.nodes import WRAPPERS
from queries.runners import hogql_query
from queries.runners.compiled import CompiledQuery
from queries.runners.context import QueryContext
from queries.runners.errors import InvalidQuery, UnsupportedQueryKind
from queries.runners.json_values import describe
from queries.runners.moments import localize_rows

Compiler = Callable[[Mapping[str, Any], QueryContext], CompiledQuery]

COMPILERS: dict[str, Compiler] = {hogql_query.KIND: hogql_query.compile_hogql}


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


def compile_query(source: Any, context: QueryContext) -> CompiledQuery:
    """Return the statement of a query. Raises HogQLError and UnsupportedQueryKind.

    Parsing may take seconds, so call it in a worker.
    """
    return COMPILERS[check_query_kind(source)](source, context)


def shape_result(
    compiled: CompiledQuery, columns: Sequence[str], types: Sequence[str], rows: Sequence[Sequence[Any]]
) -> dict[str, Any]:
    """Return the body of a response. `columns`, `types` and `rows` are the engine's.

    Column names of the engine are generated, such as c1. The body contains those of the query.
    """
    names = list(compiled.statement.columns)
    return {
        "results": localize_rows(rows[: compiled.limit], types),
        "columns": names,
        "types": [[name, kind] for name, kind in zip(names, types, strict=True)],
        "hasMore": len(rows) > compiled.limit,
        "limit": compiled.limit,
        "offset": compiled.offset,
        "hogql": compiled.hogql,
    }
