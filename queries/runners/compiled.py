"""A compiled query: one statement, and the shape of its result."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from queries.hogql.statement import Statement

Rows = Sequence[Sequence[Any]]
Body = dict[str, Any]
"""The body of a response: `results`, and fields beside it."""
ReadRows = Callable[[Statement], Rows]
"""Runs a statement on the engine, and returns its rows."""
ShapeResult = Callable[[Sequence[str], Rows], Body]
"""From the engine's types and rows to the body of a response."""


class ResolvedRange(NamedTuple):
    """A date range in the project's time zone, both ends included. A start or an end of None is open."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True)
class CompiledQuery:
    """One statement and the shape of its result.

    `range` is None for SQL, which itself selects the events that it reads. SQL may call now(), so that its result can
    become stale even if its date range has ended.
    """

    kind: str
    statement: Statement
    range: ResolvedRange | None
    shape: ShapeResult


def read_nothing(statement: Statement) -> Rows:
    """Return no rows, for a query that is only validated, without an engine."""
    return []
