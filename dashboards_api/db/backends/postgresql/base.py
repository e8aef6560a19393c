"""PostgreSQL: one cursor for reading, answers in binary, and a cheaper way to notice that a connection was lost."""

import select
from collections.abc import Sequence
from typing import Any

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    _reading: Any = None

    def fetch(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Return all rows of a compiled query, as the driver returns them."""
        cursor = self._reading
        if cursor is None or cursor.connection is not self.connection:
            # It is kept: a new one would look up anew how to read the types of all columns.
            cursor = self._reading = self.connection.cursor(binary=True)
        rows: list[tuple[Any, ...]] = cursor.execute(sql, parameters, prepare=True).fetchall()
        return rows

    def is_usable(self) -> bool:
        """Whether the connection is still there, for CONN_HEALTH_CHECKS: asked at the beginning of each request.

        Django asks the server, which costs each request a statement. A server that has gone has closed its end, and
        that can be read; where there is nothing to read, nothing has happened.
        """
        if self.connection is None or self.connection.closed:
            return False
        watcher = select.poll()
        watcher.register(self.connection.fileno(), select.POLLIN)
        return not watcher.poll(0) or super().is_usable()
