"""Random parts of queries: filters, events and options."""

from random import Random
from typing import Any

from tests.queries.differential.datasets import EVENT_NAMES

PLANS = ("a", "b", "2.5", "true", "ß", "1", '"x"', "")


def make_filters(random: Random, share: float = 0.3) -> list[dict[str, Any]]:
    """Return up to two filters."""
    return [make_filter(random) for _ in range(2) if random.random() < share]


def make_filter(random: Random) -> dict[str, Any]:
    kind = random.choice(("event", "event", "person"))
    item = {"key": "plan", "type": kind, "operator": random.choice(("exact", "is_not", "icontains", "is_set", "gt"))}
    match item["operator"]:
        case "exact" | "is_not":
            return item | {"value": random.sample(PLANS, random.randint(1, 3))}
        case "icontains":
            return item | {"value": random.choice(("A", "b", "ru", "."))}
        case "gt":
            return {"key": "amount", "type": "event", "operator": "gt", "value": random.choice((0, 2, 3.2))}
    return item | {"operator": random.choice(("is_set", "is_not_set"))}


def choose_event(random: Random) -> str | None:
    """Return the name of an event, or None for all events."""
    return random.choice((*EVENT_NAMES, None))


def make_days(random: Random) -> dict[str, list[int]]:
    """Return the days of the week to include, as a part of a date range. In most cases, all days are included."""
    return {"daysOfWeek": random.sample(range(1, 8), random.randint(1, 6))} if random.random() < 0.1 else {}
