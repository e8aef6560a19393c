"""Dates and times on the axes of charts, and a check for incomplete intervals. Pure functions."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

UTC = ZoneInfo("UTC")
_DATE_LENGTH = len("2026-11-30")
_LENGTHS = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def parse_moment(value: Any, zone: ZoneInfo = UTC) -> datetime | None:
    """Return a date, or a timestamp in a time zone, or None for any other value."""
    if not isinstance(value, str):
        return None
    try:
        if len(value) == _DATE_LENGTH:
            return datetime.combine(date.fromisoformat(value), time.min)
        moment = datetime.fromisoformat(value)
        return moment.astimezone(zone) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None


def format_moments(values: Sequence[Any], zone: ZoneInfo = UTC) -> list[str] | None:
    """Return short labels, with the year and the time only if needed, or None if a value is not a date or timestamp."""
    moments = [parse_moment(value, zone) for value in values]
    found = [moment for moment in moments if moment is not None]
    if not found or len(found) < len(values):
        return None
    year = " %Y" if len({moment.year for moment in found}) > 1 else ""
    hour = "" if all(moment.time() == time.min for moment in found) else " %H:%M"
    return [f"{moment.day} {moment:%b{year}{hour}}" for moment in found]


def add_interval(start: datetime, interval: str, count: int = 1) -> datetime:
    """Return the start of the interval that is `count` intervals after the interval that begins at `start`."""
    if interval in _MONTHS:
        months = start.year * 12 + start.month - 1 + _MONTHS[interval] * count
        return start.replace(year=months // 12, month=months % 12 + 1, day=1)
    return start + _LENGTHS.get(interval, _LENGTHS["day"]) * count


def contains_moment(day: Any, interval: str, moment: datetime | None) -> bool:
    """Return whether the interval that begins at `day` contains `moment`, which is in the same time zone."""
    start = parse_moment(day)
    if start is None or moment is None:
        return False
    local = moment.replace(tzinfo=None)
    try:
        return start.replace(tzinfo=None) <= local < add_interval(start.replace(tzinfo=None), interval)
    except (ValueError, OverflowError):
        return False


def guess_interval(days: Sequence[Any]) -> str:
    """Return the interval of an axis, derived from its last two starts, for a query without an interval."""
    moments = [parse_moment(day) for day in days[-2:]]
    if len(moments) < 2 or moments[0] is None or moments[1] is None:
        return "hour" if days and isinstance(days[-1], str) and len(days[-1]) > _DATE_LENGTH else "day"
    gap = moments[1].replace(tzinfo=None) - moments[0].replace(tzinfo=None)
    longer = (name for name, length in (("month", timedelta(28)), *reversed(_LENGTHS.items())) if gap >= length)
    return next(longer, "day")
