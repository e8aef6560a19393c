"""Read the definitions of a project's data for the compilation of queries."""

from typing import NamedTuple

from events import models
from events.models import PropertyOwner


class PropertyTypeNames(NamedTuple):
    """The types of properties by name: String, Numeric, Boolean or DateTime."""

    event: dict[str, str]
    person: dict[str, str]


class ImportedTable(NamedTuple):
    """A table that HogQL reads by its name. `columns` maps names to ClickHouse types."""

    name: str
    physical_name: str
    columns: dict[str, str]


def read_property_types(project_id: int) -> PropertyTypeNames:
    types = PropertyTypeNames({}, {})
    rows = models.PropertyDefinition.objects.filter(project_id=project_id).order_by("owner", "name")
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
    """Return names of the events that a project has received, in the order of their characters."""
    names = models.EventDefinition.objects.filter(project_id=project_id).order_by("name")
    return list(names.values_list("name", flat=True)[offset : offset + limit])
