"""The state of an insight's result: its age, its staleness, and the reason for a missing result."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.utils.timesince import timesince

from queries.readers.fields import FAILED, QUEUED
from users.readers import Row

NEVER = "Not computed yet"
NO_QUERY = "This insight has no query."
UNKNOWN = "This result cannot be drawn here."
NOTHING = "Nothing found"
WAITING = "Being computed"
DAMAGED = "This insight cannot be read."


class Clock(NamedTuple):
    """The current time, and the format of other times. A cacheable page shows times instead of ages."""

    now: datetime
    zone: ZoneInfo
    has_ages: bool = False

    def describe(self, moment: datetime) -> str:
        """Return a time as an age, such as `5 minutes ago`, or in the format of `describe_exactly`."""
        if not self.has_ages:
            return self.describe_exactly(moment)
        if self.now - moment < timedelta(minutes=1):
            return "just now"
        return f"{timesince(moment, self.now, depth=1)} ago"

    def describe_exactly(self, moment: datetime) -> str:
        local = moment.astimezone(self.zone)
        return f"{local.day} {local:%b %Y, %H:%M %Z}"


class ResultView(NamedTuple):
    """The state of a result for the template."""

    is_queued: bool
    is_stale: bool
    error: str
    reason: str  # the text that replaces a chart
    computed_at: str  # in ISO 8601, empty if there is no result
    age: str
    exact: str


def build_result_view(insight: Row, clock: Clock, *, is_damaged: bool = False) -> ResultView:
    """Return the state of an insight's result as plain JSON. The insight is the output of a reader."""
    state, status = insight["result_state"], insight["query_status"]
    refreshed = insight["last_refresh"]
    computed = datetime.fromisoformat(refreshed) if refreshed else None
    error = str(status["error_message"]) if state == FAILED and status else ""
    return ResultView(
        is_queued=state == QUEUED,
        is_stale=computed is not None and is_stale(insight, clock.now),
        error=error,
        reason=_explain(insight, error, is_damaged=is_damaged),
        computed_at=refreshed or "",
        age=clock.describe(computed) if computed else "",
        exact=clock.describe_exactly(computed) if computed else "",
    )


def is_stale(insight: Row, now: datetime) -> bool:
    """Return whether a result is older than its interval allows."""
    target: Any = insight["cache_target_age"]
    moment = datetime.fromisoformat(target) if isinstance(target, str) else target
    return moment is not None and moment <= now


def _explain(insight: Row, error: str, *, is_damaged: bool) -> str:
    if is_damaged:
        return DAMAGED
    if insight["result"] is not None:
        return UNKNOWN if insight["result"] else NOTHING
    if error:
        return error
    if insight["result_state"] == QUEUED:
        return WAITING
    return NEVER if insight["query"] or insight["filters_hash"] else NO_QUERY
