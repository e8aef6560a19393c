"""A check that slow work runs before a transaction is opened."""

from django.db import connection


def is_in_transaction() -> bool:
    """Return whether a transaction is open. The one that a TestCase wraps around a test does not count."""
    blocks = connection.atomic_blocks
    return bool(blocks) and not getattr(blocks[-1], "_from_testcase", False)


def refuse_in_transaction(work: str) -> None:
    """Raise RuntimeError inside a transaction, which would hold SQLite's only write lock or row locks meanwhile."""
    if is_in_transaction():
        raise RuntimeError(f"{work} must not run inside a transaction: it would hold locks while it computes.")
