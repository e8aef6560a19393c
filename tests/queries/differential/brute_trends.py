"""TrendsQuery by brute force: loops over lists of events, without SQL."""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from math import floor
from typing import Any

from tests.queries.differential import brute_dates
from tests.queries.differential.brute_dates import Range, find_previous, find_range, step
from tests.queries.differential.brute_filters import Matcher, read_number
from tests.queries.differential.brute_maths import (
    BREAKDOWNS,
    MATHS,
    Bin,
    accumulate,
    count_by_person,
    cut_into_bins,
    evaluate,
    find_bin,
    find_first_events,
    format_label,
    list_bins,
    list_formulas,
    list_keys,
    reduce_numbers,
)
from tests.queries.differential.datasets import DAY, TICK, Dataset, Event

NULL, OTHER = "$$_posthog_breakdown_null_$$", "$$_posthog_breakdown_other_$$"
TOTALS = {"BoldNumber", "Metric", "ActionsPie", "ActionsBarValue", "ActionsTable", "WorldMap"}
ROLLING = {"weekly_active": 7, "monthly_active": 30}
LENGTHS = {"s": 0, "M": 0, "h": 0, "d": 1, "w": 7, "m": 31, "q": 92, "y": 366}
DURATION = "$session_duration"

Key = tuple[str, ...]
Cells = dict[Key, list[list[Event]]]
"""Events by breakdown values and interval."""
Columns = dict[Key, list[float]]


