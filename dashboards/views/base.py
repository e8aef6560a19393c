"""Base classes of views of dashboards and insights: parameters, lists with a cursor, writes and their responses."""

from collections.abc import Callable, Collection, Iterable
from typing import Any, TypeVar

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter
from rest_framework.response import Response

from dashboards.changelog.tracking import ChangeSet, IfMatchVersions, perform_write
from dashboards.changelog.versions import get_version
from dashboards.folders import normalize_folder
from dashboards.http_requests import parse_overrides
from dashboards.readers.activity import Page
from dashboards.readers.dashboards import DashboardVersions, read_dashboard_revision
from dashboards.services.bulk import BulkResult
from dashboards_api.errors import ValidationFailed
from dashboards_api.http.api_exceptions import PreconditionRequired
from dashboards_api.http.openapi import id_parameter
from dashboards_api.http.pagination import CursorPagination
from dashboards_api.http.request_options import QueryParametersMixin, parse_if_match
from dashboards_api.http.viewsets import ApiViewSet
from queries.refresh import Refresh, parse_refresh
from queries.request_overrides import (
    FILTERS_OVERRIDE,
    VARIABLES_OVERRIDE,
    RequestOverrides,
    find_ignored_overrides,
)
from queries.services.results import Results
from queries.waiting import build_results
from users.viewsets import ProjectScopedViewSet

T = TypeVar("T")

REFRESH_NAME = "refresh"

DASHBOARD_ID = id_parameter("id", "A unique integer value identifying this dashboard.")
INSIGHT_ID = OpenApiParameter("id", str, OpenApiParameter.PATH, description="The id of the insight, or its short id.")
FOLDER_PARAMETER = OpenApiParameter("folder", str, description="Only objects in this folder or below it.")
TAGS = OpenApiParameter(
    "tags", str, many=True, description="Only objects with any of these tags: at most 100, repeated or as a JSON list."
)
CREATED_BY = OpenApiParameter(
    "created_by",
    int,
    many=True,
    description="Only objects created by this user, or by one of these: at most 100, repeated or as a JSON list.",
)
OVERRIDES = [
    OpenApiParameter(
        FILTERS_OVERRIDE,
        str,
        description="A JSON object that overrides the filters in this response. Nothing is stored.",
    ),
    OpenApiParameter(
        VARIABLES_OVERRIDE,
        str,
        description="A JSON object that overrides the variables in this response, by id or code name: a value, or an "
        "object with `value` or `isNull`. Nothing is stored.",
    ),
]
REFRESH = OpenApiParameter(
    REFRESH_NAME,
    str,
    description="Whether results are computed. `force_cache` (default) returns cached results without computing any. "
    "`blocking` waits at most ten seconds for results that are stale or missing, and `force_blocking` (or `true`) for "
    "all results. `async`, `lazy_async` and `force_async` request results without waiting. With overrides, the default "
    "is `async_except_on_cache_miss`.",
)
INCLUDE_DASHBOARDS = OpenApiParameter(
    "include_dashboards",
    bool,
    description="false omits `dashboards` from insights, whose `dashboard_tiles` contain the same ids.",
)
# The same parameter for creating and changing a dashboard. It is left out of the OpenAPI document, because programs
# that use generated Python functions find the body as the first optional argument with "dashboard" in its name, and
# this parameter would come first.
INCLUDE_DASHBOARDS_UNDOCUMENTED = OpenApiParameter(INCLUDE_DASHBOARDS.name, bool, exclude=True)


class CursorPagedViewSet(ProjectScopedViewSet):
    pagination_class = CursorPagination

    def get_cursor(self) -> int | None:
        return CursorPagination().get_cursor(self.request)

    def build_page_response(self, page: Page) -> Response:
        return Response(CursorPagination().build_page(self.request, page.rows, page.next))


def get_folder(view: ProjectScopedViewSet) -> str:
    """Return the folder by which the request filters a list, or an empty text. Raises ValidationFailed."""
    try:
        return normalize_folder(view.request.query_params.get("folder")) or ""
    except ValidationFailed as error:
        raise ValidationFailed(error.detail, attr="folder", code=error.code) from error


