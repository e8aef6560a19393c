"""Which migrations this release has, and which a database has."""

from functools import cache

from django.db import OperationalError, ProgrammingError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

Migrations = frozenset[tuple[str, str]]

MIGRATIONS_TABLE = MigrationRecorder.Migration._meta.db_table
SELECT_APPLIED = f"SELECT app, name FROM {MIGRATIONS_TABLE}"  # noqa: S608  a name of Django's own


@cache
def known_migrations() -> Migrations:
    """(application, name) of all that this release has. It reads their files once."""
    return frozenset(MigrationLoader(None).disk_migrations)


def applied_migrations() -> Migrations:
    """(application, name) of all that the database has; none where nothing was ever migrated. One statement, as a
    rule. Raises Django's database errors.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute(SELECT_APPLIED)
            return frozenset((app, name) for app, name in cursor.fetchall())
    except (OperationalError, ProgrammingError):
        if MigrationRecorder(connection).has_table():
            raise
        return frozenset()
