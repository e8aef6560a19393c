"""The state that the parts of one statement share: the project, bound parameters, generated names, a node count."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from queries.hogql.ast import Query
from queries.hogql.errors import QueryTooComplex
from queries.hogql.properties import PropertyTypes
from queries.hogql.statement import ParameterValue
from queries.hogql.tables import (
    BUILT_IN_TABLES,
    HasPersons,
    ReadMaterializedColumns,
    Table,
    assume_persons,
    build_events_table,
    build_sessions_table,
)
from queries.hogql.values import Sql, ValueType

if TYPE_CHECKING:
    from queries.hogql.scopes import Scope

MAX_NODES = 50_000  # printed nodes; a named scalar is printed once for each use
DEFAULT_ROW_LIMIT = 100
MAX_ROW_LIMIT = 50_000


@dataclass(frozen=True, slots=True)
class PrintedQuery:
    """A query without the parentheses around it. `columns` maps the names in HogQL to the names in the statement."""

    sql: str
    columns: list[tuple[str, Sql]]

    @property
    def by_name(self) -> dict[str, Sql]:
        return index_columns(self.columns)


def index_columns(columns: Iterable[tuple[str, Sql]]) -> dict[str, Sql]:
    """Return columns by name, in their order. If several columns have the same name, the first column is returned."""
    found: dict[str, Sql] = {}
    for name, column in columns:
        found.setdefault(name, column)
    return found


@dataclass(frozen=True)
class PrintContext:
    """The project and the time for which a query is printed. `now` is bound as the value of now(), so that
    results are reproducible.
    """

    project_id: int
    time_zone: str = "UTC"
    week_starts_on_monday: bool = False
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    property_types: PropertyTypes = field(default_factory=PropertyTypes)
    tables: Mapping[str, Table] = field(default_factory=dict)
    has_persons: HasPersons = assume_persons
    read_materialized_columns: ReadMaterializedColumns = dict
    default_limit: int = DEFAULT_ROW_LIMIT
    max_limit: int = MAX_ROW_LIMIT

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def all_tables(self) -> Mapping[str, Table]:
        """Return the tables by name. An imported table cannot replace a built-in table."""
        events = build_events_table(self.has_persons, self.read_materialized_columns)
        sessions = build_sessions_table(self.read_materialized_columns)
        return {**self.tables, **BUILT_IN_TABLES, "events": events, "sessions": sessions}


class PrintSession:
    """The state of printing one statement."""

    def __init__(self, context: PrintContext, print_subquery: Callable[[Query, Scope], PrintedQuery]) -> None:
        self.context = context
        self.print_subquery = print_subquery
        self.parameters: dict[str, ParameterValue] = {"project_id": context.project_id}
        self._placeholders: dict[tuple[str, type, ParameterValue], str] = {}
        self._names = 0
        self._nodes = 0

    @property
    def time_zone(self) -> str:
        """Return the project's time zone as SQL."""
        return self.bind(self.context.time_zone, "String")

    def bind(self, value: ParameterValue, kind: str) -> str:
        """Return the placeholder for a value.

        Equal values share a placeholder, so that equal expressions have equal SQL.
        """
        key = (kind, type(value), value)
        if key not in self._placeholders:
            name = f"p{len(self._placeholders) + 1}"
            self.parameters[name] = value
            self._placeholders[key] = f"{{{name}:{kind}}}"
        return self._placeholders[key]

    def list_parameters(self, sql: str) -> dict[str, ParameterValue]:
        """Return the parameters that a statement uses. Some bound values are not used, such as a string that was
        converted to a time.
        """
        return {name: value for name, value in self.parameters.items() if name == "project_id" or f"{{{name}:" in sql}

    def bind_text(self, text: str) -> Sql:
        return Sql(self.bind(text, "String"), ValueType.TEXT, nullable=False)

    def make_name(self, prefix: str) -> str:
        """Return an unused name. A name from a query is never printed."""
        self._names += 1
        return f"{prefix}{self._names}"

    def count_node(self) -> None:
        """Count a printed node. Raises QueryTooComplex if there are too many nodes."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise QueryTooComplex(f"The expanded query has more than {MAX_NODES:,} nodes.")

    def print_datetime(self, moment: datetime) -> Sql:
        """Return a time in the project's time zone as SQL."""
        text = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        instant = f"toDateTime64({self.bind(text, 'String')}, 6, 'UTC')"
        return Sql(f"toTimeZone({instant}, {self.time_zone})", ValueType.DATETIME, False, instant)
