"""Rows of the queue for tests: requested queries, and computed results."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.timezone import now

from events.models import Store
from queries.cache_keys import build_cache_key
from queries.models import QueryResult
from queries.services.queue import Claim, ComputedResult, claim_query, request_results
from users.models import Project


def build_sql(text: str = "select 1") -> dict[str, Any]:
    return {"kind": "HogQLQuery", "query": text}


def make_store() -> None:
    """Record that events were imported, without an engine."""
    Store.objects.create(is_confirmed=True)


def request(project: Project, *texts: str) -> list[QueryResult]:
    """Request queries by their SQL, which is also their cache key."""
    for text in texts:  # in separate calls, so that the queue has this order
        request_results(project, {text: build_sql(text)})
    rows = {row.cache_key: row for row in QueryResult.objects.in_project(project)}
    return [rows[text] for text in texts]


def claim() -> Claim:
    found = claim_query()
    assert found
    return found


def build_computed(
    results: str = "[[1]]", *, stale_at: datetime | None = None, data_version: int = 0
) -> ComputedResult:
    return ComputedResult(
        results=results,
        details='{"columns":["a"],"types":[["a","UInt8"]],"hasMore":false,"limit":100,"offset":0,"hogql":"select 1"}',
        size=len(results),
        data_version=0,
        stale_at=stale_at,
        lazily_stale_at=stale_at and stale_at + timedelta(hours=6),
        milliseconds=3,
    )


def expire(result_id: UUID) -> None:
    """Let the lease of a query expire, as if its query worker had been killed."""
    QueryResult.objects.filter(pk=result_id).update(lease_until=now() - timedelta(seconds=1))


def make_result(project: Project, text: str = "select 1", **columns: Any) -> QueryResult:
    """Store a fresh result. `columns` are values of its columns that replace the defaults."""
    values: dict[str, Any] = {
        "results": [[1]],
        "details": {"columns": ["a"], "hasMore": False, "limit": 100},
        "computed_at": now(),
        "stale_at": now() + timedelta(hours=6),
        "lazily_stale_at": now() + timedelta(hours=12),
        "size": 5,
    }
    key = build_cache_key(build_sql(text), project)
    return QueryResult.objects.create(project=project, cache_key=key, query=build_sql(text), **values | columns)
