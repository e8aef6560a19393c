"""Retries of transactions after a conflict.

PostgreSQL aborts a transaction to resolve a deadlock and, at the stricter isolation levels, after a serialization
failure. An aborted transaction has changed nothing, so it can run again as if it had started later. After the violation
of a constraint, the transaction is retried once, because two transactions may have inserted the same row at the same
time. The second attempt then finds the row of the other transaction, and can return a specific error.
"""

import functools
import random
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import structlog
from django.db import DatabaseError, IntegrityError, transaction

from dashboards_api.db.transactions import is_in_transaction
from dashboards_api.errors import iter_exception_chain

logger = structlog.get_logger("dashboards_api.retry")

ATTEMPTS_AFTER_CONFLICT = 4
ATTEMPTS_AFTER_INTEGRITY_ERROR = 2
MAX_DELAY_SECONDS = 0.03  # before the second attempt
# SQLSTATE codes
SERIALIZATION_FAILURE = "40001"
DEADLOCK_DETECTED = "40P01"

P = ParamSpec("P")
R = TypeVar("R")


def retry_on_conflict(function: Callable[P, R]) -> Callable[P, R]:
    """Run a function again if its transaction conflicts with another transaction.

    The function may only affect the database. Within an outer transaction, the error is raised, because the outer
    transaction is aborted as a whole.
    """

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        attempt = 1
        while True:
            try:
                return function(*args, **kwargs)
            except DatabaseError as error:
                if is_in_transaction() or attempt >= _count_allowed_attempts(error):
                    raise
                logger.info("transaction retried", attempt=attempt, error=type(error.__cause__ or error).__qualname__)
            time.sleep(random.uniform(0, MAX_DELAY_SECONDS * attempt))  # noqa: S311  to avoid the next conflict
            attempt += 1

    return wrapper


def atomic_with_retry(function: Callable[P, R]) -> Callable[P, R]:
    """Run a function in a transaction, and again if the transaction conflicts with another transaction."""
    return retry_on_conflict(transaction.atomic(function))


def is_transaction_conflict(error: BaseException) -> bool:
    """Return whether a database error, as wrapped by Django, comes from a serialization failure or a deadlock."""
    return isinstance(error, DatabaseError) and any(
        getattr(each, "sqlstate", None) in (SERIALIZATION_FAILURE, DEADLOCK_DETECTED)
        for each in iter_exception_chain(error)
    )


def _count_allowed_attempts(error: DatabaseError) -> int:
    if is_transaction_conflict(error):
        return ATTEMPTS_AFTER_CONFLICT
    return ATTEMPTS_AFTER_INTEGRITY_ERROR if isinstance(error, IntegrityError) else 1
