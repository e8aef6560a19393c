"""Tables of a PostgreSQL database as the source of an import.

A table is first copied into a local file, so that the engine needs neither network access nor a password.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

from events.services.source_files import BadFile
from events.services.tables import TableSource

SCHEMES = ("postgresql://", "postgres://")
SECONDS_TO_CONNECT = 10
# PostgreSQL and ClickHouse share this text format, including its escape sequences and its representation of null.
FORMAT = "TabSeparated"
# The ClickHouse types of PostgreSQL's types. Values of all other types are copied as text.
_TYPES = {
    "bool": "Bool",
    "int2": "Int64",
    "int4": "Int64",
    "int8": "Int64",
    "oid": "Int64",
    "float4": "Float64",
    "float8": "Float64",
    "numeric": "Float64",
    "date": "Date32",
    "timestamp": "DateTime64(6, 'UTC')",
    "timestamptz": "DateTime64(6, 'UTC')",
    "uuid": "UUID",
}


def is_postgresql(source: str) -> bool:
    return source.startswith(SCHEMES)


@contextmanager
def copy_table(source: str, folder: Path) -> Iterator[TableSource]:
    """Copy a table into a file in `folder`, and delete the file after the block. `source` is a URL with `#table`.

    Raises BadFile. Error messages do not contain the password.
    """
    address, _, place = source.partition("#")
    table, name = parse_table(unquote(place)), describe_address(source)
    path = folder / f"{secrets.token_hex(16)}.tsv"
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            columns = _copy(address, table, file.write, name)
        yield TableSource(path, FORMAT, columns, name)
    except OSError as error:
        raise BadFile(f"{name}: the table cannot be copied: {error.strerror}.") from error
    finally:
        path.unlink(missing_ok=True)


def parse_table(place: str) -> sql.Identifier:
    """Return the identifier of a table from `schema.table` or `table`. Raises BadFile."""
    parts = place.split(".")
    if not all(parts) or len(parts) > 2:
        raise BadFile("The URL must end with the name of a table: postgresql://user@host/database#schema.table.")
    return sql.Identifier(*parts)


def describe_address(source: str) -> str:
    """Return the URL of a table for messages, without the user, the password and the options."""
    try:
        parts = urlsplit(source)
        place = f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"
    except ValueError as error:
        raise BadFile("The source is not a valid URL of a PostgreSQL database.") from error
    return f"postgresql://{place}#{unquote(parts.fragment)}"


def _copy(address: str, table: sql.Identifier, write: Callable[[bytes], object], name: str) -> dict[str, str]:
    """Write a consistent snapshot of a table, and return its columns with their types."""
    try:
        with psycopg.connect(address, connect_timeout=SECONDS_TO_CONNECT) as connection:
            connection.read_only = True
            connection.execute("SET TIME ZONE 'UTC'")
            connection.execute("SET DateStyle TO 'ISO'")
            described = connection.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(table)).description or []
            columns = {column.name: f"Nullable({_find_type(connection, column.type_code)})" for column in described}
            statement = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT").format(table)
            with connection.cursor() as cursor, cursor.copy(statement) as copy:
                for block in copy:
                    write(bytes(block))
    except psycopg.OperationalError as error:
        raise BadFile(f"{name}: the database cannot be read: {_hide_password(address, error)}") from error
    except psycopg.ProgrammingError as error:
        if error.sqlstate is None:  # psycopg could not parse the URL, and its message quotes it
            raise BadFile(f"{name}: the source is not a valid URL of a PostgreSQL database.") from None
        raise BadFile(f"{name}: {_hide_password(address, error)}") from error
    except psycopg.Error as error:
        raise BadFile(f"{name}: {_hide_password(address, error)}") from error
    return columns


def _find_type(connection: "psycopg.Connection[tuple[object, ...]]", code: int) -> str:
    found = connection.adapters.types.get(code)
    return _TYPES.get(found.name, "String") if found else "String"


def _hide_password(address: str, error: psycopg.Error) -> str:
    """Return the first line of a PostgreSQL error. The password is masked, because the message may quote it."""
    message = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    password = urlsplit(address).password
    return message.replace(unquote(password), "…").replace(password, "…") if password else message
