"""Results of a request that the edge runs again when they are there."""

from django.http import HttpRequest

from dashboards_api.http.waiting import get_first_run, wait_for
from queries.readers.results import find_queued
from queries.refresh import Refresh
from queries.services.results import RefreshRequest, Results
from users.models import Project


def build_results(request: HttpRequest, project: Project, refresh: Refresh) -> Results:
    """Return the results of a request, which may be one of its later runs."""
    return Results(project, RefreshRequest(refresh, get_first_run(request)))


def wait_for_results(request: HttpRequest, results: Results) -> None:
    """Have the request wait for the results that it has asked for, outside of its thread."""
    wait_for(request, results.waiting, find_queued)
