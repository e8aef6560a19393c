"""Overrides of queries that clients send to `query/`, and the ids of these queries."""

from typing import Any
from uuid import UUID

from django.utils.timezone import now

from dashboards_api.db.retry import atomic_with_retry
from queries.exceptions import QueryNotFound
from queries.models import QueryReference, QueryResult
from queries.overrides import VariableValues, merge_filters_and_variables
from queries.readers.results import StoredResult, read_results
from queries.request_overrides import RequestOverrides
from users.models import Project


def apply_request_overrides(query: dict[str, Any], overrides: RequestOverrides) -> dict[str, Any]:
    """Return a query with the overrides of a request applied."""
    layers = [VariableValues(overrides.variables)] if overrides.variables else []
    return merge_filters_and_variables(query, overrides.filters or {}, layers)


@atomic_with_retry
def name_query(project: Project, client_query_id: str, result_id: UUID) -> None:
    """Store the id that a client gave to a query. If the id was used before, it now refers to the new query."""
    QueryReference.objects.update_or_create(
        project=project, client_query_id=client_query_id, defaults={"result_id": result_id, "created_at": now()}
    )


def find_query(project: Project, query_id: str) -> StoredResult:
    """Return the query with the given `client_query_id`, or else the query with the given id. Raises QueryNotFound."""
    keys = QueryResult.objects.in_project(project).values_list("cache_key", flat=True)
    key = keys.filter(references__client_query_id=query_id, references__project=project).first()
    if key is None and (number := _parse_uuid(query_id)) is not None:
        key = keys.filter(pk=number).first()
    stored = read_results(project.pk, [key]) if key else {}
    if not stored:
        raise QueryNotFound
    return stored[str(key)]


def _parse_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
