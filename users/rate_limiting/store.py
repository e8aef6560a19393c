"""The store of what API keys may use: one function, one statement. It is shared by all processes."""

from itertools import count

from django.db import connection, transaction

from dashboards_api.stamps import write_if_free
from users.models import RateWindow

# Windows that are over are kept so much longer: the clocks of other machines may be behind.
CLEANUP_DELAY = 600
# After every so many windows that were begun here, so many rows of old ones are cleared away: more than were added.
CLEANUP_INTERVAL = 100
CLEANUP_BATCH_SIZE = 1000

# The same for both engines.
_RESERVE = (
    f"INSERT INTO {RateWindow._meta.db_table} AS w (key_id, seconds, ends, taken) VALUES (%s, %s, %s, %s) "  # noqa: S608  a constant
    "ON CONFLICT (key_id, seconds, ends) DO UPDATE SET taken = w.taken + excluded.taken RETURNING taken"
)

_new_windows = count(1)


def reserve_requests(key_id: str, *, seconds: int, ends: int, wanted: int) -> int:
    """Take permits out of a window; how many all processes have taken, these included. The caller compares.

    It waits for its turn and raises what the database raises, unlike a stamp: a request that went on uncounted would
    make the limit one that holds only while nobody presses. Whoever cannot reach the database is answered 503 anyway;
    while it can be read but not written, each process counts for itself (`limiter.WindowQuota`).
    It is a transaction of its own, never part of another: a rollback must not give back what was spent. Of a crash of
    PostgreSQL itself the last of them need not survive.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute(_RESERVE, [key_id, seconds, ends, wanted])
        taken: int = cursor.fetchall()[0][0]
    if taken == wanted and next(_new_windows) % CLEANUP_INTERVAL == 0:
        delete_expired_windows(before=ends - seconds)
    return taken


def delete_expired_windows(*, before: int) -> None:
    """Nobody waits for it: what is not cleared away now is later."""
    old = RateWindow.objects.filter(ends__lte=before - CLEANUP_DELAY).order_by("ends")
    write_if_free(lambda: RateWindow.objects.filter(pk__in=old.values("pk")[:CLEANUP_BATCH_SIZE]).delete())
