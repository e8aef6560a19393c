"""`/api/projects/:project_id/dashboards/:dashboard_id/collaborators/`."""

from typing import ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards.exceptions import CollaboratorNotFound, DashboardNotFound
from dashboards.readers.collaborators import list_collaborators, read_collaborator
from dashboards.serializers.collaborators import (
    DashboardCollaboratorRequestSerializer,
    DashboardCollaboratorSerializer,
)
from dashboards.services.collaborators import add_collaborator, remove_collaborator
from dashboards.views.base import write_dashboard
from dashboards_api.http.openapi import IF_MATCH, PROJECT_ID, describe_body, id_parameter, operation_ids
from dashboards_api.parsing import parse_id, parse_uuid
from users.viewsets import ProjectScopedViewSet

PATH = [PROJECT_ID, id_parameter("dashboard_id", "The dashboard.")]
USER_UUID = OpenApiParameter("user_uuid", OpenApiTypes.UUID, OpenApiParameter.PATH, description="The collaborator.")


@operation_ids("dashboards_collaborators")
class CollaboratorViewSet(ProjectScopedViewSet):
    tag = "collaborators"
    scope_object = "dashboard"
    has_versions = True
    required_scopes: ClassVar[dict[str, list[str]]] = {
        "list": ["dashboard:read"],
        "create": ["dashboard:write"],
        "destroy": ["dashboard:write"],
    }
    serializer_class = DashboardCollaboratorSerializer
    pagination_class = None

    @extend_schema(parameters=PATH, responses=DashboardCollaboratorSerializer(many=True))
    def list(self, request: Request, project_id: str, dashboard_id: str) -> Response:
        """List collaborators.

        Collaborators may edit a restricted dashboard, like its creator and project admins. The list is not paginated.
        """
        return Response(list_collaborators(parse_id(dashboard_id, DashboardNotFound), project=self.project))

    @extend_schema(
        parameters=[*PATH, IF_MATCH],
        request=describe_body(DashboardCollaboratorRequestSerializer),
        responses={201: DashboardCollaboratorSerializer},
    )
    def create(self, request: Request, project_id: str, dashboard_id: str) -> Response:
        """Add a collaborator. Collaborators are members of the project who can edit this restricted dashboard."""
        number = parse_id(dashboard_id, DashboardNotFound)
        body = self.read_body(DashboardCollaboratorRequestSerializer)
        return write_dashboard(
            self,
            number,
            lambda changes: add_collaborator(changes, number, project=self.project, **body),
            lambda added: Response(read_collaborator(added, project=self.project), status=201),
        )

    @extend_schema(
        parameters=[*PATH, USER_UUID, IF_MATCH],
        request=None,
        responses={204: OpenApiResponse(description="The collaborator is removed. There is no response body.")},
    )
    def destroy(self, request: Request, project_id: str, dashboard_id: str, user_uuid: str) -> Response:
        """Remove a collaborator. The user's next request to edit the restricted dashboard is refused."""
        number = parse_id(dashboard_id, DashboardNotFound)
        uuid = parse_uuid(user_uuid, CollaboratorNotFound)
        return write_dashboard(
            self,
            number,
            lambda changes: remove_collaborator(changes, number, project=self.project, user_uuid=uuid),
            lambda _: Response(status=204),
        )
