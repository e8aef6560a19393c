"""Concurrent calls. Tests that use them need real transactions: `django_db(transaction=True)`."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, models, transaction


def run_concurrently(*jobs: Callable[[], object]) -> list[BaseException]:
    """Run jobs in threads that start together, and return the exceptions that they raised."""
    barrier = threading.Barrier(len(jobs))
    raised: list[BaseException] = []

    def run(job: Callable[[], object]) -> None:
        try:
            barrier.wait()
            job()
        except BaseException as error:  # noqa: BLE001  the caller checks the exceptions
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@contextmanager
def locked_row(row: models.Model, **values: Any) -> Iterator[None]:
    """Change a row in another transaction, which holds the lock of the row during the block and commits after it."""
    is_locked, is_done = threading.Event(), threading.Event()

    def write() -> None:
        try:
            with transaction.atomic():
                type(row)._default_manager.filter(pk=row.pk).update(**values)
                is_locked.set()
                is_done.wait(20)
        finally:
            connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert is_locked.wait(20)
        yield
    finally:
        is_done.set()
        writer.join()
