"""The migrations of this release, and the applied migrations of a database."""

from functools import cache

from django.db import OperationalError, ProgrammingError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

Migrations = frozenset[tuple[str, str]]

MIGRATIONS_TABLE = MigrationRecorder.Migration._meta.db_table
SELECT_APPLIED = f"SELECT app, name FROM {MIGRATIONS_TABLE}"  # noqa: S608  a name of Django's own


@cache
def get_known_migrations() -> Migrations:
    """Return (application, name) of each migration of this release. The files are read once."""
    return frozenset(MigrationLoader(None).disk_migrations)


def read_applied_migrations() -> Migrations:
    """Return (application, name) of each applied migration, usually with one statement.

    The set is empty for a database that was never migrated. Raises Django's database errors.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute(SELECT_APPLIED)
            return frozenset((app, name) for app, name in cursor.fetchall())
    except (OperationalError, ProgrammingError):
        if MigrationRecorder(connection).has_table():
            raise
        return frozenset()
