"""Shared pages that reload periodically, for screens on a wall: `?refresh_every=5m`."""

import re
from typing import NamedTuple

from django.http import HttpRequest

from dashboards_api.errors import ValidationFailed
from pages.components.reloading import PARAMETER

REFRESH_EVERY = "refresh_every"
SECONDS_MIN = 30
MAX_SECONDS = 86_400
_INTERVAL = re.compile(r"([0-9]{1,5})([smh]?)", re.ASCII)
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


class RepeatedReload(NamedTuple):
    """The interval of the reloads in seconds and in words, and the URLs that continue and end the reloads."""

    seconds: int
    words: str
    path: str
    stop: str


def plan_repeated_reload(request: HttpRequest) -> RepeatedReload | None:
    """Return the periodic reload of a page, or None without the parameter `refresh_every`.

    Raises ValidationFailed for an invalid duration. A duration outside the limits is clamped.
    """
    text = request.GET.get(REFRESH_EVERY, "")
    if not text or request.method != "GET":
        return None
    found = _INTERVAL.fullmatch(text)
    if not found:
        raise ValidationFailed("This must be a time, such as 90s, 5m or 1h.", attr=REFRESH_EVERY)
    seconds = min(max(int(found[1]) * _UNITS[found[2]], SECONDS_MIN), MAX_SECONDS)
    return RepeatedReload(
        seconds,
        describe_seconds(seconds),
        _build_path(request, PARAMETER),
        _build_path(request, PARAMETER, REFRESH_EVERY),
    )


def describe_seconds(seconds: int) -> str:
    """Return a duration in words, in the largest unit that divides the duration without a remainder."""
    size, unit = next(
        (size, unit) for size, unit in ((3600, "hour"), (60, "minute"), (1, "second")) if not seconds % size
    )
    number = seconds // size
    return unit if number == 1 else f"{number} {unit}s"


def _build_path(request: HttpRequest, *left_out: str) -> str:
    query = request.GET.copy()
    for name in left_out:
        query.pop(name, None)
    return f"{request.path}?{query.urlencode()}" if query else request.path
