"""Everything below a project, as a table. Included once for /api/projects/ and once for /api/environments/."""

from typing import Any

from django.urls import path

from dashboards.views.actions import DashboardActionViewSet
from dashboards.views.collaborators import CollaboratorViewSet
from dashboards.views.dashboards import DashboardViewSet
from dashboards.views.history import ActivityLogViewSet, BulkRestoreViewSet, DashboardActivityViewSet, VersionViewSet
from dashboards.views.insight_actions import InsightActionViewSet, InsightActivityViewSet
from dashboards.views.insights import InsightViewSet
from dashboards.views.share_passwords import SharePasswordViewSet
from dashboards.views.sharing import SharingConfigurationViewSet
from dashboards.views.stream import StreamTilesViewSet
from dashboards.views.templates import DashboardTemplateViewSet
from dashboards.views.tile_actions import TileActionViewSet

Actions = dict[str, Any]

COLLECTION: Actions = {"get": "list", "post": "create"}
ROW: Actions = {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}

urlpatterns = [
    path("dashboards/", DashboardViewSet.as_view(COLLECTION)),
    *[
        path(f"dashboards/{action}/", DashboardActionViewSet.as_view({"post": action}))
        for action in ("create_from_template_json", "create_unlisted_dashboard", "bulk_update_tags")
    ],
    path("dashboards/bulk_restore/", BulkRestoreViewSet.as_view({"post": "bulk_restore"})),
    path("dashboards/<str:id>/", DashboardViewSet.as_view(ROW)),
    path("dashboards/<str:id>/stream_tiles/", StreamTilesViewSet.as_view({"get": "stream_tiles"})),
    path("dashboards/<str:id>/activity/", DashboardActivityViewSet.as_view({"get": "list"})),
    path("dashboards/<str:id>/versions/", VersionViewSet.as_view({"get": "list"})),
    path("dashboards/<str:id>/versions/<str:version>/", VersionViewSet.as_view({"get": "retrieve"})),
    path("dashboards/<str:id>/versions/<str:version>/diff/", VersionViewSet.as_view({"get": "diff"})),
    path("dashboards/<str:id>/versions/<str:version>/restore/", VersionViewSet.as_view({"post": "restore"})),
    path("dashboards/<str:id>/export/", DashboardActionViewSet.as_view({"get": "export"})),
    path("dashboards/<str:id>/move_tile/", DashboardActionViewSet.as_view({"patch": "move_tile", "post": "move_tile"})),
    *[
        path(f"dashboards/<str:id>/{action}/", TileActionViewSet.as_view({"post": action}))
        for action in TileActionViewSet.required_scopes
    ],
    path(
        "dashboards/<str:dashboard_id>/sharing/",
        SharingConfigurationViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
    ),
    path("dashboards/<str:dashboard_id>/sharing/refresh/", SharingConfigurationViewSet.as_view({"post": "refresh"})),
    path("dashboards/<str:dashboard_id>/sharing/passwords/", SharePasswordViewSet.as_view({"post": "create"})),
    path(
        "dashboards/<str:dashboard_id>/sharing/passwords/<str:password_id>/",
        SharePasswordViewSet.as_view({"delete": "destroy"}),
    ),
    path(
        "dashboards/<str:dashboard_id>/collaborators/", CollaboratorViewSet.as_view({"get": "list", "post": "create"})
    ),
    path(
        "dashboards/<str:dashboard_id>/collaborators/<str:user_uuid>/",
        CollaboratorViewSet.as_view({"delete": "destroy"}),
    ),
    path("activity_log/", ActivityLogViewSet.as_view({"get": "list"})),
    path("activity_log/undo/", ActivityLogViewSet.as_view({"post": "undo"})),
    path("dashboard_templates/", DashboardTemplateViewSet.as_view(COLLECTION)),
    path("dashboard_templates/json_schema/", DashboardTemplateViewSet.as_view({"get": "json_schema"})),
    path("dashboard_templates/<str:id>/", DashboardTemplateViewSet.as_view(ROW)),
    path("insights/", InsightViewSet.as_view(COLLECTION)),
    *[
        path(f"insights/{action}/", InsightActionViewSet.as_view({"post": action}))
        for action in ("bulk_delete", "bulk_restore", "bulk_update_tags")
    ],
    path("insights/activity/", InsightActivityViewSet.as_view({"get": "all_activity"})),
    path("insights/<str:id>/", InsightViewSet.as_view(ROW)),
    path("insights/<str:id>/activity/", InsightActivityViewSet.as_view({"get": "activity"})),
]
