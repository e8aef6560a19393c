"""Count the requests of each API key. The limits hold across all processes, and most requests need no query.

A process reserves requests in the database, several at a time, and consumes its reservation in memory. The size of a
reservation depends on the remaining quota: near the limit, requests are reserved one by one, so that an idle process
withholds few requests from other processes (docs/decisions/0008-rate-limit-reservations.md).
"""

import math
import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from operator import attrgetter
from typing import NamedTuple

from django.db import DatabaseError

from dashboards_api.db.errors import is_read_only_error
from dashboards_api.environment import Rate
from users.rate_limiting.store import reserve_requests

# Each reservation is 1/16 of the remaining quota, so an idle process withholds at most 1/16 of the limit.
RESERVATION_DIVISOR = 16
# The number of keys in memory above which keys with expired windows are removed.
CLEANUP_THRESHOLD = 10_000


class RateLimitStatus(NamedTuple):
    """The decision about a request, and the quota of its key in the window with the fewest remaining requests.

    `remaining` includes the requests that other processes had reserved when this process last reserved requests.
    """

    is_allowed: bool
    limit: int
    remaining: int
    reset: int


class WindowQuota:
    """The quota of a key in one window: the requests that this process has reserved, and the unreserved requests."""

    __slots__ = ("available", "ends", "rate", "unreserved")

    def __init__(self, rate: Rate, ends: int) -> None:
        self.rate = rate
        self.ends = ends
        self.available = 0
        self.unreserved = rate.limit

    @property
    def is_exhausted(self) -> bool:
        return self.available <= 0 and not self.unreserved

    def reserve_more(self, key_id: str) -> None:
        """Reserve requests in the database. While the database is read-only, this process counts separately."""
        # `available` is negative after an expensive request, which is charged when it has finished.
        wanted = max(1 - self.available, self.unreserved // RESERVATION_DIVISOR)
        limit = self.rate.limit
        try:
            reserved = reserve_requests(key_id, seconds=self.rate.seconds, ends=self.ends, wanted=wanted)
        except DatabaseError as error:
            if not is_read_only_error(error):
                raise
            reserved = limit - self.unreserved + wanted  # as far as this process knows
        self.available += max(0, min(wanted, limit - (reserved - wanted)))
        self.unreserved = max(0, limit - reserved)

    def get_status(self, now: float, *, is_allowed: bool) -> RateLimitStatus:
        remaining = max(0, self.available + self.unreserved)
        return RateLimitStatus(is_allowed, self.rate.limit, remaining, max(1, math.ceil(self.ends - now)))


class KeyQuota:
    """The quota of one key in this process: a window for each rate."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.windows: dict[Rate, WindowQuota] = {}

    def consume(self, key_id: str, rates: Sequence[Rate], now: float) -> RateLimitStatus:
        """Count one request in the windows of all rates, or in no window if a window is exhausted."""
        with self.lock:
            windows = [self.get_window(rate, now) for rate in rates]
            if not any(window.is_exhausted for window in windows):
                for window in windows:
                    if window.available <= 0:
                        window.reserve_more(key_id)
            if exhausted := [window for window in windows if window.is_exhausted]:
                return max(exhausted, key=attrgetter("ends")).get_status(now, is_allowed=False)
            for window in windows:
                window.available -= 1
            return min((window.get_status(now, is_allowed=True) for window in windows), key=attrgetter("remaining"))

    def charge(self, key_id: str, units: int, rates: Sequence[Rate], now: float) -> RateLimitStatus:
        """Count an allowed request as `units` additional requests.

        If they exceed the reservation, more requests are reserved immediately.
        """
        with self.lock:
            windows = [self.get_window(rate, now) for rate in rates]
            for window in windows:
                window.available -= units
                if window.available < 0 and window.unreserved:
                    with suppress(DatabaseError):  # charging a request that has succeeded must not make it fail
                        window.reserve_more(key_id)
            return min((window.get_status(now, is_allowed=True) for window in windows), key=attrgetter("remaining"))

    def get_window(self, rate: Rate, now: float) -> WindowQuota:
        """Return the window that contains `now`.

        This window replaces any other window of the rate, earlier or later.
        """
        ends = (int(now // rate.seconds) + 1) * rate.seconds
        window = self.windows.get(rate)
        if window is None or window.ends != ends:
            window = self.windows[rate] = WindowQuota(rate, ends)
        return window

    def is_expired(self, now: float) -> bool:
        return all(window.ends <= now for window in list(self.windows.values()))


class RateLimiter:
    """The thread-safe quotas of all keys in one process. A lock serializes the requests of a key."""

    def __init__(self) -> None:
        self.quotas: dict[str, KeyQuota] = {}
        self.cleanup_threshold = CLEANUP_THRESHOLD

    def consume(self, key_id: str, rates: Sequence[Rate], now: float) -> RateLimitStatus:
        """Count one request of a key. `now` is a Unix time, and `rates` must not be empty."""
        return self.get_quota(key_id, now).consume(key_id, rates, now)

    def charge(self, key_id: str, units: int, rates: Sequence[Rate], now: float) -> RateLimitStatus:
        """Count `units` more for a request that `consume` counted as one."""
        return self.get_quota(key_id, now).charge(key_id, units, rates, now)

    def get_quota(self, key_id: str, now: float) -> KeyQuota:
        quota = self.quotas.get(key_id)
        if quota is None:
            self.remove_expired(now)
            quota = self.quotas.setdefault(key_id, KeyQuota())
        return quota

    def remove_expired(self, now: float) -> None:
        """Remove keys whose windows have ended. Every key is checked, so keys are removed only beyond a threshold."""
        if len(self.quotas) < self.cleanup_threshold:
            return
        for key_id, quota in list(self.quotas.items()):
            if quota.is_expired(now):
                self.quotas.pop(key_id, None)
        self.cleanup_threshold = max(CLEANUP_THRESHOLD, 2 * len(self.quotas))

    def clear(self) -> None:
        self.quotas = {}


rate_limiter = RateLimiter()
# A forked process would otherwise consume the reservations of its parent a second time.
os.register_at_fork(after_in_child=rate_limiter.clear)
