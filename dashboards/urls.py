"""The routes below a project, which are included for /api/projects/ and for /api/environments/."""

from typing import Any

from django.urls import path

from dashboards.views.activity import ActivityLogViewSet, DashboardActivityViewSet, InsightActivityViewSet
from dashboards.views.collaborators import CollaboratorViewSet
from dashboards.views.dashboards import DashboardViewSet
from dashboards.views.dashboards_bulk import DashboardBulkViewSet
from dashboards.views.dashboards_create import DashboardCreateViewSet
from dashboards.views.dashboards_export import DashboardExportViewSet
from dashboards.views.dashboards_run_insights import RunInsightsViewSet
from dashboards.views.dashboards_stream import StreamTilesViewSet
from dashboards.views.empty_lists import (
    AlertViewSet,
    AnnotationViewSet,
    SubscriptionViewSet,
    TrendingInsightViewSet,
    WidgetCatalogViewSet,
)
from dashboards.views.insights import InsightViewSet
from dashboards.views.insights_bulk import InsightBulkViewSet
from dashboards.views.insights_export import InsightExportViewSet
from dashboards.views.insights_legacy import LegacyInsightViewSet
from dashboards.views.insights_validate import InsightValidationViewSet
from dashboards.views.sharing import SharePasswordViewSet, SharingConfigurationViewSet
from dashboards.views.templates import DashboardTemplateViewSet
from dashboards.views.tiles import TileViewSet
from dashboards.views.versions import VersionViewSet

Actions = dict[str, Any]

COLLECTION: Actions = {"get": "list", "post": "create"}
ROW: Actions = {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}
DASHBOARD = "dashboards/<str:id>"
VERSION = f"{DASHBOARD}/versions/<str:version>"
SHARING = "dashboards/<str:dashboard_id>/sharing"
COLLABORATORS = "dashboards/<str:dashboard_id>/collaborators"

dashboards = [
    path("dashboards/", DashboardViewSet.as_view(COLLECTION)),
    path(
        "dashboards/create_from_template_json/", DashboardCreateViewSet.as_view({"post": "create_from_template_json"})
    ),
    path(
        "dashboards/create_unlisted_dashboard/", DashboardCreateViewSet.as_view({"post": "create_unlisted_dashboard"})
    ),
    path("dashboards/bulk_update_tags/", DashboardBulkViewSet.as_view({"post": "bulk_update_tags"})),
    path("dashboards/bulk_restore/", DashboardBulkViewSet.as_view({"post": "bulk_restore"})),
    path(f"{DASHBOARD}/", DashboardViewSet.as_view(ROW)),
    path(f"{DASHBOARD}/stream_tiles/", StreamTilesViewSet.as_view({"get": "stream_tiles"})),
    path(f"{DASHBOARD}/run_insights/", RunInsightsViewSet.as_view({"get": "run_insights"})),
    path(f"{DASHBOARD}/export/", DashboardExportViewSet.as_view({"get": "export"})),
    path(f"{DASHBOARD}/activity/", DashboardActivityViewSet.as_view({"get": "list"})),
    path(f"{DASHBOARD}/versions/", VersionViewSet.as_view({"get": "list"})),
    path(f"{VERSION}/", VersionViewSet.as_view({"get": "retrieve"})),
    path(f"{VERSION}/diff/", VersionViewSet.as_view({"get": "diff"})),
    path(f"{VERSION}/restore/", VersionViewSet.as_view({"post": "restore"})),
]
tiles = [
    path(f"{DASHBOARD}/move_tile/", TileViewSet.as_view({"patch": "move_tile", "post": "move_tile"})),
    path(f"{DASHBOARD}/tiles/", TileViewSet.as_view({"post": "tiles"})),
    path(f"{DASHBOARD}/copy_tile/", TileViewSet.as_view({"post": "copy_tile"})),
    path(f"{DASHBOARD}/reorder_tiles/", TileViewSet.as_view({"post": "reorder_tiles"})),
    path(f"{DASHBOARD}/create_text_tile/", TileViewSet.as_view({"post": "create_text_tile"})),
    path(f"{DASHBOARD}/update_text_tile/", TileViewSet.as_view({"post": "update_text_tile"})),
    path(f"{DASHBOARD}/update_tile/", TileViewSet.as_view({"post": "update_tile"})),
    path(f"{DASHBOARD}/delete_tile/", TileViewSet.as_view({"post": "delete_tile"})),
]
sharing = [
    path(f"{SHARING}/", SharingConfigurationViewSet.as_view({"get": "retrieve", "patch": "partial_update"})),
    path(f"{SHARING}/refresh/", SharingConfigurationViewSet.as_view({"post": "refresh"})),
    path(f"{SHARING}/passwords/", SharePasswordViewSet.as_view({"post": "create"})),
    path(f"{SHARING}/passwords/<str:password_id>/", SharePasswordViewSet.as_view({"delete": "destroy"})),
]
collaborators = [
    path(f"{COLLABORATORS}/", CollaboratorViewSet.as_view(COLLECTION)),
    path(f"{COLLABORATORS}/<str:user_uuid>/", CollaboratorViewSet.as_view({"delete": "destroy"})),
]
activity = [
    path("activity_log/", ActivityLogViewSet.as_view({"get": "list"})),
    path("activity_log/undo/", ActivityLogViewSet.as_view({"post": "undo"})),
]
templates = [
    path("dashboard_templates/", DashboardTemplateViewSet.as_view(COLLECTION)),
    path("dashboard_templates/json_schema/", DashboardTemplateViewSet.as_view({"get": "json_schema"})),
    path("dashboard_templates/<str:id>/", DashboardTemplateViewSet.as_view(ROW)),
]
insights = [
    path("insights/", InsightViewSet.as_view(COLLECTION)),
    path("insights/bulk_delete/", InsightBulkViewSet.as_view({"post": "bulk_delete"})),
    path("insights/bulk_restore/", InsightBulkViewSet.as_view({"post": "bulk_restore"})),
    path("insights/bulk_update_tags/", InsightBulkViewSet.as_view({"post": "bulk_update_tags"})),
    path("insights/validate/", InsightValidationViewSet.as_view({"post": "validate"})),
    path("insights/trend/", LegacyInsightViewSet.as_view({"get": "trend", "post": "trend_of_body"})),
    path("insights/funnel/", LegacyInsightViewSet.as_view({"get": "funnel", "post": "funnel_of_body"})),
    path("insights/activity/", InsightActivityViewSet.as_view({"get": "all_activity"})),
    path("insights/<str:id>/", InsightViewSet.as_view(ROW)),
    path("insights/<str:id>/export/", InsightExportViewSet.as_view({"get": "export"})),
    path("insights/<str:id>/activity/", InsightActivityViewSet.as_view({"get": "activity"})),
]
empty_lists = [
    path("alerts/", AlertViewSet.as_view({"get": "list"})),
    path("annotations/", AnnotationViewSet.as_view({"get": "list"})),
    path("subscriptions/", SubscriptionViewSet.as_view({"get": "list"})),
]
# These routes precede `insights` and `dashboards`, whose routes would match the names as ids.
empty_lists_of_names = [
    path("dashboards/widget_catalog/", WidgetCatalogViewSet.as_view({"get": "widget_catalog"})),
    path("insights/trending/", TrendingInsightViewSet.as_view({"get": "trending"})),
]
urlpatterns = [
    *empty_lists_of_names,
    *dashboards,
    *tiles,
    *sharing,
    *collaborators,
    *activity,
    *templates,
    *insights,
    *empty_lists,
]
