"""Everything below a project, as a table. Included once for /api/projects/ and once for /api/environments/."""

from typing import Any

from django.urls import path

from dashboards.views.dashboards import DashboardViewSet
from dashboards.views.sharing import SharingConfigurationViewSet

Actions = dict[str, Any]

DASHBOARDS: Actions = {"get": "list", "post": "create"}
DASHBOARD: Actions = {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}

urlpatterns = [
    path("dashboards/", DashboardViewSet.as_view(DASHBOARDS)),
    path("dashboards/<str:id>/", DashboardViewSet.as_view(DASHBOARD)),
    path("dashboards/<str:dashboard_id>/sharing/", SharingConfigurationViewSet.as_view({"get": "retrieve"})),
]
