"""What can be done with a dashboard beside changing it: `…/dashboards/:id/move_tile/` and the like."""

from functools import cached_property
from typing import ClassVar

from django.db import transaction
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards.readers.export import export_dashboard
from dashboards.serializers.actions import (
    BulkUpdateTagsRequestSerializer,
    BulkUpdateTagsSerializer,
    MoveTileRequestSerializer,
    TemplateJSONRequestSerializer,
    UnlistedDashboardRequestSerializer,
)
from dashboards.serializers.dashboards import DashboardSerializer
from dashboards.services.bulk import TagAction, update_tags
from dashboards.services.dashboards import create_dashboard_from_template, create_unlisted_dashboard
from dashboards.services.tiles import move_tile
from dashboards.template_documents.documents import Document
from dashboards.template_documents.placeholders import fill_template
from dashboards.views.dashboards import DASHBOARD_ID, dashboard_number
from dashboards.views.include_dashboards import INCLUDE_DASHBOARDS
from dashboards.views.writing import writing, written
from dashboards_api.http.openapi import IF_MATCH, PROJECT_ID, body_of, operation_ids
from users.viewsets import ProjectScopedViewSet


@operation_ids("dashboards")
class DashboardActionViewSet(ProjectScopedViewSet):
    scope_object = "dashboard"
    has_versions = True
    required_scopes: ClassVar[dict[str, list[str]]] = {
        "move_tile": ["dashboard:write"],
        "create_from_template_json": ["dashboard:write"],
        "create_unlisted_dashboard": ["dashboard:write"],
        "bulk_update_tags": ["dashboard:write"],
        "export": ["dashboard:read"],
    }

    def prepare(self) -> None:
        if self.action == "create_from_template_json":
            _ = self.sent_template

    @cached_property
    def sent_template(self) -> Document:
        """The template document of the body, filled before any transaction."""
        body = self.read_body(TemplateJSONRequestSerializer)
        template, folder = fill_template(body["template"]), body.get("create_in_folder")
        return {**template, "folder": folder} if folder else template

    @extend_schema(parameters=[PROJECT_ID, DASHBOARD_ID], responses=OpenApiTypes.OBJECT)
    def export(self, request: Request, project_id: str, id: str) -> Response:
        """A dashboard as a template document, without ids: `create_from_template_json` makes an equal one of it."""
        return Response(export_dashboard(dashboard_number(id), project=self.project))

    @extend_schema(
        parameters=[PROJECT_ID, DASHBOARD_ID, IF_MATCH, INCLUDE_DASHBOARDS],
        request=body_of(MoveTileRequestSerializer),
        responses=DashboardSerializer,
    )
    def move_tile(self, request: Request, project_id: str, id: str) -> Response:
        """Move a tile of this dashboard to another one. It keeps its id and everything it shows.

        Answers this dashboard, now without the tile.
        """
        dashboard_id = dashboard_number(id)
        body = self.read_body(MoveTileRequestSerializer)
        with writing(self, dashboard_id, others=[body["to_dashboard"]]):
            move_tile(
                dashboard_id,
                project=self.project,
                tile_id=body["tile_id"],
                to_dashboard_id=body["to_dashboard"],
                moved_by=self.membership,
            )
            return written(self, dashboard_id)

    @extend_schema(
        parameters=[PROJECT_ID, INCLUDE_DASHBOARDS],
        request=body_of(TemplateJSONRequestSerializer),
        responses=DashboardSerializer,
    )
    def create_from_template_json(self, request: Request, project_id: str) -> Response:
        """Create a dashboard from a template document. All or nothing."""
        template = self.sent_template
        with transaction.atomic():
            dashboard = create_dashboard_from_template(self.project, template=template, created_by=self.membership)
            return written(self, dashboard.pk)

    @extend_schema(
        parameters=[PROJECT_ID, INCLUDE_DASHBOARDS],
        request=body_of(UnlistedDashboardRequestSerializer),
        responses={201: DashboardSerializer},
    )
    def create_unlisted_dashboard(self, request: Request, project_id: str) -> Response:
        """Create a dashboard that no list shows unless `creation_mode=unlisted` asks for it. One for each tag: 409."""
        tag = self.read_body(UnlistedDashboardRequestSerializer)["tag"]
        with transaction.atomic():
            dashboard = create_unlisted_dashboard(self.project, tag=tag, created_by=self.membership)
            return written(self, dashboard.pk, status=201)

    @extend_schema(
        parameters=[PROJECT_ID],
        request=body_of(BulkUpdateTagsRequestSerializer),
        responses=BulkUpdateTagsSerializer,
    )
    def bulk_update_tags(self, request: Request, project_id: str) -> Response:
        """Add, remove or set the tags of several dashboards. Those that cannot be changed are skipped, and named."""
        body = self.read_body(BulkUpdateTagsRequestSerializer)
        updated, skipped = update_tags(
            self.project,
            dashboard_ids=body["ids"],
            action=TagAction(body["action"]),
            tags=body["tags"],
            updated_by=self.membership,
        )
        return Response(
            {
                "updated": [{"id": id_, "tags": tags} for id_, tags in updated],
                "skipped": [{"id": id_, "reason": reason} for id_, reason in skipped],
            }
        )
