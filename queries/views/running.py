"""Running a query for a request: from the cache, or by a worker, for which the edge waits."""

from typing import Any

from django.http import HttpRequest

from dashboards_api.errors import ValidationFailed
from dashboards_api.http.waiting import get_first_run, wait_for
from queries.readers.results import Outcome, StoredResult, find_queued
from queries.refresh import Refresh
from queries.services.results import RefreshRequest, Results
from queries.views.errors import convert_query_error
from users.models import Project


def run_query(
    request: HttpRequest, project: Project, query: dict[str, Any], refresh: Refresh
) -> tuple[Outcome, StoredResult]:
    """Return the outcome of a query and its row, and have the edge wait if there is no result yet.

    Raises the error of the query as a response, and ValidationFailed for JSON without a query in it.
    """
    results = Results(project, RefreshRequest(refresh, get_first_run(request)))
    [outcome] = results.obtain([query])
    wait_for(request, results.waiting, find_queued)
    if outcome.error is not None:
        raise convert_query_error(outcome.error)
    if outcome.stored is None:
        raise ValidationFailed("The query has no kind.", attr="query__kind", code="required")
    return outcome, outcome.stored


def is_running(outcome: Outcome) -> bool:
    """Return whether a request gets the status of a query, and not its result."""
    return outcome.waits or outcome.raw_results is None
