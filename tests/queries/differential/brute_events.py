"""Brute force: the events of a query and their intervals, without code of the service."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.queries.differential.datasets import Dataset, Event

MINUTES = {"minute": 1}
QUARTER_OF_AN_HOUR = 15


def find_start(moment: datetime, interval: str, dataset: Dataset) -> datetime:
    """Return the start of the interval that contains `moment`, in UTC."""
    local = moment.astimezone(dataset.zone)
    if interval in ("minute", "hour"):
        past = timedelta(minutes=local.minute if interval == "hour" else 0, seconds=local.second)
        return moment.astimezone(UTC) - past - timedelta(microseconds=local.microsecond)
    day = local.date()
    if interval == "week":
        day -= timedelta(days=day.weekday() if dataset.week_start_day == 1 else (day.weekday() + 1) % 7)
    if interval == "month":
        day = day.replace(day=1)
    return datetime(day.year, day.month, day.day, tzinfo=dataset.zone).astimezone(UTC)


def list_starts(first: datetime, last: datetime, interval: str, dataset: Dataset) -> list[datetime]:
    """Return the starts of all intervals between two times, found in steps of at most a quarter of an hour."""
    step = timedelta(minutes=MINUTES.get(interval, QUARTER_OF_AN_HOUR))
    starts: list[datetime] = []
    moment = first.astimezone(UTC)
    while moment <= last:
        start = find_start(moment, interval, dataset)
        if start not in starts[-1:]:
            starts.append(start)
        moment += step
    final = find_start(last, interval, dataset)
    return starts if final in starts[-1:] else [*starts, final]


def get_property(event: Event, key: str, kind: str) -> Any:
    return (event.person.properties if kind == "person" else event.properties).get(key)


def format_value(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def read_number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


def meets_filter(event: Event, item: dict[str, Any]) -> bool:
    text = format_value(get_property(event, item["key"], item["type"]))
    values: Any = item.get("value")
    match item["operator"]:
        case "is_set":
            return text is not None
        case "is_not_set":
            return text is None
        case "exact":
            return text in values
        case "is_not":
            return text not in values
        case "icontains":
            return text is not None and values.lower() in text.lower()
        case _:
            number = read_number(text)
            return number is not None and number > values


def meets_all(event: Event, filters: Iterable[dict[str, Any]] | None) -> bool:
    return all(meets_filter(event, item) for item in filters or ())


def is_day_counted(moment: datetime, days: Sequence[int] | None, dataset: Dataset) -> bool:
    return not days or moment.astimezone(dataset.zone).isoweekday() in days
