"""Random LifecycleQueries and StickinessQueries, against brute force."""

from random import Random
from typing import Any

from tests.queries.differential.brute_activity import compute_lifecycle, compute_stickiness, move_span
from tests.queries.differential.datasets import (
    Dataset,
    Span,
    count_queries,
    make_datasets,
    make_span,
    read_seed,
)
from tests.queries.differential.queries import choose_event, make_days, make_filters
from tests.queries.hogql.store import Store
from tests.queries.runners.helpers import run

INTERVALS = ("minute", "hour", "hour", "day", "day", "week", "month")


def test_random_lifecycles(store: Store) -> None:
    seed = read_seed()
    random = Random(seed)
    for number, (dataset, project_id) in enumerate(make_datasets(store, random, count_queries(30))):
        query, span = make_lifecycle(random, dataset)
        results = run(store, query, dataset.build_context(project_id))["results"]
        found = {series["status"]: series["data"] for series in results}
        message = f"SEED={seed}, query {number} in {dataset.zone}: {query}"
        assert found == compute_lifecycle(dataset, query, span), message


def test_random_stickinesses(store: Store) -> None:
    seed = read_seed()
    random = Random(seed)
    for number, (dataset, project_id) in enumerate(make_datasets(store, random, count_queries(30))):
        query, spans = make_stickiness(random, dataset)
        found = [series["data"] for series in run(store, query, dataset.build_context(project_id))["results"]]
        message = f"SEED={seed}, query {number} in {dataset.zone}: {query}"
        assert found == compute_stickiness(dataset, query, spans), message


def make_lifecycle(random: Random, dataset: Dataset) -> tuple[dict[str, Any], Span]:
    interval = random.choice(INTERVALS)
    span = make_span(random, dataset, interval)
    query = {"kind": "LifecycleQuery", "interval": interval, "dateRange": span.json, "series": [make_series(random)]}
    if random.random() < 0.2:
        query["lifecycleFilter"] = {"onlyUseInsightDates": True}
    return query | {"properties": make_filters(random, 0.15)}, span


def make_stickiness(random: Random, dataset: Dataset) -> tuple[dict[str, Any], list[Span]]:
    interval = random.choice(INTERVALS)
    span = make_span(random, dataset, interval)
    query: dict[str, Any] = {
        "kind": "StickinessQuery",
        "interval": interval,
        "dateRange": span.json | make_days(random),
    }
    query |= {"series": [make_series(random) for _ in range(random.randint(1, 3))]}
    options: dict[str, Any] = {}
    if random.random() < 0.3:
        options["computedAs"] = random.choice(("cumulative", "non_cumulative"))
    if random.random() < 0.6:
        criterion = {"operator": random.choice(("gte", "lte", "lte", "exact")), "value": random.randint(0, 3)}
        options["stickinessCriteria"] = criterion
    if random.random() < 0.3:
        query["intervalCount"] = random.randint(1, 5)
    query |= {"stickinessFilter": options, "properties": make_filters(random, 0.15)}
    if interval == "day" and "date_to" in span.json and random.random() < 0.5:
        return query | {"compareFilter": {"compare": True}}, [span, move_span(span, count_days(span))]
    return query, [span]


def make_series(random: Random) -> dict[str, Any]:
    return {"kind": "EventsNode", "event": choose_event(random), "properties": make_filters(random, 0.15)}


def count_days(span: Span) -> int:
    return (span.last.date() - span.first.date()).days + 1
