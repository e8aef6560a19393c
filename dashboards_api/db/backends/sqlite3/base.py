"""SQLite: placeholders are translated once for each statement, and a lock that is held for long is waited for once.

The few threads of a process would otherwise all wait ten seconds each, again and again, while another process (a
backup, a shell) holds the write lock: nobody would be left to answer those who only read.
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

# How long a transaction waits for the write lock where one before it has waited in vain.
SHORT_WAIT_MS = 100


@lru_cache(maxsize=256)
def _translate_placeholders(sql: str) -> str:
    written: str = base.FORMAT_QMARK_REGEX.sub("?", sql).replace("%%", "%")
    return written


# A command that was pointed to the wrong place says so, instead of leaving an empty database there.
_may_create_files = ContextVar("may_create_files", default=False)


@contextmanager
def allow_file_creation() -> Iterator[None]:
    """Let connections of the block make the file of a database that is new."""
    token = _may_create_files.set(True)
    try:
        yield
    finally:
        _may_create_files.reset(token)


def create_private_file(name: Any) -> None:
    """Make a new database a file that its owner alone reads, and with it the files that SQLite puts beside it.

    Raises OperationalError where there is none and none may be made.
    """
    if str(name).startswith((":", "file:")) or os.path.exists(name):
        return
    if not _may_create_files.get():
        raise OperationalError("there is no such file. `manage.py serve` or `manage.py migrate` makes one")
    # Never one that is there: to close a file ends the locks that this process has on it. What else is wrong,
    # connecting says.
    with suppress(OSError):
        os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


class DatabaseWrapper(base.DatabaseWrapper):
    lock_is_held_long: ClassVar[bool] = False  # of all threads: each has a connection of its own

    def get_connection_params(self) -> dict[str, Any]:
        """Values come as they are stored: the fields convert them, and the driver need not ask a function for each."""
        parameters: dict[str, Any] = super().get_connection_params()
        create_private_file(parameters["database"])
        return {**parameters, "detect_types": 0}

    def fetch(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Return all rows of a compiled query, as the driver returns them."""
        rows: list[tuple[Any, ...]] = self.connection.execute(_translate_placeholders(sql), parameters).fetchall()
        return rows

    def _start_transaction_under_autocommit(self) -> None:
        """Begin, and wait only shortly for the lock while it is known to be held for long, until one gets it."""
        milliseconds = int(self.settings_dict["OPTIONS"]["timeout"] * 1000)
        is_held_long = DatabaseWrapper.lock_is_held_long
        if is_held_long:
            self._wait_for_locks(SHORT_WAIT_MS)
        started = time.monotonic()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # the stubs lack it
        except OperationalError:
            DatabaseWrapper.lock_is_held_long |= time.monotonic() - started > 0.9 * milliseconds / 1000
            raise
        finally:
            if is_held_long:
                self._wait_for_locks(milliseconds)
        DatabaseWrapper.lock_is_held_long = False

    def _wait_for_locks(self, milliseconds: int) -> None:
        self.connection.execute(f"PRAGMA busy_timeout = {milliseconds}")
