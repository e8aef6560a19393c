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
from users.services import rate_windows

# A block is this part of what is left. One process that leases and then idles keeps at most a sixteenth from others.
PARTS = 16
# From so many keys on, those whose windows are over are forgotten.
MANY_KEYS = 10_000


class Store(Protocol):
    """Takes permits out of a window; how many all have taken, these included."""

    def __call__(self, key_id: str, *, seconds: int, ends: int, wanted: int) -> int: ...


class Standing(NamedTuple):
    """Whether a request may go on, and where its key stands in its tightest window.

    `remaining` counts what other processes have taken as of this process's latest look at the store.
    """

    is_allowed: bool
    limit: int
    remaining: int
    reset: int


class Lease:
    """What this process may spend of one window, and what nobody had leased when it last looked."""

    __slots__ = ("ends", "left", "rate", "unleased")

    def __init__(self, rate: Rate, ends: int) -> None:
        self.rate = rate
        self.ends = ends
        self.left = 0
        self.unleased = rate.limit

    @property
    def is_used_up(self) -> bool:
        return self.left <= 0 and not self.unleased

    @property
    def remaining(self) -> int:
        return max(0, self.left + self.unleased)

    def lease_more(self, key_id: str, store: Store) -> None:
        # Expensive requests are charged afterwards, so that `left` may be below zero.
        wanted = max(1 - self.left, self.unleased // PARTS)
        limit = self.rate.limit
        try:
            taken = store(key_id, seconds=self.rate.seconds, ends=self.ends, wanted=wanted)
        except DatabaseError as error:
            if not is_unwritable(error):
                raise
            taken = limit - self.unleased + wanted  # as far as this process knows
        self.left += max(0, min(wanted, limit - (taken - wanted)))
        self.unleased = max(0, limit - taken)

    def standing(self, now: float, *, is_allowed: bool) -> Standing:
        return Standing(is_allowed, self.rate.limit, self.remaining, max(1, math.ceil(self.ends - now)))


class Account:
    """The leases of one key in this process, one for each rate."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.leases: dict[Rate, Lease] = {}

    def spend(self, key_id: str, rates: Sequence[Rate], now: float, store: Store) -> Standing:
        """A permit of every rate, or of none."""
        with self.lock:
            leases = [self.current(rate, now) for rate in rates]
            if not any(lease.is_used_up for lease in leases):
                for lease in leases:
                    if lease.left <= 0:
                        lease.lease_more(key_id, store)
            if refusing := [lease for lease in leases if lease.is_used_up]:
                return max(refusing, key=attrgetter("ends")).standing(now, is_allowed=False)
            for lease in leases:
                lease.left -= 1
            return min(leases, key=attrgetter("remaining")).standing(now, is_allowed=True)

    def charge(self, key_id: str, units: int, rates: Sequence[Rate], now: float, store: Store) -> Standing:
        """Count `units` more for a request that was allowed. What exceeds the lease is taken from the store at once."""
        with self.lock:
            leases = [self.current(rate, now) for rate in rates]
            for lease in leases:
                lease.left -= units
                if lease.left < 0 and lease.unleased:
                    with suppress(DatabaseError):  # the request is done: it must not fail for its price
                        lease.lease_more(key_id, store)
            return min(leases, key=attrgetter("remaining")).standing(now, is_allowed=True)

    def current(self, rate: Rate, now: float) -> Lease:
        """The lease of the window that `now` is in. One of any other window, earlier or later, is dropped."""
        ends = (int(now // rate.seconds) + 1) * rate.seconds
        lease = self.leases.get(rate)
        if lease is None or lease.ends != ends:
            lease = self.leases[rate] = Lease(rate, ends)
        return lease

    def is_over(self, now: float) -> bool:
        return all(lease.ends <= now for lease in list(self.leases.values()))


class Leases:
    """What one process holds for all keys. Any thread may spend; a key's threads wait for each other."""

    def __init__(self, store: Store = rate_windows.take) -> None:
        self.store = store
        self.accounts: dict[str, Account] = {}
        self.many = MANY_KEYS

    def spend(self, key_id: str, rates: Sequence[Rate], now: float) -> Standing:
        """Count one request of a key. `now` is in seconds since 1970; `rates` are not empty."""
        return self.account(key_id, now).spend(key_id, rates, now, self.store)

    def charge(self, key_id: str, units: int, rates: Sequence[Rate], now: float) -> Standing:
        """Count `units` more for a request that `spend` counted as one."""
        return self.account(key_id, now).charge(key_id, units, rates, now, self.store)

    def account(self, key_id: str, now: float) -> Account:
        account = self.accounts.get(key_id)
        if account is None:
            self.forget_old(now)
            account = self.accounts.setdefault(key_id, Account())
        return account

    def forget_old(self, now: float) -> None:
        """Keys whose windows are over: seldom, for it looks at all of them."""
        if len(self.accounts) < self.many:
            return
        for key_id, account in list(self.accounts.items()):
            if account.is_over(now):
                self.accounts.pop(key_id, None)
        self.many = max(MANY_KEYS, 2 * len(self.accounts))

    def forget_all(self) -> None:
        self.accounts = {}


OWN = Leases()
# A forked process that went on with the leases of its parent would spend them twice.
os.register_at_fork(after_in_child=OWN.forget_all)
