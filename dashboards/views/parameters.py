"""Path and query parameters that several views declare."""

from drf_spectacular.utils import OpenApiParameter

from dashboards.folders import normalize_folder
from dashboards_api.errors import ValidationFailed
from dashboards_api.http.openapi import id_parameter
from users.viewsets import ProjectScopedViewSet

DASHBOARD_ID = id_parameter("id", "A unique integer value identifying this dashboard.")
INSIGHT_ID = OpenApiParameter(
    "id", str, OpenApiParameter.PATH, description="The number of the insight, or its short id."
)
FOLDER_PARAMETER = OpenApiParameter("folder", str, description="Only objects in this folder or below it.")
TAGS = OpenApiParameter(
    "tags", str, many=True, description="Only objects with any of these tags: at most 100, repeated or as a JSON list."
)
CREATED_BY = OpenApiParameter(
    "created_by",
    int,
    many=True,
    description="Only objects created by this user, or by one of these: at most 100, repeated or as a JSON list.",
)


def get_folder(view: ProjectScopedViewSet) -> str:
    """Return the folder that filters a list, empty for none. Raises ValidationFailed."""
    try:
        return normalize_folder(view.request.query_params.get("folder")) or ""
    except ValidationFailed as error:
        raise ValidationFailed(error.detail, attr="folder", code=error.code) from error
