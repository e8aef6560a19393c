"""The PostgreSQL backend, with a reused cursor for compiled queries and a cheaper health check."""

import select
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import psycopg
from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    _reading: Any = None

    def fetch(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Return all rows of a compiled query, as the driver returns them."""
        cursor = self._reading
        if cursor is None or cursor.connection is not self.connection:
            # Reuse the cursor, because a new cursor would look up the loaders of all column types again.
            cursor = self._reading = psycopg.RawCursor(self.connection)
        statement = _number_placeholders(sql)
        rows: list[tuple[Any, ...]] = cursor.execute(statement, parameters, prepare=True, binary=True).fetchall()
        return rows

    def is_usable(self) -> bool:
        """Return whether the connection is still open, for CONN_HEALTH_CHECKS at the start of each request.

        Django always runs a statement for this check. This method runs a statement only if the socket is readable,
        which is the case after the server has closed the connection.
        """
        if self.connection is None or self.connection.closed:
            return False
        watcher = select.poll()
        watcher.register(self.connection.fileno(), select.POLLIN)
        return not watcher.poll(0) or super().is_usable()


@lru_cache(maxsize=1_000)
def _number_placeholders(sql: str) -> bytes:
    """Return a statement with the placeholders of PostgreSQL ($1, $2…), so that psycopg need not parse it each time.

    psycopg caches the parsed form of statements only up to 4,096 characters.
    """
    first, *rest = sql.replace("%%", "%").split("%s")
    return "".join([first, *(f"${number}{part}" for number, part in enumerate(rest, 1))]).encode()