class BruteTrends:
    """A computation of one query in one dataset. `test_filters` are the filters of test accounts."""

    def __init__(self, dataset: Dataset, query: dict[str, Any], numeric: set[str], test_filters: Any = ()) -> None:
        self.dataset, self.query = dataset, query
        self.matcher = Matcher(dataset, numeric)
        self.test_filters = test_filters if query.get("filterTestAccounts") else ()
        options = query.get("trendsFilter") or {}
        self.display = options.get("display", "ActionsLineGraph")
        self.is_total = self.display in TOTALS
        self.is_cumulative = self.display == "ActionsLineGraphCumulative"
        self.smoothing = options.get("smoothingIntervals", 1)
        self.interval = "day" if self.is_total else query.get("interval", "day")
        self.days = (query.get("dateRange") or {}).get("daysOfWeek") or range(1, 8)
        given = query.get("breakdownFilter") or {}
        self.keys = list_keys(given)
        self.bins = list_bins(given)
        self.is_list = bool(given.get("breakdowns")) or len(self.keys) > 1
        self.limit = given.get("breakdown_limit") or (250 if self.display == "WorldMap" else 25)
        self.hides_rest = given.get("breakdown_hide_other_aggregation")
        self.formulas = list_formulas(options)
        self.has_rest = False

    def build(self) -> tuple[list[dict[str, Any]], bool] | None:
        """Return the objects of the result and whether values exceed the limit, or None if the range is invalid."""
        current = find_range(self.dataset, self.query.get("dateRange") or {}, self.interval)
        if current is None:
            return None
        periods = [current]
        if (self.query.get("compareFilter") or {}).get("compare"):
            periods.append(find_previous(self.dataset, self.query, current))
        series = self.query["series"]
        found = [[self._count(node, period) for node in series] for period in periods]
        items: list[dict[str, Any]] = []
        if self.formulas:
            for text, label in self.formulas:
                for number, period in enumerate(periods):
                    items += self._apply(text, label, found[number], period, number)
        else:
            for number, period in enumerate(periods):
                for node, columns in zip(series, found[number], strict=True):
                    items += [self._build_item(node, key, column, period, number) for key, column in columns.items()]
        if len(periods) == 1:
            for item in items:
                del item["compare_label"]
        return items, self.has_rest

    def _count(self, node: dict[str, Any], period: Range) -> Columns:
        cells = self._collect(node, period)
        if self.keys and not self.has_only_bins:
            cells = self._limit(node, cells)
        columns = {key: self._shape(self._reduce(node, places, period)) for key, places in cells.items()}
        order = list(columns)
        if not self.has_only_bins:
            order.sort(key=lambda key: (OTHER in key, key == (NULL,), -sum(columns[key]), key))
        self.has_rest = self.has_rest or any(OTHER in key for key in order)
        return {key: columns[key] for key in order if not (self.hides_rest and OTHER in key)}

    def _collect(self, node: dict[str, Any], period: Range) -> Cells:
        """Return the events of each breakdown value and interval. For totals, the whole range is one interval."""
        starts = period.starts
        placed = list(self._place(node, period, starts))
        bins = [self._find_bins(number, [event for event, _ in placed]) for number in range(len(self.keys))]
        keys: list[Key] = [] if self.keys else [()]
        if self.has_only_bins:
            keys = [(label,) for label, _, _ in bins[0]]
        cells: Cells = {key: [[] for _ in ([0] if self.is_total else starts)] for key in keys}
        for event, places in placed:
            row = cells.setdefault(self._find_key(event, bins), [[] for _ in ([0] if self.is_total else starts)])
            for place in places:
                row[place].append(event)
        return cells

    def _place(
        self, node: dict[str, Any], period: Range, starts: list[datetime]
    ) -> Iterable[tuple[Event, Iterable[int]]]:
        """Yield the events of a series with the intervals in which they are counted."""
        math, last = node.get("math") or "total", period.last.astimezone(UTC)
        first = period.first if period.unit in "sMhd" else self._find_day(period.first)
        first = first.astimezone(UTC)
        windows = self._find_windows(math, period, starts)
        for event in self._find_events(node, math, last):
            if event.time > last or event.time.astimezone(self.dataset.zone).isoweekday() not in self.days:
                continue
            if windows:
                places = [place for place, (low, high) in enumerate(windows) if low <= event.time < high]
                if places:
                    yield event, places
            elif event.time >= first:
                yield event, [0 if self.is_total else bisect_right(starts, event.time) - 1]

    def _find_windows(self, math: str, period: Range, starts: list[datetime]) -> list[tuple[datetime, datetime]]:
        """Return the time window of each interval for a math that looks back, or an empty list for other maths."""
        days = ROLLING.get(math, 0)
        after_last = period.last.astimezone(UTC) + TICK
        if days and self.is_total:
            return [(self._go_back(period.last, days), after_last)]
        if days <= LENGTHS[period.unit]:
            return []
        ends = [*starts[1:], step(period.clocks[-1], period.unit, 1).astimezone(UTC)]
        ends = [min(end, after_last) for end in ends]
        return [(self._go_back(end - TICK, days), end) for end in ends]

    def _go_back(self, moment: datetime, days: int) -> datetime:
        day = self._find_day(moment.astimezone(self.dataset.zone))
        return (day - (days - 1) * DAY).astimezone(UTC)

    def _find_day(self, moment: datetime) -> datetime:
        return brute_dates.floor(self.dataset, moment, "d")

    def _find_events(self, node: dict[str, Any], math: str, last: datetime) -> list[Event]:
        shared = [self.query.get("properties"), self.test_filters]

        def matches(event: Event) -> bool:
            return self._matches(node, event) and all(self.matcher.matches(event, part) for part in shared)

        if math == "first_time_for_user":
            named = [event for event in self.dataset.events if self._is_named(node, event)]
            return [event for event in find_first_events(named, last) if matches(event)]
        found = [event for event in self.dataset.events if matches(event)]
        return find_first_events(found, last) if math == "first_matching_event_for_user" else found

    def _matches(self, node: dict[str, Any], event: Event) -> bool:
        return self._is_named(node, event) and self.matcher.matches(event, node.get("properties"))

    def _is_named(self, node: dict[str, Any], event: Event) -> bool:
        if node["kind"] == "GroupNode":
            return any(self._matches(member, event) for member in node["nodes"])
        return node.get("event") in (None, event.name)

    def _find_key(self, event: Event, bins: list[list[Bin]]) -> Key:
        texts = []
        for number, known in zip(range(len(self.keys)), bins, strict=True):
            text = self._find_value(number, event)
            texts.append(find_bin(known, read_number(text)) if self.bins[number] else text)
        return tuple(text or NULL for text in texts)

    def _find_value(self, number: int, event: Event) -> str | None:
        kind, key = self.keys[number]
        return BREAKDOWNS[key](event) if kind == "hogql" else self.matcher.find(event, kind, key)

    @property
    def has_only_bins(self) -> bool:
        return len(self.keys) == 1 and self.bins[0] > 0

    def _find_bins(self, number: int, events: list[Event]) -> list[Bin]:
        texts = [self._find_value(number, event) for event in events]
        return cut_into_bins({size for text in texts if (size := read_number(text)) is not None}, self.bins[number])

    def _limit(self, node: dict[str, Any], cells: Cells) -> Cells:
        """Return the cells of the values with the largest totals, and the combined cells of all other values."""
        totals = {key: self._weigh(node, places) for key, places in cells.items()}
        order = sorted(cells, key=lambda key: (key == (NULL,), -totals[key], key))
        kept = {key: cells[key] for key in order[: self.limit]}
        for key in order[self.limit :]:
            rest = kept.setdefault((OTHER,) * len(key), [[] for _ in cells[key]])
            for place, events in enumerate(cells[key]):
                rest[place] += events
        return kept

    def _weigh(self, node: dict[str, Any], places: list[list[Event]]) -> float:
        """Return the total by which a breakdown value is ranked.

        If the math has one number per person or session, the numbers of all persons or sessions are added.
        """
        if units := self._find_unit_numbers(node):
            numbers: list[float] = [sum(units(events)) for events in places]
        else:
            numbers = self._count_places(node, places)
        return sum(accumulate(numbers) if self.is_cumulative else numbers)

    def _reduce(self, node: dict[str, Any], places: list[list[Event]], period: Range) -> list[float]:
        numbers = self._count_places(node, places)
        return accumulate(numbers) if self.is_cumulative else numbers

    def _count_places(self, node: dict[str, Any], places: list[list[Event]]) -> list[float]:
        math = node.get("math") or "total"
        looks_back = ROLLING.get(math, 0) > LENGTHS[brute_dates.LETTERS[self.interval]]
        if not self.is_cumulative or looks_back or math not in (*ROLLING, "dau", "unique_session"):
            return [self._reduce_events(node, math, events) for events in places]
        seen: set[Any] = set()
        counts: list[float] = []
        for events in places:
            new = self._find_units(math, events) - seen
            seen |= new
            counts.append(len(new))
        return counts

    def _find_units(self, math: str, events: list[Event]) -> set[Any]:
        if math == "unique_session":
            return {session for event in events if (session := event.properties.get("$session_id"))}
        return {event.person.id for event in events}

    def _reduce_events(self, node: dict[str, Any], math: str, events: list[Event]) -> float:
        if math in ("total", "first_time_for_user", "first_matching_event_for_user"):
            return len(events)
        if math in (*ROLLING, "dau", "unique_session"):
            return len(self._find_units(math, events))
        if math == "hogql":
            return MATHS[node["math_hogql"]](events)
        if units := self._find_unit_numbers(node):
            return reduce_numbers(math.removesuffix("_count_per_actor"), units(events))
        kind = node.get("math_property_type", "event_properties").removesuffix("_properties")
        texts = [self.matcher.find(event, kind, node["math_property"]) for event in events]
        return reduce_numbers(math, [number for text in texts if (number := read_number(text)) is not None])

    def _find_unit_numbers(self, node: dict[str, Any]) -> Callable[[list[Event]], list[float]] | None:
        """Return a function from events to one number per person or session, or None for maths without such numbers."""
        if (node.get("math") or "").endswith("_count_per_actor"):
            return count_by_person
        if node.get("math_property") == DURATION:
            return self._list_durations
        return None

    def _list_durations(self, events: list[Event]) -> list[float]:
        return [self.matcher.sessions[session][DURATION] for session in self._find_units("unique_session", events)]

    def _shape(self, numbers: list[float]) -> list[float]:
        if self.is_total or self.smoothing == 1:
            return numbers
        windows = [numbers[max(0, end - self.smoothing) : end] for end in range(1, len(numbers) + 1)]
        return [floor(round(sum(window) / len(window), 9)) for window in windows]

    def _apply(
        self, text: str, label: str, columns: list[Columns], period: Range, number: int
    ) -> Iterable[dict[str, Any]]:
        for key in dict.fromkeys(key for column in columns for key in column):
            zeros = [0.0] if self.is_total else [0.0] * len(period.clocks)
            rows = [column.get(key, zeros) for column in columns]
            results = [evaluate(text, numbers) for numbers in zip(*rows, strict=True)]
            count = evaluate(text, [self._sum(row) for row in rows])
            yield self._format(label, key, results, count, period, number)

    def _build_item(
        self, node: dict[str, Any], key: Key, column: list[float], period: Range, number: int
    ) -> dict[str, Any]:
        name = node.get("custom_name") or node.get("name") or node.get("event") or "All events"
        values = "::".join(key)
        label = name if not key else values if len(self.query["series"]) == 1 else f"{name} - {values}"
        return self._format(label, key, column, self._sum(column), period, number)

    def _sum(self, column: list[float]) -> float:
        return column[-1] if self.is_cumulative else sum(column)

    def _format(
        self, label: str, key: Key, column: list[float], count: float, period: Range, number: int
    ) -> dict[str, Any]:
        item: dict[str, Any] = {"label": label, "data": [], "days": [], "labels": [], "count": 0}
        if self.is_total:
            item["aggregated_value"] = column[0]
        else:
            short = period.unit in "sMh"
            days = [f"{clock:%Y-%m-%d %H:%M:%S}" if short else f"{clock:%Y-%m-%d}" for clock in period.clocks]
            labels = [format_label(clock, period.unit) for clock in period.clocks]
            item |= {"data": column, "days": days, "labels": labels, "count": count}
        if key:
            item["breakdown_value"] = list(key) if self.is_list else key[0]
        return item | {"compare_label": "previous" if number else "current"}
