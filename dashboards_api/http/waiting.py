"""Waiting for results outside of a request thread.

A view that needs pending results calls `wait_for`, and responds as if it could not wait. The edge then holds back the
response, and runs the request again when the results are ready, or at the deadline. The edge waits in the event loop,
without a thread, a transaction or a database connection. The view must be a read, since it runs several times. Servers
other than the edge send the first response.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest
from django.utils.timezone import now

ENVIRON_KEY = "dashboards_api.wait"

FindPending = Callable[[Iterable[UUID]], set[UUID]]


@dataclass
class Wait:
    """The waiting state of one request, in its environ. The edge provides this object, and a view may ignore it."""

    can_wait: bool = True  # whether the edge would still wait
    started_at: datetime = field(default_factory=now)
    pending: set[UUID] = field(default_factory=set)
    find_pending: FindPending | None = None

    @property
    def is_wanted(self) -> bool:
        """Return whether the response of the last run is held back."""
        return self.can_wait and bool(self.pending)

    def reset(self) -> None:
        """Clear the state of the last run before the request runs again."""
        self.pending, self.find_pending = set(), None


def wait_for(request: HttpRequest, ids: Collection[UUID], find_pending: FindPending) -> None:
    """Mark this request to run again, if the edge can wait, as soon as none of the ids is pending."""
    wait = get_wait(request)
    if wait is not None:
        wait.pending, wait.find_pending = set(ids), find_pending


def get_wait(request: HttpRequest) -> Wait | None:
    found = request.META.get(ENVIRON_KEY)
    return found if isinstance(found, Wait) else None


def is_held_back(request: HttpRequest) -> bool:
    """Return whether the response is held back because the request runs again.

    Such a response is neither logged nor counted.
    """
    wait = get_wait(request)
    return wait is not None and wait.is_wanted


def get_first_run(request: HttpRequest) -> datetime | None:
    """Return the time of the request's first run, or None if the request cannot run again."""
    wait = get_wait(request)
    return wait.started_at if wait else None
