"""The fields of results in responses: of an insight, of a tile, and of `POST query/`."""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from dashboards_api.errors import DomainError
from queries.readers.results import NO_QUERY, Outcome, StoredResult

Row = dict[str, Any]

RESULT_STATES = NOT_COMPUTED, QUEUED, COMPUTED, FAILED = "not_computed", "queued", "computed", "failed"
# The stored details that are also fields of an insight.
_DETAILS = ("columns", "types", "hasMore", "hogql", "timezone", "resolved_date_range")


def build_result_fields(outcome: Outcome, project_id: int) -> Row:
    """Return the fields of an insight that depend on its result, even if it has no result."""
    if outcome.stored is None and outcome.error is None:
        return {**_NOT_COMPUTED, "filters_hash": outcome.cache_key}
    return _build_fields(outcome, project_id)


def _build_fields(outcome: Outcome, project_id: int) -> Row:
    stored, raw_results = outcome.stored, outcome.raw_results
    details = _load_details(stored)
    computed = stored if raw_results is not None else None
    return {
        "result": None if raw_results is None else orjson.Fragment(raw_results),
        "result_state": _get_state(outcome),
        **{name: details.get(name) for name in _DETAILS},
        "query_status": build_query_status(stored, outcome.error, project_id),
        "is_cached": computed is not None and not outcome.is_new,
        "last_refresh": computed and computed.computed_at,
        "cache_target_age": computed and computed.expires_at,
        "next_allowed_client_refresh": computed and computed.computed_at,
        "filters_hash": outcome.cache_key,
    }


def _load_details(stored: StoredResult | None) -> Row:
    details: Row = orjson.loads(stored.raw_details) if stored and stored.raw_details else {}
    return details


def _get_state(outcome: Outcome) -> str:
    if outcome.error is not None:
        return FAILED
    if outcome.stored is not None and outcome.stored.is_queued:
        return QUEUED
    return NOT_COMPUTED if outcome.raw_results is None else COMPUTED


def build_query_status(stored: StoredResult | None, error: DomainError | None, project_id: int) -> Row | None:
    """Return the status of a query that is queued, being computed, or failed (component QueryStatus), or None.

    A query that cannot be run is complete, so that clients stop polling.
    """
    if error is not None:
        failed_at = stored.failed_at if stored else None
        return _build_status(stored, project_id, error=error, end_time=failed_at)
    return _build_status(stored, project_id) if stored and stored.is_queued else None


def build_complete_status(stored: StoredResult, project_id: int, results: Any) -> Row:
    """Return the status of a query with a result."""
    return _build_status(stored, project_id, is_complete=True, end_time=stored.computed_at, results=results)


def _build_status(
    stored: StoredResult | None,
    project_id: int,
    *,
    error: DomainError | None = None,
    is_complete: bool = False,
    end_time: datetime | None = None,
    results: Any = None,
) -> Row:
    result_id: UUID | None = stored.id if stored else None
    return {
        "id": result_id,
        "team_id": project_id,
        "insight_id": None,
        "dashboard_id": None,
        "query_async": True,
        "complete": is_complete or error is not None,
        "error": error is not None,
        "error_code": error.code if error else None,
        "error_message": error.detail if error else None,
        "results": results,
        "start_time": stored.requested_at if stored else None,
        "pickup_time": stored.started_at if stored and stored.lease_until else None,
        "end_time": end_time,
        "expiration_time": None,
        "labels": None,
        "query_progress": None,
        "task_id": None,
    }


def build_query_response(outcome: Outcome, project_id: int) -> Row:
    """Return the body of a response of `POST query/` (component QueryResponse)."""
    details = _load_details(outcome.stored)
    fields = build_result_fields(outcome, project_id)
    return {
        "results": fields.pop("result"),
        "limit": details.get("limit"),
        "offset": details.get("offset"),
        "error": None,
        "cache_key": fields.pop("filters_hash"),
        **{name: value for name, value in fields.items() if name != "result_state"},
        "timings": None,
        "modifiers": None,
    }


# Built once, because most insights of a new project have no result.
_NOT_COMPUTED = _build_fields(NO_QUERY, 0)
