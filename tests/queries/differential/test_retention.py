"""Random RetentionQueries, against brute force."""

from datetime import datetime
from random import Random
from typing import Any

from queries.runners.retention_options import PERIODS, TYPES
from tests.queries.differential.brute_retention import BruteRetention, Row
from tests.queries.differential.datasets import Dataset, Span, count_queries, make_datasets, make_span, read_seed
from tests.queries.differential.queries import choose_event, make_days, make_filters
from tests.queries.hogql.store import Store
from tests.queries.runners.helpers import run


def test_random_retentions(store: Store) -> None:
    seed = read_seed()
    random = Random(seed)
    for number, (dataset, project_id) in enumerate(make_datasets(store, random, count_queries(60))):
        query, span = make_query(random, dataset)
        body = run(store, query, dataset.build_context(project_id))
        expected = BruteRetention(dataset, query, span).compute()
        assert read_rows(body, dataset) == expected, f"SEED={seed}, query {number} in {dataset.zone}: {query}"


def make_query(random: Random, dataset: Dataset) -> tuple[dict[str, Any], Span]:
    period = random.choice(PERIODS)
    span = make_span(random, dataset, period.lower())
    date_range = span.json | make_days(random)
    if "date_to" in date_range and random.random() < 0.5:
        del date_range["date_from"]
    options = {"period": period, "totalIntervals": random.randint(1, 12)}
    for name in ("targetEntity", "returningEntity"):
        if random.random() < 0.95:
            options[name] = {"id": choose_event(random), "type": "events", "properties": make_filters(random, 0.25)}
    if random.random() < 0.2:
        options["returningEntity"] = options.get("targetEntity", {"id": "$pageview"})
    if random.random() < 0.7:
        options["retentionType"] = random.choice(TYPES)
    if random.random() < 0.25:
        options["cumulative"] = True
    if random.random() < 0.4:
        options["minimumOccurrences"] = random.randint(1, 3)
    query = {"kind": "RetentionQuery", "dateRange": date_range, "retentionFilter": options}
    if random.random() < 0.3:
        query["breakdownFilter"] = make_breakdown(random)
    return query | {"properties": make_filters(random, 0.15)}, span


def make_breakdown(random: Random) -> dict[str, Any]:
    kind = random.choice(("event", "person"))
    return {"breakdown": "plan", "breakdown_type": kind, "breakdown_limit": random.choice((1, 2, 25))}


def read_rows(body: dict[str, Any], dataset: Dataset) -> list[Row]:
    """Return the rows of a response."""
    return [
        (
            datetime.fromisoformat(row["date"]).astimezone(dataset.zone).isoformat(),
            [cell["count"] for cell in row["values"]],
            row["breakdown_value"],
        )
        for row in body["results"]
    ]
