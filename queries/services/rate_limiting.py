"""The rate limit of queries: how many an API key may have computed."""

import time
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from dashboards_api.errors import DomainError
from queries.exceptions import QueryRateExceeded
from users.rate_limiting.limiter import rate_limiter

Queries = Mapping[str, dict[str, Any]]


def limit_queries(key_id: str, queries: Queries) -> tuple[Queries, dict[str, DomainError]]:
    """Count queries by cache key, in their order. Return those that are allowed, and the errors of the others.

    Only what a worker has to compute counts, so that results can be read from the cache as often as the limit of
    requests allows. Sessions and share links, which have no key, are not limited here.
    """
    if not key_id or not settings.QUERY_RATE_LIMITS:
        return queries, {}
    allowed: dict[str, dict[str, Any]] = {}
    for cache_key, query in queries.items():
        status = rate_limiter.consume(f"{key_id}:queries", settings.QUERY_RATE_LIMITS, time.time())
        if not status.is_allowed:
            error = QueryRateExceeded(status.reset)
            return allowed, {other: error for other in queries if other not in allowed}
        allowed[cache_key] = query
    return allowed, {}
