"""Apply rate limits to API requests: to those with an API key, and to addresses that send invalid keys.

Requests with a session are not limited.
"""

import time

from django.conf import settings
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.response import Response

from users.models import PersonalAPIKey
from users.rate_limiting.failed_keys import failed_key_counter
from users.rate_limiting.limiter import RateLimitStatus, rate_limiter


def check_rate_limit(request: Request) -> RateLimitStatus | None:
    """Count a request with an API key and return the status of its rate limit, or None where nothing is counted.

    A request that runs again after a write conflict is counted once.
    """
    if not settings.RATE_LIMITS or not isinstance(request.auth, PersonalAPIKey):
        return None
    status: RateLimitStatus | None = getattr(request._request, "rate_limit_status", None)
    if status is None:
        status = rate_limiter.consume(request.auth.pk, settings.RATE_LIMITS, time.time())
        request._request.rate_limit_status = status  # type: ignore[attr-defined]  # kept for another run
        request._request.processor_time = time.thread_time()  # type: ignore[attr-defined]  # kept for another run
    return status


def charge_processing_time(request: Request) -> RateLimitStatus | None:
    """Charge a finished request one unit for each further 20 ms of processor time that it began.

    Time spent waiting is not charged: other clients would make the request more expensive. Return the new status, or
    None where nothing is added.
    """
    started: float = request._request.processor_time  # type: ignore[attr-defined]  # set by `check_rate_limit`
    units = int((time.thread_time() - started) / settings.RATE_LIMIT_UNIT_SECONDS)
    if not units:
        return None
    return rate_limiter.charge(request.auth.pk, units, settings.RATE_LIMITS, time.time())


def raise_if_limited(status: RateLimitStatus) -> None:
    """Raise Throttled if the request exceeds the rate limit."""
    if not status.is_allowed:
        raise Throttled(wait=status.reset)


def record_failed_key(request: Request) -> None:
    """Count an invalid key. Raise Throttled if its network sends too many; valid keys from there are not affected."""
    if not settings.RATE_LIMITS:
        return
    if wait := failed_key_counter.record_failure(request.META.get("REMOTE_ADDR", ""), time.time()):
        raise Throttled(wait=wait)


def set_rate_limit_headers(response: Response, status: RateLimitStatus) -> None:
    """Set the `RateLimit-*` headers, in the form with three headers that most clients support."""
    response["RateLimit-Limit"] = str(status.limit)
    response["RateLimit-Remaining"] = str(status.remaining)
    response["RateLimit-Reset"] = str(status.reset)
