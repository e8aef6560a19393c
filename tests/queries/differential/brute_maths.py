"""Maths, expressions, bins and formulas of TrendsQuery by brute force."""

from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import pairwise
from math import floor, isfinite
from typing import Any

from tests.queries.differential.brute_filters import find_text, format_text, read_number
from tests.queries.differential.datasets import Event

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

Bin = tuple[str, float, float]


def read_amount(event: Event) -> float | None:
    return read_number(find_text(event.properties, "amount"))


def list_amounts(events: list[Event]) -> list[float]:
    return [number for event in events if (number := read_amount(event)) is not None]


# Maths and breakdowns in HogQL, and their equivalents in Python. A null number is shown as 0.
MATHS: dict[str, Callable[[list[Event]], float]] = {
    "count()": len,
    "sum(toFloat(properties.amount))": lambda events: sum(list_amounts(events)),
    "sum(properties.amount) / count()": lambda events: sum(list_amounts(events)) / len(events) if events else 0,
    "uniqExact(event) * 2 + countIf(event = 'buy')": lambda events: (
        2 * len({event.name for event in events}) + sum(event.name == "buy" for event in events)
    ),
    "max(toFloat(properties.amount)) - min(toFloat(properties.amount))": lambda events: (
        max(list_amounts(events), default=0) - min(list_amounts(events), default=0)
    ),
    "count(distinct person_id)": lambda events: len({event.person.id for event in events}),
}
BREAKDOWNS: dict[str, Callable[[Event], str | None]] = {
    "event": lambda event: event.name,
    "properties.plan": lambda event: find_text(event.properties, "plan"),
    "concat(event, '-', properties.plan)": lambda event: f"{event.name}-{find_text(event.properties, 'plan') or ''}",
    "if(event = 'buy', 'yes', 'no')": lambda event: "yes" if event.name == "buy" else "no",
    "toFloat(properties.amount) * 2": lambda event: (
        None if read_amount(event) is None else f"{2 * (read_amount(event) or 0):g}"
    ),
}


def find_quantile(numbers: list[float], share: float) -> float:
    ordered = sorted(numbers)
    place = share * (len(ordered) - 1)
    low = floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def reduce_numbers(name: str, numbers: list[float]) -> float:
    if not numbers:
        return 0
    match name:
        case "sum":
            return sum(numbers)
        case "avg":
            return sum(numbers) / len(numbers)
        case "min":
            return min(numbers)
        case "max":
            return max(numbers)
        case "median":
            return find_quantile(numbers, 0.5)
    return find_quantile(numbers, int(name[1:]) / 100)


def find_first_events(events: list[Event], last: datetime) -> list[Event]:
    """Return the first event of each person. In a tie, the engine compares the second halves of event ids first."""
    found: dict[Any, Event] = {}
    for event in sorted(events, key=lambda event: (event.time, event.uuid.int % 2**64, event.uuid.int >> 64)):
        if event.time <= last:
            found.setdefault(event.person.id, event)
    return list(found.values())


def count_by_person(events: list[Event]) -> list[float]:
    persons = [event.person.id for event in events]
    return [persons.count(person) for person in set(persons)]


def accumulate(numbers: list[float]) -> list[float]:
    return [sum(numbers[: end + 1]) for end in range(len(numbers))]


def evaluate(text: str, numbers: Iterable[float]) -> float:
    """Return the result of a formula, which is a Python expression. A division by zero results in 0."""
    names = {chr(ord("A") + place): float(number) for place, number in enumerate(numbers)}
    try:
        result = eval(text, {"__builtins__": {}}, names)  # noqa: S307  # a formula of these tests
    except (ZeroDivisionError, OverflowError):
        return 0
    return result if isinstance(result, int | float) and isfinite(result) else 0


def format_label(clock: datetime, unit: str) -> str:
    day = f"{clock.day}-{MONTHS[clock.month - 1]}"
    if unit not in "sMh":
        return f"{day}-{clock.year}"
    return f"{day} {clock:%H:%M:%S}" if unit == "s" else f"{day} {clock:%H:%M}"


def cut_into_bins(numbers: set[float], count: int) -> list[Bin]:
    """Return the label, the lower edge and the upper edge of each bin between quantiles of the numbers."""
    if not numbers or not count:
        return []
    edges = [find_quantile(list(numbers), place / count) for place in range(count)] + [max(numbers) + 0.01]
    texts = [format_text(float(round(edge, 6))) for edge in edges]
    labels = [f"[{low},{high}]" for low, high in pairwise(texts)]
    return list(zip(labels, edges, edges[1:], strict=False))


def find_bin(bins: list[Bin], number: float | None) -> str | None:
    return next((label for label, low, high in bins if number is not None and low <= number < high), None)


def list_keys(given: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the types and keys of the breakdowns."""
    if several := given.get("breakdowns"):
        return [(item.get("type") or "event", item["property"]) for item in several]
    one = given.get("breakdown")
    keys = one if isinstance(one, list) else [one] if one else []
    return [(given.get("breakdown_type") or "event", key) for key in keys]


def list_bins(given: dict[str, Any]) -> list[int]:
    if several := given.get("breakdowns"):
        return [item.get("histogram_bin_count") or 0 for item in several]
    return [given.get("breakdown_histogram_bin_count") or 0] * len(list_keys(given))


def list_formulas(options: dict[str, Any]) -> list[tuple[str, str]]:
    if nodes := options.get("formulaNodes"):
        return [(node["formula"], node.get("custom_name") or f"Formula ({node['formula']})") for node in nodes]
    texts = options.get("formulas") or ([options["formula"]] if options.get("formula") else [])
    return [(text, f"Formula ({text})") for text in texts]
