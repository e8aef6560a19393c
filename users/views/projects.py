"""Projects: the projects of the caller or of an organization, and one project with its settings."""

from collections.abc import Sequence
from typing import ClassVar, cast

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards_api.errors import NotFound
from dashboards_api.http.openapi import ORGANIZATION_ID, PROJECT_ID, describe_body, operation_ids
from dashboards_api.http.pagination import LimitOffsetPagination
from dashboards_api.parsing import parse_int
from users.auth.credentials import get_organization_memberships
from users.auth.permissions import HasRequiredScopes, IsNotProjectScopedKey
from users.models import Membership, Project
from users.readers import build_project, build_project_details, list_projects
from users.serializers import (
    CreateProjectRequestSerializer,
    ProjectBasicSerializer,
    ProjectRequestSerializer,
    ProjectSerializer,
)
from users.services.project_settings import ProjectSettings
from users.services.projects import check_may_create, check_may_update, create_organization_project, update_project
from users.viewsets import AuthenticatedViewSet, ProjectScopedViewSet

_READ = ["project:read"]
_WRITE = ["project:write"]


@operation_ids("projects")
class ProjectListViewSet(AuthenticatedViewSet):
    """The projects of the caller."""

    tag = "projects"
    scope_object = "project"
    required_scopes: ClassVar[dict[str, list[str]]] = {"list": _READ}
    permission_classes = [IsAuthenticated, HasRequiredScopes, IsNotProjectScopedKey]
    serializer_class = ProjectBasicSerializer

    def list(self, request: Request) -> Response:
        """List your projects. An API key with scoped projects is refused with 403."""
        pages = LimitOffsetPagination()
        limit, offset = window = pages.get_window(request)
        count, rows = list_projects(self.caller, self.credential, limit=limit, offset=offset)
        return Response(pages.build_page(request, window, count, rows))


@operation_ids("projects")
class ProjectViewSet(ProjectScopedViewSet):
    """One project."""

    tag = "projects"
    scope_object = "project"
    required_scopes: ClassVar[dict[str, list[str]]] = {"retrieve": _READ, "update": _WRITE, "partial_update": _WRITE}

    @extend_schema(parameters=[PROJECT_ID], responses=ProjectSerializer)
    def retrieve(self, request: Request, project_id: str) -> Response:
        """Retrieve a project. The id can be `@current`."""
        # The membership was loaded with only some columns of its project.
        return Response(build_project_details(Project.objects.get(pk=self.project.pk)))

    @extend_schema(
        parameters=[PROJECT_ID], request=describe_body(ProjectRequestSerializer), responses=ProjectSerializer
    )
    def update(self, request: Request, project_id: str) -> Response:
        """Update a project with PUT. The effect is the same as with PATCH: fields that are not sent stay unchanged."""
        return self._change()

    @extend_schema(
        parameters=[PROJECT_ID], request=describe_body(ProjectRequestSerializer), responses=ProjectSerializer
    )
    def partial_update(self, request: Request, project_id: str) -> Response:
        """Update a project. Fields that are not sent stay unchanged. You must be an admin of the project."""
        return self._change()

    def _change(self) -> Response:
        check_may_update(self.membership)
        settings = cast(ProjectSettings, self.read_body(ProjectRequestSerializer))
        return Response(build_project_details(update_project(self.membership, settings)))


@operation_ids("organizations_projects")
class OrganizationProjectViewSet(AuthenticatedViewSet):
    """The projects of the caller in an organization."""

    tag = "organizations"
    scope_object = "project"
    required_scopes: ClassVar[dict[str, list[str]]] = {
        "list": _READ,
        "create": _WRITE,
        "retrieve": _READ,
        "update": _WRITE,
        "partial_update": _WRITE,
    }
    permission_classes = [IsAuthenticated, HasRequiredScopes, IsNotProjectScopedKey]
    serializer_class = ProjectBasicSerializer

    @property
    def idempotency_scope(self) -> tuple[int, int | None]:
        # A stored response must not be replayed to callers who cannot see the organization, such as an API key with
        # other scoped organizations.
        self._get_memberships(self.kwargs["organization_id"])
        return super().idempotency_scope

    @extend_schema(parameters=[ORGANIZATION_ID])
    def list(self, request: Request, organization_id: str) -> Response:
        """List your projects in an organization. An API key with scoped projects is refused with 403."""
        rows = [build_project(membership.project) for membership in self._get_memberships(organization_id)]
        return Response(LimitOffsetPagination().paginate_list(request, rows))

    @extend_schema(
        parameters=[ORGANIZATION_ID],
        request=describe_body(CreateProjectRequestSerializer),
        responses={201: ProjectSerializer},
    )
    def create(self, request: Request, organization_id: str) -> Response:
        """Create a project.

        You must be an admin of a project in the organization. You have the same level in the new project.
        """
        acting = max(self._get_memberships(organization_id), key=lambda membership: membership.level)
        check_may_create(acting)
        settings = cast(ProjectSettings, self.read_body(CreateProjectRequestSerializer))
        return Response(build_project_details(create_organization_project(acting, settings)), status=201)

    @extend_schema(parameters=[ORGANIZATION_ID, PROJECT_ID], responses=ProjectSerializer)
    def retrieve(self, request: Request, organization_id: str, project_id: str) -> Response:
        """Retrieve a project of an organization. The response is 404 for a project of another organization."""
        return Response(build_project_details(self._get_membership(organization_id, project_id).project))

    @extend_schema(
        parameters=[ORGANIZATION_ID, PROJECT_ID],
        request=describe_body(ProjectRequestSerializer),
        responses=ProjectSerializer,
    )
    def update(self, request: Request, organization_id: str, project_id: str) -> Response:
        """Update a project of an organization with PUT. The effect is the same as with PATCH."""
        return self._change(organization_id, project_id)

    @extend_schema(
        parameters=[ORGANIZATION_ID, PROJECT_ID],
        request=describe_body(ProjectRequestSerializer),
        responses=ProjectSerializer,
    )
    def partial_update(self, request: Request, organization_id: str, project_id: str) -> Response:
        """Update a project of an organization. You must be an admin of the project."""
        return self._change(organization_id, project_id)

    def _change(self, organization_id: str, project_id: str) -> Response:
        membership = self._get_membership(organization_id, project_id)
        check_may_update(membership)
        settings = cast(ProjectSettings, self.read_body(ProjectRequestSerializer))
        return Response(build_project_details(update_project(membership, settings)))

    def _get_memberships(self, organization_id: str) -> Sequence[Membership]:
        return get_organization_memberships(self.caller, self.credential, organization_id)

    def _get_membership(self, organization_id: str, project_id: str) -> Membership:
        """Return the membership of a project in an organization. Raises NotFound."""
        wanted_id = parse_int(project_id)
        for membership in self._get_memberships(organization_id):
            if membership.project_id == wanted_id:
                return membership
        raise NotFound("Project not found.")
