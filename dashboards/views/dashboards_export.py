"""`…/dashboards/:id/export/`."""

from typing import ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards.exceptions import DashboardNotFound
from dashboards.readers.dashboards_export import export_dashboard
from dashboards.views.base import DASHBOARD_ID
from dashboards_api.http.openapi import PROJECT_ID, operation_ids
from dashboards_api.parsing import parse_id
from users.viewsets import ProjectScopedViewSet


@operation_ids("dashboards")
class DashboardExportViewSet(ProjectScopedViewSet):
    tag = "dashboards"
    scope_object = "dashboard"
    required_scopes: ClassVar[dict[str, list[str]]] = {
        "export": ["dashboard:read"],
    }

    @extend_schema(parameters=[PROJECT_ID, DASHBOARD_ID], responses=OpenApiTypes.OBJECT)
    def export(self, request: Request, project_id: str, id: str) -> Response:
        """Export a dashboard. The response is a template document without ids, for `create_from_template_json`."""
        return Response(export_dashboard(parse_id(id, DashboardNotFound), project=self.project))
