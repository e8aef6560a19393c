"""Random TrendsQueries in random datasets, against brute force."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from queries.exceptions import ResultTooLarge
from queries.hogql.properties import PropertyType, PropertyTypes
from queries.hogql.session import MAX_ROW_LIMIT
from queries.runners.errors import InvalidQuery
from tests.queries.differential.brute_trends import BruteTrends
from tests.queries.differential.datasets import Dataset, count_queries, insert_dataset, make_dataset, read_seed
from tests.queries.differential.trend_queries import TrendQueries, enrich
from tests.queries.hogql.store import Store
from tests.queries.runners.helpers import run

USUAL = 60
QUERIES_OF_A_WORLD = 5
TEST_FILTERS = ({"key": "plan", "type": "person", "operator": "is_not", "value": "a"},)
FIELDS = ("label", "data", "days", "labels", "count", "aggregated_value", "breakdown_value", "compare_label")


def test_results_are_those_of_brute_force(store: Store) -> None:
    seed = read_seed()
    for number in range(count_queries(USUAL)):
        # Each query has its own seed, so that one query can be repeated alone.
        dataset_random = Random(f"{seed}-{number // QUERIES_OF_A_WORLD}")
        if number % QUERIES_OF_A_WORLD == 0:
            dataset = make_dataset(dataset_random)
            enrich(dataset_random, dataset)
            project_id = insert_dataset(store, dataset, dataset_random)
        difference = ask(store, dataset, project_id, Random(f"{seed}-query-{number}"))
        assert difference is None, f"SEED={seed}, query {number}: {difference}"


def ask(store: Store, dataset: Dataset, project_id: int, random: Random) -> Any:
    """Return the difference between the result of a random query and brute force, or None."""
    numeric = set(random.choice(((), ("amount",))))
    query = TrendQueries(random, dataset, numeric).build()
    expected = BruteTrends(dataset, query, numeric, TEST_FILTERS).build()
    types = PropertyTypes(event=dict.fromkeys(numeric, PropertyType.NUMERIC))
    context = replace(dataset.build_context(project_id), property_types=types, test_account_filters=TEST_FILTERS)
    if expected is None:
        with pytest.raises(InvalidQuery, match="ends before"):
            run(store, query, context)
        return None
    try:
        found = run(store, query, context)
    except ResultTooLarge:
        assert sum(len(item["data"]) for item in expected[0]) > MAX_ROW_LIMIT
        return None
    items = [{name: item[name] for name in FIELDS if name in item} for item in found["results"]]
    return find_difference(expected, (items, found["hasMore"]), query)


def find_difference(expected: Any, found: Any, query: dict[str, Any]) -> Any:
    items, rest = expected
    if len(items) != len(found[0]) or rest != found[1]:
        return {"query": query, "expected": expected, "found": found}
    for wanted, item in zip(items, found[0], strict=True):
        names = {name for name in {*wanted, *item} if not is_same(wanted.get(name), item.get(name))}
        if names:
            return {"query": query, "differs": names, "expected": wanted, "found": item}
    return None


def is_same(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, list) and wanted and isinstance(wanted[0], int | float):
        return isinstance(found, list) and found == pytest.approx(wanted, rel=1e-9, abs=1e-9)
    if isinstance(wanted, int | float):
        return bool(found == pytest.approx(wanted, rel=1e-9, abs=1e-9))
    return bool(wanted == found)
