"""SQLite: a statement is written in the driver's own way once, not each time."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db.backends.sqlite3 import base

from dashboards_api.backends.reading import Reads, Rows


@lru_cache(maxsize=256)
def _in_its_own_way(sql: str) -> str:
    written: str = base.FORMAT_QMARK_REGEX.sub("?", sql).replace("%%", "%")
    return written


class DatabaseWrapper(Reads, base.DatabaseWrapper):
    def fetch(self, sql: str, parameters: Sequence[Any]) -> Rows:
        rows: Rows = self.connection.execute(_in_its_own_way(sql), parameters).fetchall()
        return rows
