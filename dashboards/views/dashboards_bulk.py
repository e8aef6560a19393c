"""`…/dashboards/bulk_update_tags/` and `bulk_restore/`."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards.serializers.bulk import (
    BulkRestoreRequestSerializer,
    BulkRestoreSerializer,
    BulkUpdateTagsRequestSerializer,
    BulkUpdateTagsSerializer,
)
from dashboards.services.bulk import TagAction, restore_dashboards, update_tags
from dashboards.views.base import build_tags_response, describe_skipped, write
from dashboards_api.http.openapi import PROJECT_ID, describe_body, operation_ids
from users.viewsets import ProjectScopedViewSet


@operation_ids("dashboards")
class DashboardBulkViewSet(ProjectScopedViewSet):
    tag = "dashboards"
    scope_object = "dashboard"
    required_scopes: ClassVar[dict[str, list[str]]] = {
        "bulk_update_tags": ["dashboard:write"],
        "bulk_restore": ["dashboard:write"],
    }

    @extend_schema(
        parameters=[PROJECT_ID],
        request=describe_body(BulkUpdateTagsRequestSerializer),
        responses=BulkUpdateTagsSerializer,
    )
    def bulk_update_tags(self, request: Request, project_id: str) -> Response:
        """Update the tags of several dashboards.

        Tags are added, removed or set. Dashboards that cannot be changed are skipped.
        """
        body = self.read_body(BulkUpdateTagsRequestSerializer)
        action = TagAction(body["action"])
        return write(
            self,
            lambda changes: update_tags(
                changes, self.project, dashboard_ids=body["ids"], action=action, tags=body["tags"]
            ),
            build_tags_response,
        )

    @extend_schema(
        parameters=[PROJECT_ID], request=describe_body(BulkRestoreRequestSerializer), responses=BulkRestoreSerializer
    )
    def bulk_restore(self, request: Request, project_id: str) -> Response:
        """Restore several dashboards.

        The tiles and insights that were deleted with a dashboard are restored with it. Dashboards that cannot be
        restored are skipped.
        """
        ids = self.read_body(BulkRestoreRequestSerializer)["ids"]
        return write(
            self,
            lambda changes: restore_dashboards(changes, self.project, dashboard_ids=ids),
            lambda result: Response(
                {
                    "restored": result.restored,
                    "skipped": describe_skipped(result.skipped),
                }
            ),
        )
