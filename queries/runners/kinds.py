"""The kinds of queries that are run.

This module does not import the compilers, because web processes import this module. In each process, importing the
compilers would take 3 MB and 0.3 seconds.
"""

from typing import Any

from queries.nodes import WRAPPERS
from queries.runners.errors import InvalidQuery, UnsupportedQueryKind
from queries.runners.json_values import describe

FUNNELS = "FunnelsQuery"
HOGQL = "HogQLQuery"
LIFECYCLE = "LifecycleQuery"
RETENTION = "RetentionQuery"
STICKINESS = "StickinessQuery"
TRENDS = "TrendsQuery"
COMPUTED_KINDS = frozenset({FUNNELS, HOGQL, LIFECYCLE, RETENTION, STICKINESS, TRENDS})


def check_query_kind(source: Any) -> str:
    """Return the kind of a query without visualization nodes. No other field of the query is read.

    Raises UnsupportedQueryKind, and InvalidQuery if the query has no kind.
    """
    if not isinstance(source, dict):
        raise InvalidQuery(f"This must be an object, not {describe(source)}.")
    kind = source.get("kind")
    if not isinstance(kind, str) or not kind:
        raise InvalidQuery('The query has no kind. Add a kind, such as {"kind": "HogQLQuery"}.')
    if kind in WRAPPERS:
        raise InvalidQuery(f"{kind} requires a query in its `source`.")
    if kind not in COMPUTED_KINDS:
        raise UnsupportedQueryKind(kind)
    return kind
