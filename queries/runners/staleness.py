"""The staleness of results: pure functions of the query, its range and the clock."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from queries.runners.compiled import ResolvedRange
from queries.runners.dates import INTERVALS

_DEFAULT = "day"
# The ages at which a result becomes stale, and at which a lazy read requests a new result.
_LIMITS = {
    "minute": (timedelta(minutes=5), timedelta(minutes=15)),
    "hour": (timedelta(hours=1), timedelta(hours=2)),
    "day": (timedelta(hours=6), timedelta(hours=12)),
    "week": (timedelta(days=1), timedelta(days=1)),
    "month": (timedelta(days=2), timedelta(days=2)),
}
# The intervals whose limits are used for intervals without limits of their own.
_NEAREST = {"second": "minute", "quarter": "month", "year": "month"}


def find_interval(source: Any) -> str | None:
    """Return the interval of a query, or None if it is missing or unknown. Unknown intervals are not refused here."""
    if not isinstance(source, Mapping):
        return None
    interval = source.get("interval")
    if interval is None and isinstance(retention := source.get("retentionFilter"), Mapping):
        period = retention.get("period")
        interval = period.lower() if isinstance(period, str) else None
    return interval if isinstance(interval, str) and interval in INTERVALS else None


def get_age_limit(interval: str | None) -> timedelta:
    """Return the age at which a result becomes stale."""
    return _find_limits(interval)[0]


def get_lazy_age_limit(interval: str | None) -> timedelta:
    """Return the age at which a lazy read requests a new result."""
    return _find_limits(interval)[1]


def has_ended(found: ResolvedRange | None, moment: datetime) -> bool:
    """Return whether a range had ended at `moment`. Results computed after the end do not become stale by age."""
    return found is not None and found.end is not None and found.end.timestamp() < moment.timestamp()


def _find_limits(interval: str | None) -> tuple[timedelta, timedelta]:
    name = interval or _DEFAULT
    return _LIMITS.get(_NEAREST.get(name, name), _LIMITS[_DEFAULT])
