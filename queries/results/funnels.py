"""Results of FunnelsQuery: steps with counts and times, a histogram of times, or conversion rates by interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from queries.results.labels import format_days, format_labels
from queries.results.numbers import Number, simplify

FUNNEL_BREAKDOWN_OTHER = "Other"
"""The breakdown value that replaces all values beyond the limit, as in PostHog."""
PERCENT = 100
DECIMALS = 2

Row = Sequence[Any]


@dataclass(frozen=True)
class StepInfo:
    """A step as shown in results. Steps of unordered funnels have numbers instead of names."""

    node: Mapping[str, Any]
    order: int
    is_unordered: bool

    def build(self) -> dict[str, Any]:
        """Return the fields that do not depend on numbers."""
        kind = "group" if self.node.get("kind") == "GroupNode" else "events"
        if self.is_unordered:
            name = f"Completed {self.order + 1} step{'s' if self.order else ''}"
            return self._build_fields(None, name, None, kind)
        names = [_name_event(node) for node in self.node["nodes"]] if kind == "group" else [_name_event(self.node)]
        name = ", ".join(names)
        event = name if kind == "group" else self.node.get("event")
        return self._build_fields(event, name, self.node.get("custom_name"), kind)

    def _build_fields(self, action_id: str | None, name: str, custom_name: str | None, kind: str) -> dict[str, Any]:
        names = {"action_id": action_id, "name": name, "custom_name": custom_name or None}
        return names | {"order": self.order, "people": [], "type": kind}


def _name_event(node: Mapping[str, Any]) -> str:
    return str(node.get("event") or "All events")


def build_steps(steps: Sequence[StepInfo], row: Row) -> list[dict[str, Any]]:
    """Return the steps of a row: counts of persons, then average times and median times without the first step."""
    counts, averages, medians = split_numbers(len(steps), row)
    return [
        step.build() | {"count": count, "average_conversion_time": average, "median_conversion_time": median}
        for step, count, average, median in zip(steps, counts, averages, medians, strict=True)
    ]


def split_numbers(count: int, row: Row) -> tuple[list[int], list[Number | None], list[Number | None]]:
    """Return the counts of persons, the average times and the median times of steps. The first step has no times."""
    averages, medians = row[count : 2 * count - 1], row[2 * count - 1 : 3 * count - 2]
    return (
        [int(number) for number in row[:count]],
        [None, *averages],
        [None, *medians],
    )


def build_funnel(steps: Sequence[StepInfo], rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the steps of a funnel without a breakdown, or an empty list if no person began the funnel."""
    return build_steps(steps, rows[0]) if rows and rows[0][0] else []


def build_funnels(steps: Sequence[StepInfo], rows: Sequence[Row]) -> list[list[dict[str, Any]]]:
    """Return the funnel of each breakdown value, in descending order of conversions."""
    ordered = sorted(rows, key=lambda row: (*(-int(number) for number in row[len(steps) - 1 :: -1]), row[-1], row[-2]))
    return [
        [
            step | {"breakdown": list_value(row[-2]), "breakdown_value": list_value(row[-2])}
            for step in build_steps(steps, row)
        ]
        for row in ordered
    ]


def list_value(value: Any) -> list[str]:
    """Return a breakdown value as a list. With several breakdowns, the value already is a list."""
    return list(value) if isinstance(value, list | tuple) else [value]


def build_time_bins(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the histogram of times: the first second and the persons of each bin, and an additional bin at the end."""
    if not rows:
        return {"bins": [], "average_conversion_time": None, "median_conversion_time": None}
    low, width, bins, average, median = rows[0][:5]
    persons = {int(row[5]): int(row[6]) for row in rows}
    return {
        "bins": [[int(low + place * width), persons.get(place, 0)] for place in range(int(bins) + 1)],
        "average_conversion_time": average,
        "median_conversion_time": median,
    }


@dataclass(frozen=True)
class Intervals:
    """The intervals of conversion rates. `starts` are their starts as Unix time in microseconds."""

    buckets: Sequence[datetime]
    starts: Sequence[int]
    interval: str

    def build(self, row: Row) -> dict[str, Any]:
        """Return the rates of a row.

        The second item of the row lists, for each interval, its start and its persons at the first and second steps.
        """
        rates = {start: compute_rate(first, second) for start, first, second in row[1]}
        return {
            "count": len(self.buckets),
            "data": [rates.get(start, 0) for start in self.starts],
            "days": format_days(self.buckets, self.interval),
            "labels": format_labels(self.buckets, self.interval),
        }

    def build_by_value(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """Return the rates of each breakdown value, sorted by the value."""
        return [
            self.build(row) | {"breakdown_value": list_value(row[2])} for row in sorted(rows, key=lambda row: row[2])
        ]


def compute_rate(first: Any, second: Any) -> Number:
    """Return the percentage of the persons at the first step who reached the second step."""
    return simplify(round(PERCENT * int(second) / int(first), DECIMALS)) if int(first) else 0
