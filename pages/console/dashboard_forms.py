"""Helpers for forms that change a dashboard."""

from contextlib import AbstractContextManager, nullcontext

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from dashboards.services.dashboards import at_version
from dashboards_api.parsing import parse_int
from users.models import Membership


def expect_version(request: HttpRequest, membership: Membership, number: int) -> AbstractContextManager[None]:
    """A change of the version of the dashboard that a form was made from, where it says which. Raises Stale."""
    version = parse_int(request.POST.get("version"))
    if version is None:
        return nullcontext()
    return at_version(number, project=membership.project, expected={version})


def redirect_to_dashboard(membership: Membership, number: int, panel: str = "") -> HttpResponse:
    """To the page of a dashboard, after it was changed, perhaps with one of its panels open."""
    query = f"?panel={panel}" if panel else ""
    return HttpResponseRedirect(f"/projects/{membership.project_id}/dashboards/{number}{query}", status=303)
