"""Execution of a query for a request: the result is cached, or the edge waits until a query worker has computed it."""

from typing import Any

from django.http import HttpRequest

from dashboards_api.errors import ValidationFailed
from queries.readers.results import Outcome, StoredResult
from queries.refresh import Refresh
from queries.services.results import Results
from queries.views.errors import convert_query_error
from queries.waiting import build_results, wait_for_results
from users.models import Project


def run_query(
    request: HttpRequest, project: Project, query: dict[str, Any], refresh: Refresh
) -> tuple[Outcome, StoredResult]:
    """Return the outcome of a query and its row, and have the edge wait if there is no result yet.

    Raises the error of the query as an API exception, and ValidationFailed for JSON that contains no query.
    """
    results = build_results(request, project, refresh)
    [outcome] = results.obtain([query])
    finish_query(request, results, outcome)
    if outcome.stored is None:
        raise ValidationFailed("The query has no kind.", attr="query__kind", code="required")
    return outcome, outcome.stored


def validate_query(request: HttpRequest, project: Project, query: dict[str, Any]) -> Outcome:
    """Return the outcome of a validation, and have the edge wait for it. Raises its error as an API exception."""
    results = build_results(request, project, Refresh.BLOCKING)
    outcome = results.obtain_validation(query)
    finish_query(request, results, outcome)
    return outcome


def finish_query(request: HttpRequest, results: Results, outcome: Outcome) -> None:
    """Have the edge wait for an outcome, or raise the error of the outcome as an API exception."""
    wait_for_results(request, results)
    if outcome.error is not None:
        raise convert_query_error(outcome.error)


def is_running(outcome: Outcome) -> bool:
    """Return whether the response has the status of a query instead of its result."""
    return outcome.waits or outcome.raw_results is None
