"""Dates in filters: absolute ones in ISO 8601, and relative ones such as `-7d` and `mStart`."""

import re
from calendar import monthrange
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from django.utils.dateparse import parse_date, parse_datetime

# The value for no limit.
ALL = "all"
_RELATIVE = re.compile(r"-?(?P<number>[0-9]{0,5})(?P<unit>[hdwmqyMs])(?P<position>Start|End)?", re.ASCII)
_SECONDS = {"s": 1, "M": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_MONTHS = {"m": 1, "q": 3, "y": 12}
_TICK = timedelta(microseconds=1)


class DateRange(NamedTuple):
    """From one moment to another, both included; None is no limit."""

    start: datetime | None = None
    end: datetime | None = None


def parse_date_bound(text: str, now: datetime, *, is_end: bool) -> datetime | None:
    """Return the moment that a text names, in UTC, or None for no limit. A date as an end includes the whole day.

    Raises ValueError for other texts.
    """
    if text == ALL:
        return None
    try:
        found = _RELATIVE.fullmatch(text)
        return _parse_relative(found, now.astimezone(UTC)) if found else _parse_absolute(text, is_end=is_end)
    except OverflowError as error:  # a year before 1 or after 9999
        raise ValueError(text) from error


def _parse_absolute(text: str, *, is_end: bool) -> datetime:
    if day := parse_date(text):
        return datetime.combine(day, time.max if is_end else time.min, UTC)
    moment = parse_datetime(text)
    if moment is None:
        raise ValueError(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _parse_relative(found: re.Match[str], now: datetime) -> datetime:
    number, unit, position = found["number"], found["unit"], found["position"]
    if not number and not position:
        raise ValueError(found[0])
    moment = _subtract_units(now, int(number or 0), unit)
    if position is None:
        return moment
    start = _start_of_unit(moment, unit)
    return start if position == "Start" else _subtract_units(start, -1, unit) - _TICK


def _subtract_units(moment: datetime, number: int, unit: str) -> datetime:
    if unit in _SECONDS:
        return moment - timedelta(seconds=number * _SECONDS[unit])
    months = moment.year * 12 + moment.month - 1 - number * _MONTHS[unit]
    year, month = divmod(months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError
    # Use the last day if the month is shorter.
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def _start_of_unit(moment: datetime, unit: str) -> datetime:
    """Return the beginning of the second, minute, hour, day, week (from Monday), month, quarter or year."""
    if unit in ("s", "M", "h"):
        seconds = _SECONDS[unit]
        return moment - timedelta(seconds=moment.timestamp() % seconds)
    day = datetime.combine(moment.date(), time.min, UTC)
    if unit == "w":
        return day - timedelta(days=day.weekday())
    if unit in _MONTHS:
        months = _MONTHS[unit]
        return day.replace(day=1, month=(day.month - 1) // months * months + 1)
    return day
