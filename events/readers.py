"""Readers of definitions, imported tables and data versions in the main database, for queries and for responses."""

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

from events import models
from events.exceptions import NoData
from events.models import EventDefinition, PropertyDefinition, PropertyOwner, PropertyType

# The constant values of fields that only PostHog supports.
_ABSENT: dict[str, Any] = {
    "description": None,
    "tags": [],
    "updated_by": None,
    "verified": False,
    "verified_at": None,
    "verified_by": None,
    "hidden": False,
}


class PropertyTypeNames(NamedTuple):
    """The types of properties by name: String, Numeric, Boolean or DateTime."""

    event: dict[str, str]
    person: dict[str, str]


class ImportedTable(NamedTuple):
    """A table that HogQL queries reference by its name. `columns` maps names to ClickHouse types."""

    name: str
    physical_name: str
    columns: dict[str, str]


def read_store_id() -> UUID:
    """Return the id of the store that belongs to this database. Raises NoData before the first import."""
    store_id = models.Store.objects.filter(is_confirmed=True).values_list("store_id", flat=True).first()
    if store_id is None:
        raise NoData
    return store_id


def read_property_types(project_id: int) -> PropertyTypeNames:
    types = PropertyTypeNames({}, {})
    rows = PropertyDefinition.objects.filter(project_id=project_id).order_by("owner", "name")
    for owner, name, kind in rows.values_list("owner", "name", "property_type"):
        (types.person if owner == PropertyOwner.PERSON else types.event)[name] = kind
    return types


def read_tables(project_id: int) -> list[ImportedTable]:
    rows = models.ImportedTable.objects.filter(project_id=project_id).order_by("name")
    return [ImportedTable(row.name, row.physical_name, row.columns) for row in rows]


def read_data_version(project_id: int) -> int:
    """Return the data version of a project, or 0 if nothing was imported into it."""
    version = models.DataVersion.objects.filter(project_id=project_id).values_list("number", flat=True).first()
    return version or 0


def read_event_names(project_id: int, limit: int, offset: int = 0) -> list[str]:
    """Return one page of the names of a project's events, sorted by name."""
    names = models.EventDefinition.objects.filter(project_id=project_id).order_by("name")
    return list(names.values_list("name", flat=True)[offset : offset + limit])


def list_event_definitions(
    project_id: int, *, search: str, limit: int, offset: int
) -> tuple[int, list[dict[str, Any]]]:
    """Return the number of events whose names contain a string, and a page of their definitions, sorted by name."""
    named = EventDefinition.objects.filter(project_id=project_id).order_by("name").values_list("pk", "name")
    found = _search(named, search)
    rows = EventDefinition.objects.in_bulk(found[offset : offset + limit])
    return len(found), [_build_event(rows[id_]) for id_ in found[offset : offset + limit] if id_ in rows]


def list_property_definitions(
    project_id: int, owner: str, *, search: str, limit: int, offset: int
) -> tuple[int, list[dict[str, Any]]]:
    """Return the number of properties whose names contain a string, and a page of their definitions, sorted by name."""
    of_owner = PropertyDefinition.objects.filter(project_id=project_id, owner=owner)
    found = _search(of_owner.order_by("name").values_list("pk", "name"), search)
    rows = PropertyDefinition.objects.in_bulk(found[offset : offset + limit])
    return len(found), [_build_property(rows[id_]) for id_ in found[offset : offset + limit] if id_ in rows]


def _search(named: Iterable[tuple[UUID, str]], text: str) -> list[UUID]:
    """Return the ids of the names that contain a string, ignoring case.

    The names are compared in Python, because databases fold case in different ways. A project has at most ten thousand
    names of each kind.
    """
    wanted = text.casefold()
    return [id_ for id_, name in named if wanted in name.casefold()]


def _build_event(row: EventDefinition) -> dict[str, Any]:
    """Return the definition of an event as JSON (component EventDefinition)."""
    return {
        "id": row.pk,
        "name": row.name,
        "owner": None,
        "created_at": row.created_at,
        "created_by": None,
        "updated_at": row.created_at,
        "last_updated_at": row.created_at,
        "last_seen_at": row.last_seen_at,
        "is_action": False,
        "post_to_slack": False,
        **_ABSENT,
    }


def _build_property(row: PropertyDefinition) -> dict[str, Any]:
    """Return the definition of a property as JSON (component PropertyDefinition)."""
    return {
        "id": row.pk,
        "name": row.name,
        "property_type": row.property_type,
        "is_numerical": row.property_type == PropertyType.NUMERIC,
        "is_seen_on_filtered_events": None,
        "updated_at": row.created_at,
        **_ABSENT,
    }
