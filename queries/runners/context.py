"""The context of a query in a project, read from the database and the clock before the query is compiled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from queries.hogql.errors import UnknownTimeZone
from queries.hogql.properties import PropertyType, PropertyTypes
from queries.hogql.session import PrintContext
from queries.hogql.tables import HasPersons, ReadMaterializedColumns, assume_persons, build_user_table

MONDAY = 1
_KNOWN_TYPES = frozenset(PropertyType)


class TableDescription(NamedTuple):
    """An imported table: its name in HogQL, its name in the store, and the ClickHouse types of its columns."""

    name: str
    physical_name: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class QueryContext:
    """The values of a project that queries depend on. `now` is fixed, so that results are reproducible."""

    project_id: int
    time_zone: str = "UTC"
    week_start_day: int = 0  # 0 is Sunday, 1 Monday
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    property_types: PropertyTypes = field(default_factory=PropertyTypes)
    tables: tuple[TableDescription, ...] = ()
    test_account_filters: Any = ()
    has_persons: HasPersons = assume_persons
    read_materialized_columns: ReadMaterializedColumns = dict

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone. Raises UnknownTimeZone."""
        try:
            return ZoneInfo(self.time_zone)
        except (KeyError, ValueError, OSError):
            raise UnknownTimeZone(self.time_zone, available_timezones()) from None

    @property
    def week_starts_on_monday(self) -> bool:
        return self.week_start_day == MONDAY

    @property
    def local_now(self) -> datetime:
        return self.now.astimezone(self.zone)


def build_property_types(event: Mapping[str, str], person: Mapping[str, str]) -> PropertyTypes:
    """Return the types of property definitions. A type that is unknown to HogQL becomes text."""
    return PropertyTypes(event=_read_types(event), person=_read_types(person))


def _read_types(types: Mapping[str, str]) -> dict[str, PropertyType]:
    return {name: PropertyType(kind) for name, kind in types.items() if kind in _KNOWN_TYPES}


def build_print_context(context: QueryContext) -> PrintContext:
    """Return the context for the printer of HogQL. Raises UnknownTimeZone."""
    return PrintContext(
        context.project_id,
        time_zone=context.zone.key,
        week_starts_on_monday=context.week_starts_on_monday,
        now=context.now,
        property_types=context.property_types,
        has_persons=context.has_persons,
        read_materialized_columns=context.read_materialized_columns,
        tables={name: build_user_table(name, physical, columns) for name, physical, columns in context.tables},
    )
