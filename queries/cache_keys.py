"""The cache key of a query in a project: a hash of all inputs of its result except the data and the date.

The data and the resolved date range are left out on purpose. If they change, the result becomes stale, and the stale
result is shown until it is computed again. If they were part of the key, each import and each midnight would cause a
cache miss for every result (docs/decisions/0023-results.md).
"""

import json
from hashlib import blake2b
from typing import Any

import orjson

from users.models import Project

# The version of the compiler. Increment it when a change to the compiler may change the result of a query.
COMPILER_VERSION = 1
PREFIX = "cache_"
# Fields of a query that do not affect its result.
_IGNORED = frozenset({"response", "tags", "version"})


def build_cache_key(source: dict[str, Any], project: Project) -> str:
    """Return the cache key of a query without visualization nodes. The order of its fields does not matter."""
    filters = project.test_account_filters if _uses_test_filters(source) else None
    query = source if _IGNORED.isdisjoint(source) else {key: source[key] for key in source.keys() - _IGNORED}
    parts = [COMPILER_VERSION, project.id, project.timezone, project.week_start_day, filters, query]
    digest = blake2b(_dump(parts), digest_size=20)
    return f"{PREFIX}{digest.hexdigest()}"


def _uses_test_filters(source: dict[str, Any]) -> bool:
    """Return whether a query applies test account filters. In SQL queries, `filterTestAccounts` is below `filters`."""
    if source.get("filterTestAccounts"):
        return True
    filters = source.get("filters")
    return isinstance(filters, dict) and bool(filters.get("filterTestAccounts"))


def _dump(value: Any) -> bytes:
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # an integer beyond 64 bits, which only earlier releases stored
        return json.dumps(value, sort_keys=True).encode()
