"""Limits on the requests of an API key. They hold however many processes serve, and cost most requests nothing.

A process leases permits in blocks from the store and spends them in memory. A block is a part of what is left of the
window: near the limit permits go one by one, so that what idle processes hold back is little.
"""

import math
import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from operator import attrgetter
from typing import NamedTuple, Protocol

from django.db import DatabaseError

from dashboards_api.environment import Rate
from dashboards_api.unwritable import is_unwritable
from users.rate_limiting import store as rate_windows

# A block is this part of what is left. One process that leases and then idles keeps at most a sixteenth from others.
RESERVATION_DIVISOR = 16
# From so many keys on, those whose windows are over are forgotten.
CLEANUP_THRESHOLD = 10_000


class Store(Protocol):
    """Takes permits out of a window; how many all have taken, these included."""

    def __call__(self, key_id: str, *, seconds: int, ends: int, wanted: int) -> int: ...


class RateLimitStatus(NamedTuple):
    """Whether a request may go on, and where its key stands in its tightest window.

    `remaining` counts what other processes have taken as of this process's latest look at the store.
    """

    is_allowed: bool
    limit: int
    remaining: int
    reset: int


class WindowQuota:
    """What this process may spend of one window, and what nobody had leased when it last looked."""

    __slots__ = ("available", "ends", "rate", "unreserved")

    def __init__(self, rate: Rate, ends: int) -> None:
        self.rate = rate
        self.ends = ends
        self.available = 0
        self.unreserved = rate.limit

    @property
    def is_exhausted(self) -> bool:
        return self.available <= 0 and not self.unreserved

    @property
    def remaining(self) -> int:
        return max(0, self.available + self.unreserved)

    def reserve_more(self, key_id: str, store: Store) -> None:
        # Expensive requests are charged afterwards, so that `available` may be below zero.
        wanted = max(1 - self.available, self.unreserved // RESERVATION_DIVISOR)
        limit = self.rate.limit
        try:
            reserved = store(key_id, seconds=self.rate.seconds, ends=self.ends, wanted=wanted)
        except DatabaseError as error:
            if not is_unwritable(error):
                raise
            reserved = limit - self.unreserved + wanted  # as far as this process knows
        self.available += max(0, min(wanted, limit - (reserved - wanted)))
        self.unreserved = max(0, limit - reserved)

    def get_status(self, now: float, *, is_allowed: bool) -> RateLimitStatus:
        return RateLimitStatus(is_allowed, self.rate.limit, self.remaining, max(1, math.ceil(self.ends - now)))


class KeyQuota:
    """The leases of one key in this process, one for each rate."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.windows: dict[Rate, WindowQuota] = {}

    def consume(self, key_id: str, rates: Sequence[Rate], now: float, store: Store) -> RateLimitStatus:
        """A permit of every rate, or of none."""
        with self.lock:
            windows = [self.get_window(rate, now) for rate in rates]
            if not any(window.is_exhausted for window in windows):
                for window in windows:
                    if window.available <= 0:
                        window.reserve_more(key_id, store)
            if exhausted := [window for window in windows if window.is_exhausted]:
                return max(exhausted, key=attrgetter("ends")).get_status(now, is_allowed=False)
            for window in windows:
                window.available -= 1
            return min(windows, key=attrgetter("remaining")).get_status(now, is_allowed=True)

    def charge(self, key_id: str, units: int, rates: Sequence[Rate], now: float, store: Store) -> RateLimitStatus:
        """Count `units` more for a request that was allowed. What exceeds the lease is taken from the store at once."""
        with self.lock:
            windows = [self.get_window(rate, now) for rate in rates]
            for window in windows:
                window.available -= units
                if window.available < 0 and window.unreserved:
                    with suppress(DatabaseError):  # the request is done: it must not fail for its price
                        window.reserve_more(key_id, store)
            return min(windows, key=attrgetter("remaining")).get_status(now, is_allowed=True)

    def get_window(self, rate: Rate, now: float) -> WindowQuota:
        """The lease of the window that `now` is in. One of any other window, earlier or later, is dropped."""
        ends = (int(now // rate.seconds) + 1) * rate.seconds
        window = self.windows.get(rate)
        if window is None or window.ends != ends:
            window = self.windows[rate] = WindowQuota(rate, ends)
        return window

    def is_expired(self, now: float) -> bool:
        return all(window.ends <= now for window in list(self.windows.values()))


class RateLimiter:
    """What one process holds for all keys. Any thread may spend; a key's threads wait for each other."""

    def __init__(self, store: Store = rate_windows.reserve_requests) -> None:
        self.store = store
        self.quotas: dict[str, KeyQuota] = {}
        self.cleanup_threshold = CLEANUP_THRESHOLD

    def consume(self, key_id: str, rates: Sequence[Rate], now: float) -> RateLimitStatus:
        """Count one request of a key. `now` is in seconds since 1970; `rates` are not empty."""
        return self.get_quota(key_id, now).consume(key_id, rates, now, self.store)

    def charge(self, key_id: str, units: int, rates: Sequence[Rate], now: float) -> RateLimitStatus:
        """Count `units` more for a request that `consume` counted as one."""
        return self.get_quota(key_id, now).charge(key_id, units, rates, now, self.store)

    def get_quota(self, key_id: str, now: float) -> KeyQuota:
        quota = self.quotas.get(key_id)
        if quota is None:
            self.remove_expired(now)
            quota = self.quotas.setdefault(key_id, KeyQuota())
        return quota

    def remove_expired(self, now: float) -> None:
        """Keys whose windows are over: seldom, for it looks at all of them."""
        if len(self.quotas) < self.cleanup_threshold:
            return
        for key_id, quota in list(self.quotas.items()):
            if quota.is_expired(now):
                self.quotas.pop(key_id, None)
        self.cleanup_threshold = max(CLEANUP_THRESHOLD, 2 * len(self.quotas))

    def clear(self) -> None:
        self.quotas = {}


rate_limiter = RateLimiter()
# A forked process that went on with the leases of its parent would spend them twice.
os.register_at_fork(after_in_child=rate_limiter.clear)
