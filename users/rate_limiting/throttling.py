"""How often an API key may call, and how often an address may fail with one. Sessions are not counted."""

import time

from django.conf import settings
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.response import Response

from users.models import PersonalAPIKey
from users.rate_limiting.failed_keys import failed_key_counter
from users.rate_limiting.limiter import RateLimitStatus, rate_limiter


def check_rate_limit(request: Request) -> RateLimitStatus | None:
    """Count a request that was authenticated with a key, once however often it is run.

    Where the key stands now, or None where nothing is counted.
    """
    if not settings.RATE_LIMITS or not isinstance(request.auth, PersonalAPIKey):
        return None
    status: RateLimitStatus | None = getattr(request._request, "rate_limit_status", None)
    if status is None:
        status = rate_limiter.consume(request.auth.pk, settings.RATE_LIMITS, time.time())
        request._request.rate_limit_status = status  # type: ignore[attr-defined]
        request._request.processor_time = time.thread_time()  # type: ignore[attr-defined]
    return status


def charge_processing_time(request: Request) -> RateLimitStatus | None:
    """Charge an expensive request: one unit for each started 20 ms of processor time, of which the first is paid.

    Time spent waiting is not charged: other clients would make it expensive. Return the new status, or None where
    nothing is added.
    """
    started: float = request._request.processor_time  # type: ignore[attr-defined]  # set where it was counted
    units = int((time.thread_time() - started) / settings.RATE_LIMIT_UNIT_SECONDS)
    if not units:
        return None
    return rate_limiter.charge(request.auth.pk, units, settings.RATE_LIMITS, time.time())


def raise_if_limited(status: RateLimitStatus) -> None:
    """Raises Throttled where the request is one too many."""
    if not status.is_allowed:
        raise Throttled(wait=status.reset)


def record_failed_key(request: Request) -> None:
    """Count a wrong key. Raises Throttled where its address fails too often; right keys from there go on working."""
    if not settings.RATE_LIMITS:
        return
    if wait := failed_key_counter.record_failure(request.META.get("REMOTE_ADDR", ""), time.time()):
        raise Throttled(wait=wait)


def set_rate_limit_headers(response: Response, status: RateLimitStatus) -> None:
    """The headers of the IETF draft that most clients read, in its form of three."""
    response["RateLimit-Limit"] = str(status.limit)
    response["RateLimit-Remaining"] = str(status.remaining)
    response["RateLimit-Reset"] = str(status.reset)
