"""Best-effort writes, such as the time of a last use, which must not delay a request or cause an error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import structlog
from django.db import Error, connection, models, transaction

from dashboards_api.db.compiled_queries import fetch_rows
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
        _log_skipped_write(error)
        return False
    return True


def best_effort_update(model: type[models.Model], pk: Any, **values: Any) -> bool:
    """Update columns of one row unless another transaction has locked it. Return whether the row was updated.

    A database error is logged and ignored. On PostgreSQL, the update is a single prepared statement, because a request
    for a dashboard usually includes one. A transaction with a lock timeout would take four statements.
    """
    if connection.vendor == "sqlite" or is_in_transaction():
        return best_effort_write(lambda: model._default_manager.filter(pk=pk).update(**values))
    try:
        return bool(fetch_rows(connection, _build_update(model, tuple(values)), [*values.values(), pk]))
    except Error as error:
        _log_skipped_write(error)
        return False


@cache
def _build_update(model: type[models.Model], fields: tuple[str, ...]) -> str:
    """Return a statement that updates one row and returns its primary key, or no row if the row is locked."""
    quote = connection.ops.quote_name
    meta: Any = model._meta
    table, pk = quote(meta.db_table), quote(meta.pk.column)
    columns = ", ".join(f"{quote(meta.get_field(field).column)} = %s" for field in fields)
    unlocked = f"SELECT {pk} FROM {table} WHERE {pk} = %s FOR NO KEY UPDATE SKIP LOCKED"  # noqa: S608  names of columns
    return f"UPDATE {table} SET {columns} WHERE {pk} = ({unlocked}) RETURNING {pk}"  # noqa: S608  names of columns


def _log_skipped_write(error: Error) -> None:
    logger.info("best-effort write skipped", error=type(error).__qualname__)


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
