"""Queries from public documentation and templates have the expected results, whatever other projects store."""

import pytest

from queries.hogql.ast import Constant
from queries.hogql.placeholders import PlaceholderValue
from tests.queries.hogql.documented import FURTHER, TYPICAL, list_queries
from tests.queries.hogql.helpers import NOW, read
from tests.queries.hogql.store import Store

VALUES: dict[str, PlaceholderValue] = {
    "filters": Constant(True),
    "filters.dateRange.from": NOW.replace(day=1),
    "filters.dateRange.to": None,
    "variables.browser": "Firefox",
}


@pytest.mark.parametrize("query", [*list_queries(TYPICAL), *list_queries(FURTHER)])
def test_query_runs_and_reads_its_project_alone(store: Store, own_store: Store, query: str) -> None:
    rows = read(store, query, VALUES)
    assert "SECRET" not in str(rows)
    assert sorted(map(str, rows)) == sorted(map(str, read(own_store, query, VALUES)))


def test_there_are_enough_queries() -> None:
    assert len(list_queries(TYPICAL)) >= 44
    assert len(list_queries(FURTHER)) >= 60
