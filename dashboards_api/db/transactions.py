"""Checks for an open transaction, in which slow work must not run."""

from django.db import connection


def is_in_transaction() -> bool:
    """Return whether a transaction is open. The transaction that a TestCase opens around a test does not count."""
    blocks = connection.atomic_blocks
    return bool(blocks) and not getattr(blocks[-1], "_from_testcase", False)


def refuse_in_transaction(work: str) -> None:
    """Raise RuntimeError in a transaction, because the work would hold row locks or SQLite's only write lock."""
    if is_in_transaction():
        raise RuntimeError(f"{work} must not run inside a transaction, because its locks would block other writes.")
