"""A read-only database, for tests with real transactions."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def read_only_database() -> Iterator[None]:
    """Make the database read-only for this connection during the block."""
    if connection.vendor == "postgresql":
        refuse, allow = (f"SET default_transaction_read_only = {value}" for value in ("on", "off"))
    else:
        refuse, allow = (f"PRAGMA query_only = {value}" for value in (1, 0))
    with connection.cursor() as cursor:
        cursor.execute(refuse)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(allow)
