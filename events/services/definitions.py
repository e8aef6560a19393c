"""Definitions of events and properties, derived from a staging table. The rows are counted by the engine."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dashboards_api.db.retry import atomic_with_retry
from engine.interface import EngineClient, Limits
from engine.parameters import quote_text
from events.models import EventDefinition, PropertyDefinition, PropertyOwner
from events.models.definitions import NAME_MAX_LENGTH
from events.services.rows import MOMENT_PATTERN

MAX_DEFINITIONS = 10_000
# The maximum number of names that are read from one file. It exceeds the number that a project can have, because
# existing names may be among the rarest of the file.
MAX_NAMES = 2 * MAX_DEFINITIONS
# The number of rows whose types are sampled. If no sampled row has a property, all rows are read for it.
SAMPLE_ROWS = 10_000
_LIMITS = Limits(seconds=3600, result_rows=MAX_NAMES)
_COUNTS = ("string_count", "numeric_count", "boolean_count", "datetime_count")
_TEXT = "substring(kv.2, 2, length(kv.2) - 2)"
_KIND = (
    "multiIf(kv.2 = 'null', '', kv.2 IN ('true', 'false', '\"true\"', '\"false\"'), 'boolean_count',"
    " match(kv.2, '^[-0-9]'), 'numeric_count',"
    f" startsWith(kv.2, '\"') AND match({_TEXT}, {quote_text(MOMENT_PATTERN)}), 'datetime_count', 'string_count')"
)


@dataclass
class OmittedNames:
    """The numbers of names left without a definition because of the limit MAX_DEFINITIONS."""

    events: int = 0
    properties: int = 0

    def __bool__(self) -> bool:
        return bool(self.events or self.properties)


@dataclass
class PropertyValues:
    """The time of the latest value of one property in a file, and the number of values of each type."""

    last_seen_at: datetime
    counts: dict[str, int] = field(default_factory=dict)


def update_event_definitions(client: EngineClient, table: str, project_id: int) -> int:
    """Add the event names in a staging table, and return the number of names left out. Raises EngineError."""
    rows = client.read(
        f"SELECT event, max(timestamp) FROM {table} WHERE problem = ''"
        " GROUP BY event ORDER BY count() DESC, event LIMIT {limit:Int64}",
        {"limit": MAX_NAMES},
        limits=_LIMITS,
    ).rows
    return store_event_definitions(project_id, {name: datetime.fromisoformat(moment) for name, moment in rows})


@atomic_with_retry
def store_event_definitions(project_id: int, seen: Mapping[str, datetime]) -> int:
    existing = {row.name: row for row in EventDefinition.objects.filter(project_id=project_id)}
    kept, left_out = choose_names(seen, existing)
    rows = []
    for name in kept:
        row = existing.get(name) or EventDefinition(project_id=project_id, name=name)
        row.last_seen_at = find_latest(row.last_seen_at, seen[name])
        rows.append(row)
    EventDefinition.objects.bulk_create(
        rows, batch_size=500, update_conflicts=True, unique_fields=["project", "name"], update_fields=["last_seen_at"]
    )
    return left_out


def update_property_definitions(
    client: EngineClient, table: str, project_id: int, owner: PropertyOwner, column: str, moment: str, rows: int
) -> int:
    """Add the properties of a JSON column of a staging table, and return the number of properties left out.

    `moment` is the SQL expression for the time of a row; `rows` is the number of rows. Raises EngineError.
    """
    reader = PropertyReader(client, table, column)
    share = max(1, rows // SAMPLE_ROWS)
    if share == 1:
        seen = reader.read_values(moment, "1", 1)
    else:
        seen = reader.read_names(moment)
        for name, values in reader.read_values(moment, f"row % {share} = 0", share).items():
            if name in seen:
                seen[name].counts = values.counts
        if rare := [name for name, values in seen.items() if not values.counts]:
            for name, values in reader.read_values(moment, "1", 1, rare).items():
                seen[name].counts = values.counts
    return store_property_definitions(project_id, owner, seen)


@dataclass(frozen=True)
class PropertyReader:
    """A reader of the names and values in a JSON column of a staging table."""

    client: EngineClient
    table: str
    column: str

    def read_names(self, moment: str) -> dict[str, PropertyValues]:
        rows = self._read(
            f"SELECT key, max(seen) FROM (SELECT arrayJoin(JSONExtractKeys({self.column})) AS key, {moment} AS seen"
            f" FROM {self.table} WHERE problem = '') WHERE {_check_name('key')}"
            " GROUP BY key ORDER BY count() DESC, key"
        )
        return {name: PropertyValues(datetime.fromisoformat(seen)) for name, seen in rows}

    def read_values(
        self, moment: str, condition: str, share: int, names: list[str] | None = None
    ) -> dict[str, PropertyValues]:
        """Return the properties in the rows that match `condition`, with the counts of types multiplied by `share`."""
        chosen = f"AND hasAny(JSONExtractKeys({self.column}), {{names:Array(String)}})"
        counts = ", ".join(f"{share} * countIf(kind = '{name}') AS {name}" for name in _COUNTS)
        rows = self._read(
            f"SELECT key, max(seen), {counts} FROM (SELECT kv.1 AS key, {_KIND} AS kind, seen FROM"
            f" (SELECT arrayJoin(JSONExtractKeysAndValuesRaw({self.column})) AS kv, {moment} AS seen FROM {self.table}"
            f" WHERE problem = '' AND {condition} {chosen if names else ''})"
            f" WHERE {_check_name('key')} {'AND key IN {names:Array(String)}' if names else ''})"
            " GROUP BY key ORDER BY count() DESC, key",
            {"names": names} if names else {},
        )
        return {
            name: PropertyValues(datetime.fromisoformat(seen), dict(zip(_COUNTS, numbers, strict=True)))
            for name, seen, *numbers in rows
        }

    def _read(self, sql: str, parameters: dict[str, Any] | None = None) -> list[list[Any]]:
        return self.client.read(f"{sql} LIMIT {MAX_NAMES}", parameters, limits=_LIMITS).rows


def _check_name(name: str) -> str:
    """Return the SQL condition for names that the main database can store. Other names have no definition."""
    return f"{name} != '' AND lengthUTF8({name}) <= {NAME_MAX_LENGTH} AND position({name}, char(0)) = 0"


@atomic_with_retry
def store_property_definitions(project_id: int, owner: PropertyOwner, seen: Mapping[str, PropertyValues]) -> int:
    stored = PropertyDefinition.objects.filter(project_id=project_id, owner=owner)
    existing = {row.name: row for row in stored}
    kept, left_out = choose_names(seen, existing)
    rows = []
    for name in kept:
        row = existing.get(name) or PropertyDefinition(project_id=project_id, owner=owner, name=name)
        row.last_seen_at = find_latest(row.last_seen_at, seen[name].last_seen_at)
        for count, number in seen[name].counts.items():
            setattr(row, count, getattr(row, count) + number)
        row.infer_property_type()
        rows.append(row)
    PropertyDefinition.objects.bulk_create(
        rows,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["project", "owner", "name"],
        update_fields=["last_seen_at", "property_type", *_COUNTS],
    )
    return left_out


def choose_names(seen: Iterable[str], existing: Mapping[str, object]) -> tuple[list[str], int]:
    """Return the existing names, then the first new names up to MAX_DEFINITIONS, and the number of names left out."""
    new = [name for name in seen if name not in existing]
    room = max(0, MAX_DEFINITIONS - len(existing))
    return [*(name for name in seen if name in existing), *new[:room]], max(0, len(new) - room)


def find_latest(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)
