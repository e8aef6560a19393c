"""Parsers of settings. Each raises ValueError with the accepted form."""

import ipaddress
import os
import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

MINIMUM_SECRET_LENGTH = 32
MINIMUM_TOKEN_LENGTH = 16
MAX_WORKERS = 256
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
MAX_STATEMENT_SECONDS = 3600
QUOTED_MAX_LENGTH = 80
_BOOLEANS = {
    **dict.fromkeys(("true", "t", "1", "yes", "y", "on"), True),
    **dict.fromkeys(("false", "f", "0", "no", "n", "off"), False),
}
_TOKEN = re.compile(r"[!-~]+")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.*:\[\]-]+")
_HOST = re.compile(r"\.?[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*")
_RATE = re.compile(r"([1-9][0-9]{0,8})/(second|minute|hour|day)")
_DATABASE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PERIODS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class EngineServer(NamedTuple):
    """The HTTP interface of a ClickHouse server."""

    host: str
    port: int
    user: str
    password: str
    database: str
    secure: bool


class Rate(NamedTuple):
    """A rate limit: at most `limit` requests in each window of `seconds` seconds."""

    limit: int
    seconds: int


def parse_boolean(text: str) -> bool:
    if (found := _BOOLEANS.get(text.strip().lower())) is None:
        raise ValueError(f"must be true or false, not {quote_value(text)}")
    return found


def build_integer_parser(minimum: int, maximum: int) -> Callable[[str], int]:
    """Return a parser of integers between two bounds."""

    def parse(text: str) -> int:
        text = text.strip()
        if not re.fullmatch(r"[0-9]{1,9}", text) or not minimum <= int(text) <= maximum:
            raise ValueError(f"must be a whole number from {minimum} to {maximum}, not {quote_value(text)}")
        return int(text)

    return parse


parse_workers = build_integer_parser(1, MAX_WORKERS)
parse_query_workers = build_integer_parser(0, MAX_WORKERS)
parse_query_timeout = build_integer_parser(1, 600)


def parse_statement_timeout(text: str) -> int:
    """Return the timeout in milliseconds, or 0 for `off`."""
    if text.strip().lower() == "off":
        return 0
    try:
        return 1000 * build_integer_parser(1, MAX_STATEMENT_SECONDS)(text)
    except ValueError as error:
        raise ValueError(f"must be off, or {str(error).removeprefix('must be ')}") from error


def parse_secret(text: str) -> str:
    """Return a signing secret. Raises ValueError if the secret is too short to be safe."""
    if text and len(text) < MINIMUM_SECRET_LENGTH:
        raise ValueError(f"must have at least {MINIMUM_SECRET_LENGTH} characters")
    return text


def parse_token(text: str) -> str:
    """Return a token that can be sent in a header: printable ASCII without blanks, and too long to be guessed."""
    if text and (len(text) < MINIMUM_TOKEN_LENGTH or not _TOKEN.fullmatch(text)):
        raise ValueError(
            f"must have at least {MINIMUM_TOKEN_LENGTH} characters: only ASCII letters, digits and punctuation"
        )
    return text


def parse_log_level(text: str) -> str:
    level = text.strip().upper()
    if level not in LOG_LEVELS:
        raise ValueError(f"must be one of {', '.join(LOG_LEVELS)}, not {quote_value(text)}")
    return level


def parse_public_url(text: str) -> str:
    """Return a base URL such as `https://dashboards.example.com` without a trailing slash, or an empty string."""
    text = text.strip()
    if text and not _is_base(text):
        given = "" if "@" in text else f", not {quote_value(text)}"
        raise ValueError(
            "must look like https://dashboards.example.com or http://10.0.0.5:8000 (the service cannot be below a"
            f" path){given}"
        )
    return text.rstrip("/")


