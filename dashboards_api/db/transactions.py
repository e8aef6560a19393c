"""The rule that slow work is done before a transaction is opened, and the check that holds it."""

from django.db import connection


def is_in_transaction() -> bool:
    """Return whether the caller runs in a transaction. The one that a TestCase wraps around a test is none."""
    blocks = connection.atomic_blocks
    return bool(blocks) and not getattr(blocks[-1], "_from_testcase", False)


def refuse_in_transaction(work: str) -> None:
    """Raise RuntimeError inside a transaction: SQLite's only write lock, or row locks, would be held meanwhile."""
    if is_in_transaction():
        raise RuntimeError(f"{work} must not run inside a transaction: it would hold locks while it computes.")
