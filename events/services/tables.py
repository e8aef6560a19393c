"""Imports of tables, which HogQL queries reference by name. A new import replaces all rows of a table atomically."""

import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.utils.timezone import now

from dashboards_api.db.retry import atomic_with_retry
from dashboards_api.errors import ValidationFailed
from engine.errors import EngineError, InvalidQuery
from engine.interface import EngineClient, FileImport, Setting
from engine.parameters import quote_identifier
from engine.schema import DURABLE
from engine.server_client import ServerClient
from events.models import ImportedTable
from events.models.definitions import TABLE_NAME_MAX_LENGTH
from events.services.column_types import convert_column
from events.services.data_version import increment_data_version
from events.services.source_files import BadFile, Format, build_bad_file, find_format
from events.services.staging import TABLE, drop_table

# The built-in tables of HogQL in queries/hogql/tables.py, and names of PostHog's tables that may be added later.
BUILT_IN_NAMES = frozenset({"events", "persons", "sessions", "person_distinct_ids", "groups", "cohort_people", "logs"})
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
BAD_COLUMN = re.compile(r"[`\\\x00-\x1f\x7f{}<>]")
MAX_COLUMNS = 1000
COLUMN_NAME_MAX_LENGTH = 200
PROJECT_COLUMN = "project_id"
# A field that is missing from the first lines of a file is an error, because its values would be dropped silently.
SETTINGS: Mapping[str, Setting] = {
    "session_timezone": "UTC",
    "input_format_skip_unknown_fields": 0,
    "max_parsing_threads": 1,
}


@dataclass(frozen=True)
class TableSource:
    """A file with the types of its columns. `name` is its name in messages."""

    path: Path
    format: str
    columns: Mapping[str, str]
    name: str


def check_table_name(name: str) -> None:
    """Raise ValidationFailed for an invalid table name or the name of a built-in table."""
    if not NAME.fullmatch(name) or len(name) > TABLE_NAME_MAX_LENGTH:
        raise ValidationFailed(
            f"{name} cannot be the name of a table. A name consists of at most {TABLE_NAME_MAX_LENGTH} letters, digits"
            " and _, and does not begin with a digit."
        )
    if name.lower() in BUILT_IN_NAMES:
        raise ValidationFailed(f"{name} is the name of a built-in table. Choose another name.")


def describe_source(client: EngineClient, path: Path) -> TableSource:
    """Return a file as the source of a table. Raises BadFile and EngineError."""
    found = find_format(path)
    format = "JSONEachRow" if found is Format.JSONL else str(found)
    try:
        columns = client.describe_file(path, format)
    except InvalidQuery as error:
        raise build_bad_file(path, error) from error
    return TableSource(path, format, columns, str(path))


def import_table(client: EngineClient, name: str, source: TableSource, project_id: int) -> ImportedTable:
    """Import a source as the table `name`. The caller must hold the import lock.

    Raises BadFile if the rows cannot be read, and EngineError. In both cases, the earlier table is kept.
    """
    check_columns(source)
    physical = f"{TABLE}{project_id}_{secrets.token_hex(8)}"
    columns = {column: convert_column(column, kind) for column, kind in source.columns.items()}
    try:
        create_table(client, physical, {column: converted.type for column, converted in columns.items()})
        select = {PROJECT_COLUMN: str(project_id)} | {name: converted.select for name, converted in columns.items()}
        structure = ", ".join(f"{quote_identifier(name)} {column.source}" for name, column in columns.items())
        client.insert_file(physical, FileImport(source.path, source.format, structure, select, SETTINGS))
        [[rows]] = client.read(f"SELECT count() FROM {physical}").rows
    except EngineError as error:
        with suppress(EngineError):  # the next import drops the abandoned table
            drop_table(client, physical)
        if isinstance(error, InvalidQuery):
            raise build_bad_file(source.name, error) from error
        raise
    types = {column: converted.type for column, converted in columns.items()}
    table, replaced = swap_table(project_id, name, physical, types, rows)
    increment_data_version(project_id)
    if replaced:
        drop_table(client, replaced)
    return table


def check_columns(source: TableSource) -> None:
    """Raise BadFile for columns that a table cannot have."""
    if not source.columns or len(source.columns) > MAX_COLUMNS:
        raise BadFile(f"{source.name}: a table must have 1 to {MAX_COLUMNS:,} columns, not {len(source.columns):,}.")
    for column in source.columns:
        if BAD_COLUMN.search(column) or not 0 < len(column) <= COLUMN_NAME_MAX_LENGTH:
            raise BadFile(f"{source.name}: {column[:COLUMN_NAME_MAX_LENGTH]!r} cannot be the name of a column.")
        if column == PROJECT_COLUMN:
            raise BadFile(f"{source.name}: the column name {PROJECT_COLUMN} is reserved. Rename the column.")


def create_table(client: EngineClient, physical: str, columns: Mapping[str, str]) -> None:
    named = ", ".join(f"{quote_identifier(column)} {kind}" for column, kind in columns.items())
    durable = "" if isinstance(client, ServerClient) else f" {DURABLE}"
    client.execute(
        f"CREATE TABLE {physical} ({PROJECT_COLUMN} Int64, {named}) ENGINE = MergeTree ORDER BY tuple(){durable}"
    )


@atomic_with_retry
def swap_table(
    project_id: int, name: str, physical: str, columns: Mapping[str, str], rows: int
) -> tuple[ImportedTable, str]:
    """Assign a stored table to a name. Return the imported table, and the name of the replaced stored table, if any."""
    earlier = ImportedTable.objects.filter(project_id=project_id, name=name).first()
    table, _ = ImportedTable.objects.update_or_create(
        project_id=project_id,
        name=name,
        defaults={"physical_name": physical, "columns": columns, "row_count": rows, "updated_at": now()},
    )
    return table, earlier.physical_name if earlier else ""