def _is_base(text: str) -> bool:
    try:
        parts = urlsplit(text)
        has_good_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    is_plain = parts.path in ("", "/") and not (parts.query or parts.fragment) and text[-1] not in "?#"
    host = parts.hostname or ""
    is_host = bool(_parse_ip_address(host) or (_HOST.fullmatch(host) and not host.startswith(".")))
    return parts.scheme in ("http", "https") and is_plain and has_good_port and is_host and "@" not in parts.netloc


def parse_engine_url(text: str) -> EngineServer | None:
    """Return the server of `clickhouse://user:password@host:8123/db`, or None for an empty URL.

    `?secure=true` means HTTPS. Raises ValueError, whose message contains no part of the password.
    """
    if not (text := text.strip()):
        return None
    form = "must look like clickhouse://user:password@host:8123/db, with ?secure=true for https"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError(form) from error
    database = parts.path.removeprefix("/")
    is_plain = parts.scheme == "clickhouse" and not parts.fragment and parts.query in ("", "secure=true")
    if not (is_plain and parts.hostname and _DATABASE.fullmatch(database)):
        raise ValueError(form)
    secure = bool(parts.query)
    user, password = unquote(parts.username or "default"), unquote(parts.password or "")
    return EngineServer(parts.hostname, port or (8443 if secure else 8123), user, password, database, secure)


def parse_hosts(text: str) -> list[str]:
    """Return host names, IP addresses (IPv6 in brackets), `.example.com` for a domain and its subdomains, or `*`."""
    return [_parse_host(host) for host in split_list(text)]


def _parse_host(host: str) -> str:
    if address := _parse_ip_address(host.removeprefix("[").removesuffix("]")):
        return f"[{address}]" if address.version == 6 else str(address)
    if host != "*" and not _HOST.fullmatch(host):
        raise ValueError(
            "must list host names or IP addresses such as dashboards.example.com, .example.com, 10.0.0.5 or *,"
            f" without scheme, port, path or network, not {quote_value(host)}"
        )
    return host


def _parse_ip_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def parse_networks(text: str) -> list[Network]:
    """Return networks in CIDR notation. An IP address without a prefix length is a network with one IP address."""
    try:
        return [ipaddress.ip_network(value) for value in split_list(text)]
    except ValueError as error:
        raise ValueError(f"must list IP addresses such as 10.0.0.5 or networks such as 10.0.0.0/8: {error}") from error


def parse_origins(text: str) -> list[str]:
    """Return origins such as `https://wiki.example.com`, or `*`. A `;` is refused, because it would end a directive."""
    origins = split_list(text)
    for origin in origins:
        if origin != "*" and not _ORIGIN.fullmatch(origin):
            raise ValueError(f"must list origins such as https://wiki.example.com, or *, not {quote_value(origin)}")
    return origins


def parse_rates(text: str) -> list[Rate]:
    """Return the rate limits in a string such as `480/minute,4800/hour`, each for a different period.

    All limits apply together. An empty string means no limits.
    """
    rates: dict[str, Rate] = {}
    for value in text.split(",") if text.strip() else []:
        found = _RATE.fullmatch(value.strip())
        if not found:
            raise ValueError(
                f"must list rates such as 480/minute (second, minute, hour or day), not {quote_value(value)}"
            )
        limit, period = found.groups()
        if period in rates:
            raise ValueError(f"must not contain two rates for one {period}")
        rates[period] = Rate(int(limit), _PERIODS[period])
    return list(rates.values())


def split_list(text: str) -> list[str]:
    return [value.strip() for value in text.split(",") if value.strip()]


def get_hosts(url: str) -> list[str]:
    """Return a list with the host of a URL in the form of the `Host` header, or an empty list for an empty URL."""
    return [_parse_host(host)] if (host := urlsplit(url).hostname) else []


def get_default_workers() -> int:
    """Return the default number of workers: two on a machine with at least two cores, else one."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(2, usable or 1)


def quote_value(text: str) -> str:
    """Return a value in quotes for an error message, shortened if it is long."""
    return repr(text if len(text) <= QUOTED_MAX_LENGTH else f"{text[:QUOTED_MAX_LENGTH]}…")
