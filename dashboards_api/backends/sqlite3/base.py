"""SQLite: the placeholders of a statement are translated once, not each time it is executed."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from django.db import OperationalError
from django.db.backends.sqlite3 import base

from dashboards_api.backends.reading import Reads, Rows


@lru_cache(maxsize=256)
def _in_its_own_way(sql: str) -> str:
    written: str = base.FORMAT_QMARK_REGEX.sub("?", sql).replace("%%", "%")
    return written


# A command that was pointed to the wrong place says so, instead of leaving an empty database there.
_may_create_files = ContextVar("may_create_files", default=False)


@contextmanager
def creating_files() -> Iterator[None]:
    """Let connections of the block make the file of a database that is new."""
    token = _may_create_files.set(True)
    try:
        yield
    finally:
        _may_create_files.reset(token)


def create_for_owner(name: Any) -> None:
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


class DatabaseWrapper(Reads, base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        """Values come as they are stored: the fields convert them, and the driver need not ask a function for each."""
        parameters: dict[str, Any] = super().get_connection_params()
        create_for_owner(parameters["database"])
        return {**parameters, "detect_types": 0}

    def fetch(self, sql: str, parameters: Sequence[Any]) -> Rows:
        rows: Rows = self.connection.execute(_in_its_own_way(sql), parameters).fetchall()
        return rows
