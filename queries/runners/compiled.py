"""A compiled query: one statement, and the properties of its result that are known before it runs."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from queries.hogql.statement import Statement


class ResolvedRange(NamedTuple):
    """A range of times in the project's time zone, both included. A start or an end of None is open."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True)
class CompiledQuery:
    """One statement and the shape of its result.

    `range` is None if the query itself decides what it reads, as SQL does: it may call now(), so that its result can
    become stale even if its date range has ended.
    """

    kind: str
    statement: Statement
    range: ResolvedRange | None
    limit: int
    offset: int
    hogql: str
