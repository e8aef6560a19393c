"""All URLs of the service. The trailing slash is optional below /api/ (`OptionalSlashMiddleware`)."""

from django.urls import URLPattern, URLResolver, include, path

from dashboards_api.health import healthz, readyz
from dashboards_api.http.index_view import IndexView
from dashboards_api.http.metrics import render_prometheus_metrics
from dashboards_api.http.schema_views import SchemaView, SwaggerView
from users.urls import PROJECT_ACTIONS
from users.views.projects import ProjectViewSet

handler400 = "pages.error_pages.bad_request"
handler404 = "pages.error_pages.not_found"
handler500 = "pages.error_pages.server_error"

project: list[URLPattern | URLResolver] = [
    path("", include("dashboards.urls")),  # first, because most requests match it
    path("", include("queries.urls")),
    path("", include("events.urls")),
    path("", ProjectViewSet.as_view(PROJECT_ACTIONS)),
]

urlpatterns = [
    path("api/projects/<str:project_id>/", include(project)),  # first, as above
    path("api/environments/<str:project_id>/", include(project)),
    path("api/", include("users.urls")),
    path("api/", IndexView.as_view()),
    path("api/schema/", SchemaView.as_view(), name="schema"),
    path("api/schema/swagger-ui/", SwaggerView.as_view(), name="swagger-ui"),
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", render_prometheus_metrics),
    path("", include("dashboards.shared_urls")),
    path("", include("pages.urls")),
]
