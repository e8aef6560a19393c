"""Helpers for forms that change a dashboard."""

from collections.abc import Callable
from typing import TypeVar

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from dashboards.changelog.tracking import ChangeSet, ExpectedVersions, perform_write
from dashboards_api.parsing import parse_int
from users.models import Membership

T = TypeVar("T")


def write_dashboard(
    request: HttpRequest, membership: Membership, dashboard_id: int, work: Callable[[ChangeSet], T]
) -> T:
    """Run `work` in a write transaction, at the version in the form, if it has one. Raises VersionConflict."""
    version = parse_int(request.POST.get("version"))
    expected = None if version is None else ExpectedVersions(dashboard_id, membership.project, {version})
    return perform_write(work, lambda result, changes: result, actor=membership, expected=expected)


def redirect_to_dashboard(membership: Membership, number: int, panel: str = "") -> HttpResponse:
    """Redirect to the page of a dashboard, optionally with one of its panels open."""
    query = f"?panel={panel}" if panel else ""
    return HttpResponseRedirect(f"/projects/{membership.project_id}/dashboards/{number}{query}", status=303)
