"""Password hashing: slow on purpose, so never inside a transaction and only one at a time in a process.

PBKDF2 releases the interpreter lock: beside one hash the other threads of the process go on. A request that waits for
a slot occupies a thread of the request pool, so only one may wait; others are refused at once and may come back.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.hashers import check_password, make_password

from dashboards_api.db.transactions import refuse_in_transaction
from dashboards_api.errors import TooMany

MAX_HASHING = 1
MAX_WAITING = 1
MAX_WAIT_SECONDS = 2.0  # seconds
RETRY_AFTER = 1  # seconds


class HashingBusy(TooMany):
    """Other passwords are being hashed, and another request waits for its turn already."""

    def __init__(self) -> None:
        super().__init__(RETRY_AFTER)
        self.detail = "Too many passwords are being checked at the moment. Please try again in a second."


class HashingSlots:
    """A bound on how many threads hash passwords, and on how many wait to do so."""

    def __init__(self, at_once: int = MAX_HASHING, waiting: int = MAX_WAITING) -> None:
        self.threads = threading.BoundedSemaphore(at_once + waiting)
        self.hashing = threading.BoundedSemaphore(at_once)

    @contextmanager
    def slot(self, longest_wait: float = MAX_WAIT_SECONDS) -> Iterator[None]:
        """Hold the right to hash. Raises HashingBusy, and RuntimeError inside a transaction."""
        refuse_in_transaction("Password hashing")
        if not self.threads.acquire(blocking=False):
            raise HashingBusy
        try:
            if not self.hashing.acquire(timeout=longest_wait):
                raise HashingBusy
            try:
                yield
            finally:
                self.hashing.release()
        finally:
            self.threads.release()


hashing_slots = HashingSlots()


def hash_password(text: str) -> str:
    """Return the hash of a new password. Raises HashingBusy."""
    with hashing_slots.slot():
        return make_password(text)


def verify_password(text: str, password_hash: str) -> bool:
    """Return whether a password has this hash. Raises HashingBusy."""
    with hashing_slots.slot():
        return check_password(text, password_hash)
