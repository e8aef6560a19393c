"""A printed statement, whose constructor refuses SQL that is not limited to the rows of one project."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from queries.hogql.tables import PROJECT_CONDITION

ParameterValue = str | int | float | tuple[int, ...]

# All strings from a query are parameters, so the keywords in these patterns are never part of a literal.
_READ = re.compile(r"\b(?:FROM|JOIN)\s+(?!\()(\S+)(.*?)(?=\bFROM\b|\bJOIN\b|$)", re.DOTALL)
_QUOTED_NAME = re.compile(r"`[^`]*`")
_ARRAY_JOIN = re.compile(r"\b(?:LEFT )?ARRAY JOIN ")
_COMMON_TABLE = re.compile(r"w\d+")
_STORED_TABLE = re.compile(r"[a-z][a-z0-9_]*")
_FORBIDDEN = re.compile(
    r";|--|/\*|\\|\b(?:SETTINGS|FORMAT|INTO|OUTFILE|INSERT|ALTER|DROP|CREATE|SYSTEM|ATTACH|KILL|GRANT|SET|TABLE)\b"
)


class IsolationError(AssertionError):
    """A statement that reads rows of other projects because of a defect in the printer."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One SELECT of ClickHouse. `columns` are the column names of the result, which differ from the names in the SQL.

    If there are more rows than `limit`, the statement returns one additional row.
    """

    sql: str
    parameters: Mapping[str, ParameterValue]
    columns: Sequence[str]
    limit: int
    offset: int = 0

    def __post_init__(self) -> None:
        check_project_isolation(self.sql)
        if type(self.parameters.get("project_id")) is not int:
            raise IsolationError("the statement has no project")

    def has_more(self, rows: Sequence[Any]) -> bool:
        """Return whether there are more rows than the limit."""
        return len(rows) > self.limit


def check_project_isolation(sql: str) -> None:
    """Check that a statement reads only rows of its project. Raises IsolationError."""
    sql = _QUOTED_NAME.sub("QUOTED", sql)
    if found := _FORBIDDEN.search(sql):
        raise IsolationError(f"the statement contains {found.group()!r}")
    for read in _READ.finditer(_ARRAY_JOIN.sub("ARRAYS ", sql)):
        name, rest = read.group(1).rstrip(")"), read.group(2)
        if _COMMON_TABLE.fullmatch(name):
            continue
        if not _STORED_TABLE.fullmatch(name) or not rest.startswith(f" WHERE {PROJECT_CONDITION})"):
            raise IsolationError(f"the statement reads {name!r} without the condition of the project")
