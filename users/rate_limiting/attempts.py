"""Limit attempts at passwords. The counters are in the database, so that the limits hold across all processes."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from dashboards_api.db.best_effort import best_effort_write
from dashboards_api.db.retry import atomic_with_retry
from dashboards_api.errors import TooManyAttempts
from dashboards_api.networks import get_network
from users.models import AttemptCounter

# Expired counters are kept for some minutes, so that no counter is deleted while a request is about to increment it.
CLEANUP_DELAY = timedelta(minutes=10)


class AttemptLimit(NamedTuple):
    """A maximum number of attempts within a time window, which starts with the first attempt."""

    name: str
    attempts: int
    within: timedelta


class AttemptLimitReached(TooManyAttempts):
    """The error for an attempt that exceeds `limit`."""

    def __init__(self, limit: AttemptLimit, wait: int) -> None:
        super().__init__(wait)
        self.limit = limit


class Attempt(NamedTuple):
    """An attempt under one limit, which counts attempts per target, per IP address, or per pair of both.

    An empty target or IP address stands for all targets or IP addresses. `cost` is the number of attempts that this
    attempt counts as.
    """

    limit: AttemptLimit
    target: str = ""
    address: str = ""
    cost: int = 1

    @property
    def subject(self) -> str:
        """Return the primary key of the counter: a hash, so that neither target nor IP address is stored."""
        parts = [self.limit.name, self.target, get_network(self.address)]
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def check_attempts(attempts: Iterable[Attempt]) -> None:
    """Raise AttemptLimitReached if one of the attempts would exceed its limit, without counting or locking anything.

    Call this function before work that a refused attempt would waste, such as reading a body.
    """
    by_subject = {attempt.subject: attempt for attempt in attempts}
    now = timezone.now()
    for counter in AttemptCounter.objects.filter(pk__in=by_subject):
        _check_limit(counter, by_subject[counter.pk], now)


def count_attempts(attempts: Iterable[Attempt]) -> None:
    """Count an attempt under all its limits. If a limit is exceeded, nothing is counted. Raises AttemptLimitReached.

    Call this function before the attempt, so that concurrent attempts cannot exceed a limit.
    """
    # The same order in every request prevents deadlocks.
    ordered = sorted(attempts, key=lambda attempt: attempt.subject)
    now = timezone.now()
    if _count_all(ordered, now):
        best_effort_write(lambda: AttemptCounter.objects.filter(expires_at__lte=now - CLEANUP_DELAY).delete())


@atomic_with_retry
def _count_all(attempts: Sequence[Attempt], now: datetime) -> bool:
    """Count attempts and return whether a counter is new."""
    created = [_count_attempt(attempt, now) for attempt in attempts]
    return any(created)


def _count_attempt(attempt: Attempt, now: datetime) -> bool:
    """Count one attempt and return whether its counter is new."""
    within = attempt.limit.within
    counter, created = AttemptCounter.objects.select_for_update().get_or_create(
        subject=attempt.subject, defaults={"expires_at": now + within}
    )
    if not _is_current(counter, attempt.limit, now):
        counter.attempts, counter.expires_at = 0, now + within
    _check_limit(counter, attempt, now)
    counter.attempts += attempt.cost
    counter.save(update_fields=["attempts", "expires_at"])
    return created


def _check_limit(counter: AttemptCounter, attempt: Attempt, now: datetime) -> None:
    """Raise AttemptLimitReached if the attempt exceeds its limit.

    A first attempt never exceeds the limit, regardless of its cost.
    """
    limit = attempt.limit
    if _is_current(counter, limit, now) and counter.attempts and counter.attempts + attempt.cost > limit.attempts:
        raise AttemptLimitReached(limit, _count_seconds_until(counter.expires_at, now))


def _is_current(counter: AttemptCounter, limit: AttemptLimit, now: datetime) -> bool:
    """Return whether the counter has not expired.

    A counter that expires in the far future was written before the clock was set back. Such a counter counts as
    expired, because it would otherwise block attempts for that long. The clocks of other processes may be slightly
    ahead.
    """
    return now < counter.expires_at <= now + 2 * limit.within


@atomic_with_retry
def record_success(*, reset: Sequence[Attempt] = (), refund: Sequence[Attempt] = ()) -> None:
    """Record that an attempt succeeded: reset the counters of some limits, and refund the attempt under other limits.

    The counters are reset rather than deleted, because another request may be about to update them.
    """
    attempts: dict[str, Any] = {each.subject: Greatest(F("attempts") - each.cost, 0) for each in refund}
    attempts |= {each.subject: 0 for each in reset}
    for subject in sorted(attempts):  # the order of `count_attempts`, to prevent deadlocks
        AttemptCounter.objects.filter(subject=subject).update(attempts=attempts[subject])


def remember_success(attempt: Attempt) -> None:
    """Record a successful attempt for `has_recent_success`. The record expires after the window of the limit."""
    expires_at = timezone.now() + attempt.limit.within
    AttemptCounter.objects.update_or_create(subject=attempt.subject, defaults={"attempts": 1, "expires_at": expires_at})


def has_recent_success(attempt: Attempt) -> bool:
    """Return whether `remember_success` was called for the same attempt and its record has not expired."""
    return AttemptCounter.objects.filter(subject=attempt.subject, expires_at__gt=timezone.now()).exists()


def _count_seconds_until(moment: datetime, now: datetime) -> int:
    return max(1, round((moment - now).total_seconds()))
