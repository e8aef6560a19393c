"""Materialized columns: properties of events that the store also keeps in separate columns.

A query that reads such a property need not parse the JSON of each event. The columns are changed by copying the table,
because chDB can lose rows if the disk becomes full while ClickHouse rewrites existing parts (`write_verification`).
"""

import secrets
from collections.abc import Iterable

from dashboards_api.errors import ValidationFailed
from engine.errors import EngineUnavailable
from engine.interface import SECONDS_TO_WRITE, EngineClient, Limits, make_query_id
from engine.parameters import quote_identifier, quote_text
from engine.schema import STAGING

EVENTS = "events"
COLUMN_PREFIX = "mat_"
COLUMN_TYPE = "Nullable(String)"
TABLE_ENGINE = "ReplacingMergeTree"
MAX_MATERIALIZED_COLUMNS = 30
MAX_NAME_LENGTH = 200
# Statements quote the name of a column without escaping it, and `{` begins a parameter.
_FORBIDDEN_CHARACTERS = "`\\{}"


def read_materialized_columns(
    client: EngineClient, *, limits: Limits | None = None, query_id: str | None = None
) -> dict[str, str]:
    """Return the materialized columns by the name of their property, in the order of the table. Raises EngineError.

    Columns that were created by other programs are left out unless they have the same type and expression.
    """
    found = client.read(
        "SELECT name, type, default_expression FROM system.columns WHERE database = currentDatabase()"
        " AND table = {table:String} AND default_kind = 'MATERIALIZED' AND startsWith(name, {prefix:String})"
        " ORDER BY position",
        {"table": EVENTS, "prefix": COLUMN_PREFIX},
        limits=limits,
        query_id=query_id,
    )
    named = [(parse_column_name(column), column, kind, expression) for column, kind, expression in found.rows]
    return {
        name: column
        for name, column, kind, expression in named
        if can_quote(name) and kind == COLUMN_TYPE and expression == build_expression(name)
    }


def measure_materialized_columns(client: EngineClient) -> dict[str, int]:
    """Return the compressed size of each materialized column in bytes, by property. Raises EngineError."""
    found = client.read(
        "SELECT name, data_compressed_bytes FROM system.columns WHERE database = currentDatabase()"
        " AND table = {table:String}",
        {"table": EVENTS},
    )
    sizes = {name: int(size) for name, size in found.rows}
    return {name: sizes[column] for name, column in read_materialized_columns(client).items()}


def add_materialized_columns(client: EngineClient, names: Iterable[str]) -> None:
    """Store properties as columns, including the properties of existing events. The caller must hold the import lock.

    Raises ValidationFailed and EngineError. After an error, the columns are as before.
    """
    existing, wanted = list(read_materialized_columns(client)), list(dict.fromkeys(names))
    for name in wanted:
        check_property_name(name)
    added = [name for name in wanted if name not in existing]
    if len(existing) + len(added) > MAX_MATERIALIZED_COLUMNS:
        raise ValidationFailed(
            f"A store can have at most {MAX_MATERIALIZED_COLUMNS} materialized columns, because each column slows down"
            " every import."
        )
    replace_events_table(client, [f"ADD COLUMN {build_column(name)}" for name in added])


def drop_materialized_columns(client: EngineClient, names: Iterable[str]) -> None:
    """Drop the columns of properties. Their values remain in the JSON. The caller must hold the import lock.

    Raises ValidationFailed and EngineError. After an error, the columns are as before.
    """
    dropped, existing = list(dict.fromkeys(names)), read_materialized_columns(client)
    if missing := [name for name in dropped if name not in existing]:
        raise ValidationFailed(f"{', '.join(missing)}: there is no materialized column of this name.")
    replace_events_table(client, [f"DROP COLUMN {quote_identifier(existing[name])}" for name in dropped])


def replace_events_table(client: EngineClient, changes: list[str]) -> None:
    """Replace the table of events by a copy with changed columns. No row may be written during the copy.

    Queries read the current table until the copy is complete. Raises ValidationFailed and EngineError.
    """
    if not changes:
        return
    check_table_engine(client)
    copy, query_id = f"{STAGING}{secrets.token_hex(8)}", make_query_id()
    try:
        client.execute(f"CREATE TABLE {copy} AS {EVENTS}")
        client.execute(f"SYSTEM STOP MERGES {copy}")  # a merge after the verification could be damaged
        client.execute(f"ALTER TABLE {copy} {', '.join(changes)}")
        client.execute(f"INSERT INTO {copy} SELECT * FROM {EVENTS}", query_id=query_id)
        check_copy(client, copy)
    except BaseException:
        client.cancel(query_id)  # the statement would continue, and keep the copy from being dropped
        client.execute(f"DROP TABLE IF EXISTS {copy} SYNC")
        raise
    # After an error of EXCHANGE, it is not known which table is the copy. The next import drops the unused table.
    client.execute(f"EXCHANGE TABLES {EVENTS} AND {copy}")
    client.execute(f"SYSTEM START MERGES {EVENTS}")
    client.execute(f"DROP TABLE IF EXISTS {copy} SYNC")


def check_copy(client: EngineClient, copy_table: str) -> None:
    """Raise EngineUnavailable unless the copy has as many events as the original table."""
    if count_rows(client, copy_table) != count_rows(client, EVENTS):
        raise EngineUnavailable("The copy of the events is not complete. Please try again.")


def count_rows(client: EngineClient, table: str) -> int:
    return int(client.read(f"SELECT count() FROM {table}", limits=Limits(SECONDS_TO_WRITE)).rows[0][0])


def check_table_engine(client: EngineClient) -> None:
    """Raise ValidationFailed unless `events` is a table that a copy can replace, unlike views and replicated tables."""
    found = client.read(
        "SELECT engine FROM system.tables WHERE database = currentDatabase() AND name = {table:String}",
        {"table": EVENTS},
    )
    if found.rows != [[TABLE_ENGINE]]:
        engines = ", ".join(engine for [engine] in found.rows)
        raise ValidationFailed(
            f"{EVENTS} has the table engine {engines} and cannot be copied. Add the columns on the server."
        )


def check_property_name(name: str) -> None:
    """Raise ValidationFailed for a name that cannot be quoted in a statement."""
    if not can_quote(name):
        raise ValidationFailed(
            f"{name!r} cannot become a column. Its name must be printable, contain none of the characters"
            f" {' '.join(_FORBIDDEN_CHARACTERS)}, and have at most {MAX_NAME_LENGTH} characters."
        )


def can_quote(name: str) -> bool:
    is_allowed = name.isprintable() and not any(character in name for character in _FORBIDDEN_CHARACTERS)
    return is_allowed and 0 < len(name) <= MAX_NAME_LENGTH


def build_column_name(name: str) -> str:
    """Return the name of the column of a property. Dots are escaped, because `a.b` means a part of column `a`."""
    return f"{COLUMN_PREFIX}{name.replace('%', '%25').replace('.', '%2E')}"


def parse_column_name(column: str) -> str:
    return column.removeprefix(COLUMN_PREFIX).replace("%2E", ".").replace("%25", "%")


def build_expression(name: str) -> str:
    """Return the expression of a column, which is also the SQL of queries for the property."""
    return f"JSONExtract(properties, {quote_text(name)}, '{COLUMN_TYPE}')"


def build_column(name: str) -> str:
    column = quote_identifier(build_column_name(name))
    return f"{column} {COLUMN_TYPE} MATERIALIZED {build_expression(name)} CODEC(LZ4)"
