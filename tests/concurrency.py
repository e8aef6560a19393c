"""Concurrent calls. Tests that use them need real transactions: `django_db(transaction=True)`."""

import threading
from collections.abc import Callable

from django.db import connection


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
