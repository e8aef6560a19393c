"""Random FunnelsQueries, against brute force."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import orjson

from tests.queries.differential.brute_funnels import (
    AmbiguousValue,
    Attempt,
    FunnelEvent,
    Rules,
    Value,
    attribute,
    compute_rate,
    count_steps,
    cut_into_bins,
    find_average,
    find_best,
    find_median,
    list_attempts,
    measure,
)
from tests.queries.differential.datasets import (
    Dataset,
    Event,
    Span,
    count_queries,
    make_datasets,
    read_seed,
)
from tests.queries.differential.funnel_queries import UNITS, make_query
from tests.queries.golden import find_differences
from tests.queries.hogql.store import Store
from tests.queries.runners.helpers import run

USUAL = 40
OTHER = ("Other",)


def read_text(value: Any) -> str:
    """Return a property as text: an empty string for null, and JSON for a value of another type."""
    return value if isinstance(value, str) else "" if value is None else orjson.dumps(value).decode()


def test_funnels_equal_brute_force(store: Store) -> None:
    seed = read_seed()
    random = Random(seed)
    for number, (dataset, project_id) in enumerate(make_datasets(store, random, count_queries(USUAL))):
        query, span = make_query(random, dataset)
        try:
            expected = Expectation(dataset, query, span).build()
        except AmbiguousValue:
            continue
        found = run(store, query, dataset.build_context(project_id))["results"]
        problem = f"SEED={seed}, query {number}: {orjson.dumps(query).decode()} in {dataset.zone}, {dataset.now}"
        assert find_differences(expected, simplify(found, query)) == [], problem


@dataclass
class Expectation:
    """The expected result of a query, by brute force."""

    dataset: Dataset
    query: dict[str, Any]
    span: Span

    def __post_init__(self) -> None:
        self.options = self.query["funnelsFilter"]
        self.steps = (self.options.get("funnelFromStep", 0), self.options.get("funnelToStep", self.count - 1))
        seconds = UNITS[self.options.get("funnelWindowIntervalUnit", "day")]
        exclusions = self.options.get("exclusions", [])
        self.rules = Rules(
            self.count,
            self.options["funnelOrderType"],
            timedelta(seconds=seconds * self.options.get("funnelWindowInterval", 14)),
            [(exclusion["funnelFromStep"], exclusion["funnelToStep"]) for exclusion in exclusions],
        )
        self.keys = self._read_keys()

    @property
    def count(self) -> int:
        return len(self.query["series"])

    def _read_keys(self) -> list[tuple[str, str]]:
        given = self.query.get("breakdownFilter", {})
        if several := given.get("breakdowns"):
            return [(item["property"], item["type"]) for item in several]
        one = given.get("breakdown", [])
        return [(key, given.get("breakdown_type", "event")) for key in ([one] if isinstance(one, str) else one)]

    def build(self) -> Any:
        match self.options["funnelVizType"], bool(self.keys):
            case "time_to_convert", _:
                return self._build_times()
            case "trends", False:
                return [[[], self._build_rates([list_attempts(line, self.rules) for line in self._list_lines()])]]
            case "trends", True:
                return self._build_rates_by_value()
            case _, False:
                best = self._find_best()
                return count_steps(best, self.count) if any(best) else []
            case _:
                return self._build_steps_by_value()

    def _list_lines(self) -> list[list[FunnelEvent]]:
        """Return the events of each person that are in the scope of the funnel."""
        lines = defaultdict(list)
        for event in self.dataset.events:
            found = self._classify(event)
            if self._is_in_scope(event) and (found.steps or found.exclusions or self.rules.order == "strict"):
                lines[event.person.id].append(found)
        return list(lines.values())

    def _is_in_scope(self, event: Event) -> bool:
        days = self.query["dateRange"].get("daysOfWeek", range(1, 8))
        local = event.time.astimezone(self.dataset.zone)
        is_in_range = self.span.first.astimezone(UTC) <= event.time <= self.span.last.astimezone(UTC)
        return is_in_range and local.isoweekday() in days and match_filters(self.query.get("properties", []), event)

    def _classify(self, event: Event) -> FunnelEvent:
        nodes, exclusions = self.query["series"], self.options.get("exclusions", [])
        sources = {"event": event.properties, "person": event.person.properties if event.person.created_at else {}}
        return FunnelEvent(
            event.time,
            frozenset(place for place, node in enumerate(nodes) if match_node(node, event)),
            frozenset(place for place, node in enumerate(exclusions) if match_node(node, event)),
            tuple(read_text(sources[kind].get(key)) for key, kind in self.keys),
        )

    def _find_best(self) -> list[Attempt]:
        return [find_best(list_attempts(line, self.rules)) for line in self._list_lines()]

    def _build_times(self) -> dict[str, Any]:
        first, second = self.steps
        times = [measure(attempt, first, second) for attempt in self._find_best() if len(attempt) > second]
        bins = cut_into_bins(times, self.options.get("binCount"))
        return {"bins": bins, "average": find_average(times), "median": find_median(times)}

    def _group(self) -> dict[Value, list[list[Attempt]]]:
        """Return the attempts of each person by breakdown value."""
        groups: dict[Value, list[list[Attempt]]] = defaultdict(list)
        attribution = self.options["breakdownAttributionType"]
        step = self.options.get("breakdownAttributionValue", 0)
        for line in self._list_lines():
            for value, attempts in attribute(line, self.rules, attribution, step, ("",) * len(self.keys)):
                if attempts:
                    groups[value].append(attempts)
        return groups

    @property
    def limit(self) -> int:
        return int(self.query["breakdownFilter"].get("breakdown_limit", 25))

    def _build_steps_by_value(self) -> list[Any]:
        groups = {value: [find_best(item) for item in lines] for value, lines in self._group().items()}

        def rank(value: Value) -> Any:
            return [-step["count"] for step in reversed(count_steps(groups[value], self.count))], value

        ranked = sorted(groups, key=rank)
        shown = [(value, groups[value]) for value in ranked[: self.limit]]
        rest = [attempt for value in ranked[self.limit :] for attempt in groups[value]]
        found = [(value, count_steps(best, self.count)) for value, best in shown]
        if rest:
            found.append((OTHER, count_steps(rest, self.count)))
        # The group of all other values is sorted by its counts like any other group.
        found.sort(key=lambda item: ([-s["count"] for s in reversed(item[1])], item[0] == OTHER, item[0]))
        return [[list(value), steps] for value, steps in found]

    def _build_rates_by_value(self) -> list[Any]:
        groups = self._group()
        starts = list_starts(self.span, self.query["interval"], self.dataset)

        def weigh(value: Value) -> int:
            pairs = pairwise(starts)
            return sum(
                any(start <= attempt[0] < end and len(attempt) > self.steps[0] for attempt in attempts)
                for start, end in pairs
                for attempts in groups[value]
            )

        shown = sorted(groups, key=lambda value: (-weigh(value), value))[: self.limit]
        return [[list(value), self._build_rates(groups[value])] for value in sorted(shown)]

    def _build_rates(self, attempts_of_persons: Sequence[Sequence[Attempt]]) -> list[float]:
        starts = list_starts(self.span, self.query["interval"], self.dataset)
        return [compute_rate(attempts_of_persons, *pair, self.steps) for pair in pairwise(starts)]


def match_node(node: dict[str, Any], event: Event) -> bool:
    if "nodes" in node:
        return any(match_node(item, event) for item in node["nodes"])
    return node["event"] in (None, event.name) and match_filters(node.get("properties", []), event)


def match_filters(filters: list[dict[str, Any]], event: Event) -> bool:
    return all(
        (event.properties.get("plan") is not None and read_text(event.properties["plan"]) in item["value"])
        == (item["operator"] == "exact")
        for item in filters
    )


def list_starts(span: Span, interval: str, dataset: Dataset) -> list[datetime]:
    """Return the starts of the intervals of a range, and the start of the interval after the range."""
    first = span.first.astimezone(dataset.zone)
    if interval == "hour":
        starts = [first.replace(minute=0, second=0, microsecond=0).astimezone(UTC)]
        while starts[-1] <= span.last.astimezone(UTC):
            starts.append(starts[-1] + timedelta(hours=1))
        return starts
    day, step = first.date(), STEPS[interval]
    if interval == "week":
        day -= timedelta(days=day.weekday() if dataset.week_start_day else day.isoweekday() % 7)
    days = [day.replace(day=1) if interval == "month" else day]
    while days[-1] <= span.last.astimezone(dataset.zone).date():
        days.append(step(days[-1]))
    return [datetime.combine(day, time.min, dataset.zone).astimezone(UTC) for day in days]


STEPS: dict[str, Callable[[date], date]] = {
    "day": lambda day: day + timedelta(days=1),
    "week": lambda day: day + timedelta(days=7),
    "month": lambda day: (day + timedelta(days=31)).replace(day=1),
}


def simplify(found: Any, query: dict[str, Any]) -> Any:
    """Return a result in the form of an expectation."""
    match query["funnelsFilter"]["funnelVizType"]:
        case "time_to_convert":
            return {"bins": found["bins"]} | name_times(found)
        case "trends":
            return [[item.get("breakdown_value", []), item["data"]] for item in found]
        case _ if "breakdownFilter" in query:
            return [[steps[0]["breakdown_value"], list(map(simplify_step, steps))] for steps in found]
        case _:
            return list(map(simplify_step, found))


def simplify_step(step: dict[str, Any]) -> dict[str, Any]:
    return {"count": step["count"]} | name_times(step)


def name_times(found: dict[str, Any]) -> dict[str, Any]:
    return {"average": found["average_conversion_time"], "median": found["median_conversion_time"]}
