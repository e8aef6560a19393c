"""Stored results for tests, by the effective query of an insight."""

from datetime import timedelta
from typing import Any

from django.utils.timezone import now

from dashboards.models import Dashboard, Insight
from queries.cache_keys import build_cache_key
from queries.models import QueryResult, ResultVersion
from queries.nodes import get_source
from queries.refresh import Freshness
from tests.builders import Person, make_insight
from users.models import Project

HOUR = timedelta(hours=1)
# The offsets from now, in hours, of the three times of a result: computed, stale and lazily stale.
_AGES = {Freshness.FRESH: (0, 6, 12), Freshness.STALE: (-7, -1, 5), Freshness.LAZILY_STALE: (-13, -7, -1)}


def wrap(sql: str = "select 1", **more: Any) -> dict[str, Any]:
    """Return the query of an insight in SQL."""
    return {"kind": "DataVisualizationNode", "source": {"kind": "HogQLQuery", "query": sql, **more}}


def make_sql_insight(person: Person, *dashboards: Dashboard, sql: str = "select 1", **content: Any) -> Insight:
    return make_insight(person, *dashboards, query=wrap(sql), **content)


def store_result(
    project: Project, query: dict[str, Any], results: Any = ((1,),), state: Freshness = Freshness.FRESH, **columns: Any
) -> QueryResult:
    """Store a result as a query worker does. `columns` overrides the columns of the row."""
    source = get_source(query)
    computed, stale, lazily_stale = (now() + hours * HOUR for hours in _AGES[state])
    values: dict[str, Any] = {
        "cache_key": build_cache_key(source, project),
        "results": results,
        "details": {"columns": ["a"], "types": [["a", "UInt8"]], "hasMore": False, "limit": 100, "hogql": "SELECT 1"},
        "computed_at": computed,
        "stale_at": stale,
        "lazily_stale_at": lazily_stale,
        "size": 5,
    }
    ResultVersion.objects.increment_version(project.pk)
    return QueryResult.objects.create(project=project, query=source, **values | columns)


def store_failure(project: Project, query: dict[str, Any], code: str, detail: str, **columns: Any) -> QueryResult:
    """Store an attempt that failed just now, without an earlier result."""
    empty: dict[str, Any] = dict.fromkeys(("results", "details", "computed_at", "stale_at", "lazily_stale_at"))
    failed: dict[str, Any] = {"error_code": code, "error_detail": detail, "failed_at": now(), "size": 0}
    return store_result(project, query, **empty | failed | columns)


def complete(row: QueryResult, results: Any) -> None:
    """Store the result of a queued query."""
    columns = {"requested_at": None, "results": results, "details": {"columns": ["a"]}, "computed_at": now()}
    ages = {"stale_at": now() + HOUR, "lazily_stale_at": now() + 2 * HOUR, "size": 5}
    for name, value in {**columns, **ages}.items():
        setattr(row, name, value)
    row.save()
    ResultVersion.objects.increment_version(row.project_id)


def count_queued() -> int:
    return QueryResult.objects.queued().count()
