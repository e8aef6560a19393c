"""`/api/projects/:project_id/dashboards/:dashboard_id/sharing/`."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards.readers.sharing import read_sharing
from dashboards.serializers.sharing import (
    RefreshSharingRequestSerializer,
    SharingConfigurationRequestSerializer,
    SharingConfigurationSerializer,
)
from dashboards.services.sharing import refresh_sharing, update_sharing
from dashboards.views.dashboards import dashboard_number
from dashboards.views.writing import writing
from dashboards_api.http.openapi import IF_MATCH, PROJECT_ID, body_of, id_parameter, operation_ids
from users.viewsets import ProjectScopedViewSet

PATH = [PROJECT_ID, id_parameter("dashboard_id", "The dashboard.")]


@operation_ids("dashboards_sharing", retrieve="list")
class SharingConfigurationViewSet(ProjectScopedViewSet):
    scope_object = "sharing_configuration"
    has_versions = True
    required_scopes: ClassVar[dict[str, list[str]]] = {
        "retrieve": ["sharing_configuration:read"],
        "partial_update": ["sharing_configuration:write"],
        "refresh": ["sharing_configuration:write"],
    }

    @extend_schema(parameters=PATH, responses=SharingConfigurationSerializer)
    def retrieve(self, request: Request, project_id: str, dashboard_id: str) -> Response:
        """How a dashboard is shared: one object, though the operation is called a list for compatibility."""
        return self._answer(dashboard_number(dashboard_id, "Dashboard not found."))

    @extend_schema(
        parameters=[*PATH, IF_MATCH],
        request=body_of(SharingConfigurationRequestSerializer),
        responses=SharingConfigurationSerializer,
    )
    def partial_update(self, request: Request, project_id: str, dashboard_id: str) -> Response:
        """Switch sharing on or off and change how the shared page looks. Whoever may edit the dashboard may do it.

        Disabling ends every link at once; enabling again makes a new one.
        """
        number = dashboard_number(dashboard_id, "Dashboard not found.")
        changes = self.read_body(SharingConfigurationRequestSerializer)
        with writing(self, number):
            update_sharing(number, project=self.project, changes=changes, updated_by=self.membership)  # type: ignore[arg-type]
            return self._answer(number)

    @extend_schema(
        parameters=[*PATH, IF_MATCH],
        request=None,
        responses=SharingConfigurationSerializer,
    )
    def refresh(self, request: Request, project_id: str, dashboard_id: str) -> Response:
        """Make a new link. The old one works for five more minutes."""
        number = dashboard_number(dashboard_id, "Dashboard not found.")
        self.read_body(RefreshSharingRequestSerializer)
        with writing(self, number):
            refresh_sharing(number, project=self.project, refreshed_by=self.membership)
            return self._answer(number)

    def _answer(self, dashboard_id: int) -> Response:
        return Response(read_sharing(dashboard_id, project=self.project, viewer=self.membership))