def get_results(view: ProjectScopedViewSet) -> Results:
    """Return the results of a request, by its parameter `refresh`."""
    refresh = parse_refresh(view.query.get(REFRESH_NAME), _get_default_refresh(view))
    return build_results(view.request._request, view.project, refresh)


def _get_default_refresh(view: ApiViewSet) -> Refresh:
    """Return the mode of a request without `refresh`. With overrides, results may be computed, as in PostHog."""
    has_overrides = any(view.query.get(name) for name in (FILTERS_OVERRIDE, VARIABLES_OVERRIDE))
    return Refresh.ASYNC_EXCEPT_ON_CACHE_MISS if has_overrides else Refresh.FORCE_CACHE


def get_overrides(view: ApiViewSet) -> RequestOverrides:
    """Return the overrides of a request. Overrides that have no effect are named in `Ignored-Fields`, or refused."""
    overrides = parse_overrides(view.query)
    view.report_ignored(find_ignored_overrides(overrides))
    return overrides


def leave_out_dashboards(view: QueryParametersMixin, insights: Iterable[dict[str, Any] | None]) -> None:
    """Remove `dashboards` from insights if the request asks for it. Raises ValidationError."""
    if view.query_bool(INCLUDE_DASHBOARDS.name) is False:
        for insight in insights:
            if insight is not None:
                del insight["dashboards"]


def leave_out_dashboards_of_tiles(view: QueryParametersMixin, tiles: Iterable[dict[str, Any]]) -> None:
    """Remove `dashboards` from the insights of tiles if the request asks for it. Raises ValidationError."""
    leave_out_dashboards(view, (tile["insight"] for tile in tiles))


def write(view: ProjectScopedViewSet, work: Callable[[ChangeSet], T], read: Callable[[T], Response]) -> Response:
    """Run `work` in a write transaction, and return the response that `read` builds from its result."""
    return perform_write(work, lambda result, changes: read(result), actor=view.membership)


def write_dashboard(
    view: ProjectScopedViewSet,
    dashboard_id: int,
    work: Callable[[ChangeSet], T],
    read: Callable[[T], Response],
    *,
    others: Collection[int] = (),
) -> Response:
    """Run `work` in a write transaction at the version in `If-Match`, and return the response of `read`.

    The `ETag` of the response is the new version. `others` contains the other dashboards that `work` changes. Raises
    VersionConflict, and PreconditionRequired if the service requires `If-Match` and the request does not send it.
    """
    request = view.request._request
    if settings.REQUIRE_IF_MATCH and "If-Match" not in request.headers:
        raise PreconditionRequired
    versions = parse_if_match(request)
    expected = None if versions is None else IfMatchVersions(dashboard_id, view.project, versions, others)

    def respond(result: T, changes: ChangeSet) -> Response:
        response = read(result)
        if not response.has_header("ETag"):
            version = changes.versions.get(dashboard_id) or get_version(dashboard_id)
            response["ETag"] = view.make_etag(version=version)
        return response

    return perform_write(work, respond, actor=view.membership, expected=expected)


def build_dashboard_response(view: ProjectScopedViewSet, dashboard_id: int, status: int = 200) -> Response:
    """Return the response with a dashboard that was just written, deleted or not, and its version."""
    versions, body = read_dashboard_revision(
        dashboard_id, project=view.project, viewer=view.membership, include_deleted=True
    )
    leave_out_dashboards_of_tiles(view, body["tiles"])
    response = Response(body, status=status)
    response["ETag"] = make_dashboard_etag(view, versions)
    return response


def make_dashboard_etag(view: ProjectScopedViewSet, versions: DashboardVersions) -> str:
    """Return the ETag of a dashboard with its results."""
    state = versions.result_version, view.project.result_settings
    return view.make_etag(*state, version=versions.revision)


def describe_skipped(skipped: Iterable[tuple[int, str]]) -> list[dict[str, Any]]:
    """Return the objects that a bulk operation skipped, as `{id, reason}`."""
    return [{"id": id_, "reason": reason} for id_, reason in skipped]


def build_tags_response(result: BulkResult) -> Response:
    """Return the response to a bulk change to tags (component BulkUpdateTags)."""
    updated = [{"id": id_, "tags": tags} for id_, tags in result.updated]
    return Response({"updated": updated, "skipped": describe_skipped(result.skipped)})
