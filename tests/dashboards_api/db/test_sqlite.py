"""The SQLite backend: threads that wait for the write lock do not block the thread that holds it."""

import gc
import threading
import time

import pytest
from django.db import OperationalError, connection, transaction

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="only SQLite has this lock"),
]


def test_garbage_of_a_waiting_thread_does_not_block_the_writer() -> None:
    """Resetting a statement of a connection blocks while another statement of the connection waits for a lock."""
    has_failed = threading.Event()
    errors: list[OperationalError] = []

    def wait_twice() -> None:
        with pytest.raises(OperationalError, match="locked") as raised:
            begin_with_short_timeout()
        errors.append(raised.value)
        del raised
        has_failed.set()
        with transaction.atomic():
            pass
        connection.close()

    thread = threading.Thread(target=wait_twice)
    with transaction.atomic():
        thread.start()
        assert has_failed.wait(10)
        time.sleep(0.2)  # until the thread waits again
        started = time.monotonic()
        errors.clear()
        gc.collect()
        assert time.monotonic() - started < 2  # the thread waits for ten seconds
    thread.join()


def begin_with_short_timeout() -> None:
    connection.ensure_connection()
    connection.connection.execute("PRAGMA busy_timeout = 20")
    try:
        with transaction.atomic():
            pass
    finally:
        connection.connection.execute("PRAGMA busy_timeout = 10000")
