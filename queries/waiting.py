"""Results of a request that the edge runs again when they are there."""

from django.http import HttpRequest

from dashboards_api.http.waiting import get_first_run, wait_for
from queries.readers.results import find_queued
from queries.refresh import Refresh
from queries.services.results import RefreshRequest, Results
from users.models import PersonalAPIKey, Project


def build_results(request: HttpRequest, project: Project, refresh: Refresh) -> Results:
    """Return the results of a request, which may be one of its later runs."""
    credential = getattr(request, "auth", None)  # REST framework sets it; pages have none
    key_id = credential.pk if isinstance(credential, PersonalAPIKey) else ""
    return Results(project, RefreshRequest(refresh, get_first_run(request), key_id=key_id))


def wait_for_results(request: HttpRequest, results: Results) -> None:
    """Have the request wait for the results that it has asked for, outside of its thread."""
    wait_for(request, results.waiting, find_queued)
