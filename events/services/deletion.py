"""Deletion of a project's data: events, persons, imported tables and definitions."""

from typing import NamedTuple

from django.db import transaction

from engine.interface import EngineClient
from events.models import EventDefinition, ImportedTable, PropertyDefinition
from events.services.data_version import increment_data_version
from events.services.staging import drop_table

# The noun for a row of each table of the store.
NOUNS = {"events": "event", "persons": "person", "person_distinct_ids": "distinct id"}


class ProjectData(NamedTuple):
    """The data of a project: the number of rows by table, and the names of its imported tables."""

    rows: dict[str, int]
    tables: list[str]


def count_data(client: EngineClient, project_id: int) -> ProjectData:
    rows = {
        table: int(
            client.read(f"SELECT count() FROM {table} WHERE project_id = {{id:Int64}}", {"id": project_id}).rows[0][0]
        )
        for table in NOUNS
    }
    tables = ImportedTable.objects.filter(project_id=project_id).order_by("name").values_list("name", flat=True)
    return ProjectData(rows, list(tables))


def delete_data(client: EngineClient, project_id: int) -> None:
    """Delete all data of a project. The caller must hold the import lock. Raises EngineError.

    ClickHouse keeps the files of the rows for some minutes, for statements that still read them.
    Another call completes an interrupted deletion.
    """
    increment_data_version(project_id)
    for name in delete_definitions(project_id):
        drop_table(client, name)
    for table in NOUNS:
        client.execute(
            f"ALTER TABLE {table} DELETE WHERE project_id = {{id:Int64}} SETTINGS mutations_sync = 2",
            {"id": project_id},
        )
    increment_data_version(project_id)


@transaction.atomic
def delete_definitions(project_id: int) -> list[str]:
    """Delete definitions and imported tables from the main database. Return the names of the tables in the store.

    If the caller does not drop these tables, the next import drops them.
    """
    tables = ImportedTable.objects.filter(project_id=project_id)
    names = list(tables.values_list("physical_name", flat=True))
    for rows in (
        tables,
        *(model.objects.filter(project_id=project_id) for model in (EventDefinition, PropertyDefinition)),
    ):
        rows.delete()
    return names
