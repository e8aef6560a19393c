"""A compiled query: one statement, and what is known of its result before it runs."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from queries.hogql.statement import Statement


class ResolvedRange(NamedTuple):
    """A range of moments in the project's time zone, both included. A start or an end of None is open."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True)
class CompiledQuery:
    """One statement and the shape of its result.

    `range` is None where the query decides by itself what it reads, as SQL does: its text may say now(), so that it can
    become stale although its date range has ended.
    """

    kind: str
    statement: Statement
    range: ResolvedRange | None
    limit: int
    offset: int
    hogql: str
