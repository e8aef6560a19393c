"""What a database, or a backup of one, holds."""

from django.db import connection

from dashboards_api.db.schema_state import Migrations, known_migrations

# Whoever has used the service at all has a user.
USERS = "users_user"
OWN = ("users", "dashboards")
SHOWN = 3


class Refused(Exception):
    """A backup or a restore that is not done, with the reason for people."""


def check_migrations(migrations: Migrations) -> None:
    """Raises Refused for those of another service, or of a newer release than this one."""
    if not {app for app, _ in migrations}.issuperset(OWN):
        raise Refused("That is no backup of this service.")
    if unknown := sorted(".".join(each) for each in migrations - known_migrations()):
        raise Refused(f"The backup is of a newer release: this one does not know {', '.join(unknown[:SHOWN])}.")


def check_empty(*, force: bool) -> None:
    """Raises Refused where the database of the service holds anything, unless that is to be replaced."""
    if not force and _holds_data():
        raise refused_as_filled()


def refused_as_filled() -> Refused:
    return Refused("The database holds data. To replace all of it, say --force.")


def _holds_data() -> bool:
    if USERS not in connection.introspection.table_names():
        return False
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {USERS} LIMIT 1")  # noqa: S608  a constant
        return cursor.fetchone() is not None
