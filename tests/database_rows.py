"""The rows of all tables of a database, for comparisons."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

Rows = dict[str, list[tuple[str, ...]]]

_TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
_COLUMNS = "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position"


def read_rows(url: str) -> Rows:
    """Return the sorted rows of each table, with columns by name, so that databases can be compared."""
    return _read_sqlite(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else _read_postgresql(url)


def _read_sqlite(path: str) -> Rows:
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        found = {}
        for (table,) in tables.fetchall():
            columns = sorted(row[1] for row in connection.execute(f'PRAGMA table_info("{table}")'))
            names = ", ".join(f'"{column}"' for column in columns)
            found[table] = _sort_rows(connection.execute(f'SELECT {names} FROM "{table}"'))  # noqa: S608  names of the database
        return found


def _read_postgresql(url: str) -> Rows:
    with psycopg.connect(url, options="-c timezone=UTC") as connection:
        found = {}
        for (table,) in connection.execute(_TABLES).fetchall():
            columns = sorted(name for (name,) in connection.execute(_COLUMNS, [table]).fetchall())
            names = sql.SQL(", ").join(map(sql.Identifier, columns))
            found[table] = _sort_rows(
                connection.execute(sql.SQL("SELECT {} FROM {}").format(names, sql.Identifier(table))).fetchall()
            )
        return found


def _sort_rows(rows: Iterable[tuple[Any, ...]]) -> list[tuple[str, ...]]:
    return sorted(tuple(_to_text(value) for value in row) for row in rows)


def _to_text(value: Any) -> str:
    """Return a value as a string, in the format in which SQLite stores it."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S") + (f".{value.microsecond:06}" if value.microsecond else "")
    return repr(value) if value is None else str(value)
