"""Rows for `benchmarks.limit`, from prepared statements on one connection to DATABASE_URL per thread."""

import os
import re
import sqlite3
import threading
from functools import cache
from typing import Any

import psycopg

URL = os.environ.get("DATABASE_URL", "")
is_sqlite = URL.startswith("sqlite")
_thread = threading.local()


def rows(statement: str, arguments: dict[str, Any]) -> list[Any]:
    if not hasattr(_thread, "cursor"):
        _thread.cursor = _sqlite() if is_sqlite else _postgresql()
    found: list[Any] = _thread.cursor.execute(_with_colons(statement) if is_sqlite else statement, arguments).fetchall()
    return found


def parse_time(stored: Any) -> Any:
    """Return a stored timestamp for `orjson`. The text that SQLite stores is converted to ISO 8601."""
    return stored and stored.replace(" ", "T") + "Z" if is_sqlite else stored


@cache
def _with_colons(statement: str) -> str:
    return re.sub(r"%\((\w+)\)s", r":\1", statement)


def _postgresql() -> Any:
    connection = psycopg.connect(URL, autocommit=True, prepare_threshold=0, options="-c timezone=UTC")
    return connection.cursor(binary=True)


def _sqlite() -> Any:
    connection = sqlite3.connect(f"file:{URL.removeprefix('sqlite:///')}?mode=ro", uri=True, isolation_level=None)
    return connection.execute("PRAGMA mmap_size = 1073741824")
