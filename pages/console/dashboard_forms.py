"""Helpers for forms that change a dashboard."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from dashboards.changelog.tracking import ChangeSet, IfMatchVersions, perform_write
from dashboards.readers.activity import find_version_before
from dashboards.readers.dashboards import read_dashboard_revision
from dashboards_api.errors import VersionConflict
from dashboards_api.parsing import parse_int
from pages.console.edit_form import build_fields, is_same_text
from users.models import Membership

T = TypeVar("T")

# The number of times that a merged form is written before a conflict is reported.
ATTEMPTS = 3


def write_dashboard(
    request: HttpRequest, membership: Membership, dashboard_id: int, work: Callable[[ChangeSet], T]
) -> T:
    """Run `work` in a write transaction. Raises VersionConflict if the form has a version that is not current."""
    return perform_write(
        work,
        lambda result, changes: result,
        actor=membership,
        expected=get_expected(request, membership, dashboard_id),
    )


def get_expected(request: HttpRequest, membership: Membership, dashboard_id: int) -> IfMatchVersions | None:
    """Return the version in the form, or None if the form has no version."""
    version = parse_int(request.POST.get("version"))
    return None if version is None else IfMatchVersions(dashboard_id, membership.project, {version})


def write_and_offer_undo(
    membership: Membership,
    dashboard_id: int,
    work: Callable[[ChangeSet], T],
    expected: IfMatchVersions | None = None,
) -> tuple[T, dict[str, Any] | None]:
    """Run `work` in a write transaction. Return its result, and the form that undoes the change, for
    `ConsoleView.redirect_with_message`.

    The form restores the previous version, unless another user has changed the dashboard since. The form is None if
    there is no previous version or `work` changed nothing. Raises VersionConflict.
    """

    def build_undo(result: T, changes: ChangeSet) -> tuple[T, dict[str, Any] | None]:
        version = changes.versions.get(dashboard_id)
        before = find_version_before(dashboard_id, version) if version else None
        if before is None:
            return result, None
        path = f"/projects/{membership.project_id}/dashboards/{dashboard_id}"
        return result, {"path": path, "fields": {"action": "undo", "restore": before, "version": version}}

    return perform_write(work, build_undo, actor=membership, expected=expected)


def write_merged(
    request: HttpRequest,
    membership: Membership,
    dashboard_id: int,
    edits: Mapping[str, str],
    work: Callable[[ChangeSet], T],
) -> tuple[T, dict[str, Any] | None]:
    """Write the edits in the form of a dashboard, and keep other users' changes since the form was opened.

    Raises VersionConflict if another user has changed one of the same fields, or if repeated attempts conflict.
    """
    project = membership.project
    for attempt in range(ATTEMPTS):
        versions, dashboard = read_dashboard_revision(dashboard_id, project=project, viewer=membership)
        current, form = build_fields(dashboard), request.POST
        is_stale = form.get("version") not in (None, str(versions.revision))
        if is_stale and any(not is_same_text(form.get(f"was-{name}", ""), current[name]) for name in edits):
            raise VersionConflict(versions.revision)
        expected = IfMatchVersions(dashboard_id, project, {versions.revision})
        try:
            return write_and_offer_undo(membership, dashboard_id, work, expected)
        except VersionConflict:  # the dashboard was changed between the read and the lock
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def redirect_to_dashboard(membership: Membership, number: int) -> HttpResponse:
    """Redirect to the page of a dashboard."""
    return HttpResponseRedirect(f"/projects/{membership.project_id}/dashboards/{number}", status=303)
