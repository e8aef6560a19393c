"""How a dashboard is changed over HTTP: in one transaction, at the version that the client has seen."""

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager

from django.conf import settings
from django.db import transaction
from rest_framework.response import Response

from dashboards.readers.dashboards import read_revision
from dashboards.services.dashboards import at_version, version_of
from dashboards.views.include_dashboards import leave_out_dashboards_of_tiles
from dashboards_api.http.etags import parse_expected_versions
from dashboards_api.http.exception_handler import PreconditionRequired
from users.viewsets import ProjectScopedViewSet


@contextmanager
def dashboard_write(view: ProjectScopedViewSet, dashboard_id: int, others: Collection[int] = ()) -> Iterator[None]:
    """One transaction for a change and its answer, which names the version then: what is refused or cannot be read has
    not happened.

    `others` are dashboards that are changed too. Raises Stale where `If-Match` names other versions, and
    PreconditionRequired where the service wants it.
    """
    request = view.request._request
    if settings.REQUIRE_IF_MATCH and "If-Match" not in request.headers:
        raise PreconditionRequired
    expected = parse_expected_versions(request)
    with transaction.atomic(), ExitStack() as stack:
        if expected is not None:
            stack.enter_context(at_version(dashboard_id, project=view.project, expected=expected, others=others))
        yield
        if "ETag" not in view.headers:
            view.headers["ETag"] = view.get_etag(version_of(dashboard_id), is_version=True)


def dashboard_response(view: ProjectScopedViewSet, dashboard_id: int, status: int = 200) -> Response:
    """A dashboard that was just written, deleted or not, with the version that it is at now."""
    revision, body = read_revision(dashboard_id, project=view.project, viewer=view.membership, include_deleted=True)
    leave_out_dashboards_of_tiles(view, body["tiles"])
    view.headers["ETag"] = view.get_etag(revision, is_version=True)
    return Response(body, status=status)
