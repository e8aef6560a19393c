"""Brute force: lifecycle and stickiness, by loops over the intervals in which each person was active."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tests.queries.differential.brute_events import find_start, is_day_counted, list_starts, meets_all
from tests.queries.differential.datasets import Dataset, Event, Person, Span

STATUSES = ("new", "returning", "resurrecting", "dormant")


def is_of_series(event: Event, node: dict[str, Any], query: dict[str, Any]) -> bool:
    is_named = node["event"] in (None, event.name)
    return is_named and meets_all(event, node.get("properties")) and meets_all(event, query.get("properties"))


def compute_lifecycle(dataset: Dataset, query: dict[str, Any], span: Span) -> dict[str, list[int]]:
    """Return the numbers of persons by status. The first and the last interval are included in full."""
    interval = query["interval"]
    starts = list_starts(span.first, span.last, interval, dataset)
    before = find_start(starts[0] - timedelta(seconds=1), interval, dataset)
    begins = bool(query.get("lifecycleFilter", {}).get("onlyUseInsightDates"))
    active: dict[UUID, set[datetime]] = defaultdict(set)
    for event in dataset.events:
        if is_of_series(event, query["series"][0], query):
            active[event.person.id].add(find_start(event.time, interval, dataset))
    counts = {status: [0] * len(starts) for status in STATUSES}
    for person in dataset.persons:
        born = find_start(find_creation(person, dataset), interval, dataset) if active[person.id] else None
        for number, (earlier, start) in enumerate(zip([before, *starts], starts, strict=False)):
            was_there = earlier in active[person.id] and not (begins and number == 0)
            if start in active[person.id]:
                is_new = start == born or (begins and number == 0)
                status = "new" if is_new else "returning" if was_there else "resurrecting"
                counts[status][number] += 1
            elif was_there:
                counts["dormant"][number] -= 1
    return counts


def find_creation(person: Person, dataset: Dataset) -> datetime:
    """Return the time of creation of a person, or the time of the first event of a person without a row."""
    return person.created_at or min(event.time for event in dataset.events if event.person == person)


def compute_stickiness(dataset: Dataset, query: dict[str, Any], spans: Sequence[Span]) -> list[list[int]]:
    """Return the data of each series in each span, ordered by series."""
    return [compute_series(dataset, query, node, span) for node in query["series"] for span in spans]


def compute_series(dataset: Dataset, query: dict[str, Any], node: dict[str, Any], span: Span) -> list[int]:
    starts = list_starts(span.first, span.last, query["interval"], dataset)
    size = query.get("intervalCount", 1)
    groups = {start: (len(starts) - 1 - place) // size for place, start in enumerate(starts)}  # counted from the end
    times: dict[UUID, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for event in dataset.events:
        if is_in_span(event, query, span, dataset) and is_of_series(event, node, query):
            times[event.person.id][groups[find_start(event.time, query["interval"], dataset)]] += 1
    options = query.get("stickinessFilter", {})
    criterion = options.get("stickinessCriteria") or {"operator": "gte", "value": 1}
    active = [sum(meets(number, criterion) for number in groups.values()) for groups in times.values()]
    counts = [active.count(number) for number in range(1, max(groups.values()) + 2)]
    if options.get("computedAs") == "cumulative":
        return [sum(counts[place:]) for place in range(len(counts))]
    return counts


def is_in_span(event: Event, query: dict[str, Any], span: Span, dataset: Dataset) -> bool:
    """Return whether an event is in the range. Events before the range do not count, even in its first interval."""
    return span.first <= event.time <= span.last and is_day_counted(
        event.time, query["dateRange"].get("daysOfWeek"), dataset
    )


def meets(number: int, criterion: dict[str, Any]) -> bool:
    value: int = criterion["value"]
    match criterion["operator"]:
        case "gte":
            return number >= value
        case "lte":
            return number <= value
        case _:
            return number == value


def move_span(span: Span, days: int) -> Span:
    """Return the span of whole days `days` days before `span`."""
    first, last = (
        (side.replace(tzinfo=None) - timedelta(days=days)).replace(tzinfo=side.tzinfo)
        for side in (span.first, span.last)
    )
    return replace(span, first=first, last=last)
