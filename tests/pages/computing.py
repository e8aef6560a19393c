"""Insights in SQL, and a simulated query worker that stores the results of a test in the real queue."""

from datetime import datetime, timedelta
from typing import Any

import orjson
from django.utils.timezone import now

from dashboards.models import Dashboard, Insight
from events.models import Store
from queries.services.queue import ComputedResult, claim_query, complete_query, fail_query
from tests.builders import Person, make_insight

SQL = "SELECT day, visitors FROM secret_table"


def make_sql_insight(
    person: Person, board: Dashboard, name: str = "Visitors", display: str = "ActionsTable", query: str = SQL
) -> Insight:
    """Create an insight in SQL on a dashboard, and a store, since no query is run without a store."""
    Store.objects.update_or_create(pk=1, defaults={"is_confirmed": True})
    source = {"kind": "HogQLQuery", "query": query}
    axes = {"xAxis": {"column": "day"}, "yAxis": [{"column": "visitors"}]}
    node = {"kind": "DataVisualizationNode", "source": source, "display": display, "chartSettings": axes}
    return make_insight(person, board, name=name, query=node)


def complete(rows: list[Any], *, details: dict[str, Any] | None = None, stale_at: datetime | None = None) -> None:
    """Complete the queued query, by default a query in SQL with the columns `day` and `visitors`."""
    claim = claim_query()
    assert claim is not None
    types = [["day", "Date"], ["visitors", "UInt64"]]
    of_sql = {"columns": ["day", "visitors"], "types": types, "hasMore": False, "hogql": SQL, "timezone": "UTC"}
    stored = orjson.dumps(of_sql if details is None else details).decode()
    results = orjson.dumps(rows).decode()
    never = now() + timedelta(days=1)
    computed = ComputedResult(results, stored, len(results), claim.data_version, stale_at or never, never, 5)
    assert complete_query(claim, computed)


def fail(code: str, detail: str) -> None:
    """Fail the queued query."""
    claim = claim_query()
    assert claim is not None
    assert fail_query(claim, code, detail)
