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
    def get_connection_params(self) -> dict[str, Any]:
        """Values come as they are stored: the fields convert them, and the driver need not ask a function for each."""
        parameters: dict[str, Any] = super().get_connection_params()
        return {**parameters, "detect_types": 0}

    def fetch(self, sql: str, parameters: Sequence[Any]) -> Rows:
        rows: Rows = self.connection.execute(_in_its_own_way(sql), parameters).fetchall()
        return rows
