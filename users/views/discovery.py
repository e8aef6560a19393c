"""Discovery: who am I, and which projects can I reach."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards_api.errors import Missing
from dashboards_api.http.openapi import ORGANIZATION_ID, PROJECT_ID, operation_ids
from dashboards_api.http.pagination import LimitOffsetPagination
from dashboards_api.numbers import whole_number
from users.auth.permissions import HasRequiredScopes, IsNotProjectScopedKey
from users.auth.project_access import get_current_membership, get_organization_memberships
from users.models import Project
from users.readers import build_project, list_memberships, list_organizations, list_projects, read_me
from users.serializers import (
    MeSerializer,
    OrganizationBasicSerializer,
    ProjectBasicSerializer,
)
from users.viewsets import AuthenticatedViewSet, ProjectScopedViewSet


@operation_ids("projects")
class ProjectListViewSet(AuthenticatedViewSet):
    scope_object = "project"
    required_scopes: ClassVar[dict[str, list[str]]] = {"list": ["project:read"]}
    permission_classes = [IsAuthenticated, HasRequiredScopes, IsNotProjectScopedKey]
    serializer_class = ProjectBasicSerializer

    def list(self, request: Request) -> Response:
        """The projects that the caller is a member of."""
        pages = LimitOffsetPagination()
        limit, offset = window = pages.window(request)
        count, rows = list_projects(self.caller, self.credential, limit=limit, offset=offset)
        return Response(pages.page(request, window, count, rows))


@operation_ids("projects")
class ProjectViewSet(ProjectScopedViewSet):
    scope_object = "project"
    required_scopes: ClassVar[dict[str, list[str]]] = {"retrieve": ["project:read"]}

    @extend_schema(parameters=[PROJECT_ID], responses=ProjectBasicSerializer)
    def retrieve(self, request: Request, project_id: str) -> Response:
        """One project, by its number or as `@current`."""
        # Of the project, only the id came along with the key.
        return Response(build_project(Project.objects.get(pk=self.project.pk)))


@operation_ids("users_me")
class MeViewSet(AuthenticatedViewSet):
    scope_object = "user"
    required_scopes: ClassVar[dict[str, list[str]]] = {"retrieve": ["user:read"]}

    @extend_schema(responses=MeSerializer)
    def retrieve(self, request: Request) -> Response:
        """The user that the key acts as. A key that is narrowed to projects or organizations may ask too."""
        try:
            current = get_current_membership(self.caller, self.credential)
        except Missing:
            current = None
        return Response(read_me(self.caller, self.credential, current))


@operation_ids("organizations")
class OrganizationViewSet(AuthenticatedViewSet):
    """Organizations have no members of their own: who is in a project of theirs is in them."""

    scope_object = "organization"
    required_scopes: ClassVar[dict[str, list[str]]] = {
        "list": ["organization:read"],
        "retrieve": ["organization:read"],
    }
    permission_classes = [IsAuthenticated, HasRequiredScopes, IsNotProjectScopedKey]
    serializer_class = OrganizationBasicSerializer

    def list(self, request: Request) -> Response:
        """The organizations that the caller belongs to."""
        rows = list_organizations(list_memberships(self.caller, self.credential))
        return Response(LimitOffsetPagination().page_of(request, rows))

    @extend_schema(parameters=[ORGANIZATION_ID], responses=OrganizationBasicSerializer)
    def retrieve(self, request: Request, organization_id: str) -> Response:
        """One organization, by its id or as `@current`."""
        [row] = list_organizations(get_organization_memberships(self.caller, self.credential, organization_id))
        return Response(row)


@operation_ids("organizations_projects")
class OrganizationProjectViewSet(AuthenticatedViewSet):
    scope_object = "project"
    required_scopes: ClassVar[dict[str, list[str]]] = {"list": ["project:read"], "retrieve": ["project:read"]}
    permission_classes = [IsAuthenticated, HasRequiredScopes, IsNotProjectScopedKey]
    serializer_class = ProjectBasicSerializer

    @extend_schema(parameters=[ORGANIZATION_ID])
    def list(self, request: Request, organization_id: str) -> Response:
        """The caller's projects in an organization."""
        memberships = get_organization_memberships(self.caller, self.credential, organization_id)
        rows = [build_project(membership.project) for membership in memberships]
        return Response(LimitOffsetPagination().page_of(request, rows))

    @extend_schema(parameters=[ORGANIZATION_ID, PROJECT_ID], responses=ProjectBasicSerializer)
    def retrieve(self, request: Request, organization_id: str, project_id: str) -> Response:
        """One of the caller's projects in an organization."""
        memberships = get_organization_memberships(self.caller, self.credential, organization_id)
        number = whole_number(project_id)
        for membership in memberships:
            if membership.project_id == number:
                return Response(build_project(membership.project))
        raise Missing("Project not found.")
