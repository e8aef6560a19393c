"""Times that reading leaves behind, such as a last use: useful, but never worth waiting or failing for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from django.db import Error, connection, transaction

logger = structlog.get_logger("dashboards_api.stamps")

LOCK_TIMEOUT_MS = 50


def write_if_free(write: Callable[[], object]) -> bool:
    """Run `write` in a short transaction of its own that gives up where it would wait for another. Whether it was done.

    A database error is logged and harms nobody.
    """
    try:
        with _hurried(), transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
            write()
    except Error as error:
        logger.info("stamp skipped", error=type(error).__qualname__)
        return False
    return True


@contextmanager
def _hurried() -> Iterator[None]:
    """SQLite has its timeout on the connection."""
    if connection.vendor != "sqlite":
        yield
        return
    _set_busy_timeout(LOCK_TIMEOUT_MS)
    try:
        yield
    finally:
        _set_busy_timeout(int(connection.settings_dict["OPTIONS"]["timeout"] * 1000))


def _set_busy_timeout(milliseconds: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {milliseconds}")
