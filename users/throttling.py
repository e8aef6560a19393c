"""How often an API key may call, and how often an address may fail with one. Sessions are not counted."""

import time

from django.conf import settings
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.response import Response

from users.models import PersonalAPIKey
from users.services import failed_keys, rate_limits
from users.services.rate_limits import Standing


def spend_permit(request: Request) -> Standing | None:
    """Count a request that was authenticated with a key, once however often it is run.

    Where the key stands now, or None where nothing is counted.
    """
    if not settings.RATE_LIMITS or not isinstance(request.auth, PersonalAPIKey):
        return None
    counted: Standing | None = getattr(request._request, "standing", None)
    if counted is None:
        counted = rate_limits.OWN.spend(request.auth.pk, settings.RATE_LIMITS, time.time())
        request._request.standing = counted  # type: ignore[attr-defined]
        request._request.processor_time = time.thread_time()  # type: ignore[attr-defined]
    return counted


def charge_cost(request: Request) -> Standing | None:
    """Charge an expensive request: one unit for each started 20 ms of processor time, of which the first is paid.

    Time spent waiting is not charged: other clients would make it expensive. Return the new standing, or None where
    nothing is added.
    """
    started: float = request._request.processor_time  # type: ignore[attr-defined]  # set where it was counted
    units = int((time.thread_time() - started) / settings.RATE_LIMIT_UNIT_SECONDS)
    if not units:
        return None
    return rate_limits.OWN.charge(request.auth.pk, units, settings.RATE_LIMITS, time.time())


def refuse_beyond(standing: Standing) -> None:
    """Raises Throttled where the request is one too many."""
    if not standing.is_allowed:
        raise Throttled(wait=standing.reset)


def refuse_many_failures(request: Request) -> None:
    """Count a wrong key. Raises Throttled where its address fails too often; right keys from there go on working."""
    if not settings.RATE_LIMITS:
        return
    if wait := failed_keys.OWN.wait_after_failure(request.META.get("REMOTE_ADDR", ""), time.time()):
        raise Throttled(wait=wait)


def show_standing(response: Response, standing: Standing) -> None:
    """The headers of the IETF draft that most clients read, in its form of three."""
    response["RateLimit-Limit"] = str(standing.limit)
    response["RateLimit-Remaining"] = str(standing.remaining)
    response["RateLimit-Reset"] = str(standing.reset)
