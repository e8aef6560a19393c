"""The modes of `refresh`, which control the computation of results for a request, and the wait for results.

These pure functions implement PostHog's rules. A plain read of an insight or a dashboard never computes results
(`force_cache`). `POST query/` computes results that are not cached (`blocking`).
"""

from enum import Enum, StrEnum, auto
from typing import Any, NamedTuple


class Refresh(StrEnum):
    FORCE_CACHE = "force_cache"
    BLOCKING = "blocking"
    ASYNC = "async"
    ASYNC_EXCEPT_ON_CACHE_MISS = "async_except_on_cache_miss"
    LAZY_ASYNC = "lazy_async"
    FORCE_BLOCKING = "force_blocking"
    FORCE_ASYNC = "force_async"


_MODES = {mode.value: mode for mode in Refresh}


class Freshness(Enum):
    FRESH = auto()
    STALE = auto()
    LAZILY_STALE = auto()  # old enough for a lazy refresh to compute it again
    MISSING = auto()


class Action(NamedTuple):
    """The handling of one result in a request: whether to compute the result, and whether to wait for it."""

    computes: bool
    waits: bool


NOTHING = Action(False, False)
ENQUEUE = Action(True, False)
WAIT = Action(True, True)
_FORCED_ACTIONS = {Refresh.FORCE_CACHE: NOTHING, Refresh.FORCE_BLOCKING: WAIT, Refresh.FORCE_ASYNC: ENQUEUE}
# The actions of the other modes for results that are not fresh.
_ACTIONS_IF_NOT_FRESH = {
    Refresh.BLOCKING: WAIT,
    Refresh.ASYNC: ENQUEUE,
    Refresh.ASYNC_EXCEPT_ON_CACHE_MISS: ENQUEUE,
    Refresh.LAZY_ASYNC: NOTHING,
}


def parse_refresh(value: Any, default: Refresh = Refresh.FORCE_CACHE) -> Refresh:
    """Return the mode of a value of `refresh`. As in PostHog, `true` computes results, and unknown values do not."""
    if value is None or value == "":
        return default
    text = str(value).lower()
    if text in ("true", "1"):
        return Refresh.FORCE_BLOCKING
    return _MODES.get(text, Refresh.FORCE_CACHE)


def choose_action(refresh: Refresh, freshness: Freshness) -> Action:
    """Return the action for a result in a request with the given mode."""
    if refresh in _FORCED_ACTIONS:
        return _FORCED_ACTIONS[refresh]
    if freshness is Freshness.FRESH:
        return NOTHING
    if freshness is Freshness.MISSING and refresh is Refresh.ASYNC_EXCEPT_ON_CACHE_MISS:
        return WAIT
    if freshness is not Freshness.STALE and refresh is Refresh.LAZY_ASYNC:
        return ENQUEUE
    return _ACTIONS_IF_NOT_FRESH[refresh]


def restrict_to_share(refresh: Refresh) -> Refresh:
    """Return the mode for a request with a share link. Such a request may only compute stale and missing results."""
    if refresh in (Refresh.BLOCKING, Refresh.FORCE_BLOCKING):
        return Refresh.BLOCKING
    return Refresh.ASYNC if refresh is Refresh.ASYNC else Refresh.LAZY_ASYNC
