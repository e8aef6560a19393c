"""Funnels by plain loops over the events of each person: slow, obvious, and independent of any SQL.

Definitions:
* Events of a person are sorted by time. Events at the same time are sorted by their first step, then by their steps as
  a bit mask. Events with which an attempt may begin precede other events.
* An attempt begins with an event of the first step, or of any step in an unordered funnel. The attempt continues with
  the next event of each step, until the window has ended; the end is included. In a strict funnel, the next event must
  belong to the next step, but an event without a step is ignored if the event before it has the same time.
* In an unordered funnel, an event counts for the first of its steps that is missing.
* An event of an exclusion invalidates an attempt if the event is strictly between two steps. In an unordered funnel,
  the event ends the attempt.
* A person counts with the attempt that has the most steps. In a tie, the first attempt counts.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil, floor
from typing import Any

Value = tuple[str, ...]


@dataclass(frozen=True)
class FunnelEvent:
    """An event with the steps and the exclusions that it belongs to."""

    time: datetime
    steps: frozenset[int]
    exclusions: frozenset[int]
    value: Value = ()


@dataclass(frozen=True)
class Rules:
    """The rules of a funnel. `ranges` are the pairs of steps between which each exclusion applies."""

    step_count: int
    order: str
    window: timedelta
    ranges: Sequence[tuple[int, int]] = ()


Attempt = tuple[datetime, ...]
"""The times of the steps that an attempt reached."""


def list_attempts(
    events: Iterable[FunnelEvent], rules: Rules, may_start: Callable[[FunnelEvent], bool] = lambda event: True
) -> list[Attempt]:
    """Return the valid attempts of a person, in the order of their starts."""
    line = sorted(events, key=lambda event: (*_get_place(event, rules), not may_start(event)))
    if rules.order == "unordered":
        starts = [place for place, event in enumerate(line) if event.steps and may_start(event)]
        return [_gather(line[place:], rules) for place in starts]
    starts = [place for place, event in enumerate(line) if 0 in event.steps]
    attempts = [_follow(line[place:], rules) for place in starts]
    return [attempt for attempt in attempts if not _is_spoiled(attempt, line, rules)]


def _get_place(event: FunnelEvent, rules: Rules) -> tuple[datetime, int, int]:
    return event.time, min(event.steps, default=rules.step_count), sum(2**step for step in event.steps)


def _follow(line: Sequence[FunnelEvent], rules: Rules) -> Attempt:
    times, rest = [line[0].time], list(line)
    for step in range(1, rules.step_count):
        before = rest.pop(0)
        if rules.order == "strict":
            while rest and not rest[0].steps and rest[0].time == before.time:
                before = rest.pop(0)
            found = bool(rest) and step in rest[0].steps
        else:
            while rest and step not in rest[0].steps:
                rest.pop(0)
            found = bool(rest)
        if not found or rest[0].time > times[0] + rules.window:
            break
        times.append(rest[0].time)
    return tuple(times)


def _is_spoiled(attempt: Attempt, line: Sequence[FunnelEvent], rules: Rules) -> bool:
    for number, (first, second) in enumerate(rules.ranges):
        if len(attempt) > first:
            end = attempt[second] if len(attempt) > second else attempt[0] + rules.window
            if any(number in event.exclusions and attempt[first] < event.time < end for event in line):
                return True
    return False


def _gather(line: Sequence[FunnelEvent], rules: Rules) -> Attempt:
    start, missing, times = line[0].time, set(range(rules.step_count)), []
    stops = [event.time for event in line if event.exclusions and event.time > start]
    end = min([start + rules.window, *stops])
    for event in line:
        if event.time <= end and event.steps & missing:
            missing.remove(min(event.steps & missing))
            times.append(event.time)
    return tuple(times)


def find_best(attempts: Sequence[Attempt]) -> Attempt:
    """Return the first of the attempts with the most steps, or an empty attempt."""
    return max(attempts, key=len, default=())


def attribute(
    events: Sequence[FunnelEvent], rules: Rules, attribution: str, step: int, empty: Value
) -> list[tuple[Value, list[Attempt]]]:
    """Return the attempts of a person for each breakdown value that the person has."""
    match attribution:
        case "first_touch" | "last_touch":
            value = _find_touch([event for event in events if any(event.value)], is_last=attribution == "last_touch")
            return [(value or empty, list_attempts(events, rules))]
        case "all_events":
            values = {event.value for event in events}
            return [(value, list_attempts([e for e in events if e.value == value], rules)) for value in values]
        case _ if rules.order == "unordered":
            values = {event.value for event in events if event.steps}
            return [(value, list_attempts(events, rules, lambda e, v=value: e.value == v)) for value in values]  # type: ignore[misc] # v has the type of value
        case _:
            values = {event.value for event in events if step in event.steps}
            return [(value, list_attempts(_keep_value(events, step, value), rules)) for value in values]


class AmbiguousValue(Exception):
    """An error for events at the same time with several values, each of which is correct."""


def _find_touch(events: Sequence[FunnelEvent], *, is_last: bool) -> Value:
    if not events:
        return ()
    times = [event.time for event in events]
    time = max(times) if is_last else min(times)
    values = {event.value for event in events if event.time == time}
    if len(values) > 1:
        raise AmbiguousValue
    return values.pop()


def _keep_value(events: Sequence[FunnelEvent], step: int, value: Value) -> list[FunnelEvent]:
    return [e if e.value == value else replace(e, steps=e.steps - {step}) for e in events]


def count_steps(best: Sequence[Attempt], step_count: int) -> list[dict[str, Any]]:
    """Return the number of persons at each step, with the average and the median seconds since the previous step."""
    found = []
    for step in range(step_count):
        reached = [attempt for attempt in best if len(attempt) > step]
        times = [measure(attempt, step - 1, step) for attempt in reached] if step else []
        found.append({"count": len(reached), "average": find_average(times), "median": find_median(times)})
    return found


def measure(attempt: Attempt, first: int, second: int) -> float:
    return (attempt[second] - attempt[first]) / timedelta(seconds=1)


def find_average(numbers: Sequence[float]) -> float | None:
    return sum(numbers) / len(numbers) if numbers else None


def find_median(numbers: Sequence[float]) -> float | None:
    line = sorted(numbers)
    return (line[(len(line) - 1) // 2] + line[len(line) // 2]) / 2 if line else None


def cut_into_bins(times: Sequence[float], count: int | None) -> list[list[int]]:
    """Return the start and size of `count` + 1 bins of times. The default is the cube root of the number of times."""
    if not times:
        return []
    if not count:
        count = next(number for number in range(1, 61) if number**3 >= len(times) or number == 60)
    low, high = floor(min(times)), ceil(max(times))
    width = ceil((high - low) / count) or 60
    edges = [low + place * width for place in range(count + 1)]
    return [[edge, sum(edge <= time < edge + width for time in times)] for edge in edges]


def compute_rate(
    attempts_of_persons: Iterable[Sequence[Attempt]], start: datetime, end: datetime, steps: tuple[int, int]
) -> float:
    """Return the percentage of persons at one step who reached another step, for attempts that began in an interval."""
    furthest = [
        max((len(attempt) for attempt in attempts if start <= attempt[0] < end), default=0)
        for attempts in attempts_of_persons
    ]
    first, second = (sum(length > step for length in furthest) for step in steps)
    return round(100 * second / first, 2) if first else 0
