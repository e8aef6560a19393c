"""Writes of dashboards over HTTP: prepare, write, read."""

from collections.abc import Callable, Collection
from typing import TypeVar

from django.conf import settings
from rest_framework.response import Response

from dashboards.changelog.tracking import ChangeSet, ExpectedVersions, perform_write
from dashboards.changelog.versions import get_version
from dashboards.readers.dashboards import read_dashboard_revision
from dashboards.views.include_dashboards import leave_out_dashboards_of_tiles
from dashboards_api.http.api_exceptions import PreconditionRequired
from dashboards_api.http.request_options import parse_expected_versions
from users.viewsets import ProjectScopedViewSet

T = TypeVar("T")


def write(view: ProjectScopedViewSet, work: Callable[[ChangeSet], T], read: Callable[[T], Response]) -> Response:
    """Run `work` in a write transaction, and return the response that `read` makes of its result."""
    return perform_write(work, lambda result, changes: read(result), actor=view.membership)


def write_dashboard(
    view: ProjectScopedViewSet,
    dashboard_id: int,
    work: Callable[[ChangeSet], T],
    read: Callable[[T], Response],
    *,
    others: Collection[int] = (),
) -> Response:
    """Run `work` in a write transaction at the version that `If-Match` names, and return the response of `read`.

    The response gets the new version as its `ETag`. `others` are further dashboards that `work` changes. Raises
    VersionConflict, and PreconditionRequired where the service requires `If-Match`.
    """
    request = view.request._request
    if settings.REQUIRE_IF_MATCH and "If-Match" not in request.headers:
        raise PreconditionRequired
    versions = parse_expected_versions(request)
    expected = None if versions is None else ExpectedVersions(dashboard_id, view.project, versions, others)

    def respond(result: T, changes: ChangeSet) -> Response:
        response = read(result)
        if not response.has_header("ETag"):
            version = changes.versions.get(dashboard_id) or get_version(dashboard_id)
            response["ETag"] = view.get_etag(version, is_version=True)
        return response

    return perform_write(work, respond, actor=view.membership, expected=expected)


def dashboard_response(view: ProjectScopedViewSet, dashboard_id: int, status: int = 200) -> Response:
    """Return the response with a dashboard that was just written, deleted or not, and its version."""
    version, body = read_dashboard_revision(
        dashboard_id, project=view.project, viewer=view.membership, include_deleted=True
    )
    leave_out_dashboards_of_tiles(view, body["tiles"])
    response = Response(body, status=status)
    response["ETag"] = view.get_etag(version, is_version=True)
    return response
