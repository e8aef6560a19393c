"""Is the process alive, and can it serve? For load balancers and containers; neither answer says more than that."""

from functools import cache

from django.db import Error, OperationalError, ProgrammingError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse

_APPLIED = f"SELECT app, name FROM {MigrationRecorder.Migration._meta.db_table}"  # noqa: S608  a name of Django's own

Migrations = frozenset[tuple[str, str]]


def healthz(request: HttpRequest) -> JsonResponse:
    """200 while the process answers. It asks nobody."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """200 while the database answers and has every migration of this release, else 503 with the reason.

    A database that is ahead, in the middle of a rolling upgrade, is no reason.
    """
    try:
        pending = known_migrations() - applied_migrations()
    except Error:
        return _unavailable("database")
    return _unavailable("migrations") if pending else JsonResponse({"status": "ok"})


@cache
def known_migrations() -> Migrations:
    """(application, name) of all that this release has. It reads their files once."""
    loader = MigrationLoader(None)
    return frozenset(loader.disk_migrations)


def applied_migrations() -> Migrations:
    """(application, name) of all that the database has; none where nothing was ever migrated. One statement, as a
    rule. Raises Django's database errors.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute(_APPLIED)
            return frozenset((app, name) for app, name in cursor.fetchall())
    except (OperationalError, ProgrammingError):
        if MigrationRecorder(connection).has_table():
            raise
        return frozenset()


def _unavailable(reason: str) -> JsonResponse:
    return JsonResponse({"status": "unavailable", "reason": reason}, status=503)
