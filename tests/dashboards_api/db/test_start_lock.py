"""The start lock, which only one process at a time holds and which does not block requests."""

import threading

import pytest
from django.db import connection

from dashboards_api.db.start_lock import start_lock

SNAPSHOTS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE backend_xmin IS NOT NULL AND datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.mark.django_db(transaction=True)
def test_lock_is_held_by_one_process_at_a_time() -> None:
    held, order = threading.Event(), []

    def take() -> None:
        held.wait(10)
        try:
            with start_lock():
                order.append("second")
        finally:
            connection.close()

    second = threading.Thread(target=take)
    second.start()
    with start_lock():
        held.set()
        second.join(0.5)
        order.append("first")
    second.join(10)
    assert order == ["first", "second"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite does not build indexes concurrently")
def test_index_is_built_concurrently_while_the_lock_is_held() -> None:
    with start_lock(), connection.cursor() as cursor:
        cursor.execute(SNAPSHOTS)
        assert cursor.fetchone() == (0,)
        cursor.execute("SET statement_timeout = '10s'")
        cursor.execute("CREATE INDEX CONCURRENTLY held ON users_user (first_name)")
        cursor.execute("DROP INDEX held")
        cursor.execute("RESET statement_timeout")
