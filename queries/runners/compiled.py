"""A compiled query: one statement, and the shape of its result."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from queries.hogql.statement import Statement

Rows = Sequence[Sequence[Any]]
Body = dict[str, Any]
"""The body of a response: `results`, and other fields."""
ReadRows = Callable[[Statement], Rows]
"""A function that runs a statement on the engine and returns its rows."""
ShapeResult = Callable[[Sequence[str], Rows], Body]
"""A function that converts the engine's types and rows to the body of a response."""


class ResolvedRange(NamedTuple):
    """A date range in the project's time zone, both ends included. None is an open start or end."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True)
class CompiledQuery:
    """One statement and the shape of its result.

    `range` is None for SQL, which selects its events itself and may call now(). The result of SQL can therefore become
    stale even if its date range has ended.
    """

    kind: str
    statement: Statement
    range: ResolvedRange | None
    shape: ShapeResult


def read_nothing(statement: Statement) -> Rows:
    """Return no rows, for a query that is only validated, without an engine."""
    return []
