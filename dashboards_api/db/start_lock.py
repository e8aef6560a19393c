"""The lock under which one process at a time migrates a database and creates its first rows."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from django.db import DatabaseError, connection

from dashboards_api.db.database_url import get_sqlite_path

TRY_LOCK = "SELECT pg_try_advisory_xact_lock(7228401553)"
SECONDS_BETWEEN_ATTEMPTS = 0.2


@contextmanager
def start_lock() -> Iterator[None]:
    """Hold the lock of the database during the block.

    The lock is not reentrant, and is released when the process exits.
    """
    file = get_sqlite_path(connection.settings_dict)
    if connection.vendor == "postgresql":
        with _postgresql_lock():
            yield
    else:
        with _folder_lock(file.parent) if file else nullcontext():
            yield


@contextmanager
def _postgresql_lock() -> Iterator[None]:
    """Hold an advisory lock in a transaction on a separate connection, which a pooler cannot share during the block.

    CREATE INDEX CONCURRENTLY waits for each transaction that holds a snapshot. A statement that waits for the lock
    would hold a snapshot, so the lock is polled. The statement has no parameters, because a statement with parameters
    keeps its snapshot until the transaction ends.
    """
    other: Any = connection.copy()
    try:
        other.set_autocommit(False)
        while not _try_lock(other):
            other.rollback()
            time.sleep(SECONDS_BETWEEN_ATTEMPTS)
        yield
    finally:
        # After a close, the server may hold the lock slightly longer, and the next block would have to wait.
        with suppress(DatabaseError):
            other.rollback()
        other.close()


def _try_lock(other: Any) -> bool:
    with other.cursor() as cursor:
        cursor.execute(TRY_LOCK)
        return bool(cursor.fetchone()[0])


@contextmanager
def _folder_lock(folder: Path) -> Iterator[None]:
    """Lock the folder of SQLite's file. Closing a descriptor of the file itself would release SQLite's own locks."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
