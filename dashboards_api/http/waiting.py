"""Waiting for something outside of a request thread.

A view that could give a better answer soon says so by `wait_for`, and answers as if it could not wait. The edge then
keeps the answer back, and runs the request again when what it waits for is there, or at the deadline. It waits in the
event loop: without a thread, a transaction or a connection to the database. The view must be a read, since it runs
several times. Servers other than the edge send the first answer.
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
    """The waiting of one request, in its environ. The edge offers it; a view that does not use it is not affected."""

    is_open: bool = True  # whether the edge would still wait
    started_at: datetime = field(default_factory=now)
    pending: set[UUID] = field(default_factory=set)
    find_pending: FindPending | None = None

    @property
    def is_wanted(self) -> bool:
        """Return whether the answer of the last run is kept back."""
        return self.is_open and bool(self.pending)

    def reset(self) -> None:
        """Forget what the last run waited for: the request runs again."""
        self.pending, self.find_pending = set(), None


def wait_for(request: HttpRequest, ids: Collection[UUID], find_pending: FindPending) -> None:
    """Have the edge run this request again when none of the ids is pending any more, where it can wait."""
    wait = get_wait(request)
    if wait is not None:
        wait.pending, wait.find_pending = set(ids), find_pending


def get_wait(request: HttpRequest) -> Wait | None:
    found = request.META.get(ENVIRON_KEY)
    return found if isinstance(found, Wait) else None


def is_kept_back(request: HttpRequest) -> bool:
    """Return whether the answer is not sent, because the request runs again: it is not logged or counted then."""
    wait = get_wait(request)
    return wait is not None and wait.is_wanted


def get_first_run(request: HttpRequest) -> datetime | None:
    """Return when the request first ran; None where it cannot run again."""
    wait = get_wait(request)
    return wait.started_at if wait else None
