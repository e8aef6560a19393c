"""`/api/projects/:project_id/dashboards/:dashboard_id/sharing/`."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards.exceptions import DashboardMissing
from dashboards.readers.sharing import read_sharing
from dashboards.serializers.sharing import SharingConfigurationSerializer
from dashboards_api.http.openapi import PROJECT_ID, id_parameter, operation_ids
from dashboards_api.numbers import whole_number
from users.viewsets import ProjectScopedViewSet


@operation_ids("dashboards_sharing", retrieve="list")
class SharingConfigurationViewSet(ProjectScopedViewSet):
    scope_object = "sharing_configuration"
    required_scopes: ClassVar[dict[str, list[str]]] = {"retrieve": ["sharing_configuration:read"]}

    @extend_schema(
        parameters=[PROJECT_ID, id_parameter("dashboard_id", "The dashboard.")],
        responses=SharingConfigurationSerializer,
    )
    def retrieve(self, request: Request, project_id: str, dashboard_id: str) -> Response:
        """How a dashboard is shared: one object, though the operation is called a list for compatibility."""
        number = whole_number(dashboard_id)
        if number is None:
            raise DashboardMissing("Dashboard not found.")
        return Response(read_sharing(number, project=self.project, viewer=self.membership))
