"""Random funnels."""

from random import Random
from typing import Any

from tests.queries.differential.datasets import (
    EVENT_NAMES,
    Dataset,
    Span,
    make_span,
)

UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800, "month": 2_592_000}
INTERVALS = ("hour", "day", "week", "month")


def make_query(random: Random, dataset: Dataset) -> tuple[dict[str, Any], Span]:
    interval = random.choice(INTERVALS)
    span = make_span(random, dataset, interval)
    count = random.randint(2, 4)
    query: dict[str, Any] = {
        "kind": "FunnelsQuery",
        "series": [make_step(random) for _ in range(count)],
        "interval": interval,
        "dateRange": dict(span.json),
        "funnelsFilter": make_options(random, count),
    }
    if random.random() < 0.2:
        query["dateRange"]["daysOfWeek"] = random.sample(range(1, 8), random.randint(3, 6))
    if random.random() < 0.2:
        query["properties"] = [make_filter(random)]
    if random.random() < 0.5:
        add_breakdown(random, query)
    return query, span


def make_step(random: Random) -> dict[str, Any]:
    if random.random() < 0.1:
        nodes = [{"kind": "EventsNode", "event": name} for name in random.sample(EVENT_NAMES, 2)]
        return {"kind": "GroupNode", "operator": "OR", "nodes": nodes}
    step: dict[str, Any] = {"kind": "EventsNode", "event": random.choice((*EVENT_NAMES, *EVENT_NAMES, None))}
    if random.random() < 0.15:
        step["properties"] = [make_filter(random)]
    return step


def make_filter(random: Random) -> dict[str, Any]:
    operator = random.choice(("exact", "is_not"))
    return {"key": "plan", "type": "event", "operator": operator, "value": random.sample(["a", "b", "1", "true"], 2)}


def make_options(random: Random, count: int) -> dict[str, Any]:
    options: dict[str, Any] = {"funnelOrderType": random.choice(("ordered", "strict", "unordered"))}
    if random.random() < 0.7:
        unit = random.choice(list(UNITS))
        numbers = {"second": (30, 3_600), "minute": (30, 600), "hour": (1, 48)}
        options["funnelWindowIntervalUnit"] = unit
        options["funnelWindowInterval"] = random.choice(numbers.get(unit, (1, 2)))
    if random.random() < 0.4:
        options["exclusions"] = [make_exclusion(random, count, options) for _ in range(random.randint(1, 2))]
    options["funnelVizType"] = random.choice(("steps", "steps", "flow", "time_to_convert", "trends"))
    if random.random() < 0.4 and options["funnelVizType"] in ("time_to_convert", "trends"):
        options["funnelFromStep"] = random.randrange(count - 1)
        options["funnelToStep"] = random.randint(options["funnelFromStep"] + 1, count - 1)
    if random.random() < 0.3:
        options["binCount"] = random.randint(1, 8)
    return options


def make_exclusion(random: Random, count: int, options: dict[str, Any]) -> dict[str, Any]:
    first = random.randrange(count - 1)
    second = random.randint(first + 1, count - 1)
    if options["funnelOrderType"] == "unordered":
        first, second = 0, count - 1
    return make_step(random) | {"funnelFromStep": first, "funnelToStep": second}


def add_breakdown(random: Random, query: dict[str, Any]) -> None:
    options, count = query["funnelsFilter"], len(query["series"])
    kind = random.choice(("event", "event", "person"))
    query["breakdownFilter"] = random.choice(
        (
            {"breakdown": "plan", "breakdown_type": kind},
            {"breakdown": ["plan", "amount"]},
            {"breakdowns": [{"property": "plan", "type": kind}, {"property": "plan", "type": "person"}]},
        )
    )
    if random.random() < 0.4:
        query["breakdownFilter"] |= {"breakdown_limit": random.randint(1, 3)}
    names = ["first_touch", "last_touch"]
    if options["funnelVizType"] != "time_to_convert":
        names += ["all_events", "step"]
    options["breakdownAttributionType"] = random.choice(names)
    if options["breakdownAttributionType"] == "step" and options["funnelOrderType"] != "unordered":
        options["breakdownAttributionValue"] = random.randrange(count)
