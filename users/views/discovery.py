"""Discovery: the caller, and the organizations and projects that they can access."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards_api.errors import NotFound
from dashboards_api.http.openapi import ORGANIZATION_ID, PROJECT_ID, operation_ids
from dashboards_api.http.pagination import LimitOffsetPagination
from dashboards_api.parsing import parse_int
from users.auth.credentials import get_current_membership, get_organization_memberships
from users.auth.permissions import HasRequiredScopes, IsNotProjectScopedKey
from users.models import Project
from users.readers import (
    build_project,
    build_project_details,
    list_memberships,
    list_organizations,
    list_projects,
    read_me,
)
from users.serializers import (
    MeSerializer,
    OrganizationBasicSerializer,
    ProjectBasicSerializer,
    ProjectSerializer,
)
from users.viewsets import AuthenticatedViewSet, ProjectScopedViewSet


@operation_ids("projects")
class ProjectListViewSet(AuthenticatedViewSet):
    """The projects of the caller."""

    tag = "projects"
    scope_object = "project"
    required_scopes: ClassVar[dict[str, list[str]]] = {"list": ["project:read"]}
    permission_classes = [IsAuthenticated, HasRequiredScopes, IsNotProjectScopedKey]
    serializer_class = ProjectBasicSerializer

    def list(self, request: Request) -> Response:
        """List your projects. A key that is limited to projects gets a 403."""
        pages = LimitOffsetPagination()
        limit, offset = window = pages.get_window(request)
        count, rows = list_projects(self.caller, self.credential, limit=limit, offset=offset)
        return Response(pages.page(request, window, count, rows))


@operation_ids("projects")
class ProjectViewSet(ProjectScopedViewSet):
    """One project."""

    tag = "projects"
    scope_object = "project"
    required_scopes: ClassVar[dict[str, list[str]]] = {"retrieve": ["project:read"]}

    @extend_schema(parameters=[PROJECT_ID], responses=ProjectSerializer)
    def retrieve(self, request: Request, project_id: str) -> Response:
        """Retrieve a project. The id can be `@current`."""
        # The membership was loaded with only some columns of its project.
        return Response(build_project_details(Project.objects.get(pk=self.project.pk)))


@operation_ids("users_me")
class MeViewSet(AuthenticatedViewSet):
    """The caller."""

    tag = "users"
    scope_object = "user"
    required_scopes: ClassVar[dict[str, list[str]]] = {"retrieve": ["user:read"]}

    @extend_schema(responses=MeSerializer)
    def retrieve(self, request: Request) -> Response:
        """Retrieve the current user.

        The response contains the current project and organization. Keys that are limited to projects may use this, too.
        """
        try:
            current = get_current_membership(self.caller, self.credential)
        except NotFound:
            current = None
        return Response(read_me(self.caller, self.credential, current))


@operation_ids("organizations")
class OrganizationViewSet(AuthenticatedViewSet):
    """The organizations of the caller. A member of a project belongs to its organization."""

    tag = "organizations"
    scope_object = "organization"
    required_scopes: ClassVar[dict[str, list[str]]] = {
        "list": ["organization:read"],
        "retrieve": ["organization:read"],
    }
    permission_classes = [IsAuthenticated, HasRequiredScopes, IsNotProjectScopedKey]
    serializer_class = OrganizationBasicSerializer

    def list(self, request: Request) -> Response:
        """List your organizations. A key that is limited to projects gets a 403."""
        rows = list_organizations(list_memberships(self.caller, self.credential))
        return Response(LimitOffsetPagination().paginate_list(request, rows))

    @extend_schema(parameters=[ORGANIZATION_ID], responses=OrganizationBasicSerializer)
    def retrieve(self, request: Request, organization_id: str) -> Response:
        """Retrieve an organization. The id can be `@current`."""
        [row] = list_organizations(get_organization_memberships(self.caller, self.credential, organization_id))
        return Response(row)


@operation_ids("organizations_projects")
class OrganizationProjectViewSet(AuthenticatedViewSet):
    """The projects of the caller in an organization."""

    tag = "organizations"
    scope_object = "project"
    required_scopes: ClassVar[dict[str, list[str]]] = {"list": ["project:read"], "retrieve": ["project:read"]}
    permission_classes = [IsAuthenticated, HasRequiredScopes, IsNotProjectScopedKey]
    serializer_class = ProjectBasicSerializer

    @extend_schema(parameters=[ORGANIZATION_ID])
    def list(self, request: Request, organization_id: str) -> Response:
        """List your projects in an organization. A key that is limited to projects gets a 403."""
        memberships = get_organization_memberships(self.caller, self.credential, organization_id)
        rows = [build_project(membership.project) for membership in memberships]
        return Response(LimitOffsetPagination().paginate_list(request, rows))

    @extend_schema(parameters=[ORGANIZATION_ID, PROJECT_ID], responses=ProjectSerializer)
    def retrieve(self, request: Request, organization_id: str, project_id: str) -> Response:
        """Retrieve a project of an organization. A project of another organization is a 404."""
        memberships = get_organization_memberships(self.caller, self.credential, organization_id)
        wanted_id = parse_int(project_id)
        for membership in memberships:
            if membership.project_id == wanted_id:
                return Response(build_project_details(membership.project))
        raise NotFound("Project not found.")
