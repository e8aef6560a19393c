"""`…/dashboards/:id/versions/`: versions of a dashboard, their differences, and the restoration of a version."""

from typing import ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards.exceptions import DashboardNotFound, VersionNotFound
from dashboards.readers.activity import (
    list_versions,
    read_diff,
    read_version,
)
from dashboards.serializers.dashboards import DashboardSerializer
from dashboards.serializers.versions import (
    DashboardDifferenceSerializer,
    DashboardVersionBasicSerializer,
    DashboardVersionSerializer,
    RestoreVersionRequestSerializer,
)
from dashboards.services.version_restore import restore_version
from dashboards.views.base import (
    DASHBOARD_ID,
    INCLUDE_DASHBOARDS,
    CursorPagedViewSet,
    build_dashboard_response,
    write_dashboard,
)
from dashboards_api.http.openapi import IF_MATCH, PROJECT_ID, id_parameter, operation_ids
from dashboards_api.parsing import parse_id

VERSION = id_parameter("version", "A version of the dashboard.")

OTHER_VERSION = OpenApiParameter("to", int, required=True, description="The version to compare with.")


@operation_ids("dashboards_versions")
class VersionViewSet(CursorPagedViewSet):
    tag = "versions"
    scope_object = "dashboard"
    has_versions = True
    required_scopes: ClassVar[dict[str, list[str]]] = {
        "list": ["dashboard:read"],
        "retrieve": ["dashboard:read"],
        "diff": ["dashboard:read"],
        "restore": ["dashboard:write"],
    }
    serializer_class = DashboardVersionBasicSerializer

    @extend_schema(parameters=[PROJECT_ID, DASHBOARD_ID])
    def list(self, request: Request, project_id: str, id: str) -> Response:
        """List the versions of a dashboard. The newest versions come first; `next` is the URL of the following page."""
        return self.build_page_response(
            list_versions(parse_id(id, DashboardNotFound), project=self.project, before=self.get_cursor())
        )

    @extend_schema(parameters=[PROJECT_ID, DASHBOARD_ID, VERSION], responses=DashboardVersionSerializer)
    def retrieve(self, request: Request, project_id: str, id: str, version: str) -> Response:
        """Retrieve a version of a dashboard. `state` contains its fields, tags and tiles."""
        return Response(
            read_version(parse_id(id, DashboardNotFound), parse_id(version, VersionNotFound), project=self.project)
        )

    @extend_schema(
        parameters=[PROJECT_ID, DASHBOARD_ID, VERSION, OTHER_VERSION], responses=DashboardDifferenceSerializer
    )
    def diff(self, request: Request, project_id: str, id: str, version: str) -> Response:
        """Compare two versions of a dashboard. The response lists the fields that differ."""
        number, other = parse_id(id, DashboardNotFound), self.query_int("to")
        return Response(read_diff(number, parse_id(version, VersionNotFound), other, project=self.project))

    @extend_schema(
        parameters=[PROJECT_ID, DASHBOARD_ID, VERSION, IF_MATCH, INCLUDE_DASHBOARDS],
        request=None,  # the body has no fields
        responses=DashboardSerializer,
    )
    def restore(self, request: Request, project_id: str, id: str, version: str) -> Response:
        """Restore a version of a dashboard.

        A restore creates a new version, which can be undone like any other version.

        The restriction, the collaborators and the sharing of the dashboard stay as they are.
        """
        number, wanted = parse_id(id, DashboardNotFound), parse_id(version, VersionNotFound)
        self.read_body(RestoreVersionRequestSerializer)

        def respond(left_out: list[str]) -> Response:
            self.add_ignored(left_out)
            return build_dashboard_response(self, number)

        return write_dashboard(
            self,
            number,
            lambda changes: restore_version(changes, number, project=self.project, version=wanted),
            respond,
        )
