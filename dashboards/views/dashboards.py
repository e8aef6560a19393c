"""`/api/projects/:project_id/dashboards/`."""

from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Any, ClassVar, cast

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards.access import check_edit_restriction
from dashboards.exceptions import DashboardNotFound
from dashboards.folders import normalize_folder
from dashboards.models import CreationMode, Dashboard
from dashboards.readers.dashboards import DashboardVersions, read_dashboard_revision, read_detail_state
from dashboards.readers.dashboards_list import ListQuery, list_dashboards, read_list_state
from dashboards.serializers.dashboards import (
    DashboardBasicSerializer,
    DashboardRequestSerializer,
    DashboardSerializer,
)
from dashboards.serializers.tiles_request import remove_tile_ids
from dashboards.services.dashboards import create_dashboard, update_dashboard, update_last_accessed
from dashboards.services.inputs import DashboardInput
from dashboards.services.templates import resolve_use_template
from dashboards.template_documents.documents import Document
from dashboards.views.base import (
    CREATED_BY,
    DASHBOARD_ID,
    FOLDER_PARAMETER,
    INCLUDE_DASHBOARDS,
    INCLUDE_DASHBOARDS_UNDOCUMENTED,
    OVERRIDES,
    REFRESH,
    TAGS,
    build_dashboard_response,
    get_folder,
    get_overrides,
    get_results,
    leave_out_dashboards_of_tiles,
    make_dashboard_etag,
    write,
    write_dashboard,
)
from dashboards_api.errors import DomainError, ValidationFailed
from dashboards_api.http.openapi import IF_MATCH, PROJECT_ID, describe_body, operation_ids
from dashboards_api.http.pagination import LimitOffsetPagination
from dashboards_api.limits import SEARCH_MAX_LENGTH
from dashboards_api.parsing import parse_id
from queries.refresh import Refresh
from queries.services.results import Results
from queries.waiting import wait_for_results
from users.viewsets import ProjectScopedViewSet

LIST_PARAMETERS = [
    OpenApiParameter(
        "search", str, description="A text that the name, the description or a tag contains, ignoring case."
    ),
    OpenApiParameter("pinned", bool, description="true: only pinned dashboards; false: only unpinned dashboards."),
    TAGS,
    OpenApiParameter(
        "creation_mode",
        str,
        enum=CreationMode.values,
        description="Only dashboards with this mode. By default, unlisted dashboards are omitted.",
    ),
    CREATED_BY,
    OpenApiParameter(
        "exclude_generated",
        bool,
        description="true omits dashboards whose name begins with `Generated Dashboard`.",
    ),
    FOLDER_PARAMETER,
    OpenApiParameter(
        "after", str, description="The cursor of a page. The link in `next` contains the cursor and the offset."
    ),
]


