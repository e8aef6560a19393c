"""`…/activity_log/`, the activity of a dashboard or of insights, and undoing the changes of an API key."""

from typing import Any, ClassVar

from django.db import transaction
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards.exceptions import DashboardNotFound
from dashboards.models import ActivityScope
from dashboards.models.activity import KEY_ID_MAX_LENGTH
from dashboards.readers.activity import (
    ActivityQuery,
    list_activity,
    list_dashboard_activity,
    list_insight_activity,
)
from dashboards.serializers.activity import (
    ActivityLogPageSerializer,
    ActivityLogSerializer,
    UndoRequestSerializer,
    UndoSerializer,
)
from dashboards.services.undo import Item, UndoResult, undo_key
from dashboards.views.base import DASHBOARD_ID, INSIGHT_ID, CursorPagedViewSet, write
from dashboards_api.http.openapi import PROJECT_ID, describe_body, operation_ids
from dashboards_api.http.pagination import PageNumberPagination
from dashboards_api.http.request_options import build_unknown_field_error
from dashboards_api.parsing import parse_id
from users.viewsets import ProjectScopedViewSet

LOG_PARAMETERS = [
    OpenApiParameter("scope", str, enum=ActivityScope.values, description="Only changes to objects of this type."),
    OpenApiParameter("item_id", int, description="Only changes to the object with this id."),
    OpenApiParameter("user", int, description="Only changes by this user."),
    OpenApiParameter("key_id", str, description="Only changes with this API key."),
]


@operation_ids("activity_log")
class ActivityLogViewSet(CursorPagedViewSet):
    tag = "activity_log"
    scope_object = "activity_log"
    required_scopes: ClassVar[dict[str, list[str]]] = {
        "list": ["activity_log:read"],
        "undo": ["dashboard:write", "insight:write", "sharing_configuration:write", "activity_log:read"],
    }
    serializer_class = ActivityLogSerializer

    @extend_schema(parameters=[PROJECT_ID, *LOG_PARAMETERS])
    def list(self, request: Request, project_id: str) -> Response:
        """List the activity of a project.

        The response contains the changes to dashboards and insights, including deleted dashboards and insights. The
        newest entries come first.
        """
        query = ActivityQuery(
            scope=self.query_choice("scope", ActivityScope.values),
            item_id=self.query_int("item_id"),
            user_id=self.query_int("user"),
            key_id=self.query_text("key_id", KEY_ID_MAX_LENGTH),
        )
        return self.build_page_response(list_activity(self.project, query=query, before=self.get_cursor()))

    @extend_schema(parameters=[PROJECT_ID], request=describe_body(UndoRequestSerializer), responses=UndoSerializer)
    def undo(self, request: Request, project_id: str) -> Response:
        """Undo the changes of an API key.

        Fields that were changed with the key in a period are set to their earlier values, except for fields that
        another user or key has changed since.

        No share link is enabled and no right is granted. Only the owner of the key and project admins may undo its
        changes.
        """
        body = self.read_body(UndoRequestSerializer)
        # Refuse unknown fields, because a request with a misspelled `preview` would undo the changes.
        if self.ignored:
            raise build_unknown_field_error(self.ignored[0])
        is_preview = body.get("preview", False)

        def respond(result: UndoResult) -> Response:
            if is_preview:  # roll back, since a preview performs the undo to report exactly what would happen
                transaction.set_rollback(True)
            undone = [_build_item(item, paths) for item, paths in result.undone]
            skipped = [{**_build_item(item, paths), "reason": reason} for item, paths, reason in result.skipped]
            return Response({"preview": is_preview, "undone": undone, "skipped": skipped})

        return write(
            self,
            lambda changes: undo_key(
                changes, self.project, key_id=body["key_id"], since=body["since"], until=body.get("until")
            ),
            respond,
        )


@operation_ids("dashboards_activity")
class DashboardActivityViewSet(CursorPagedViewSet):
    tag = "activity_log"
    scope_object = "activity_log"
    required_scopes: ClassVar[dict[str, list[str]]] = {"list": ["activity_log:read"]}
    serializer_class = ActivityLogSerializer

    @extend_schema(parameters=[PROJECT_ID, DASHBOARD_ID])
    def list(self, request: Request, project_id: str, id: str) -> Response:
        """List the activity of a dashboard. The newest entries come first; `next` is the URL of the following page."""
        return self.build_page_response(
            list_dashboard_activity(parse_id(id, DashboardNotFound), project=self.project, before=self.get_cursor())
        )


@operation_ids("insights")
class InsightActivityViewSet(ProjectScopedViewSet):
    tag = "activity_log"
    scope_object = "activity_log"
    required_scopes: ClassVar[dict[str, list[str]]] = {
        "activity": ["activity_log:read"],
        "all_activity": ["activity_log:read"],
    }

    @extend_schema(
        parameters=[PROJECT_ID, INSIGHT_ID, *PageNumberPagination.PARAMETERS], responses=ActivityLogPageSerializer
    )
    def activity(self, request: Request, project_id: str, id: str) -> Response:
        """List the activity of an insight. The newest entries come first, in numbered pages."""
        return self._build_page(id)

    @extend_schema(parameters=[PROJECT_ID, *PageNumberPagination.PARAMETERS], responses=ActivityLogPageSerializer)
    def all_activity(self, request: Request, project_id: str) -> Response:
        """List the activity of all insights. The newest entries come first, in numbered pages."""
        return self._build_page(None)

    def _build_page(self, reference: str | None) -> Response:
        pages = PageNumberPagination()
        page, limit = asked = pages.get_page_and_limit(self.request)
        total, rows = list_insight_activity(self.project, reference=reference, page=page, limit=limit)
        return Response(pages.build_page(self.request, asked, total, rows))


def _build_item(item: Item, paths: list[str]) -> dict[str, Any]:
    return {"scope": item.scope, "item_id": str(item.item_id), "name": item.name, "paths": paths}
