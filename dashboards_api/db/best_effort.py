"""Best-effort writes, such as the time of a last use, which must not delay a request or cause an error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from django.db import Error, connection, transaction

from dashboards_api.db.transactions import is_in_transaction

logger = structlog.get_logger("dashboards_api.db.best_effort")

LOCK_TIMEOUT_MS = 50


def best_effort_write(write: Callable[[], object]) -> bool:
    """Run `write` in a transaction with a short lock timeout. Return whether the write succeeded.

    A database error is logged and ignored.
    """
    try:
        short_timeout = _short_sqlite_timeout() if connection.vendor == "sqlite" else _short_postgresql_timeout()
        with short_timeout:
            write()
    except Error as error:
        logger.info("best-effort write skipped", error=type(error).__qualname__)
        return False
    return True


@contextmanager
def _short_postgresql_timeout() -> Iterator[None]:
    """Open a transaction with a short lock timeout. The timeout of an outer transaction is restored afterwards."""
    is_nested = is_in_transaction()
    with transaction.atomic(), connection.cursor() as cursor:
        before = None
        if is_nested:
            cursor.execute("SHOW lock_timeout")
            before = cursor.fetchone()[0]
        cursor.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
        yield
        if is_nested:  # SET LOCAL ends with the outermost transaction, or with a savepoint that is rolled back
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [before])


@contextmanager
def _short_sqlite_timeout() -> Iterator[None]:
    """Open a transaction while the busy timeout of the connection is short."""
    _set_busy_timeout(LOCK_TIMEOUT_MS)
    try:
        with transaction.atomic():
            yield
    finally:
        _set_busy_timeout(int(connection.settings_dict["OPTIONS"]["timeout"] * 1000))


def _set_busy_timeout(milliseconds: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {milliseconds}")
