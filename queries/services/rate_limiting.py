"""The rate limit of the queries that are run for an API key."""

import time

from django.conf import settings

from users.rate_limiting.limiter import rate_limiter


def start_counting(key_id: str) -> int:
    """Count one query of an API key. Return the seconds to wait, or 0 if the key is within its limit.

    Only queries that a query worker has to run are counted, so that results can be read from the cache as often as
    the request rate limit allows. Sessions and share links have no key and are not limited here.
    """
    if not _is_limited(key_id):
        return 0
    status = rate_limiter.consume(_name_quota(key_id), settings.QUERY_RATE_LIMITS, time.time())
    return 0 if status.is_allowed else status.reset


def finish_counting(key_id: str, queries: int) -> None:
    """Count the queued queries except the first query, which `start_counting` has counted.

    The last queries of a dashboard may exceed the limit, so that no dashboard is computed in part. The waiting time of
    the API key is then longer.
    """
    if _is_limited(key_id) and queries != 1:
        rate_limiter.charge(_name_quota(key_id), queries - 1, settings.QUERY_RATE_LIMITS, time.time())


def _is_limited(key_id: str) -> bool:
    return bool(key_id and settings.QUERY_RATE_LIMITS)


def _name_quota(key_id: str) -> str:
    return f"{key_id}:queries"
