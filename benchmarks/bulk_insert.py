"""Bulk inserts: COPY on PostgreSQL, one prepared INSERT on SQLite."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import Max, Model

ROWS_AT_ONCE = 10_000


def bulk_insert(rows: Sequence[Model]) -> None:
    """Insert rows of one model. The rows must have primary keys."""
    fields = rows[0]._meta.concrete_fields
    table, columns = rows[0]._meta.db_table, ", ".join(f'"{field.column}"' for field in fields)
    backend = connections[DEFAULT_DB_ALIAS]  # looked up once, not for each value
    values = ([field.get_db_prep_save(getattr(row, field.attname), backend) for field in fields] for row in rows)
    if connection.vendor == "postgresql":
        _copy(f'COPY "{table}" ({columns}) FROM STDIN', values)
    else:
        places = ", ".join(["%s"] * len(fields))
        _insert(f'INSERT INTO "{table}" ({columns}) VALUES ({places})', values)


def _copy(statement: str, values: Iterable[list[Any]]) -> None:
    with connection.cursor() as cursor:
        copying: Any = cursor.copy(statement)
        with copying as copy:
            for row in values:
                copy.write_row(row)


def _insert(statement: str, values: Iterator[list[Any]]) -> None:
    with connection.cursor() as cursor:
        while batch := list(islice(values, ROWS_AT_ONCE)):
            cursor.executemany(statement, batch)


def next_id(model: type[Model]) -> int:
    """Return the largest primary key plus one, or 1 for an empty table."""
    return int(model._default_manager.aggregate(last=Max("pk"))["last"] or 0) + 1


def disable_constraint_checks() -> None:
    """Disable foreign key checks until the end of the transaction, if the user is a superuser of PostgreSQL."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SHOW is_superuser")
            if cursor.fetchone() == ("on",):
                cursor.execute("SET LOCAL session_replication_role = replica")


def continue_ids(*models: type[Model]) -> None:
    """Reset the id sequences of the models, so that the next id follows the last inserted row."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)


def analyze_tables() -> None:
    """Update the planner statistics, and on PostgreSQL the visibility map, as in a database in regular use."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
