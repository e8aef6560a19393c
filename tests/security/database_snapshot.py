"""Snapshots of the database of the tested service, read directly."""

import sqlite3
from pathlib import Path
from typing import Any

import psycopg
from django.apps import apps

from tests.security.service import Target

Rows = dict[str, list[tuple[Any, ...]]]

# Reads and refused requests may write counters and times of use.
COUNTERS = frozenset({"AttemptCounter", "RateWindow", "IdempotentRequest"})
TIMESTAMPS = frozenset({"last_used_at", "last_accessed_at"})


def take_snapshot(target: Target) -> Rows:
    """Return the rows of every table, without counters and times of use, which refused requests may change."""
    return {
        model._meta.db_table: _read(target, model._meta.db_table, _columns(model, TIMESTAMPS))
        for model in apps.get_models(include_auto_created=True)
        if model.__name__ not in COUNTERS
    }


def read_all_rows(target: Target) -> Rows:
    """Return all rows of every table."""
    tables = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
    return {table: _read(target, table, _columns(model, frozenset())) for table, model in tables.items()}


def diff_snapshots(before: Rows, after: Rows) -> dict[str, tuple[list[Any], list[Any]]]:
    """Return the removed and the added rows of each table."""
    return {
        table: ([row for row in rows if row not in after[table]], [row for row in after[table] if row not in rows])
        for table, rows in before.items()
        if rows != after[table]
    }


def _columns(model: Any, without: frozenset[str]) -> list[str]:
    return [field.column for field in model._meta.concrete_fields if field.column not in without]


def _read(target: Target, table: str, columns: list[str]) -> list[tuple[Any, ...]]:
    """Return the rows of a table, sorted by all columns. Names are quoted, since some are keywords of SQL."""
    names = ", ".join(f'"{column}"' for column in columns)
    statement = f'SELECT {names} FROM "{table}"'  # noqa: S608  names of our own models
    if target.engine == "sqlite":
        path = Path(target.environment["DATA_DIR"]) / "dashboards.sqlite3"
        connection = sqlite3.connect(path)
        rows = connection.execute(statement).fetchall()
        connection.close()
    else:
        with psycopg.connect(target.environment["DATABASE_URL"]) as server:
            rows = server.execute(statement).fetchall()
    return sorted(rows, key=repr)
