"""`…/insights/bulk_delete/`, `bulk_restore/` and `bulk_update_tags/`."""

from collections.abc import Iterable
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards.models import Insight
from dashboards.serializers.bulk import (
    BulkInsightsRequestSerializer,
    BulkUpdateTagsRequestSerializer,
    BulkUpdateTagsSerializer,
    InsightBulkDeleteSerializer,
    InsightBulkRestoreSerializer,
)
from dashboards.services.bulk import TagAction
from dashboards.services.bulk_insights import delete_insights, restore_insights, update_insight_tags
from dashboards.views.base import build_tags_response, describe_skipped, write
from dashboards_api.http.openapi import PROJECT_ID, describe_body, operation_ids
from users.viewsets import ProjectScopedViewSet


@operation_ids("insights")
class InsightBulkViewSet(ProjectScopedViewSet):
    tag = "insights"
    scope_object = "insight"
    required_scopes: ClassVar[dict[str, list[str]]] = {
        "bulk_delete": ["insight:write"],
        "bulk_restore": ["insight:write"],
        "bulk_update_tags": ["insight:write"],
    }

    @extend_schema(
        parameters=[PROJECT_ID],
        request=describe_body(BulkInsightsRequestSerializer),
        responses=InsightBulkDeleteSerializer,
    )
    def bulk_delete(self, request: Request, project_id: str) -> Response:
        """Delete several insights.

        Each insight is deleted as with `deleted: true`. Insights that cannot be deleted are skipped.
        """
        ids = self.read_body(BulkInsightsRequestSerializer)["ids"]
        return write(
            self,
            lambda changes: delete_insights(changes, self.project, insight_ids=ids),
            lambda result: Response(
                {"deleted": _list_names(result.insights), "skipped": describe_skipped(result.skipped)}
            ),
        )

    @extend_schema(
        parameters=[PROJECT_ID],
        request=describe_body(BulkInsightsRequestSerializer),
        responses=InsightBulkRestoreSerializer,
    )
    def bulk_restore(self, request: Request, project_id: str) -> Response:
        """Restore several insights.

        The tiles that were deleted with an insight are restored with it. Insights that cannot be restored are skipped.
        """
        ids = self.read_body(BulkInsightsRequestSerializer)["ids"]
        return write(
            self,
            lambda changes: restore_insights(changes, self.project, insight_ids=ids),
            lambda result: Response(
                {"restored": _list_names(result.insights), "skipped": describe_skipped(result.skipped)}
            ),
        )

    @extend_schema(
        parameters=[PROJECT_ID],
        request=describe_body(BulkUpdateTagsRequestSerializer),
        responses=BulkUpdateTagsSerializer,
    )
    def bulk_update_tags(self, request: Request, project_id: str) -> Response:
        """Update the tags of several insights.

        Tags are added, removed or set. Insights that cannot be changed are skipped.
        """
        body = self.read_body(BulkUpdateTagsRequestSerializer)
        action = TagAction(body["action"])
        return write(
            self,
            lambda changes: update_insight_tags(
                changes, self.project, insight_ids=body["ids"], action=action, tags=body["tags"]
            ),
            build_tags_response,
        )


def _list_names(insights: Iterable[Insight]) -> list[dict[str, Any]]:
    return [{"id": insight.pk, "name": insight.name} for insight in insights]
