"""Limits on guessing. They hold however many processes serve: the counters are in the database."""

import hashlib
import ipaddress
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from dashboards_api.errors import TooMany
from dashboards_api.stamps import write_if_free
from users.models import AttemptCounter

# Whoever has an IPv6 address has this whole network of them.
IPV6_NETWORK = 64
# Counters that are over are kept so much longer: nobody is about to count one when it is cleared away.
GRACE = timedelta(minutes=10)


class AttemptLimit(NamedTuple):
    """So many attempts in a stretch of time that begins with the first."""

    name: str
    attempts: int
    within: timedelta


def count_attempt(limit: AttemptLimit, *, address: str, target: str = "") -> None:
    """Count an attempt before it is made, so that no number of simultaneous ones is more than the limit.

    Raises TooMany.
    """
    now = timezone.now()
    subject = _subject(limit, target, address)
    created = _count(limit, subject, now)
    if created:
        write_if_free(lambda: AttemptCounter.objects.filter(expires_at__lte=now - GRACE).delete())


def _count(limit: AttemptLimit, subject: str, now: datetime) -> bool:
    """Whether it was the first. Raises TooMany."""
    with transaction.atomic():
        counter, created = AttemptCounter.objects.select_for_update().get_or_create(
            subject=subject, defaults={"expires_at": now + limit.within}
        )
        # A clock that was set far back would lock for long; clocks of other processes may be a little ahead.
        if not now < counter.expires_at <= now + 2 * limit.within:
            counter.attempts, counter.expires_at = 0, now + limit.within
        if counter.attempts >= limit.attempts:
            raise TooMany(_seconds_until(counter.expires_at, now))
        counter.attempts += 1
        counter.save(update_fields=["attempts", "expires_at"])
    return created


def forget_attempts(limit: AttemptLimit, *, target: str, address: str) -> None:
    """An attempt was right: those before it count no longer. The row stays: another attempt may be about to count."""
    AttemptCounter.objects.filter(subject=_subject(limit, target, address)).update(attempts=0)


def take_back_attempt(limit: AttemptLimit, *, address: str, target: str = "") -> None:
    """An attempt was right: those before it count as they did."""
    counted = AttemptCounter.objects.filter(subject=_subject(limit, target, address), attempts__gt=0)
    counted.update(attempts=F("attempts") - 1)


def _subject(limit: AttemptLimit, target: str, address: str) -> str:
    return hashlib.sha256("\0".join([limit.name, target, network_of(address)]).encode()).hexdigest()


def network_of(address: str) -> str:
    """What an address is counted as: itself, or the network of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, IPV6_NETWORK), strict=False))


def _seconds_until(moment: datetime, now: datetime) -> int:
    return max(1, round((moment - now).total_seconds()))
