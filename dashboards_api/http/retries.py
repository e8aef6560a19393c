"""Requests that lost against others are run again.

PostgreSQL ends one of two transactions that wait for each other (a deadlock), and at the stricter isolation levels one
that saw what another has changed since. Nothing of it has happened, and all that a request changes is in one
transaction: so it runs again, as if it had come a moment later. What a constraint refuses runs again once, too: where
two wrote the same at the same time, the second run sees what the other one wrote, and refuses it in words.
"""

import random
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, IntegrityError
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from dashboards_api.errors import exception_chain

logger = structlog.get_logger("dashboards_api.retries")

# How often a request runs at most.
ATTEMPTS_AFTER_CONFLICT = 4
ATTEMPTS_AFTER_INTEGRITY_ERROR = 2
DELAY_SECONDS_MAX = 0.03  # seconds, before the first of them
# serialization_failure and deadlock_detected
_CONFLICTS = frozenset({"40001", "40P01"})


class RetryMiddleware:
    """The innermost: it runs the view. Each run has a view of its own, and the session as the request brought it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: Any, kwargs: dict[str, Any]
    ) -> HttpResponseBase:
        run = 1
        while True:
            request.run = run  # type: ignore[attr-defined]  # for `runs_again`
            try:
                return view(request, *args, **kwargs)
            except DatabaseError as error:
                if not should_retry(request, error):
                    raise
                logger.info("run again", run=run, error=type(error.__cause__ or error).__qualname__)
            time.sleep(random.uniform(0, DELAY_SECONDS_MAX * run))  # noqa: S311  only so that both do not come back at once
            reload_session(request)
            run += 1


def should_retry(request: HttpRequest, error: Exception) -> bool:
    """Whether a request that ended with this error is run again: the error is then no answer, and is raised."""
    run = getattr(request, "run", None)
    if run is None:
        return False
    if is_transaction_conflict(error):
        return bool(run < ATTEMPTS_AFTER_CONFLICT)
    return isinstance(error, IntegrityError) and run < ATTEMPTS_AFTER_INTEGRITY_ERROR


def is_transaction_conflict(error: BaseException) -> bool:
    """Whether a database error comes from a serialization failure or a deadlock, which Django wraps."""
    return isinstance(error, DatabaseError) and any(
        getattr(each, "sqlstate", None) in _CONFLICTS for each in exception_chain(error)
    )


def reload_session(request: HttpRequest) -> None:
    """The session of the cookie, without what the run that came to nothing did to it."""
    if hasattr(request, "session"):
        request.session = type(request.session)(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
