"""What both backends have in common."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

Rows = list[tuple[Any, ...]]


class FastReadMixin(BaseDatabaseWrapper):
    """Runs a query as its driver would, without what Django does around each statement."""

    def read(self, sql: str, parameters: Sequence[Any]) -> Rows:
        """All rows of a query with `%s` for its parameters. Raises Django's database errors."""
        if self.queries_logged or self.execute_wrappers:
            with self.cursor() as cursor:
                cursor.execute(sql, parameters)
                found: Rows = cursor.fetchall()
                return found
        self.close_if_health_check_failed()
        self.ensure_connection()
        self.validate_no_broken_transaction()
        with self.wrap_database_errors:
            return self.fetch(sql, parameters)

    @abstractmethod
    def fetch(self, sql: str, parameters: Sequence[Any]) -> Rows:
        """All rows, as the driver gives them."""
