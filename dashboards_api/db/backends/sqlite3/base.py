"""The SQLite backend, which translates placeholders once per statement, and waits for a long-held lock only once.

Otherwise, while another process (such as a backup or a shell) holds the write lock, all threads of a process would
repeatedly wait ten seconds each, and no thread would be left for requests that only read.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, ClassVar

from django.db import OperationalError
from django.db.backends.sqlite3 import base

# The lock timeout of a transaction after another transaction has timed out.
SHORT_WAIT_MS = 100


@lru_cache(maxsize=256)
def _translate_placeholders(sql: str) -> str:
    written: str = base.FORMAT_QMARK_REGEX.sub("?", sql).replace("%%", "%")
    return written


# False, so that a command with a wrong path reports an error instead of creating an empty database.
_may_create_files = ContextVar("may_create_files", default=False)


@contextmanager
def allow_file_creation() -> Iterator[None]:
    """Allow connections in the block to create the file of a new database."""
    token = _may_create_files.set(True)
    try:
        yield
    finally:
        _may_create_files.reset(token)


def create_private_file(name: Any) -> None:
    """Create the file of a new database, readable by its owner only. The files that SQLite adds inherit this mode.

    Raises OperationalError if the file does not exist and may not be created.
    """
    if str(name).startswith((":", "file:")) or os.path.exists(name):
        return
    if not _may_create_files.get():
        raise OperationalError("the file does not exist. `manage.py serve` or `manage.py migrate` creates it")
    # Do not open an existing file, because closing it would drop this process's POSIX locks. Other errors are reported
    # on connect.
    with suppress(OSError):
        os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


class DatabaseWrapper(base.DatabaseWrapper):
    lock_is_held_long: ClassVar[bool] = False  # shared by all threads, which have a connection each

    def get_connection_params(self) -> dict[str, Any]:
        """Return parameters without type detection, which calls a function for each value.

        Model fields convert the values instead.
        """
        parameters: dict[str, Any] = super().get_connection_params()
        create_private_file(parameters["database"])
        return {**parameters, "detect_types": 0}

    def fetch(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Return all rows of a compiled query, as the driver returns them."""
        rows: list[tuple[Any, ...]] = self.connection.execute(_translate_placeholders(sql), parameters).fetchall()
        return rows

    def _start_transaction_under_autocommit(self) -> None:
        """Begin a transaction. Wait only briefly after another transaction has waited for its whole lock timeout."""
        milliseconds = int(self.settings_dict["OPTIONS"]["timeout"] * 1000)
        is_held_long = DatabaseWrapper.lock_is_held_long
        if is_held_long:
            self._wait_for_locks(SHORT_WAIT_MS)
        started = time.monotonic()
        try:
            self._begin()
        except OperationalError:
            DatabaseWrapper.lock_is_held_long |= time.monotonic() - started > 0.9 * milliseconds / 1000
            raise
        finally:
            if is_held_long:
                self._wait_for_locks(milliseconds)
        DatabaseWrapper.lock_is_held_long = False

    def _begin(self) -> None:
        """Begin a transaction, and close the cursor even if that fails.

        Django keeps the cursor alive through the exception. If the garbage collector frees both in another thread, that
        thread resets the statement and blocks until this connection stops waiting for a lock, which the thread itself
        may hold.
        """
        with self.cursor() as cursor:
            cursor.execute(f"BEGIN {self.transaction_mode}")  # type: ignore[attr-defined]  # missing in the stubs

    def _wait_for_locks(self, milliseconds: int) -> None:
        self.connection.execute(f"PRAGMA busy_timeout = {milliseconds}")