@operation_ids("dashboards")
class DashboardViewSet(ProjectScopedViewSet):
    tag = "dashboards"
    scope_object = "dashboard"
    has_versions = True
    required_scopes: ClassVar[dict[str, list[str]]] = {
        "list": ["dashboard:read"],
        "create": ["dashboard:write"],
        "retrieve": ["dashboard:read"],
        "update": ["dashboard:write"],
        "partial_update": ["dashboard:write"],
        "destroy": ["dashboard:write"],
    }
    refused_methods = frozenset({"DELETE"})
    serializer_class = DashboardBasicSerializer

    def prepare(self) -> None:
        if self.action == "create":
            _ = self.new_dashboard

    @cached_property
    def new_dashboard(self) -> tuple[DashboardInput, Document | None]:
        """Return the body of a create request, and its template, which is filled before any transaction."""
        body = self.read_body(DashboardRequestSerializer, prepare=remove_tile_ids)
        if isinstance(body.get("duplicate_tiles"), list):
            raise ValidationFailed("In a create request, this must be true or false.", attr="duplicate_tiles")
        if has_conflicting_folders(body):
            self.report_ignored(["_create_in_folder"])
        content = cast(DashboardInput, body)
        return content, resolve_use_template(self.project, content)

    @extend_schema(parameters=[PROJECT_ID, *LIST_PARAMETERS])
    def list(self, request: Request, project_id: str) -> Response:
        """List dashboards.

        Pinned dashboards come first, and dashboards are then sorted by name. Deleted dashboards are omitted. Unlisted
        dashboards are omitted unless `creation_mode` is `unlisted`.
        """
        query = ListQuery(
            search=self.query_text("search", SEARCH_MAX_LENGTH),
            pinned=self.query_bool("pinned"),
            tags=self.query_tags("tags"),
            creation_mode=self.query_choice("creation_mode", CreationMode.values),
            created_by=self.query_ints("created_by"),
            exclude_generated=self.query_bool("exclude_generated") or False,
            folder=get_folder(self),
        )
        pages = LimitOffsetPagination()
        limit, offset = window = pages.get_window(request)

        def read() -> tuple[str, dict[str, Any]]:
            found = list_dashboards(
                self.project,
                viewer=self.membership,
                query=query,
                limit=limit,
                offset=offset,
                after=request.query_params.get("after", ""),
            )
            return self.make_etag(found.revision), pages.build_page(
                request, window, found.total, found.rows, found.after
            )

        return self.build_conditional_response(lambda: self.make_etag(read_list_state(self.project.pk).revision), read)

    @extend_schema(
        parameters=[PROJECT_ID, INCLUDE_DASHBOARDS_UNDOCUMENTED],
        request=describe_body(DashboardRequestSerializer),
        responses={201: DashboardSerializer},
    )
    def create(self, request: Request, project_id: str) -> Response:
        """Create a dashboard.

        No field is required. `tiles` adds content. With `use_template` or `use_dashboard`, a template or another
        dashboard is copied.
        """
        content, template = self.new_dashboard
        return write(
            self,
            lambda changes: create_dashboard(changes, self.project, content=content, template=template),
            lambda result: self._respond(result[0].pk, result[1], status=201),
        )

    @extend_schema(
        parameters=[PROJECT_ID, DASHBOARD_ID, REFRESH, *OVERRIDES, INCLUDE_DASHBOARDS], responses=DashboardSerializer
    )
    def retrieve(self, request: Request, project_id: str, id: str) -> Response:
        """Retrieve a dashboard.

        The response contains its tiles, with filters and variables applied to the queries of their insights.
        """
        number = parse_id(id, DashboardNotFound)

        results = get_results(self)

        def get_etag() -> str:
            state = read_detail_state(number, project=self.project)
            update_last_accessed(number, state.last_accessed_at)
            return make_dashboard_etag(self, state.versions)

        def read() -> tuple[str, dict[str, Any]]:
            versions, dashboard = retrieve_dashboard(self, number, results)
            return make_dashboard_etag(self, versions), dashboard

        must_read = results.request.refresh is not Refresh.FORCE_CACHE
        return self.build_conditional_response(get_etag, read, must_read=must_read)

    @extend_schema(
        parameters=[PROJECT_ID, DASHBOARD_ID, IF_MATCH, INCLUDE_DASHBOARDS_UNDOCUMENTED],
        request=describe_body(DashboardRequestSerializer),
        responses=DashboardSerializer,
    )
    def update(self, request: Request, project_id: str, id: str) -> Response:
        """Update a dashboard with PUT. Like PATCH, PUT does not change fields that are not sent."""
        return self._change(parse_id(id, DashboardNotFound))

    @extend_schema(
        parameters=[PROJECT_ID, DASHBOARD_ID, IF_MATCH, INCLUDE_DASHBOARDS_UNDOCUMENTED],
        request=describe_body(DashboardRequestSerializer),
        responses=DashboardSerializer,
    )
    def partial_update(self, request: Request, project_id: str, id: str) -> Response:
        """Update a dashboard.

        Fields and tiles that are not sent stay as they are. `deleted: true` deletes the dashboard, and `deleted: false`
        restores it.
        """
        return self._change(parse_id(id, DashboardNotFound))

    @extend_schema(
        parameters=[PROJECT_ID, DASHBOARD_ID],
        deprecated=True,  # the operation is always refused
        request=None,
        responses={405: OpenApiResponse(description="Always returned, without a response body.")},
    )
    def destroy(self, request: Request, project_id: str, id: str) -> Response:
        """Delete a dashboard (not allowed).

        The operation always returns 405. Set `deleted` to `true` with PATCH instead.
        """
        return Response(status=405)

    def _change(self, dashboard_id: int) -> Response:
        try:
            body = self.read_body(DashboardRequestSerializer)
        except (APIException, DomainError):
            # 404 and 403 take precedence over errors of the body.
            self._check_may_edit(dashboard_id)
            raise
        if isinstance(body.get("duplicate_tiles"), bool):
            self.report_ignored(["duplicate_tiles"])  # it has an effect only in a create request
        if "create_in_folder" in body:
            self.report_ignored(["_create_in_folder"])  # as above
        return write_dashboard(
            self,
            dashboard_id,
            lambda changes: update_dashboard(
                changes,
                dashboard_id,
                project=self.project,
                content=cast(DashboardInput, body),
                refuse_unknown_tiles=self.is_strict,
            ),
            lambda ignored: self._respond(dashboard_id, ignored),
        )

    def _respond(self, dashboard_id: int, ignored: Sequence[str], status: int = 200) -> Response:
        self.add_ignored([*ignored])
        return build_dashboard_response(self, dashboard_id, status)

    def _check_may_edit(self, dashboard_id: int) -> None:
        rows = Dashboard.objects.in_project(self.project).with_is_collaborator(self.membership)
        dashboard = rows.filter(pk=dashboard_id).first()
        if dashboard is None or (dashboard.deleted and not self.has_false("deleted")):
            raise DashboardNotFound
        check_edit_restriction(dashboard, self.membership)


def retrieve_dashboard(
    view: ProjectScopedViewSet, number: int, results: Results, tile_ids: Collection[int] = ()
) -> tuple[DashboardVersions, dict[str, Any]]:
    """Return a dashboard with the request's overrides applied, and its `DashboardVersions`.

    Wait for results, and record the access.
    """
    overrides = get_overrides(view)
    versions, dashboard = read_dashboard_revision(
        number,
        project=view.project,
        viewer=view.membership,
        overrides=overrides,
        results=results,
        tile_ids=tile_ids,
    )
    wait_for_results(view.request._request, results)
    leave_out_dashboards_of_tiles(view, dashboard["tiles"])
    dashboard["last_accessed_at"] = update_last_accessed(number, dashboard["last_accessed_at"])
    return versions, dashboard


def has_conflicting_folders(body: dict[str, Any]) -> bool:
    """Return whether the body of a create request names two different folders."""
    names_both = "folder" in body and "create_in_folder" in body
    return names_both and body["folder"] != normalize_folder(body["create_in_folder"])
