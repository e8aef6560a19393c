"""What was done: `…/dashboards/:id/activity/`, `…/dashboards/:id/versions/`, `…/activity_log/`."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards.exceptions import VersionMissing
from dashboards.models import ActivityScope
from dashboards.models.activity import KEY_ID_MAX_LENGTH
from dashboards.readers.activity import (
    ActivityQuery,
    Page,
    list_activity,
    list_dashboard_activity,
    list_versions,
    read_difference,
    read_version,
)
from dashboards.serializers.dashboards import DashboardSerializer
from dashboards.serializers.history import (
    ActivityLogSerializer,
    BulkRestoreRequestSerializer,
    BulkRestoreSerializer,
    DashboardDifferenceSerializer,
    DashboardVersionBasicSerializer,
    DashboardVersionSerializer,
    RestoreVersionRequestSerializer,
    UndoRequestSerializer,
    UndoSerializer,
)
from dashboards.services.bulk import restore_dashboards
from dashboards.services.undo import Item, undo_key
from dashboards.services.version_restore import restore_version
from dashboards.views.dashboards import DASHBOARD_ID, dashboard_number
from dashboards.views.include_dashboards import INCLUDE_DASHBOARDS
from dashboards.views.writing import writing, written
from dashboards_api.http import ignored_fields
from dashboards_api.http.openapi import IF_MATCH, PROJECT_ID, body_of, id_parameter, operation_ids
from dashboards_api.http.pagination import CursorPagination
from dashboards_api.numbers import whole_number
from users.viewsets import ProjectScopedViewSet

VERSION = id_parameter("version", "A version of the dashboard.")
OTHER_VERSION = OpenApiParameter("to", int, required=True, description="The version to compare with.")
LOG_PARAMETERS = [
    OpenApiParameter("scope", str, enum=ActivityScope.values, description="Only what was done to these."),
    OpenApiParameter("item_id", int, description="Only what was done to the one with this id."),
    OpenApiParameter("user", int, description="Only what this user did."),
    OpenApiParameter("key_id", str, description="Only what was done with this API key."),
]


class HistoryViewSet(ProjectScopedViewSet):
    pagination_class = CursorPagination

    def before(self) -> int | None:
        return CursorPagination().before(self.request)

    def page(self, page: Page) -> Response:
        return Response(CursorPagination().page(self.request, page.rows, page.next))


@operation_ids("activity_log")
class ActivityLogViewSet(HistoryViewSet):
    scope_object = "activity_log"
    required_scopes: ClassVar[dict[str, list[str]]] = {
        "list": ["activity_log:read"],
        "undo": ["dashboard:write", "insight:write", "sharing_configuration:write", "activity_log:read"],
    }
    serializer_class = ActivityLogSerializer

    @extend_schema(parameters=[PROJECT_ID, *LOG_PARAMETERS])
    def list(self, request: Request, project_id: str) -> Response:
        """What was done to the dashboards and insights of a project, the newest first."""
        query = ActivityQuery(
            scope=self.query_choice("scope", ActivityScope.values),
            item_id=self.query_number("item_id"),
            user_id=self.query_number("user"),
            key_id=self.query_text("key_id", KEY_ID_MAX_LENGTH),
        )
        return self.page(list_activity(self.project, query=query, before=self.before()))

    @extend_schema(parameters=[PROJECT_ID], request=body_of(UndoRequestSerializer), responses=UndoSerializer)
    def undo(self, request: Request, project_id: str) -> Response:
        """Take back what was done with a key in a time, field by field; what somebody changed since stays.

        No link is opened again, and no right given. Only the owner of the key and project admins may.
        """
        body = self.read_body(UndoRequestSerializer)
        # A misspelled `preview` must not undo.
        if self.ignored:
            raise ignored_fields.refuse(self.ignored[0])
        is_preview = body.get("preview", False)
        result = undo_key(
            self.project,
            key_id=body["key_id"],
            since=body["since"],
            until=body.get("until"),
            is_preview=is_preview,
            undone_by=self.membership,
        )
        return Response(
            {
                "preview": is_preview,
                "undone": [_item(item, paths) for item, paths in result.undone],
                "skipped": [{**_item(item, paths), "reason": reason} for item, paths, reason in result.skipped],
            }
        )


@operation_ids("dashboards_activity")
class DashboardActivityViewSet(HistoryViewSet):
    scope_object = "activity_log"
    required_scopes: ClassVar[dict[str, list[str]]] = {"list": ["activity_log:read"]}
    serializer_class = ActivityLogSerializer

    @extend_schema(parameters=[PROJECT_ID, DASHBOARD_ID])
    def list(self, request: Request, project_id: str, id: str) -> Response:
        """What was done to this dashboard, the newest first."""
        return self.page(list_dashboard_activity(dashboard_number(id), project=self.project, before=self.before()))


@operation_ids("dashboards_versions")
class VersionViewSet(HistoryViewSet):
    scope_object = "dashboard"
    has_versions = True
    required_scopes: ClassVar[dict[str, list[str]]] = {
        "list": ["dashboard:read"],
        "retrieve": ["dashboard:read"],
        "diff": ["dashboard:read"],
        "restore": ["dashboard:write"],
    }
    serializer_class = DashboardVersionBasicSerializer

    @extend_schema(parameters=[PROJECT_ID, DASHBOARD_ID])
    def list(self, request: Request, project_id: str, id: str) -> Response:
        """What this dashboard has been, the newest first."""
        return self.page(list_versions(dashboard_number(id), project=self.project, before=self.before()))

    @extend_schema(parameters=[PROJECT_ID, DASHBOARD_ID, VERSION], responses=DashboardVersionSerializer)
    def retrieve(self, request: Request, project_id: str, id: str, version: str) -> Response:
        """What this dashboard showed at a version."""
        return Response(read_version(dashboard_number(id), _version(version), project=self.project))

    @extend_schema(
        parameters=[PROJECT_ID, DASHBOARD_ID, VERSION, OTHER_VERSION], responses=DashboardDifferenceSerializer
    )
    def diff(self, request: Request, project_id: str, id: str, version: str) -> Response:
        """Each field that differs between two versions."""
        number, other = dashboard_number(id), self.query_number("to")
        return Response(read_difference(number, _version(version), other, project=self.project))

    @extend_schema(
        parameters=[PROJECT_ID, DASHBOARD_ID, VERSION, IF_MATCH, INCLUDE_DASHBOARDS],
        request=None,  # it has no fields
        responses=DashboardSerializer,
    )
    def restore(self, request: Request, project_id: str, id: str, version: str) -> Response:
        """Show again what this dashboard showed at a version: a new version, which can be taken back like any other.

        Who may edit it and how it is shared stay as they are.
        """
        number, wanted = dashboard_number(id), _version(version)
        self.read_body(RestoreVersionRequestSerializer)
        with writing(self, number):
            left_out = restore_version(number, project=self.project, version=wanted, restored_by=self.membership)
            self.note_ignored(left_out)
            return written(self, number)


@operation_ids("dashboards")
class BulkRestoreViewSet(ProjectScopedViewSet):
    scope_object = "dashboard"
    required_scopes: ClassVar[dict[str, list[str]]] = {"bulk_restore": ["dashboard:write"]}

    @extend_schema(
        parameters=[PROJECT_ID], request=body_of(BulkRestoreRequestSerializer), responses=BulkRestoreSerializer
    )
    def bulk_restore(self, request: Request, project_id: str) -> Response:
        """Bring back several deleted dashboards, each with what went in its deletion. Others are skipped, and named."""
        ids = self.read_body(BulkRestoreRequestSerializer)["ids"]
        restored, skipped = restore_dashboards(self.project, dashboard_ids=ids, restored_by=self.membership)
        return Response({"restored": restored, "skipped": [{"id": id_, "reason": reason} for id_, reason in skipped]})


def _version(text: str) -> int:
    """The version in a path. Raises VersionMissing for what is no number."""
    number = whole_number(text)
    if number is None:
        raise VersionMissing
    return number


def _item(item: Item, paths: list[str]) -> dict[str, Any]:
    return {"scope": item.scope, "item_id": str(item.item_id), "name": item.name, "paths": paths}
