"""Small typed readers for values that come from the environment. An odd value stops the start, with its name."""

import ipaddress
import os
import re
import secrets
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

MINIMUM_SECRET_LENGTH = 32
MINIMUM_TOKEN_LENGTH = 16
MINIMUM_LAG_MS = 50
_TOKEN = re.compile(r"[!-~]+")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.*:\[\]-]+")
_RATE = re.compile(r"([1-9][0-9]{0,8})/(second|minute|hour|day)")
_PERIODS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Rate(NamedTuple):
    """At most `limit` requests in each window of so many seconds."""

    limit: int
    seconds: int


def read_or_create_secret(path: Path) -> str:
    """The secret kept in `path`, made on first use and readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)  # fails where another process was first, so all processes read one secret
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def checked_secret(value: str) -> str:
    """A signing secret long enough not to be a default or a guess."""
    if len(value) < MINIMUM_SECRET_LENGTH:
        raise ImproperlyConfigured(f"SECRET_KEY must have at least {MINIMUM_SECRET_LENGTH} characters.")
    return value


def checked_token(value: str) -> str:
    """A token that is no guess, or empty. It travels in a header: printable ASCII without blanks."""
    if value and (len(value) < MINIMUM_TOKEN_LENGTH or not _TOKEN.fullmatch(value)):
        raise ImproperlyConfigured(
            f"METRICS_TOKEN must have at least {MINIMUM_TOKEN_LENGTH} characters, letters, digits and signs alone."
        )
    return value


def checked_public_url(value: str) -> str:
    """`https://dashboards.example.com` without a path, or empty."""
    if not value:
        return ""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise ImproperlyConfigured(f"PUBLIC_URL must look like https://dashboards.example.com, not {value!r}.")
    return value.rstrip("/")


def checked_networks(values: list[str]) -> list[Network]:
    """Addresses and networks in CIDR form; a bare address is a network of one."""
    try:
        return [ipaddress.ip_network(value.strip()) for value in values if value.strip()]
    except ValueError as error:
        raise ImproperlyConfigured(f"TRUSTED_PROXIES must list addresses or networks: {error}.") from error


def checked_origins(values: list[str]) -> list[str]:
    """`https://wiki.example.com`, or `*`: what may stand in a content security policy, which `;` would end."""
    origins = [value.strip() for value in values if value.strip()]
    for origin in origins:
        if origin != "*" and not _ORIGIN.fullmatch(origin):
            raise ImproperlyConfigured(
                f"EMBED_ORIGINS must list origins such as https://wiki.example.com, not {origin!r}."
            )
    return origins or ["'none'"]


def checked_rates(text: str) -> list[Rate]:
    """`480/minute,4800/hour`: rates that hold together, each of another period. Empty is none."""
    rates: dict[str, Rate] = {}
    for value in text.split(",") if text.strip() else []:
        found = _RATE.fullmatch(value.strip())
        if not found:
            raise ImproperlyConfigured(
                f"RATE_LIMITS must list rates such as 480/minute (second, minute, hour or day), not {value!r}."
            )
        limit, period = found.groups()
        if period in rates:
            raise ImproperlyConfigured(f"RATE_LIMITS names two rates for one {period}.")
        rates[period] = Rate(int(limit), _PERIODS[period])
    return list(rates.values())


def checked_workers(number: int) -> int:
    """At least one process."""
    if number < 1:
        raise ImproperlyConfigured("WORKERS must be at least 1.")
    return number


def checked_lag(milliseconds: int) -> int:
    """Time enough to ask."""
    if milliseconds < MINIMUM_LAG_MS:
        raise ImproperlyConfigured(f"REPLICA_MAX_LAG_MS must be at least {MINIMUM_LAG_MS}.")
    return milliseconds


def host_of(url: str) -> list[str]:
    """The host of `url` in a list, or no host."""
    hostname = urlsplit(url).hostname
    return [hostname] if hostname else []


def default_workers() -> int:
    """Two processes where there are two cores to run them, else one."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(2, usable or 1)


def checked_statement_timeout(value: str) -> int:
    """Return STATEMENT_TIMEOUT in milliseconds, 0 where it is `off`. Raises ImproperlyConfigured."""
    if value.lower() == "off":
        return 0
    if not value.isdecimal() or not 1 <= int(value) <= 3600:
        raise ImproperlyConfigured(
            f"STATEMENT_TIMEOUT must be a number of seconds from 1 to 3600, or off, not '{value}'."
        )
    return int(value) * 1000
