"""Reserve requests of API keys in the database, which all processes share. A reservation is one upsert."""

from itertools import count

from django.db import connection, transaction

from dashboards_api.db.best_effort import best_effort_write
from users.models import RateWindow

# Expired windows are kept for some minutes, because the clocks of other machines may be behind.
CLEANUP_DELAY = 600
# Every 100 new windows of this process, up to 1,000 expired windows are deleted, which is more than were added.
CLEANUP_INTERVAL = 100
CLEANUP_BATCH_SIZE = 1000

# SQLite and PostgreSQL support this statement.
_RESERVE = (
    f"INSERT INTO {RateWindow._meta.db_table} AS w (key_id, seconds, ends, taken) VALUES (%s, %s, %s, %s) "  # noqa: S608  a constant
    "ON CONFLICT (key_id, seconds, ends) DO UPDATE SET taken = w.taken + excluded.taken RETURNING taken"
)

_new_windows = count(1)


def reserve_requests(key_id: str, *, seconds: int, ends: int, wanted: int) -> int:
    """Reserve requests in a window. Return the number that all processes have reserved, including these requests.

    The caller compares that number with the limit. Database errors propagate, because letting uncounted requests
    through would void the limit under load. The reservation has a separate transaction, so that a rollback does not
    return requests that were consumed. PostgreSQL may lose the last reservations when it crashes.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute(_RESERVE, [key_id, seconds, ends, wanted])
        reserved: int = cursor.fetchall()[0][0]
    if reserved == wanted and next(_new_windows) % CLEANUP_INTERVAL == 0:
        delete_expired_windows(before=ends - seconds)
    return reserved


def delete_expired_windows(*, before: int) -> None:
    """Delete some windows that ended well before `before`. If the database is busy, a later call deletes them."""
    expired = RateWindow.objects.filter(ends__lte=before - CLEANUP_DELAY).order_by("ends")
    best_effort_write(lambda: RateWindow.objects.filter(pk__in=expired.values("pk")[:CLEANUP_BATCH_SIZE]).delete())
