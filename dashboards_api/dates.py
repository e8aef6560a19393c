"""Dates in filters: absolute dates in ISO 8601, and relative dates such as `-7d` and `mStart`."""

import re
from calendar import monthrange
from datetime import UTC, datetime, time, timedelta
from enum import Enum, auto
from typing import NamedTuple

from django.utils.dateparse import parse_date, parse_datetime

# The value for no limit.
ALL = "all"
_RELATIVE_DATE = re.compile(r"-?(?P<number>[0-9]{0,5})(?P<unit>[hdwmqyMs])(?P<position>Start|End)?", re.ASCII)
_SECONDS = {"s": 1, "M": 60, "h": 3600}
_DAYS = {"d": 1, "w": 7}
_MONTHS = {"m": 1, "q": 3, "y": 12}
_TICK = timedelta(microseconds=1)


class DateRange(NamedTuple):
    """A range of time with inclusive ends. None means no limit."""

    start: datetime | None = None
    end: datetime | None = None


class DateForm(Enum):
    """The forms of a string that names a point in time."""

    DATE = auto()  # 2026-01-31
    MOMENT = auto()  # 2026-01-31T12:00:00Z
    OFFSET = auto()  # -7d
    POSITION = auto()  # mStart, -1dEnd


class NamedMoment(NamedTuple):
    """The point in time that a string names. `unit` is the letter of the unit of a relative date."""

    moment: datetime
    form: DateForm
    unit: str = ""


def parse_date_bound(text: str, now: datetime, *, is_end: bool) -> datetime | None:
    """Return the time that a string names, in UTC, or None for no limit. An end that is a date includes the whole day.

    Weeks start on Monday. Raises ValueError for an invalid string.
    """
    if text == ALL:
        return None
    found = parse_moment(text, now.astimezone(UTC))
    return get_end_of_unit(found.moment, "d") if is_end and found.form is DateForm.DATE else found.moment


def parse_moment(text: str, now: datetime, *, week_starts_on_monday: bool = True) -> NamedMoment:
    """Return the time that a string names, in the time zone of `now`.

    A string without a UTC offset is a local time in this time zone. Raises ValueError for an invalid string.
    """
    try:
        found = _RELATIVE_DATE.fullmatch(text)
        return _parse_relative_date(found, now, week_starts_on_monday) if found else _parse_absolute_date(text, now)
    except OverflowError as error:  # a year before 1 or after 9999
        raise ValueError(text) from error


def add_units(moment: datetime, number: int, unit: str) -> datetime:
    """Return the time `number` units after `moment`. Days and longer units follow the calendar.

    Shorter units are elapsed time. A day has 23 to 25 hours if daylight saving time begins or ends. A day that does not
    exist in the resulting month becomes the last day of the month. Raises OverflowError outside of the years 1 to 9999.
    """
    if unit in _SECONDS:
        return (moment.astimezone(UTC) + timedelta(seconds=number * _SECONDS[unit])).astimezone(moment.tzinfo)
    if unit in _DAYS:
        return _normalize(moment + timedelta(days=number * _DAYS[unit]))
    year, month = divmod(moment.year * 12 + moment.month - 1 + number * _MONTHS[unit], 12)
    if not 1 <= year <= 9999:
        raise OverflowError
    return _normalize(moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1])))


def get_start_of_unit(moment: datetime, unit: str, *, week_starts_on_monday: bool = True) -> datetime:
    """Return the beginning of the second, minute, hour, day, week, month, quarter or year."""
    if unit in _SECONDS:
        minute, second = 0 if unit == "h" else moment.minute, moment.second if unit == "s" else 0
        return _normalize(moment.replace(minute=minute, second=second, microsecond=0))
    day = datetime.combine(moment.date(), time.min, moment.tzinfo)
    if unit == "w":
        day -= timedelta(days=day.weekday() if week_starts_on_monday else day.isoweekday() % 7)
    elif unit in _MONTHS:
        months = _MONTHS[unit]
        day = day.replace(day=1, month=(day.month - 1) // months * months + 1)
    return _normalize(day)


def get_end_of_unit(moment: datetime, unit: str, *, week_starts_on_monday: bool = True) -> datetime:
    """Return the last microsecond of the second, minute, hour, day, week, month, quarter or year."""
    start = get_start_of_unit(moment, unit, week_starts_on_monday=week_starts_on_monday)
    if unit in _SECONDS:
        following = add_units(start, 1, unit)
    else:  # count from midnight, not from `start`, which is later if daylight saving time skips midnight
        following = add_units(datetime.combine(start.date(), time.min, start.tzinfo), 1, unit)
    return (following.astimezone(UTC) - _TICK).astimezone(moment.tzinfo)


def _parse_absolute_date(text: str, now: datetime) -> NamedMoment:
    if day := parse_date(text):
        return NamedMoment(_normalize(datetime.combine(day, time.min, now.tzinfo)), DateForm.DATE)
    moment = parse_datetime(text)
    if moment is None:
        raise ValueError(text)
    local = moment.astimezone(now.tzinfo) if moment.tzinfo else _normalize(moment.replace(tzinfo=now.tzinfo))
    return NamedMoment(local, DateForm.MOMENT)


def _parse_relative_date(found: re.Match[str], now: datetime, week_starts_on_monday: bool) -> NamedMoment:
    number, unit, position = found["number"], found["unit"], found["position"]
    if not number and not position:
        raise ValueError(found[0])
    moment = add_units(now, -int(number or 0), unit)
    if position is None:
        return NamedMoment(moment, DateForm.OFFSET, unit)
    get_edge = get_start_of_unit if position == "Start" else get_end_of_unit
    return NamedMoment(get_edge(moment, unit, week_starts_on_monday=week_starts_on_monday), DateForm.POSITION, unit)


def _normalize(moment: datetime) -> datetime:
    """Return the same point in time as an existing local time. Local times in a daylight saving gap are shifted."""
    return moment.astimezone(UTC).astimezone(moment.tzinfo)
