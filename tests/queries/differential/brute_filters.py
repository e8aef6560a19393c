"""Property filters by brute force: whether an event matches, and the strings and numbers of its properties."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.queries.differential.brute_dates import find_end, parse
from tests.queries.differential.datasets import Dataset, Event

Sessions = dict[str, dict[str, Any]]

# Conditions in HogQL, and their equivalents in Python.
EXPRESSIONS: dict[str, Callable[[Event], bool]] = {
    "properties.plan = 'a'": lambda event: find_text(event.properties, "plan") == "a",
    "properties.plan != 'a'": lambda event: find_text(event.properties, "plan") != "a",
    "toFloat(properties.amount) > 1 or event = 'buy'": lambda event: (
        event.name == "buy" or (read_number(find_text(event.properties, "amount")) or 0) > 1
    ),
    "person.properties.plan in ('a', 'b')": lambda event: find_text(get_person_properties(event), "plan") in ("a", "b"),
    "1 = 1": lambda event: True,
}


def format_text(value: Any) -> str:
    """Return a value as text, in the notation of JSON."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)


def read_number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def find_text(properties: dict[str, Any], key: str) -> str | None:
    value = properties.get(key)
    return None if value is None else format_text(value)


def get_person_properties(event: Event) -> dict[str, Any]:
    """Return the properties of the person of an event. A person without a row in the store has no properties."""
    return event.person.properties if event.person.created_at else {}


def find_sessions(dataset: Dataset) -> Sessions:
    """Return the properties of each session by its id."""
    times: dict[str, list[datetime]] = {}
    for event in dataset.events:
        if session := event.properties.get("$session_id"):
            times.setdefault(session, []).append(event.time)
    durations = {session: measure_seconds(min(found), max(found)) for session, found in times.items()}
    return {
        session: {"$session_duration": duration, "$is_bounce": duration < 10} for session, duration in durations.items()
    }


def measure_seconds(first: datetime, last: datetime) -> int:
    """Return the seconds between two times, each truncated to the second."""
    return int((last.replace(microsecond=0) - first.replace(microsecond=0)).total_seconds())


class Matcher:
    """A matcher of filters and the events of one dataset. `numeric` are keys that are defined as numbers."""

    def __init__(self, dataset: Dataset, numeric: set[str]) -> None:
        self.dataset = dataset
        self.numeric = numeric
        self.sessions = find_sessions(dataset)

    def find(self, event: Event, kind: str, key: str) -> str | None:
        if kind == "session":
            return find_text(self.sessions.get(event.properties.get("$session_id") or "", {}), key)
        return find_text(get_person_properties(event) if kind == "person" else event.properties, key)

    def matches(self, event: Event, filters: Any) -> bool:
        """Return whether an event matches a list of filters, a group or a filter."""
        if not filters:
            return True
        if isinstance(filters, list | tuple):
            return all(self.matches(event, item) for item in filters)
        if "values" in filters:
            results = [self.matches(event, item) for item in filters["values"]]
            return any(results) or not results if filters["type"] == "OR" else all(results)
        if filters.get("type") == "hogql":
            return bool(EXPRESSIONS[filters["key"]](event))
        return self._compare(event, filters)

    def _compare(self, event: Event, given: dict[str, Any]) -> bool:
        kind, key, operator = given.get("type", "event"), given["key"], given.get("operator", "exact")
        text, value = self.find(event, kind, key), given.get("value")
        if operator in ("is_set", "is_not_set"):
            return text is not None if operator == "is_set" else text is None
        values = value if isinstance(value, list) else [] if value is None else [value]
        if not values:
            return True
        if operator in ("between", "not_between"):
            number = read_number(text)
            inside = number is not None and float(values[0]) <= number <= float(values[1])
            return inside if operator == "between" else number is not None and not inside
        is_negative = bool(operator.startswith("not_") or operator == "is_not")
        positive = "exact" if operator == "is_not" else operator.removeprefix("not_")
        is_numeric = kind == "event" and key in self.numeric
        found = any(self._compare_one(positive, text, value, is_numeric) for value in values)
        return found != is_negative

    def _compare_one(self, operator: str, text: str | None, value: Any, is_numeric: bool) -> bool:
        if operator in ("exact", "in"):
            if value is not None and is_numeric and (number := parse_number(value)) is not None:
                return read_number(text) == number
            return text is None if value is None else text == format_text(value)
        if text is None:
            return False
        wanted = format_text(value)
        match operator:
            case "icontains" | "icontains_multi":
                return wanted.lower() in text.lower()
            case "regex":
                return re.search(wanted, text) is not None
            case "starts_with":
                return text.startswith(wanted)
            case "ends_with":
                return text.endswith(wanted)
            case "is_date_exact" | "is_date_before" | "is_date_after":
                return self._compare_times(operator, text, wanted)
            case _:
                return compare_size(operator, text, value)

    def _compare_times(self, operator: str, text: str, wanted: str) -> bool:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return False
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=self.dataset.zone)).astimezone(UTC)
        first, form, _ = parse(self.dataset, wanted)
        last = find_end(self.dataset, first, "d") if form == "date" else first
        if operator == "is_date_exact":
            return first.astimezone(UTC) <= moment <= last.astimezone(UTC)
        return moment < first.astimezone(UTC) if operator == "is_date_before" else moment > last.astimezone(UTC)


def parse_number(value: Any) -> float | None:
    """Return the number in a filter, which may also be written as text."""
    return None if isinstance(value, bool) else read_number(format_text(value))


def compare_size(operator: str, text: str, value: Any) -> bool:
    number = parse_number(value)
    left: Any = text if number is None else read_number(text)
    right: Any = format_text(value) if number is None else number
    if left is None:
        return False
    match operator:
        case "gt":
            return bool(left > right)
        case "gte" | "min":
            return bool(left >= right)
        case "lt":
            return bool(left < right)
        case "lte" | "max":
            return bool(left <= right)
    raise AssertionError(operator)
