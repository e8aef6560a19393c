"""Results of a request. The edge runs the request again when the results are ready."""

from django.http import HttpRequest

from dashboards_api.http.waiting import get_first_run, wait_for
from queries.readers.results import find_queued
from queries.refresh import Refresh
from queries.services.results import RefreshRequest, Results
from users.models import PersonalAPIKey, Project


def build_results(request: HttpRequest, project: Project, refresh: Refresh) -> Results:
    """Return the results of a request or of one of its later runs."""
    credential = getattr(request, "auth", None)  # set by REST framework, and missing for pages
    key_id = credential.pk if isinstance(credential, PersonalAPIKey) else ""
    return Results(project, RefreshRequest(refresh, get_first_run(request), key_id=key_id))


def wait_for_results(request: HttpRequest, results: Results) -> None:
    """Have the edge wait for the requested results, outside of the thread of the request."""
    wait_for(request, results.waiting, find_queued)
