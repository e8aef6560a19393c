"""SQLite: a statement is written in the driver's own way once, not each time, and a lock is waited for once."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

from django.db import OperationalError
from django.db.backends.sqlite3 import base

from dashboards_api.backends.reading import Reads, Rows

# How long a transaction waits for the lock where the one before it has waited in vain.
HURRIED_MS = 100


@lru_cache(maxsize=256)
def _in_its_own_way(sql: str) -> str:
    written: str = base.FORMAT_QMARK_REGEX.sub("?", sql).replace("%%", "%")
    return written


def create_for_owner(name: Any) -> None:
    """Make a new database a file that its owner alone reads, and with it the files that SQLite puts beside it."""
    if not str(name).startswith((":", "file:")):
        # Never one that is there: to close a file ends the locks that this process has on it. What else is wrong,
        # connecting says.
        with suppress(OSError):
            os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


class DatabaseWrapper(Reads, base.DatabaseWrapper):
    waited_in_vain = False

    def get_connection_params(self) -> dict[str, Any]:
        """Values come as they are stored: the fields convert them, and the driver need not ask a function for each."""
        parameters: dict[str, Any] = super().get_connection_params()
        create_for_owner(parameters["database"])
        return {**parameters, "detect_types": 0}

    def fetch(self, sql: str, parameters: Sequence[Any]) -> Rows:
        rows: Rows = self.connection.execute(_in_its_own_way(sql), parameters).fetchall()
        return rows

    def _start_transaction_under_autocommit(self) -> None:
        """Others wait behind whoever waits for the lock (`http/wsgi.py`). If another process holds it for longer than
        the timeout, those that come next do not wait as long, until one of them gets it.
        """
        milliseconds = int(self.settings_dict["OPTIONS"]["timeout"] * 1000)
        if self.waited_in_vain:
            self._wait_for_locks(HURRIED_MS)
        started = time.monotonic()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # the stubs lack it
        except OperationalError:
            self.waited_in_vain |= time.monotonic() - started > 0.9 * milliseconds / 1000
            raise
        if self.waited_in_vain:
            self._wait_for_locks(milliseconds)
            self.waited_in_vain = False

    def _wait_for_locks(self, milliseconds: int) -> None:
        self.connection.execute(f"PRAGMA busy_timeout = {milliseconds}")
