"""Checks of backups and of the database that they replace."""

from django.db import connection

from dashboards_api.db.schema_state import Migrations, get_known_migrations

# The database of a service in use contains at least one user.
USERS_TABLE = "users_user"
REQUIRED_APPS = ("users", "dashboards")
MAX_LISTED = 3


class BackupError(Exception):
    """A backup or restore that was refused, with the reason for the operator."""


def check_migrations(migrations: Migrations) -> None:
    """Raise BackupError for the migrations of another service or of a newer release."""
    if not {app for app, _ in migrations}.issuperset(REQUIRED_APPS):
        raise BackupError("The file is not a backup of this service.")
    if unknown := sorted(".".join(each) for each in migrations - get_known_migrations()):
        raise BackupError(f"The backup is from a newer release. Unknown migrations: {', '.join(unknown[:MAX_LISTED])}.")


def check_empty(*, force: bool) -> None:
    """Raise BackupError if the database contains data and `force` is not set."""
    if not force and _holds_data():
        raise build_database_not_empty_error()


def build_database_not_empty_error() -> BackupError:
    return BackupError("The database contains data. Use --force to replace all data.")


def _holds_data() -> bool:
    if USERS_TABLE not in connection.introspection.table_names():
        return False
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {USERS_TABLE} LIMIT 1")  # noqa: S608  a constant
        return cursor.fetchone() is not None
