"""Discovery: who am I, and which projects can I reach."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards_api.errors import Missing
from dashboards_api.http.openapi import PROJECT_ID, operation_ids
from dashboards_api.http.pagination import LimitOffsetPagination
from users.access import current_membership
from users.permissions import HasRequiredScopes, IsNotNarrowed
from users.readers import list_projects, project_row, read_me
from users.serializers import MeSerializer, ProjectBasicSerializer
from users.viewsets import CallerViewSet, ProjectScopedViewSet


@operation_ids("projects")
class ProjectListViewSet(CallerViewSet):
    scope_object = "project"
    required_scopes: ClassVar[dict[str, list[str]]] = {"list": ["project:read"]}
    permission_classes = [IsAuthenticated, HasRequiredScopes, IsNotNarrowed]
    serializer_class = ProjectBasicSerializer

    def list(self, request: Request) -> Response:
        """The projects that the caller is a member of."""
        pages = LimitOffsetPagination()
        limit, offset = window = pages.window(request)
        count, rows = list_projects(self.caller, self.key, limit=limit, offset=offset)
        return Response(pages.page(request, window, count, rows))


@operation_ids("projects")
class ProjectViewSet(ProjectScopedViewSet):
    scope_object = "project"
    required_scopes: ClassVar[dict[str, list[str]]] = {"retrieve": ["project:read"]}

    @extend_schema(parameters=[PROJECT_ID], responses=ProjectBasicSerializer)
    def retrieve(self, request: Request, project_id: str) -> Response:
        """One project, by its number or as `@current`."""
        return Response(project_row(self.project))


@operation_ids("users_me")
class MeViewSet(CallerViewSet):
    scope_object = "user"
    required_scopes: ClassVar[dict[str, list[str]]] = {"retrieve": ["user:read"]}

    @extend_schema(responses=MeSerializer)
    def retrieve(self, request: Request) -> Response:
        """The user that the key acts as. A key that is narrowed to projects or organizations may ask too."""
        try:
            current = current_membership(self.caller, self.key)
        except Missing:
            current = None
        return Response(read_me(self.caller, current))
