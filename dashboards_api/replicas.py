"""Which database a request reads from: the only place that decides it. Without REPLICA_URLS that is the primary.

A request that only reads may go to a replica once its caller is known. A replica serves where it has replayed what the
caller wrote last, and what the primary had not more than REPLICA_MAX_LAG_MS ago. Who asks compares positions of
the write-ahead log, and looks at the clock of this process alone.
"""

import os
from collections import deque
from contextvars import ContextVar
from functools import cache
from time import monotonic
from typing import Any

import structlog
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connections

logger = structlog.get_logger("dashboards_api.replicas")

# A replica that did not answer is asked again after so many seconds.
RETRY_AFTER = 5.0
_CHECKS_WITHIN_LAG = 4
_FLUSHED = "SELECT (pg_current_wal_flush_lsn() - '0/0')::bigint"
_REPLAYED = "SELECT (pg_last_wal_replay_lsn() - '0/0')::bigint"

reading: ContextVar[str] = ContextVar("reading", default=DEFAULT_DB_ALIAS)


class Router:
    """For Django's DATABASE_ROUTERS, where there are replicas."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return reading.get()

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, obj1: Any, obj2: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == DEFAULT_DB_ALIAS


class Replica:
    """What this process knows of one replica."""

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self.max_lag = settings.REPLICA_MAX_LAG_MS / 1000
        self.next_check = 0.0
        self.replayed = -1  # a position
        self.fresh_as_of = float("-inf")  # it has all that was committed by then
        self.samples: deque[tuple[float, int]] = deque(maxlen=4 * _CHECKS_WITHIN_LAG)

    def serves(self, position: int, now: float) -> bool:
        """Whether it has what was written at `position`, and is not too far behind."""
        if now >= self.next_check:
            self.check(now)
        return position <= self.replayed and now - self.fresh_as_of <= self.max_lag

    def check(self, now: float) -> None:
        """Ask the primary where it is, and the replica how far it has come: what it has of earlier answers, it has."""
        self.next_check = now + self.max_lag / _CHECKS_WITHIN_LAG
        self.samples.append((now, _ask(DEFAULT_DB_ALIAS, _FLUSHED) or 0))
        try:
            replayed = _ask(self.alias, _REPLAYED)
        except Error as error:
            logger.warning("replica away", replica=self.alias, error=type(error).__qualname__)
            self.leave_alone()
            return
        if replayed is None:  # it is no replica any more
            self.leave_alone()
            return
        self.replayed = replayed
        self.fresh_as_of = max((time for time, at in self.samples if at <= replayed), default=self.fresh_as_of)

    def leave_alone(self) -> None:
        self.fresh_as_of = float("-inf")
        self.samples.clear()
        self.next_check = monotonic() + RETRY_AFTER


def begin(position: int | None) -> None:
    """From now on this request reads from a replica, if there is one that has what was written at `position`."""
    now = monotonic()
    for replica in _replicas():
        if replica.serves(position or 0, now):
            reading.set(replica.alias)
            return


def give_up() -> bool:
    """A read failed: from now on this request reads from the primary. Whether it did not before."""
    alias = reading.get()
    if alias == DEFAULT_DB_ALIAS:
        return False
    next(replica for replica in _replicas() if replica.alias == alias).leave_alone()
    end()
    return True


def end() -> None:
    """The request is over, and whatever comes next reads from the primary."""
    reading.set(DEFAULT_DB_ALIAS)


@cache
def _replicas() -> list[Replica]:
    """All of them; processes begin with different ones."""
    replicas = [Replica(alias) for alias in settings.REPLICAS]
    first = os.getpid() % len(replicas)
    return replicas[first:] + replicas[:first]


def _ask(alias: str, query: str) -> int | None:
    with connections[alias].cursor() as cursor:
        cursor.execute(query)
        position: int | None = cursor.fetchone()[0]
        return position
