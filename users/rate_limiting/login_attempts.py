"""Limits on guessing. They hold however many processes serve: the counters are in the database."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from dashboards_api.errors import TooMany
from dashboards_api.networks import network_of
from dashboards_api.stamps import write_if_free
from users.models import AttemptCounter

# Counters that are over are kept so much longer: nobody is about to count one when it is cleared away.
CLEANUP_DELAY = timedelta(minutes=10)


class AttemptLimit(NamedTuple):
    """So many attempts in a stretch of time that begins with the first."""

    name: str
    attempts: int
    within: timedelta


class AttemptLimitReached(TooMany):
    """An attempt beyond `limit`."""

    def __init__(self, limit: AttemptLimit, wait: int) -> None:
        super().__init__(wait)
        self.limit = limit


class Attempt(NamedTuple):
    """One attempt as a limit counts it: at a target, from an address, or over all targets or addresses where empty.

    It counts as `cost` ones where it is that much work.
    """

    limit: AttemptLimit
    target: str = ""
    address: str = ""
    cost: int = 1

    @property
    def subject(self) -> str:
        """Return the hash that its counter is kept under."""
        parts = [self.limit.name, self.target, network_of(self.address)]
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def check_attempts(attempts: Iterable[Attempt]) -> None:
    """Raise LimitReached where one of these would be one too many. Nothing is counted, no lock is taken.

    To be called before work that the attempt would only waste, such as reading its body.
    """
    by_subject = {attempt.subject: attempt for attempt in attempts}
    now = timezone.now()
    for counter in AttemptCounter.objects.filter(pk__in=by_subject):
        _check_limit(counter, by_subject[counter.pk], now)


def count_attempts(attempts: Iterable[Attempt]) -> None:
    """Count an attempt under all its limits before it is made: simultaneous ones are never more than a limit.

    Raises LimitReached, and then nothing is counted.
    """
    # In one order: two requests that count the same must not wait for each other.
    ordered = sorted(attempts, key=lambda attempt: attempt.subject)
    now = timezone.now()
    with transaction.atomic():
        created = [_count_attempt(attempt, now) for attempt in ordered]
    if any(created):
        write_if_free(lambda: AttemptCounter.objects.filter(expires_at__lte=now - CLEANUP_DELAY).delete())


def _count_attempt(attempt: Attempt, now: datetime) -> bool:
    """Whether it was the first."""
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
    """Raise LimitReached. The first attempt is always made, however much it costs."""
    limit = attempt.limit
    if _is_current(counter, limit, now) and counter.attempts and counter.attempts + attempt.cost > limit.attempts:
        raise AttemptLimitReached(limit, _seconds_until(counter.expires_at, now))


def _is_current(counter: AttemptCounter, limit: AttemptLimit, now: datetime) -> bool:
    """A clock that was set far back would lock for long; clocks of other processes may be a little ahead."""
    return now < counter.expires_at <= now + 2 * limit.within


def record_success(*, reset: Sequence[Attempt] = (), refund: Sequence[Attempt] = ()) -> None:
    """Note that an attempt was right: under some limits no earlier one counts any more, under others only this one.

    The rows stay: another attempt may be about to count.
    """
    attempts: dict[str, Any] = {each.subject: Greatest(F("attempts") - each.cost, 0) for each in refund}
    attempts |= {each.subject: 0 for each in reset}
    with transaction.atomic():
        for subject in sorted(attempts):  # in the order of `count_attempts`
            AttemptCounter.objects.filter(subject=subject).update(attempts=attempts[subject])


def remember_success(attempt: Attempt) -> None:
    """Keep that an attempt was right for as long as its limit says, for `has_recent_success`."""
    expires_at = timezone.now() + attempt.limit.within
    AttemptCounter.objects.update_or_create(subject=attempt.subject, defaults={"attempts": 1, "expires_at": expires_at})


def has_recent_success(attempt: Attempt) -> bool:
    """Return whether there was a right attempt of this kind lately."""
    return AttemptCounter.objects.filter(subject=attempt.subject, expires_at__gt=timezone.now()).exists()


def _seconds_until(moment: datetime, now: datetime) -> int:
    return max(1, round((moment - now).total_seconds()))
