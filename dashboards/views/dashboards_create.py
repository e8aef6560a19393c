"""`…/dashboards/create_from_template_json/` and `create_unlisted_dashboard/`."""

from functools import cached_property
from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards.serializers.dashboards import DashboardSerializer
from dashboards.serializers.dashboards_create import TemplateJSONRequestSerializer, UnlistedDashboardRequestSerializer
from dashboards.services.dashboards import create_dashboard_from_template, create_unlisted_dashboard
from dashboards.template_documents.documents import Document
from dashboards.template_documents.placeholders import fill_template
from dashboards.views.base import INCLUDE_DASHBOARDS, build_dashboard_response, write
from dashboards_api.http.openapi import PROJECT_ID, describe_body, operation_ids
from users.viewsets import ProjectScopedViewSet


@operation_ids("dashboards")
class DashboardCreateViewSet(ProjectScopedViewSet):
    tag = "dashboards"
    scope_object = "dashboard"
    required_scopes: ClassVar[dict[str, list[str]]] = {
        "create_from_template_json": ["dashboard:write"],
        "create_unlisted_dashboard": ["dashboard:write"],
    }

    def prepare(self) -> None:
        if self.action == "create_from_template_json":
            _ = self.sent_template

    @cached_property
    def sent_template(self) -> Document:
        """Return the template document of the body, which is filled before any transaction."""
        body = self.read_body(TemplateJSONRequestSerializer)
        template, folder = fill_template(body["template"]), body.get("create_in_folder")
        return {**template, "folder": folder} if folder else template

    @extend_schema(
        parameters=[PROJECT_ID, INCLUDE_DASHBOARDS],
        request=describe_body(TemplateJSONRequestSerializer),
        responses=DashboardSerializer,
    )
    def create_from_template_json(self, request: Request, project_id: str) -> Response:
        """Create a dashboard from a template document. The dashboard and its tiles are created atomically."""
        template = self.sent_template
        return write(
            self,
            lambda changes: create_dashboard_from_template(changes, self.project, template=template),
            lambda dashboard: build_dashboard_response(self, dashboard.pk),
        )

    @extend_schema(
        parameters=[PROJECT_ID, INCLUDE_DASHBOARDS],
        request=describe_body(UnlistedDashboardRequestSerializer),
        responses={201: DashboardSerializer},
    )
    def create_unlisted_dashboard(self, request: Request, project_id: str) -> Response:
        """Create an unlisted dashboard.

        Without `creation_mode=unlisted`, lists omit the dashboard. A second unlisted dashboard with the same tag is
        refused with 409.
        """
        tag = self.read_body(UnlistedDashboardRequestSerializer)["tag"]
        return write(
            self,
            lambda changes: create_unlisted_dashboard(changes, self.project, tag=tag),
            lambda dashboard: build_dashboard_response(self, dashboard.pk, status=201),
        )
