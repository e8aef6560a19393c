"""Date ranges by brute force: the start and the end of a range, and the starts of its intervals.

Days and longer units are counted on the calendar, hours and shorter units in elapsed time.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from tests.queries.differential.datasets import DAY, TICK, Dataset

LETTERS = {
    "second": "s",
    "minute": "M",
    "hour": "h",
    "day": "d",
    "week": "w",
    "month": "m",
    "quarter": "q",
    "year": "y",
}
SECONDS = {"s": 1, "M": 60, "h": 3600}
MONTHS = {"m": 1, "q": 3, "y": 12}
RELATIVE = re.compile(r"-?(\d*)([sMhdwmqy])(Start|End)?")


@dataclass(frozen=True)
class Range:
    """A date range that includes both ends. `clocks` are the starts of its intervals in local time, `starts` in UTC."""

    first: datetime
    last: datetime
    unit: str
    clocks: list[datetime]

    @property
    def starts(self) -> list[datetime]:
        return [clock.astimezone(UTC) for clock in self.clocks]


def find_range(dataset: Dataset, date_range: dict[str, Any], interval: str) -> Range | None:
    """Return the range that JSON describes, or None if the range ends before it starts."""
    unit = LETTERS[interval]
    first, last = _find_first(dataset, date_range), _find_last(dataset, date_range, unit)
    if first is None:
        moments = [event.time for event in dataset.events]
        first = floor(dataset, min(moments).astimezone(dataset.zone) if moments else last, "d")
    if date_range.get("excludeIncompletePeriods"):
        first, last = _cut(dataset, first, last, unit)
    return None if is_after(first, last) else build_range(dataset, first, last, unit)


def find_previous(dataset: Dataset, query: dict[str, Any], current: Range) -> Range:
    """Return the previous range with which a query is compared."""
    unit = current.unit
    if offset := query["compareFilter"].get("compare_to"):
        found = RELATIVE.fullmatch(offset)
        assert found
        ends = [step(side, found[2], -int(found[1])) for side in (current.first, current.last)]
        return build_range(dataset, ends[0], ends[1], unit)
    if unit in "sM":
        length = strip(current.last) - strip(current.first) + TICK
        ends = [(side.astimezone(UTC) - length).astimezone(dataset.zone) for side in (current.first, current.last)]
        return build_range(dataset, ends[0], ends[1], unit)
    # Both ends move by the number of days from the start of the preceding range of equal length to the current start.
    before = strip(current.first) - (strip(current.last) - strip(current.first))
    days = (current.first.date() - before.date()).days
    given = query.get("dateRange") or {}
    weeks = re.fullmatch(r"-?(\d+)d", given.get("date_from") or "-7d")
    is_relative_end = re.fullmatch(r"-?\d+[a-zM]", given.get("date_to") or "")
    if unit == "h":
        days = max(days, 1)
    elif unit == "d" and weeks and int(weeks[1]) and int(weeks[1]) % 7 == 0 and not is_relative_end:
        days -= 1
    return build_range(dataset, step(current.first, "d", -days), step(current.last, "d", -days), unit)


def build_range(dataset: Dataset, first: datetime, last: datetime, unit: str) -> Range:
    clocks = [floor(dataset, first, unit)]
    while not is_after(following := step(clocks[-1], unit, 1), last):
        clocks.append(following)
    return Range(first, last, unit, clocks)


def _find_first(dataset: Dataset, date_range: dict[str, Any]) -> datetime | None:
    text = date_range.get("date_from") or "-7d"
    if text == "all":
        return None
    moment, form, unit = parse(dataset, text)
    return floor(dataset, moment, unit if unit in SECONDS else "d") if form == "relative" else moment


def _find_last(dataset: Dataset, date_range: dict[str, Any], unit: str) -> datetime:
    text = date_range.get("date_to")
    smallest = unit if unit in SECONDS else "d"
    if text == "all":
        return dataset.now.astimezone(dataset.zone)
    if not text:
        return find_end(dataset, dataset.now.astimezone(dataset.zone), smallest)
    moment, form, _ = parse(dataset, text)
    if form == "date":
        return find_end(dataset, moment, "d")
    if form == "relative" or (form == "time" and smallest == "d" and not date_range.get("explicitDate")):
        return find_end(dataset, moment, smallest)
    return moment


def parse(dataset: Dataset, text: str) -> tuple[datetime, str, str]:
    """Return the time that a string names, the form of the string, and the letter of the unit of a relative date."""
    if found := RELATIVE.fullmatch(text):
        moment = step(dataset.now.astimezone(dataset.zone), found[2], -int(found[1] or 0))
        if found[3] == "Start":
            return floor(dataset, moment, found[2]), "edge", found[2]
        if found[3] == "End":
            return find_end(dataset, moment, found[2]), "edge", found[2]
        return moment, "relative", found[2]
    moment = datetime.fromisoformat(text)
    local = moment.astimezone(dataset.zone) if moment.tzinfo else normalize(moment.replace(tzinfo=dataset.zone))
    return local, "date" if len(text) == 10 else "time", ""


def _cut(dataset: Dataset, first: datetime, last: datetime, unit: str) -> tuple[datetime, datetime]:
    """Return the start and the end of the complete intervals, or of the range if no interval is complete."""
    present = floor(dataset, dataset.now.astimezone(dataset.zone), unit)
    end = (present.astimezone(UTC) - TICK).astimezone(dataset.zone)
    if is_after(end, last):
        end = last
    start = floor(dataset, first, unit)
    if is_after(first, start):
        start = step(start, unit, 1)
    return (first, last) if is_after(start, end) else (start, end)


def floor(dataset: Dataset, moment: datetime, unit: str) -> datetime:
    if unit in SECONDS:
        minute = 0 if unit == "h" else moment.minute
        return moment.replace(minute=minute, second=moment.second if unit == "s" else 0, microsecond=0)
    day = moment.date()
    if unit == "w":
        day -= DAY * (day.weekday() if dataset.week_start_day == 1 else day.isoweekday() % 7)
    elif unit in MONTHS:
        day = date(day.year, (day.month - 1) // MONTHS[unit] * MONTHS[unit] + 1, 1)
    return datetime.combine(day, time.min, moment.tzinfo)


def find_end(dataset: Dataset, moment: datetime, unit: str) -> datetime:
    following = step(floor(dataset, moment, unit), unit, 1)
    return (following.astimezone(UTC) - TICK).astimezone(dataset.zone)


def step(moment: datetime, unit: str, number: int) -> datetime:
    """Return the time `number` units after `moment`.

    A day that does not exist in the month becomes the last day of the month.
    """
    if unit in SECONDS:
        return (moment.astimezone(UTC) + timedelta(seconds=number * SECONDS[unit])).astimezone(moment.tzinfo)
    if unit in "dw":
        return normalize(moment + number * DAY * (7 if unit == "w" else 1))
    months = moment.year * 12 + moment.month - 1 + number * MONTHS[unit]
    for day in range(moment.day, 0, -1):
        try:
            return normalize(moment.replace(year=months // 12, month=months % 12 + 1, day=day))
        except ValueError:
            continue
    raise AssertionError(moment)


def normalize(moment: datetime) -> datetime:
    return moment.astimezone(UTC).astimezone(moment.tzinfo)


def is_after(left: datetime, right: datetime) -> bool:
    return left.astimezone(UTC) > right.astimezone(UTC)


def strip(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)
