"""Brute force: retention, by loops over the events of each person."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.queries.differential.brute_events import (
    find_start,
    format_value,
    get_property,
    is_day_counted,
    list_starts,
    meets_all,
)
from tests.queries.differential.datasets import Dataset, Event, Span

OTHER = "$$_posthog_breakdown_other_$$"
DEFAULT = {"id": "$pageview"}
Row = tuple[str, list[int], str | None]


@dataclass
class Visits:
    """The cohorts of a person, and the number of returning events in each interval."""

    cohorts: set[int] = field(default_factory=set)
    returns: Counter[int] = field(default_factory=Counter)


class BruteRetention:
    """The result of one RetentionQuery in a dataset."""

    def __init__(self, dataset: Dataset, query: dict[str, Any], span: Span) -> None:
        self.dataset = dataset
        self.query = query
        self.options = query["retentionFilter"]
        self.interval = self.options["period"].lower()
        self.columns = self.options["totalIntervals"]
        self.type = self.options.get("retentionType", "retention_recurring")
        self.starts = self._list_starts(span)
        self.breakdown = (query.get("breakdownFilter") or {}).get("breakdown")
        events = [event for event in dataset.events if meets_all(event, query.get("properties"))]
        self.events = sorted(events, key=lambda event: (event.time, order_uuid(event)))

    def _list_starts(self, span: Span) -> list[datetime]:
        if "date_from" in self.query["dateRange"]:
            return list_starts(span.first, span.last, self.interval, self.dataset)
        first = span.last - self.columns * timedelta(days=32)
        return list_starts(first, span.last, self.interval, self.dataset)[-self.columns :]

    def compute(self) -> list[Row]:
        if self.breakdown is None:
            return self._build_rows(self._count(self.events), None)
        tables = {value: self._count(events) for value, events in self._split().items()}
        sizes = {
            value: sum(number for (_, back), number in table.items() if back == 0) for value, table in tables.items()
        }
        values = sorted((value for value in sizes if sizes[value]), key=lambda value: (-sizes[value], value))
        limit = self.query["breakdownFilter"]["breakdown_limit"]
        rows = [row for value in values[:limit] for row in self._build_rows(tables[value], value)]
        if values[limit:]:
            rest: Counter[tuple[int, int]] = Counter()
            for value in values[limit:]:
                rest.update(tables[value])
            rows += self._build_rows(rest, OTHER)
        return rows

    def _split(self) -> dict[str, list[Event]]:
        """Return the events by value. With "first ever", the value of a person is that of the first target event."""
        groups: dict[str, list[Event]] = defaultdict(list)
        first: dict[Any, str] = {}
        for event in self.events:
            if self._is_named(event):
                first.setdefault(event.person.id, self._get_value(event))
        for event in self.events:
            if self.type == "retention_first_ever_occurrence":
                groups[first.get(event.person.id, "")].append(event)
            else:
                groups[self._get_value(event)].append(event)
        return groups

    def _get_value(self, event: Event) -> str:
        kind = self.query["breakdownFilter"]["breakdown_type"]
        return format_value(get_property(event, str(self.breakdown), kind)) or ""

    def _count(self, events: list[Event]) -> Counter[tuple[int, int]]:
        by_person: dict[Any, list[Event]] = defaultdict(list)
        for event in events:
            by_person[event.person.id].append(event)
        table: Counter[tuple[int, int]] = Counter()
        for mine in by_person.values():
            visits = self._visit(mine)
            least = self.options.get("minimumOccurrences", 1)
            for cohort in visits.cohorts:
                backs = [number - cohort for number, times in visits.returns.items() if times >= least]
                backs = [0, *(back for back in backs if 0 < back < self.columns)]
                if self.options.get("cumulative"):
                    backs = list(range(max(backs) + 1))
                table.update((cohort, back) for back in backs)
        return table

    def _visit(self, events: list[Event]) -> Visits:
        visits = Visits()
        numbers = [self._find_number(event) for event in events]
        for event, number in zip(events, numbers, strict=True):
            if number is not None and self._is(event, "returningEntity"):
                visits.returns[number] += 1
            if number is not None and self.type == "retention_recurring" and self._is(event, "targetEntity"):
                visits.cohorts.add(number)
        if self.type != "retention_recurring":
            visits.cohorts = self._find_first_cohort(events, numbers)
        return visits

    def _find_first_cohort(self, events: list[Event], numbers: list[int | None]) -> set[int]:
        is_ever = self.type == "retention_first_ever_occurrence"
        candidates = [event for event in events if (self._is_named if is_ever else self._is_target)(event)]
        moment = min((event.time for event in candidates), default=None)
        for event, number in zip(events, numbers, strict=True):
            if event.time == moment and number is not None and self._is_target(event):
                return {number}
        return set()

    def _is_target(self, event: Event) -> bool:
        return self._is(event, "targetEntity")

    def _is_named(self, event: Event) -> bool:
        return self.options.get("targetEntity", DEFAULT)["id"] in (None, event.name)

    def _is(self, event: Event, name: str) -> bool:
        entity = self.options.get(name, DEFAULT)
        return entity["id"] in (None, event.name) and meets_all(event, entity.get("properties"))

    def _find_number(self, event: Event) -> int | None:
        start = find_start(event.time, self.interval, self.dataset)
        if start not in self.starts or not is_day_counted(
            event.time, self.query["dateRange"].get("daysOfWeek"), self.dataset
        ):
            return None
        return self.starts.index(start)

    def _build_rows(self, table: Counter[tuple[int, int]], value: str | None) -> list[Row]:
        return [
            (start.astimezone(self.dataset.zone).isoformat(), [table[row, back] for back in range(self.columns)], value)
            for row, start in enumerate(self.starts)
        ]


def order_uuid(event: Event) -> tuple[int, int]:
    """Return the sort key of ClickHouse for ids, which compares the second half of an id first."""
    return event.uuid.int % 2**64, event.uuid.int >> 64
