"""Restoration of a SQLite backup into PostgreSQL.

Values are copied unchanged, because PostgreSQL can parse the forms in which SQLite stores times, UUIDs and booleans.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from django.apps import apps
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, transaction

from dashboards_api.backups import sqlite
from dashboards_api.backups.checks import BackupError, check_empty
from dashboards_api.db.schema_state import MIGRATIONS_TABLE, get_known_migrations


def restore(file: Path, *, force: bool) -> None:
    """Migrate the database, then replace all rows in one transaction. Foreign keys are checked at the commit."""
    if sqlite.check_backup(file) != get_known_migrations():
        raise BackupError(
            "The backup is from an older release. Start this release once with the database of the backup, and back up"
            " again."
        )
    check_empty(force=force)
    call_command("migrate", interactive=False, verbosity=0)
    tables = sorted(connection.introspection.django_table_names(only_existing=True, include_views=False))
    models = list(apps.get_models(include_auto_created=True))
    with closing(_open(file)) as source, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(map(_quote, [*tables, MIGRATIONS_TABLE]))}")
        for table in [*tables, MIGRATIONS_TABLE]:
            _copy_table(source, table)
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)


def _open(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)


def _copy_table(source: sqlite3.Connection, table: str) -> None:
    columns = [row[1] for row in source.execute(f"PRAGMA table_info({_quote(table)})")]
    names = ", ".join(map(_quote, columns))
    rows: Iterable[tuple[object, ...]] = source.execute(f"SELECT {names} FROM {_quote(table)}")  # noqa: S608  names of our own
    with connection.cursor() as cursor, cursor.cursor.copy(f"COPY {_quote(table)} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _quote(name: str) -> str:
    return connection.ops.quote_name(name)
