"""Hash passwords, one at a time in a process and never in a transaction, because hashing is slow by design.

PBKDF2 releases the global interpreter lock, so the other threads of the process continue. A request that waits for a
slot occupies a thread of the request pool, so only one request may wait. Further requests are refused immediately and
can be retried.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.hashers import check_password, make_password

from dashboards_api.db.transactions import refuse_in_transaction
from dashboards_api.errors import TooManyAttempts

MAX_HASHING = 1
MAX_WAITING = 1
MAX_WAIT_SECONDS = 2.0
RETRY_AFTER = 1  # seconds


class HashingBusy(TooManyAttempts):
    """The error for a request while one password is being hashed and another request is waiting."""

    def __init__(self) -> None:
        super().__init__(RETRY_AFTER)
        self.detail = "Too many passwords are being checked at the moment. Please try again in a second."


class HashingSlots:
    """A limit on the number of threads that hash passwords, and on the number of threads that wait for a slot."""

    def __init__(self, at_once: int = MAX_HASHING, waiting: int = MAX_WAITING) -> None:
        self.threads = threading.BoundedSemaphore(at_once + waiting)
        self.hashing = threading.BoundedSemaphore(at_once)

    @contextmanager
    def slot(self, max_wait: float = MAX_WAIT_SECONDS) -> Iterator[None]:
        """Occupy a slot for hashing. Raises HashingBusy, and RuntimeError in a transaction."""
        refuse_in_transaction("Password hashing")
        if not self.threads.acquire(blocking=False):
            raise HashingBusy
        try:
            if not self.hashing.acquire(timeout=max_wait):
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
    """Return whether a password has the given hash. Raises HashingBusy."""
    with hashing_slots.slot():
        return check_password(text, password_hash)
